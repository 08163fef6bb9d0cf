"""The page “Which connector takes …?”."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from console.connectors.mail_route import SIZE, route, user_named
from console.connectors.models import SendConnector
from console.connectors.queries import Tabs
from console.crud.access import RoleRequired
from console.crud.forms import ReadingForm
from console.publishing import queries as publishing
from transport.config import kinds
from transport.send.choice import Mail
from transport.trace.way_out import Way


class RouteForm(ReadingForm, forms.Form):
    """A message that there might be."""

    recipient = forms.CharField(label=_("Recipient"), max_length=320)
    sender = forms.CharField(
        label=_("Sender"), max_length=320, required=False, help_text=_("Empty: a report, which has none.")
    )
    user = forms.CharField(
        label=_("User who signed in"), max_length=320, required=False, help_text=_("Empty: nobody did.")
    )
    size = forms.CharField(label=_("Size"), max_length=40, initial="10 KB")
    connector = forms.ChoiceField(label=_("Receive connector"), required=False)

    def __init__(self, *data: Any):
        super().__init__(*data)
        named = [each.name for each in publishing.saved().receive_connectors]
        chosen: Any = self.fields["connector"]
        chosen.choices = [("", _t("Any other")), *((name, name) for name in named)]

    def clean_recipient(self) -> str:
        return str(self.read("recipient", kinds.mailbox))

    def clean_sender(self) -> str:
        return str(self.read("sender", lambda text: kinds.mailbox(text) if text.strip("<>") else ""))

    def clean_user(self) -> str:
        return str(self.read("user", user_named))

    def clean_size(self) -> int:
        return int(self.read("size", lambda text: kinds.parse(SIZE, text)))


class SendRoute(RoleRequired):
    """The page that answers; a link to an answer can be kept."""

    def get(self, request: HttpRequest) -> HttpResponse:
        form = RouteForm(request.GET) if request.GET else RouteForm()
        found = None
        if request.GET and form.is_valid():
            given = form.cleaned_data
            mail = Mail(given["sender"], given["user"], given["size"], given["connector"])
            found = route(given["recipient"], mail)
        context = {
            "title": _t("Which connector takes …?"),
            "crumbs": [(_t("Send connectors"), reverse("connectors:send-list"))],
            "form": form,
            "found": found,
            "lines": _lines(found) if found else [],
        }
        return render(request, "connectors/send_route.html", context, status=422 if form.errors else 200)


def _lines(found: Way) -> list[tuple[str, str, str, bool]]:
    """(connector, its page, why, whether it takes the message), the best first."""
    if found.choice is None:
        return []
    tabs = Tabs(SendConnector)
    lines = [(each.connector.name, each.words, False) for each in found.choice.passed]
    if found.choice.connector is not None:
        taken = _t("It takes the message, by its address space %(space)s at cost %(cost)d.")
        space = found.choice.space
        assert space is not None
        lines.append((found.choice.connector.name, taken % {"space": space.domain, "cost": space.cost}, True))
    lines += [(each.connector.name, each.words, False) for each in found.behind]
    return [(name, tabs.url(name, "address-space"), words, takes) for name, words, takes in lines]
