"""The forms of protection settings; their fields follow from the settings tables."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from console.protection import models
from console.publishing.fields import field_for
from console.publishing.settings_form import SectionsForm, SettingsForm
from transport.config import kinds
from transport.config.connection_filter import IPList, IPListEntry, IPListProvider
from transport.config.endpoint import client_key
from transport.config.setting import settings

MOST_PASTED = 10_000
EXPLAINED, MOST_NAMED = 2, 10  # wrong lines


class ProviderForm(SectionsForm):
    """A block-list or allow-list provider. A new one comes behind those that are there."""

    struct = IPListProvider

    @classmethod
    def values_at_first(cls) -> dict[str, Any]:
        last = models.IPListProvider.objects.order_by("priority").values_list("priority", flat=True).last()
        return super().values_at_first() | {"priority": (last or 0) + 1}


class EntryForm(SettingsForm):
    """One entry of the IP Allow or IP Block list."""

    struct = IPListEntry
    shown = [field for field in settings(IPListEntry) if field != "ip_list"]


IN_COMMON = [field for field in EntryForm.shown if field != "ip_range"]


class PasteForm(forms.Form):
    """New entries: as many as are pasted, each with what stands behind its `#`, or all with one comment."""

    entries = forms.CharField(
        label=_("Addresses, ranges or networks"),
        help_text=_("One on each line, as many as you like: 192.0.2.7, 192.0.2.1-192.0.2.99, 2001:db8::/32. "
                    "What stands behind # is the comment of that line."),
        widget=forms.Textarea({"rows": 10, "class": "mono", "spellcheck": "false", "autocomplete": "off"}),
    )  # fmt: skip

    def __init__(self, *data: Any, ip_list: IPList, **options: Any):
        super().__init__(*data, **options)
        self.ip_list = ip_list
        for name in IN_COMMON:
            self.fields[name] = field_for(settings(IPListEntry)[name])
        self.fields["entries"].error_messages["required"] = _t("Enter at least one address.")

    def clean_entries(self) -> list[tuple[str, str]]:
        """(range, comment) of each line."""
        lines = [line.partition("#") for line in self.cleaned_data["entries"].splitlines() if line.strip(" ,;")]
        if len(lines) > MOST_PASTED:
            raise ValidationError(_t("At most %d lines at once, please.") % MOST_PASTED)
        found, wrong = [], {}
        for line, _mark, comment in lines:
            text = line.strip(" ,;")
            try:
                if text:
                    found.append((kinds.parse(settings(IPListEntry)["ip_range"], text), comment.strip()))
            except ValueError as error:
                wrong[text] = str(error)
        if wrong:
            raise ValidationError(_what_is_wrong(wrong))
        return found

    @property
    def structs(self) -> list[IPListEntry]:
        """What was entered, after `is_valid()`."""
        common = {name: self.cleaned_data[name] for name in IN_COMMON}
        return [
            IPListEntry(
                ip_list=self.ip_list,
                ip_range=text,
                **common | {"comment": (comment or common["comment"])[:512]},
            )
            for text, comment in self.cleaned_data["entries"]
        ]


def _what_is_wrong(lines: dict[str, str]) -> list[str]:
    """The first wrong lines with what to write instead, and which others are wrong."""
    explained, others = list(lines.values())[:EXPLAINED], list(lines)[EXPLAINED:]
    if not others:
        return explained
    some = ", ".join(f"“{text}”" for text in others[:MOST_NAMED]) + (" …" if len(others) > MOST_NAMED else "")
    more = ngettext("One more line is wrong: %(some)s", "%(count)d more lines are wrong: %(some)s", len(others))
    return [*explained, more % {"count": len(others), "some": some}]


class TrialForm(forms.Form):
    """The address to test."""

    address = forms.CharField(
        label=_("IP address"), widget=forms.TextInput({"class": "mono short", "autocomplete": "off"})
    )

    def clean_address(self) -> str:
        address: str = self.cleaned_data["address"]
        try:
            client_key(address)
        except ValueError:
            raise ValidationError(_t("“%s” is no IP address. Write it like 192.0.2.7.") % address) from None
        return address
