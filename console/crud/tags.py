"""Words of the administrators' own at objects of any kind, to find and group them by. Nothing that Gatepost does
follows from them: no revision and no cmdlet knows them. They hang on an object's key, so a new name keeps them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

FIELD = "tags"
MOST, LONGEST = 20, 40
"""Tags of an object; characters of a tag."""
_WORD = re.compile(r"\w[\w.+/-]*")
HELP = gettext_lazy(
    "Words of your own to find this by, such as printers berlin. They change nothing that Gatepost does, and no cmdlet "
    "knows them."
)


class TagsField(forms.CharField):
    """Words with spaces or commas between them; cleaned: a sorted list in lower case."""

    def __init__(self, **options: Any) -> None:
        plain = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"}
        usual: dict[str, Any] = {"label": gettext_lazy("Tags"), "help_text": HELP, "widget": forms.TextInput(plain)}
        super().__init__(**usual | {"required": False, "max_length": 1000} | options)

    def prepare_value(self, value: Any) -> Any:
        return " ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        words = sorted(set(super().clean(value).lower().replace(",", " ").split()))
        for word in words:
            if len(word) > LONGEST or not _WORD.fullmatch(word):
                text = _("“%s” is no tag: letters, digits and . + / - _ only, at most %d characters.")
                raise ValidationError(text % (word[:LONGEST], LONGEST))
        require_few(words)
        return words


def require_few(words: Sequence[str]) -> None:
    """Raises ValidationError where one object would have too many."""
    if len(words) > MOST:
        raise ValidationError(_("At most %d tags.") % MOST)


class TagForm(forms.Form):
    """Adds and removes tags of several objects."""

    add = TagsField(label=gettext_lazy("Add"))
    remove = forms.MultipleChoiceField(
        label=gettext_lazy("Remove"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *data: Any, there: Iterable[str]) -> None:
        super().__init__(*data)
        choices = [(word, word) for word in there]
        self.fields["remove"].choices = choices  # type: ignore[attr-defined]
        if not choices:
            del self.fields["remove"]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if not self.errors and not given.get("add") and not given.get("remove"):
            raise ValidationError(_("Type a tag to add, or tick one to remove."))
        return given


def ask_for_tags(form: Any, obj: Any) -> None:
    """Gives a form the field of an object's tags; of a new one where `obj` is None."""
    form.fields[FIELD] = TagsField()
    form.initial = {**form.initial, FIELD: tags_of(obj) if obj is not None else []}


def label_of(model: Any) -> str:
    """What the tags of a kind of object are kept under."""
    return str(model._meta.label_lower)


def tags_of(obj: Any) -> list[str]:
    """Those of one object."""
    return load_tags([obj])[0].tag_words if obj.pk else []


def load_tags(rows: list[Any]) -> list[Any]:
    """Objects of one kind, each with its tags as `tag_words`."""
    from console.crud.models import ObjectTags

    kept = ObjectTags.objects.filter(kind=label_of(rows[0]), key__in=[row.pk for row in rows]) if rows else []
    words = {each.key: each.words for each in kept}
    for row in rows:
        row.tag_words = words.get(row.pk, [])
    return rows


def tags_in_use(model: Any) -> list[str]:
    """Of all objects of a kind that are there."""
    from console.crud.models import ObjectTags

    there = ObjectTags.objects.filter(kind=label_of(model), key__in=model._default_manager.order_by().values("pk"))
    return sorted({word for words in there.values_list("words", flat=True) for word in words})


def tagged(rows: QuerySet[Any], word: str) -> QuerySet[Any]:
    """The rows with a tag."""
    from console.crud.models import ObjectTags

    kept = ObjectTags.objects.filter(kind=label_of(rows.model), words__contains=[word.lower()])
    return rows.filter(pk__in=kept.values("key"))


def words_at(row: Any) -> list[str]:
    """What `load_tags` found."""
    return list(getattr(row, "tag_words", []))


def tags_html(words: Sequence[str]) -> str:
    """Each a link to what has it too."""
    links = ((urlencode({"tag": word}), word) for word in words)
    return format_html('<span class="tags">{}</span>', format_html_join("", '<a class="chip" href="?{}">{}</a>', links))
