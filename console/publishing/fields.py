"""The kinds of values in the console: `KINDS` gives each its form field and its column."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.html import format_html
from django.utils.translation import gettext as _

from console.crud import times
from console.crud.said import later, said, small
from transport.config import delivery_host, kinds
from transport.config.address_space import AddressSpace
from transport.config.endpoint import ALL_IPV6, IPRange, parse_binding
from transport.config.kinds import Kind, Setting
from transport.config.permissions import PRINCIPALS, Grant, right_named

EVERY_IPV6 = "::/0"
"""What people read for all of IPv6."""

MOST_DIGITS = 10
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
NUMBER_AND_UNIT = re.compile(
    r"(\d{1,9}(?:\.\d{1,3})?)\s*(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?)\b"
)
IN_UNITS = re.compile(rf"(?:{NUMBER_AND_UNIT.pattern}[\s,]*){{1,5}}")

# A row of the table is a paragraph, whatever its length.
# fmt: off

class SettingField(forms.Field):
    """A value that is written as a text: parsed and refused by `transport.config.kinds`, in its words."""

    def __init__(self, setting: Setting, widget: forms.Widget):
        self.may_be_empty = KINDS[setting.kind].may_be_empty
        required = not self.may_be_empty or bool(setting.minimum)
        super().__init__(label=later(setting.label), help_text=help_of(setting), required=required, widget=widget)
        self.setting = setting
        self.disabled = setting.read_only
        self.error_messages["required"] = _("Enter the %s.") % small(said(setting.label))

    @property
    def is_long(self) -> bool:
        """Whether the text may have lines."""
        return isinstance(self.widget, forms.Textarea)

    def validate(self, value: Any) -> None:
        """Nothing to add: the kind and the rules say what is missing, in words that fit the setting."""

    def to_python(self, value: Any) -> Any:
        if not isinstance(value, str | None):
            return value
        if not (value or "").strip() and self.required and self.may_be_empty:
            raise ValidationError(self.error_messages["required"])
        if self.setting.kind is Kind.COUNT and self.setting.unlimited and not (value or "").strip():
            return None  # an empty box is no limit (document 002, Table 2)
        if self.setting.kind is Kind.TEXT and not self.is_long and "\n" in (value or "").strip():
            raise ValidationError(_("Write it on one line."))
        try:
            text = (value or "").replace("\r\n", "\n")
            return kinds.parse(self.setting, in_units(text) if self.setting.kind is Kind.TIMESPAN else text)
        except ValueError as error:
            raise ValidationError(said(str(error))) from None

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else written(self.setting, value)


class TimeField(SettingField):
    """A moment in Unix seconds, shown and entered in the reader's time zone."""

    def __init__(self, setting: Setting):
        super().__init__(setting, times.TimeInput({"class": "short", "autocomplete": "off", "step": "any"}))
        self.help_text = format_html("{} {}", self.help_text, times.in_zone())

    def to_python(self, value: Any) -> Any:
        if isinstance(value, datetime):
            return int(value.timestamp())
        if not isinstance(value, str) or not value.strip():
            return value or None
        try:
            return int(times.read(value).timestamp())
        except times.OtherHourError as error:
            raise ValidationError(str(error)) from None
        except ValueError:
            raise ValidationError(_("Write date and time like 2027-01-31 17:00.")) from None

    def prepare_value(self, value: Any) -> Any:
        return datetime.fromtimestamp(value, UTC) if isinstance(value, int) else value


def in_units(text: str) -> str:
    """A time span as people write it, `5`, `90 s`, `1 h 30 min`, `2 days`, as kinds read it; any other text as it is.

    A number alone is seconds: Exchange's shell reads it as days, which nobody means who fills in a form.
    """
    stripped = text.strip().lower()
    if stripped.isdigit() and len(stripped) < MOST_DIGITS:
        return kinds.show_timespan(int(stripped))
    if not IN_UNITS.fullmatch(stripped):
        return text
    seconds = sum(float(number) * SECONDS[unit[0]] for number, unit in NUMBER_AND_UNIT.findall(stripped))
    return kinds.show_timespan(round(seconds))


class FlagField(forms.BooleanField):
    """A check box."""

    def __init__(self, setting: Setting):
        label = later(setting.label)
        super().__init__(label=label, help_text=help_of(setting), required=False, disabled=setting.read_only)


class ChoiceField(forms.TypedChoiceField):
    """One of an enumeration's members."""

    def __init__(self, setting: Setting, widget: type[forms.Widget] = forms.Select):
        assert setting.choices is not None
        super().__init__(
            label=later(setting.label),
            help_text=help_of(setting),
            choices=choices(setting),
            coerce=setting.choices,
            widget=widget,
            disabled=setting.read_only,
        )

    def clean(self, value: Any) -> Any:
        return super().clean(self.prepare_value(value))

    def prepare_value(self, value: Any) -> Any:
        return getattr(value, "value", value)


class FlagSetField(forms.TypedMultipleChoiceField):
    """Any of an enumeration's members, as check boxes."""

    def __init__(self, setting: Setting):
        assert setting.choices is not None
        super().__init__(
            label=later(setting.label),
            help_text=help_of(setting, of_choices=False),
            choices=[(member.value, _noted(member)) for member in setting.choices],
            coerce=setting.choices,
            required=False,
            widget=forms.CheckboxSelectMultiple,
        )

    def clean(self, value: Any) -> frozenset[Any]:
        return frozenset(super().clean(value) or ())

    def prepare_value(self, value: Any) -> Any:
        return [getattr(each, "value", each) for each in value or ()]


def _noted(member: Enum) -> str:
    """The label of a box, with the reason where nothing obeys it."""
    why = getattr(member, "not_enforced", "")
    if not why:
        return label_of(member)
    words = label_of(member), _("Not enforced:"), said(why)
    return format_html('{} <span class="help"><strong>{}</strong> {}</span>', *words)


def help_of(setting: Setting, of_choices: bool = True) -> str:
    """What stands under a field; of a setting, or a choice, that nothing obeys, first that it is so, and why."""
    reasons = [said(setting.not_enforced)] if setting.not_enforced else []
    for member in (setting.choices or ()) if of_choices else ():
        if why := getattr(member, "not_enforced", ""):
            reasons.append(f"{label_of(member)}: {said(why)}")
    if not reasons:
        return said(setting.help)
    return format_html("<strong>{}</strong> {} {}", _("Not enforced:"), " ".join(reasons), said(setting.help))


def choices(setting: Setting) -> list[tuple[str, str]]:
    """(value, label) of a setting's members."""
    return [(member.value, label_of(member)) for member in setting.choices or ()]


def label_of(member: Enum) -> str:
    """What people call a choice."""
    return said(str(getattr(member, "label", member.value)))


def written(setting: Setting, value: Any) -> str:
    """A value as one types it: `10 MB`, `Unlimited`, one line for each member of a list."""
    if isinstance(value, tuple):
        return "\n".join(map(_line, map(str, value)))
    if setting.kind is Kind.SIZE and value is not None:
        return size(value)
    if setting.kind is Kind.COUNT and value is not None:
        return str(value)
    return kinds.show(setting, value)


def _line(text: str) -> str:
    return text.removeprefix("SMTP:").removesuffix(";1")


def size(value: int) -> str:
    """`10 MB`: in the largest unit in which it is whole."""
    for unit, factor in (("GB", 1024**3), ("MB", 1024**2), ("KB", 1024)):
        if value and value % factor == 0:
            return f"{value // factor} {unit}"
    return str(value)


def lines(setting: Setting, value: Any) -> list[str]:
    """A value for people: labels instead of shell names, Yes and No, a line for each entry of a list."""
    if isinstance(value, bool):
        return [_("Yes") if value else _("No")]
    if isinstance(value, frozenset):
        return [label_of(member) for member in setting.choices or () if member in value]
    if isinstance(value, Enum):
        return [label_of(value)]
    if isinstance(value, tuple):
        return [_grant(each) if isinstance(each, Grant) else _short_range(_line(str(each))) for each in value]
    return written(setting, value).splitlines()


def _short_range(line: str) -> str:
    return EVERY_IPV6 if line == ALL_IPV6 else line


def _grant(grant: Grant) -> str:
    words = _("%(who)s, denied: %(right)s") if grant.deny else _("%(who)s: %(right)s")
    who = said(PRINCIPALS.get(grant.principal, grant.principal))
    return words % {"who": who, "right": said(right_named(grant.right).label)}


def _address_space(text: str) -> AddressSpace:
    domain, _mark, cost = text.removeprefix("SMTP:").partition(";")
    return AddressSpace(domain, int(cost or 1))


def _text(setting: Setting) -> SettingField:
    long = (setting.maximum or 0) > 1000
    return SettingField(setting, forms.Textarea({"rows": 3}) if long else forms.TextInput())


def _mono(setting: Setting) -> SettingField:
    return SettingField(setting, forms.TextInput({"class": "mono", "spellcheck": "false", "autocomplete": "off"}))


def _short(setting: Setting) -> SettingField:
    return SettingField(setting, forms.TextInput({"class": "short", "inputmode": "text", "autocomplete": "off"}))


def _lines(setting: Setting) -> SettingField:
    attrs = {"rows": 4, "class": "mono", "spellcheck": "false", "autocomplete": "off"}
    return SettingField(setting, forms.Textarea(attrs))


@dataclass(frozen=True, slots=True)
class Here:
    """A kind in the console: what makes its form field, if it is not edited in a way of its own; the column.

    `line`: the column is a list of lines, each `str` of an entry; what makes an entry of a line.
    """

    field: Callable[[Setting], forms.Field] | None
    column: type[models.Field[Any, Any]]
    line: Callable[[str], Any] | None = None
    may_be_empty: bool = False


KINDS: dict[Kind, Here] = {
    Kind.TEXT: Here(_text, models.TextField, may_be_empty=True),
    Kind.HOST_NAME: Here(_mono, models.TextField, may_be_empty=True),
    Kind.WEB_ADDRESS: Here(_mono, models.TextField, may_be_empty=True),
    Kind.DOMAIN_NAME: Here(_mono, models.TextField),
    Kind.FLAG: Here(FlagField, models.BooleanField),
    Kind.COUNT: Here(_short, models.IntegerField),
    Kind.SIZE: Here(_short, models.BigIntegerField),
    Kind.TIMESPAN: Here(_short, models.IntegerField),
    Kind.CHOICE: Here(ChoiceField, models.TextField),
    Kind.FLAG_SET: Here(FlagSetField, models.JSONField),
    Kind.BINDINGS: Here(_lines, models.JSONField, parse_binding),
    Kind.RANGES: Here(_lines, models.JSONField, IPRange),
    Kind.GRANTS: Here(None, models.JSONField),
    Kind.ADDRESS_SPACES: Here(_lines, models.JSONField, _address_space),
    Kind.SMART_HOSTS: Here(_lines, models.JSONField, may_be_empty=True),
    Kind.HOSTS: Here(_lines, models.JSONField, delivery_host.parse, may_be_empty=True),
    Kind.ADDRESSES: Here(_lines, models.JSONField, may_be_empty=True),
    Kind.DOMAINS: Here(_lines, models.JSONField, may_be_empty=True),
    Kind.RANGE: Here(_mono, models.TextField),
    Kind.TIME: Here(TimeField, models.BigIntegerField, may_be_empty=True),
    Kind.RESPONSE: Here(_mono, models.TextField, may_be_empty=True),
    Kind.RETURN_CODE: Here(_mono, models.TextField, may_be_empty=True),
    Kind.RETURN_CODES: Here(_lines, models.JSONField, may_be_empty=True),
    Kind.NAME_SERVERS: Here(_lines, models.JSONField, parse_binding, may_be_empty=True),
    Kind.NAMES: Here(_lines, models.JSONField, may_be_empty=True),
    Kind.SENDERS: Here(_lines, models.JSONField, may_be_empty=True),
    Kind.TIMETABLE: Here(_lines, models.JSONField, may_be_empty=True),
}


def field_for(setting: Setting) -> forms.Field:
    """The form field of a setting."""
    make = KINDS[setting.kind].field
    assert make is not None, f"{setting.name} is edited in a way of its own"
    return make(setting)
