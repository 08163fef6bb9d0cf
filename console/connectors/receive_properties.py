"""The property page of a Receive connector, and what goes on at it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from msgspec.structs import replace

from console import clock
from console.certificates import queries as certificates
from console.connectors import ehlo, models, queries
from console.connectors.forms import ReceiveForm
from console.connectors.properties import Properties, tabs
from console.connectors.sentence import sentence
from console.connectors.warnings import remarks, warned, without_its_name
from console.crud.access import RoleRequired
from console.kerberos import queries as kerberos
from console.publishing import counts
from console.publishing import queries as publishing
from console.publishing.chart import chart
from console.publishing.counts import SPANS
from transport.config import rules
from transport.config.receive_connector import AuthMechanism, ProtocolLoggingLevel, ReceiveConnector
from transport.receive.greeting import greeting
from transport.receive.relayed_domains import domains_taken

ACTIVITY, CLIENTS, DAY = "activity", 10, SPANS["24h"]
CORRECTION = " > "
PANELS = {
    "Security": "connectors/security.html",
    "Scoping": "connectors/scoping.html",
    "Extensions": "connectors/extensions.html",
    "Certificate": "connectors/certificate.html",
}


class ReceiveProperties(Properties):
    struct, model, prefix, heading = (
        ReceiveConnector,
        models.ReceiveConnector,
        "receive-",
        gettext_lazy("Receive connectors"),
    )
    form_class, panels, more = ReceiveForm, PANELS, {ACTIVITY: gettext_lazy("Activity")}

    def prepare(self) -> None:
        self.beside = queries.beside(self.connector.name)

    def rules(self, connector: ReceiveConnector) -> list[rules.Problem]:
        return rules.problems(connector, ())

    def corrected(self, entries: Any) -> Any:
        """`correct` is the line as it stands, a mark, and what is to stand there."""
        wrong, _mark, better = entries["correct"].partition(CORRECTION)
        lines = [better if line.strip() == wrong else line for line in entries["remote_ip_ranges"].splitlines()]
        entries = entries.copy()
        entries["remote_ip_ranges"] = "\n".join(line for line in lines if line.strip())
        return entries

    def previewed(self, form: Any) -> dict[str, Any]:
        """The warnings, and what a client would see."""
        connector, saved = self.entered(form), sentence(self.connector, self.beside)
        return {
            "form": form,
            "entered": connector,
            "problems": publishing.listening_problems().get(self.connector.name, []),
            "entered_sentence": saved if connector == self.connector else sentence(connector, self.beside),
            "sentence": saved,
            **self._warned(connector),
            "remarks": (odd := remarks(connector.remote_ip_ranges)),
            "at_field": {each.words for each in odd},
            **_seen(connector),
        }

    def _warned(self, connector: ReceiveConnector) -> dict[str, Any]:
        """What is to be said before it is saved; of its name, where that is entered and where the certificate is."""
        found = warned(connector, domains_taken(self.beside))
        words = without_its_name(connector, certificates.struct_shown_by(connector), settings.GATEPOST_NODE)
        return found | {"warnings": [*found["warnings"], *filter(None, [words])]}


class Activity(RoleRequired):
    """What goes on: sessions under way, and what was refused last, with the reasons."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = get_object_or_404(models.ReceiveConnector, pk=pk)
        connector = queries.receive(row)
        hours = counts.by_hour(("connected", "accepted", "refused"), "connector", connector.name, DAY.steps)
        context = {
            "title": connector.name,
            "crumbs": [(_("Receive connectors"), reverse("connectors:receive-list"))],
            "tabs": tabs(ReceiveProperties, row, ACTIVITY),
            "sentence": sentence(connector, queries.beside(connector.name)),
            "connector": connector,
            "row": row,
            "logged": connector.protocol_logging_level is ProtocolLoggingLevel.Verbose,
            "open": publishing.open_sessions()[connector.name],
            "hours": hours,
            "chart": chart(
                [(hour, {"accepted": each["accepted"], "refused": each["refused"]}) for hour, each in hours]
            ),
            "clients": counts.top("connected", "client", DAY.since(), CLIENTS, connector.name),
            "problems": publishing.listening_problems().get(connector.name, []),
        }
        fragment = request.headers.get("HX-Target") == "activity"
        template = "connectors/activity_live.html" if fragment else "connectors/activity.html"
        return render(request, template, context)


def _seen(connector: ReceiveConnector) -> dict[str, Any]:
    """What a client of the connector would see."""
    return {
        "greeting": _greeting(connector),
        "ehlo": ehlo.answers(connector, settings.GATEPOST_NODE, not kerberos.why_not_offered()),
        "shown": certificates.row_shown_by(connector),
        "offers_tls": AuthMechanism.Tls in connector.auth_mechanism,
    }


def _greeting(connector: ReceiveConnector) -> str:
    for problem in rules.problems(replace(connector, remote_ip_ranges=()), ()):  # thousands have no part in it
        if problem.field == "banner":
            return problem.message
    try:
        return greeting(connector, settings.GATEPOST_NODE, clock.now().timestamp()).text
    except ValueError as error:
        return _("No greeting can be made of this: %s.") % error
