"""Tags that every template may use: `{% load gatepost %}`."""

from __future__ import annotations

from typing import Any

from django import template
from django.forms import BaseForm, BoundField
from django.template import Context
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeData, SafeString, mark_safe

from console.crud import format as formats
from console.crud.listing import query_with
from console.crud.meanwhile import CHOICE
from console.crud.reader import reader_of
from console.crud.said import said

register = template.Library()

HIDDEN = mark_safe(' aria-hidden="true"')

register.simple_tag(formats.time_html, name="time")
register.simple_tag(formats.ago_html, name="ago")
register.simple_tag(formats.badge_html, name="badge")
register.simple_tag(formats.size_text, name="size")
register.filter(formats.times_in_zone)


@register.filter(name="said")
def said_filter(words: object) -> object:
    """What the transport, or what is also written down, says: in the reader's language. HTML is shown as it is."""
    return words if isinstance(words, SafeData) else said(str(words))


@register.filter
def number(value: int) -> str:
    return formats.count_text(value)


@register.simple_tag
def icon(name: str, label: str = "") -> str:
    """An icon of static/icons/icons.svg; decoration unless it has a label."""
    role = format_html(' role="img" aria-label="{}"', label) if label else HIDDEN
    return format_html('<svg class="icon"{}><use href="{}#{}"></use></svg>', role, static("icons/icons.svg"), name)


@register.simple_tag(takes_context=True)
def query(context: Context, **changes: Any) -> str:
    """The page's query string with `changes` made."""
    return query_with(
        context["request"].GET, **{name: str(value) if value else None for name, value in changes.items()}
    )


@register.simple_tag(takes_context=True)
def theme(context: Context) -> str:
    """light, dark or auto: what the reader chose last."""
    return reader_of(context["request"]).theme if "request" in context else "auto"


@register.simple_tag(takes_context=True)
def reader_zone(context: Context) -> str:
    """The time zone that the reader chose; empty: that of the browser."""
    return reader_of(context["request"]).time_zone if "request" in context else ""


@register.inclusion_tag("crud/field.html")
def field(bound: BoundField) -> dict[str, Any]:
    """Label, control, help, default and errors of one field; where its `needs` name another field and the values of
    that, the page asks for it only beside one of these.
    """
    form = bound.form
    default = getattr(form, "defaults", {}).get(bound.name)
    changed = default is not None and str("" if (shown := bound.value()) is None else shown) != str(default)
    return {
        "field": bound,
        "default": default,
        "changed": changed,
        "kind": _kind(bound),
        "needs": getattr(bound.field, "needs", None),
        "question": form[CHOICE + bound.name] if CHOICE + bound.name in form.fields else None,
    }


def _kind(bound: BoundField) -> str:
    widget = bound.field.widget
    name = type(widget).__name__
    if name == "CheckboxInput":
        return "checkbox"
    if name in ("RadioSelect", "CheckboxSelectMultiple"):
        return "choices"
    return "hidden" if widget.is_hidden else "control"


@register.filter
def control(bound: BoundField) -> SafeString:
    """The field's control with its class, and tied to its help and error for screen readers."""
    widget = bound.field.widget
    classes = {"Select": "form-select", "SelectMultiple": "form-select", "CheckboxInput": "form-check-input"}
    kinds = ("RadioSelect", "CheckboxSelectMultiple")
    css = classes.get(type(widget).__name__, "" if type(widget).__name__ in kinds else "form-control")
    attrs: dict[str, str | bool] = {"class": f"{css} {widget.attrs.get('class', '')}".strip()}
    described = [f"{bound.auto_id}_help"] if bound.help_text else []
    if bound.errors:
        attrs |= {"aria-invalid": "true", "class": f"{attrs['class']} is-invalid"}
        described.append(f"{bound.auto_id}_error")
    if described:
        attrs["aria-describedby"] = " ".join(described)
    return bound.as_widget(attrs=attrs)


@register.inclusion_tag("crud/form_fields.html")
def form_fields(form: Any) -> dict[str, Any]:
    """All visible fields, in the form's groups if it has groups."""
    return {"form": form, "groups": list(form.grouped()) if hasattr(form, "grouped") and form.groups else None}


@register.inclusion_tag("crud/error_summary.html")
def error_summary(form: BaseForm, asks: bool = False) -> dict[str, Any]:
    """What is wrong, on top of the form, each line a link to its field. `asks`: of a form that saves nothing."""
    fields = [(form[name], errors) for name, errors in form.errors.items() if name in form.fields]
    return {"form": form, "fields": fields, "asks": asks, "count": sum(len(errors) for errors in form.errors.values())}


@register.inclusion_tag("crud/codebox.html")
def codebox(text: object, label: str = "") -> dict[str, Any]:
    """Text to copy, in monospace, with a copy button."""
    return {"text": text, "label": label}


@register.simple_block_tag
def sentence(content: str) -> str:
    """The one sentence that says what an object does."""
    return format_html('<p class="sentence">{}</p>', content)


@register.simple_block_tag
def notice(content: str, tone: str = "info") -> str:
    """Something the reader should know before going on. Tones as for badges."""
    mark = icon(formats.TONES.get(tone, "info"))
    return format_html('<div class="notice tone-{}">{}<div>{}</div></div>', tone, mark, content)
