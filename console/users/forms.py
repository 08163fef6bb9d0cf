from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.crud import forms as crud
from console.crud.forms import Group as FieldGroup
from console.crud.forms import GroupedForm
from console.crud.meanwhile import Meanwhile
from console.users.models import Group, User
from console.users.queries import addresses_of

PLAIN = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"}


class NewPassword(crud.NewPassword):
    """The action says whether it is good enough."""

    ntlm = forms.BooleanField(
        label=gettext_lazy("Also allow Integrated Windows authentication (NTLM)"),
        required=False,
        help_text=gettext_lazy(
            "For devices that know nothing else. Its hash is as good as the password: it is kept, encrypted, only then."
        ),
    )


class UserForm(Meanwhile, GroupedForm, forms.Form):
    """A user without the password; names are judged by the action."""

    name = forms.CharField(
        label=gettext_lazy("Logon name"),
        help_text=gettext_lazy("What stands in the device's or the person's settings."),
        widget=forms.TextInput(attrs=PLAIN),
    )
    domain = forms.CharField(
        label=gettext_lazy("Domain"),
        help_text=gettext_lazy(
            r"The user signs in as domain\name, as name@domain, with an address below, or with the name alone."
        ),
        widget=forms.TextInput(attrs=PLAIN),
    )
    display_name = forms.CharField(label=gettext_lazy("Display name"), required=False)
    addresses = forms.CharField(
        label=gettext_lazy("Addresses"),
        required=False,
        help_text=gettext_lazy(
            "Recipients of the directory, one each line. The user may send as these; as others only with the right "
            "“Accept any sender”."
        ),
        widget=forms.Textarea(attrs={"rows": 3, "class": "mono", "spellcheck": "false"}),
    )
    groups_chosen = forms.ModelMultipleChoiceField(
        Group.objects.order_by("name"),
        label=gettext_lazy("Groups"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    groups = [
        FieldGroup(gettext_lazy("Who it is"), ["name", "domain", "display_name"]),
        FieldGroup(gettext_lazy("What it may send as"), ["addresses", "groups_chosen"]),
    ]

    def __init__(self, *data: Any, instance: User | None = None):
        self.instance = instance
        super().__init__(*data, initial=_now(instance) if instance else {"domain": _usual_domain()})
        if instance:
            self.watch()
        for field in ("name", "domain") if instance else ():
            self.fields[field].disabled = True
            self.fields[field].help_text = _("It never changes: rights on connectors hang on it.")
        if not Group.objects.exists():
            self.fields["groups_chosen"].help_text = _("There are no groups yet.")

    def clean_addresses(self) -> list[str]:
        return str(self.cleaned_data["addresses"]).replace(",", " ").split()


class NewUserForm(UserForm, NewPassword):
    groups = [*UserForm.groups, FieldGroup(gettext_lazy("Password"), ["password", "again", "ntlm"])]


class SetPasswordForm(GroupedForm, NewPassword):
    groups = [FieldGroup("", ["password", "again", "ntlm"])]


class GroupForm(Meanwhile, forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), widget=forms.TextInput(attrs=PLAIN))
    description = forms.CharField(label=gettext_lazy("Description"), required=False)
    members = forms.ModelMultipleChoiceField(
        Group.objects.order_by("name"),
        label=gettext_lazy("Groups in it"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Their users are in this group too. Users are put into a group on their own page."),
    )

    def __init__(self, data: Any = None, instance: Group | None = None) -> None:
        self.instance = instance
        super().__init__(data, initial=_now_of_group(instance) if instance else None)
        others: Any = self.fields["members"]
        others.queryset = Group.objects.exclude(pk=instance.pk if instance else -1).order_by("name")
        if not others.queryset.exists():
            del self.fields["members"]
        if instance:
            self.fields["name"].disabled = True
            self.fields["name"].help_text = _("It never changes: rights on connectors hang on it.")
            self.watch()


def _now_of_group(group: Group) -> dict[str, Any]:
    return {"name": group.name, "description": group.description, "members": list(group.members.all())}


def _now(user: User) -> dict[str, Any]:
    return {
        "name": user.name,
        "domain": user.domain,
        "display_name": user.display_name,
        "addresses": "\n".join(addresses_of(user)),
        "groups_chosen": list(user.groups.all()),
    }


def _usual_domain() -> str:
    """That of the other users, else the first accepted domain's first label as Windows would call it."""
    last = User.objects.order_by("-pk").first()
    return last.domain if last else settings.GATEPOST_DOMAIN.partition(".")[0].upper()
