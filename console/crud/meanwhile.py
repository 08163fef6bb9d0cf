"""Two editors of one object: what only one of them changed is merged, what both changed is asked about at its field."""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _

SEEN, CHOICE = "seen", "settle-"
LONGEST = 120
"""Characters of a value in a question."""


class Meanwhile(forms.BaseForm):
    """Mixin. A form of an object that is there calls `watch()`. The page then carries a digest of each value in
    `initial` that the editor saw; when the form comes back, `initial` is what is saved by then. `taken` are the fields
    whose newer value stays because this editor did not touch them.
    """

    def watch(self) -> None:
        self.taken: list[str] = []
        self.fields[SEEN] = forms.CharField(widget=forms.HiddenInput, required=False)
        self.initial = {**self.initial, SEEN: self._digests}

    def _digests(self) -> str:
        """Of all fields, once the form is complete."""
        names = [name for name in self.fields if name in self.initial and name != SEEN]
        return json.dumps({name: self._digest(name, self._saved(name)) for name in names})

    def _clean_fields(self) -> None:
        super()._clean_fields()  # type: ignore[misc]  # Django's stubs do not tell of it
        for name, seen in self._seen().items():
            if name in self.fields and name in self.initial and not self.fields[name].disabled:
                self._merge(name, seen)

    def _seen(self) -> dict[str, str]:
        if SEEN not in self.fields:
            return {}
        try:
            found = json.loads(self.data.get(self.add_prefix(SEEN), "") or "{}")
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def _merge(self, name: str, seen: str) -> None:
        saved = self._digest(name, self._saved(name))
        mine = self._digest(name, self.cleaned_data[name]) if name in self.cleaned_data else ""
        if saved in (seen, mine):
            return
        if mine == seen:
            self._take_theirs(name)
        else:
            self._ask(name, saved)

    def _take_theirs(self, name: str) -> None:
        """The newer value stays, and is shown."""
        self.cleaned_data[name] = self._saved(name)
        self.taken.append(name)
        self._enter(name, self.fields[name].prepare_value(self._saved(name)))
        if cleaned := getattr(self, f"clean_{name}", None):
            self.cleaned_data[name] = cleaned()

    def _enter(self, name: str, value: Any) -> None:
        self.data: Any = self.data.copy()
        place = self.add_prefix(name)
        self.data.pop(place, None)
        if isinstance(value, list | tuple):
            self.data.setlist(place, [str(each) for each in value])
        elif value not in (None, False):
            self.data[place] = "on" if value is True else str(value)

    def _ask(self, name: str, saved: str) -> None:
        """Mine or theirs: asked again once theirs is another one."""
        mine, theirs = f"mine-{saved}", f"theirs-{saved}"
        chosen = self.data.get(self.add_prefix(CHOICE + name))
        if chosen == theirs:
            self._take_theirs(name)
        if chosen in (mine, theirs):
            return
        entered = self.cleaned_data.get(name, self.data.get(self.add_prefix(name), ""))
        words = [(mine, _("Save what I entered")), (theirs, _("Keep what is saved now"))]
        values = [self._words(name, entered), self._words(name, self._saved(name))]
        choices = [(value, f"{label}: {said}") for (value, label), said in zip(words, values, strict=True)]
        question = forms.ChoiceField(choices=choices, widget=forms.RadioSelect, required=False)
        question.label = self.fields[name].label
        self.fields[CHOICE + name] = question
        self.add_error(CHOICE + name, _("Somebody saved another value here while you were editing. Choose one."))

    def _saved(self, name: str) -> Any:
        """The value that is saved now, as the field cleans it."""
        field = self.fields[name]
        value = self.get_initial_for_field(field, name)
        if isinstance(value, str | None):
            try:
                return field.clean(field.prepare_value(value))
            except ValidationError:
                return value
        return value

    def _digest(self, name: str, value: Any) -> str:
        return blake2b("\n".join(self._lines(name, value)).encode(), digest_size=6).hexdigest()

    def _lines(self, name: str, value: Any) -> list[str]:
        """A value as the page shows it, the order of a set aside."""
        shown = self.fields[name].prepare_value(value)
        if shown is None or shown is False:
            return []
        if isinstance(shown, Iterable) and not isinstance(shown, str):
            lines = [str(each) for each in shown]
            return sorted(lines) if hasattr(self.fields[name], "choices") else lines
        return [line.strip() for line in str(shown).strip().splitlines()]

    def _words(self, name: str, value: Any) -> str:
        """A value in a question: of a choice its label."""
        labels = {str(key): str(label) for key, label in getattr(self.fields[name], "choices", ())}
        text = ", ".join(labels.get(line, line) for line in self._lines(name, value))
        if text == "True":
            return _("Yes")
        return text[:LONGEST] + ("…" if len(text) > LONGEST else "") or (_("No") if value is False else _("nothing"))

    @property
    def merged(self) -> str:
        """What the page says of fields whose newer value stays."""
        if not getattr(self, "taken", []):
            return ""
        names = ", ".join(str(self.fields[name].label) for name in self.taken)
        return _("What somebody else saved meanwhile stays: %s.") % names


def say_saved(request: HttpRequest, words: str, form: Any) -> None:
    """That a form is saved, and what of somebody else stays."""
    messages.success(request, " ".join(filter(None, [words, getattr(form, "merged", "")])))
