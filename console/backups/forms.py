"""When and where backups are made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.backups.models import Schedule
from console.backups.places import is_bucket, is_writable
from console.crud.forms import Group, GroupedForm
from console.sealing import sealed


class ScheduleForm(GroupedForm, forms.ModelForm):  # type: ignore[type-arg]  # takes no argument when it runs
    secret = forms.CharField(
        label=gettext_lazy("Secret key"),
        required=False,
        strip=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("Kept encrypted, and never shown. Empty: the one that is kept stays."),
    )
    groups = (
        Group("", ("at", "place", "node")),
        Group(gettext_lazy("What stays"), ("kept", "kept_days")),
        Group(gettext_lazy("For a bucket"), ("access_key", "secret")),
    )

    class Meta:
        model = Schedule
        fields = ("at", "place", "node", "kept", "kept_days", "access_key")
        labels = {
            "at": gettext_lazy("Daily at (UTC)"),
            "place": gettext_lazy("Where to"),
            "node": gettext_lazy("By which machine"),
            "kept": gettext_lazy("How many are kept"),
            "kept_days": gettext_lazy("Kept for at most (days)"),
            "access_key": gettext_lazy("Access key"),
        }
        help_texts = {
            "at": gettext_lazy("Such as 02:30. Empty: none is made by itself."),
            "place": gettext_lazy(
                "A directory of that machine, such as /srv/backups, better on another disk than the mail; or a bucket "
                "with the interface of Amazon S3, such as https://s3.example.com/bucket/mail?region=eu-central-1."
            ),
            "node": gettext_lazy("Its name. Empty: any machine that has a worker."),
            "kept": gettext_lazy("Older ones are deleted once a new one is there."),
            "kept_days": gettext_lazy("What is to be forgotten goes from the backups in this time. The newest stays."),
            "access_key": gettext_lazy("What the bucket's provider calls the access key ID. Empty for a directory."),
        }
        widgets = {
            "at": forms.TimeInput(format="%H:%M", attrs={"placeholder": "02:30"}),
            "place": forms.TextInput,
            "node": forms.TextInput,
            "access_key": forms.TextInput,
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, most in (("kept", 1000), ("kept_days", 3650)):
            self.fields[name].widget.attrs |= {"min": 1, "max": most}

    def clean_kept(self) -> int:
        return _between(self.cleaned_data["kept"], 1000)

    def clean_kept_days(self) -> int:
        return _between(self.cleaned_data["kept_days"], 3650)

    def clean_place(self) -> str:
        place = str(self.cleaned_data["place"]).strip()
        if "\0" in place or len(place) > 1000:
            raise ValidationError(_("This is no directory and no bucket."))
        if not place or is_bucket(place):
            return place
        if not Path(place).is_absolute():
            raise ValidationError(_("Write the whole path, from / on, or https:// and the bucket."))
        if Path(place).is_relative_to(settings.GATEPOST_HOME):
            raise ValidationError(_("A backup within the data directory is gone with it: choose another place."))
        return place

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        place, node = found.get("place", ""), found.get("node", "")
        if found.get("at") and not place and "place" not in self.errors:
            raise ValidationError({"place": _("Say where to.")})
        here = node in ("", settings.GATEPOST_NODE)
        if place and here and not is_bucket(place) and not is_writable(place):
            raise ValidationError({"place": _("There is no such directory here, or Gatepost may not write in it.")})
        return found

    def wanted(self) -> Schedule:
        """What is to be saved."""
        found: Schedule = self.save(commit=False)
        if secret := self.cleaned_data["secret"]:
            found.encrypted = sealed(secret.encode())
        if not is_bucket(found.place):
            found.access_key = found.encrypted = ""
        return found


def _between(number: int, most: int) -> int:
    if not 1 <= number <= most:
        raise ValidationError(_("From 1 to %d.") % most)
    return number
