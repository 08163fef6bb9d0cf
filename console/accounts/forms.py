from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import get_user_model, password_validation
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.text import format_lazy
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from console.accounts.devices import device_of
from console.accounts.rate_limit import signed_in, wait_before_trying
from console.actors import MEANINGS, Role
from console.crud import forms as crud
from console.crud import times
from console.crud.forms import Group, GroupedForm
from console.crud.meanwhile import Meanwhile
from console.crud.reader import PAGE_SIZES


class SignInForm(AuthenticationForm):
    error_messages = {
        "invalid_login": _("This user name and password do not belong together. Check both; capital letters matter."),
        "inactive": _("This account is disabled. Ask an administrator to enable it."),
    }

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.request: HttpRequest = request
        self.fields["username"].label = _("User name")

    def clean(self) -> dict[str, Any]:
        name = self.cleaned_data.get("username") or ""
        if not name or not self.cleaned_data.get("password"):
            return self.cleaned_data
        attempt = self.request.META.get("REMOTE_ADDR", ""), name, device_of(self.request, name)
        wait = wait_before_trying(*attempt)
        if wait:
            raise ValidationError(waiting_text(wait), code="wait")
        cleaned: dict[str, Any] = super().clean()
        signed_in(*attempt)
        return cleaned


def waiting_text(seconds: int) -> str:
    """When to try again, rounded up to a minute."""
    minutes = -(-seconds // 60)
    return (
        ngettext(
            "Too many attempts. Try again in %d minute; nothing else is needed.",
            "Too many attempts. Try again in %d minutes; nothing else is needed.",
            minutes,
        )
        % minutes
    )


class PreferencesForm(GroupedForm, forms.Form):
    """What one chooses for oneself; the names of the fields are the columns of `Preferences`."""

    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        choices=[("", _("That of the browser")), *settings.LANGUAGES],
        help_text=_("Of the console's pages. Commands, files, logs and what servers say stay in English."),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        required=False,
        help_text=_("All times are shown and entered in it. Files, commands and the logs stay in UTC, and say so."),
    )
    page_size = forms.TypedChoiceField(
        label=_("Rows on a page"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", _("As each list has it")), *((size, str(size)) for size in PAGE_SIZES)],
    )
    theme = forms.ChoiceField(
        label=_("Theme"),
        required=False,
        choices=[
            ("", _("What I choose in each browser")),
            ("auto", _("As the system has it")),
            ("light", _("Light")),
            ("dark", _("Dark")),
        ],
    )
    groups = [Group("", ["language", "time_zone", "page_size", "theme"])]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["time_zone"].choices = _zones()  # type: ignore[attr-defined]


def _zones() -> list[tuple[str, Any]]:
    """By region, the browser's first."""
    regions: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(times.zones() - {"UTC"}):
        region, _slash, place = name.partition("/")
        regions.setdefault(region, []).append((name, place.replace("_", " ")))
    return [("", gettext("That of the browser")), ("UTC", "UTC"), *regions.items()]


class NewPassword(crud.NewPassword):
    """One that is good enough."""

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        password_validation.validate_password(password)
        return password


class RolesForm(Meanwhile, GroupedForm, forms.Form):
    """An administrator's name and roles. `instance` is the user, or None for a new one."""

    username = forms.CharField(
        label=_("User name"),
        max_length=150,
        validators=[get_user_model().username_validator],
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    full_name = forms.CharField(label=_("Full name"), max_length=150, required=False)
    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        choices=[(role.value, format_lazy("{}: {}", role.value, MEANINGS[role])) for role in Role],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one role; without one there is nothing to see.")},
    )
    groups = [Group("", ["username", "full_name", "roles"])]

    def __init__(self, data: Any = None, instance: User | None = None) -> None:
        self.instance = instance
        super().__init__(data, initial=_now(instance) if instance else None)
        if instance is not None:
            self.watch()
            self.fields["username"].disabled = True

    @property
    def chosen_roles(self) -> frozenset[Role]:
        return frozenset(Role(name) for name in self.cleaned_data["roles"])


def _now(user: User) -> dict[str, Any]:
    roles = list(user.groups.values_list("name", flat=True))
    return {"username": user.username, "full_name": user.first_name, "roles": roles}


class NewAdministratorForm(RolesForm, NewPassword):
    groups = [Group("", ["username", "full_name", "roles"]), Group(_("Password"), ["password", "again"])]


class SetPasswordForm(GroupedForm, NewPassword):
    groups = [Group("", ["password", "again"])]
