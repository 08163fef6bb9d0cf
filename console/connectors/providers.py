"""New connector to a provider: what to do there, and then the connector with all that is known of it."""

from __future__ import annotations

from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from console.connectors import actions
from console.credentials import queries as credentials
from console.crud import TypedConfirmation
from console.crud.access import RoleRequired
from console.crud.action_page import ActionPage
from console.crud.format import count_text
from console.crud.forms import say_what_is_missing
from console.crud.said import said
from console.publishing.fields import field_for
from transport.config import providers
from transport.config.credential import CredentialKind
from transport.config.providers import BY_PROVIDER, PRESETS, Preset
from transport.config.send_connector import Provider, SendConnector
from transport.config.setting import settings

OTHER = _("Another server: choose everything yourself.")


class ProviderForm(TypedConfirmation, forms.Form):
    """What a preset leaves open."""

    def __init__(self, *data: Any, preset: Preset, **options: Any):
        super().__init__(*data, **options)
        table = settings(SendConnector)
        self.preset = preset
        self.fields["name"] = field_for(table["name"])
        self.fields["name"].initial = preset.provider.label[:64]
        if preset.place is not None:
            self.fields["place"] = self._place()
        if preset.kind is not None:
            self.fields["credential"] = self._credential(preset.kind)
        self.fields["address_spaces"] = field_for(table["address_spaces"])
        self.fields["address_spaces"].initial = "*"
        say_what_is_missing(self)

    def _place(self) -> forms.Field:
        place = self.preset.place
        assert place is not None
        if place.choices:
            choices = [(value, said(label)) for value, label in place.choices]
            return forms.ChoiceField(label=said(place.label), help_text=said(place.help), choices=choices)
        return forms.CharField(label=said(place.label), help_text=said(place.help), max_length=63)

    def _credential(self, kind: CredentialKind) -> forms.Field:
        usable = credentials.like(kind)
        help_text = said(self.preset.user_name) if usable else _t("There is none yet: add it first, in the step above.")
        field = forms.ChoiceField(
            label=_t("Credential"), help_text=help_text, choices=[(each, each) for each in usable]
        )
        field.error_messages["required"] = _t("Add the credential first, in the step above.")
        return field

    def clean_place(self) -> str:
        entered: str = self.cleaned_data["place"]
        try:
            providers.host_of(self.preset, entered)
        except ValueError:
            place = self.fields["place"]
            raise ValidationError(f"{place.label}: {place.help_text}") from None
        return entered

    @property
    def connector(self) -> SendConnector:
        given = self.cleaned_data
        start = SendConnector(name=given["name"].strip(), address_spaces=given["address_spaces"])
        named = (given["credential"],) if given.get("credential") else ()
        return providers.connector(self.preset, start, given.get("place", ""), named)


class Providers(RoleRequired):
    """Which one?"""

    writers = actions.WRITERS
    readers = actions.WRITERS

    def get(self, request: HttpRequest) -> HttpResponse:
        links = [reverse("connectors:send-provider", args=[one.provider.value]) for one in PRESETS]
        offered: list[tuple[Any, Any, str]] = [
            (said(one.provider.label), said(one.purpose), link) for one, link in zip(PRESETS, links, strict=True)
        ]
        offered.append((said(Provider.Other.label), OTHER, reverse("connectors:send-wizard")))
        context = {"title": _t("New connector to a provider"), "offered": offered, "crumbs": crumbs()[:1]}
        return render(request, "connectors/providers.html", context)


class ProviderPage(ActionPage):
    """One of them: its steps, and the form at their end."""

    writers = actions.WRITERS
    template_name = "connectors/provider.html"
    form_class = ProviderForm
    keeps_entries = True

    @cached_property
    def preset(self) -> Preset:
        found = next((one for one in BY_PROVIDER.values() if one.provider.value == self.kwargs["provider"]), None)
        if found is None:
            raise Http404
        return found

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "preset": self.preset}

    def get_initial(self) -> dict[str, Any]:
        """The credential that was added for it a moment ago."""
        return {**super().get_initial(), "credential": self.request.GET.get("credential")}

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        preset = self.preset
        if preset.kind is not None:
            context["credential_url"] = url_of_new_credential(preset, preset.kind)
        context |= {"preset": preset, "limits": limits(preset), "cancel_url": reverse("connectors:send-list")}
        context["title"] = _t("New connector to %s") % said(preset.provider.label)
        return super().get_context_data(crumbs=crumbs(), **context)

    def submit(self, form: ProviderForm) -> HttpResponse:
        row = actions.create(self.actor, form.connector, form.typed)
        messages.success(self.request, _t("%s is made. Test it here before it carries mail.") % row.name)
        return redirect("connectors:send-test", row.pk)


def url_of_new_credential(preset: Preset, kind: CredentialKind) -> str:
    """Its form, which leads back to the provider's page."""
    asked = {"kind": kind.value, "provider": preset.provider.value}
    known = {"user_name": preset.fixed_user_name} if preset.fixed_user_name else {}
    return reverse("credentials:new") + "?" + urlencode(asked | known)


def crumbs() -> list[tuple[Any, str]]:
    return [
        (_("Send connectors"), reverse("connectors:send-list")),
        (_("Providers"), reverse("connectors:send-providers")),
    ]


def limits(preset: Preset) -> list[str]:
    """What an account may send there, in words."""
    known = preset.limits
    words = [
        (known.connections, _t("%s connections at one time")),
        (known.messages_per_minute, _t("%s messages a minute")),
        (known.messages_per_hour, _t("%s messages an hour")),
        (known.messages_per_day, _t("%s messages a day")),
        (known.recipients_per_day, _t("%s recipients a day")),
    ]
    return [text % count_text(number) for number, text in words if number is not None]
