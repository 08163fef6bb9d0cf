"""Which sessions are replayed, and under what."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from console import clock
from console.crud.addresses import address_bounds
from console.replay.queries import Asked

SPANS = {
    "1h": (_("Last hour"), timedelta(hours=1)),
    "24h": (_("Last 24 hours"), timedelta(hours=24)),
    "3d": (_("Last 3 days"), timedelta(days=3)),
    "7d": (_("Last 7 days"), timedelta(days=7)),
    "all": (_("All that are kept"), timedelta(days=400)),
}
MONO = {"class": "mono", "autocomplete": "off", "spellcheck": "false"}


class ReplayForm(forms.Form):
    """`asked` is what was chosen, once it is valid."""

    range = forms.ChoiceField(
        label=_("Sessions that ended"), choices=[(name, label) for name, (label, _span) in SPANS.items()], initial="24h"
    )
    client = forms.CharField(
        label=_("Client"),
        required=False,
        max_length=100,
        help_text=_("An address, a range or a network. Empty: all."),
        widget=forms.TextInput(MONO),
    )
    connector = forms.CharField(
        label=_("Answered by"), required=False, max_length=100, help_text=_("A Receive connector. Empty: all.")
    )
    revision = forms.IntegerField(
        label=_("Under revision"), required=False, min_value=1, max_value=2**31 - 1, help_text=_("Empty: the newest.")
    )

    def clean_client(self) -> tuple[str, str] | None:
        text = self.cleaned_data["client"].strip()
        bounds = address_bounds(text) if text else None
        if text and bounds is None:
            raise forms.ValidationError(_t("“%s” is no IP address, range or network.") % text)
        return bounds

    @property
    def asked(self) -> Asked:
        given, now = self.cleaned_data, clock.now()
        return Asked(now - SPANS[given["range"]][1], now, given["client"], given["connector"].strip())
