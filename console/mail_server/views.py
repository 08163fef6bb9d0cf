"""Trace → Test mail server: a domain or a server looked at, the ports, and where delivery fails. Document 004."""

from __future__ import annotations

import time
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from console.connectors import actions as connectors
from console.connectors.mail_route import route
from console.connectors.models import SendConnector
from console.connectors.send_test import TestForm, first_sender
from console.crud import put_errors
from console.crud.access import RoleRequired
from console.crud.layout import Tab
from console.mail_server import actions, ports, queries
from console.mail_server.forms import DOMAIN, OutsideForm, SubjectForm
from console.mail_server.verdicts import Section, Verdict, judged
from transport.deliver.probe import Finding
from transport.send.choice import Mail
from transport.trace.mail_server import Survey
from transport.trace.way_out import Way


class _Page(RoleRequired):
    """One of the three."""

    writers = connectors.WRITERS
    name = ""
    purpose: Any = ""

    def show(self, form: Any, **more: Any) -> HttpResponse:
        pages = [("test", _t("Mail server")), ("ports", _t("Ports")), ("delivery", _t("Delivery"))]
        context = {
            "title": _t("Test mail server"),
            "purpose": self.purpose,
            "tabs": [Tab(label, reverse(f"mail_server:{name}"), name == self.name) for name, label in pages],
            "form": form,
            "may_write": self.may_write,
        }
        status = 422 if form.errors else 200
        return render(self.request, f"mail_server/{self.name}.html", context | more, status=status)


class Test(_Page):
    """`?name=` fills the form in; only a POST looks, for it speaks with others."""

    name = "test"
    purpose = _("Looks at a mail server as others see it: DNS, greeting, TLS, sign-in, relay. No message is sent.")

    def get(self, request: HttpRequest) -> HttpResponse:
        default = next(iter(queries.domains()), "")
        initial = {"kind": request.GET.get("kind") or DOMAIN, "name": request.GET.get("name") or default}
        return self._show(SubjectForm(initial=initial))

    def post(self, request: HttpRequest) -> HttpResponse:
        form, found = SubjectForm(request.POST), None
        if form.is_valid():
            try:
                found = self._look(**form.cleaned_data)
            except ValidationError as error:
                put_errors(form, error)
        return self._show(form, found)

    def _look(self, kind: str, host: str, port: int, selectors: tuple[str, ...], **_more: Any) -> Survey:
        if kind == DOMAIN:
            return actions.look_at_domain(self.actor, host, selectors)
        return actions.look_at_server(self.actor, host, port)

    def _show(self, form: SubjectForm, found: Survey | None = None) -> HttpResponse:
        sections = judged(found, time.time()) if found is not None else []
        subjects = [*queries.domains(), *map(str, queries.listeners())]
        return self.show(form, found=found, sections=sections, counts=_counts(sections), subjects=subjects)


def _counts(sections: list[Section]) -> dict[str, int]:
    return {verdict.value: sum(section.count(verdict) for section in sections) for verdict in Verdict}


class Ports(_Page):
    """Nothing is kept of what is pasted, so whoever may read may paste."""

    name = "ports"
    writers = RoleRequired.readers
    purpose = _("The ports of a mail server: which are open, and which the Internet should reach.")

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._show(OutsideForm(), {})

    def post(self, request: HttpRequest) -> HttpResponse:
        form = OutsideForm(request.POST)
        return self._show(form, form.cleaned_data["seen"] if form.is_valid() else {})

    def _show(self, form: OutsideForm, seen: dict[int, bool]) -> HttpResponse:
        host = queries.public_name()
        if form.is_bound:
            host = form.cleaned_data.get("host", host)
        scripts = [
            (_t("A shell (Linux, macOS)"), ports.shell_script(host)),
            (_t("PowerShell (Windows)"), ports.powershell_script(host)),
        ]
        return self.show(form, ports=queries.open_ports(seen), scripts=scripts if host else [], is_seen=bool(seen))


class Delivery(_Page):
    """`?sender=` and `?recipient=` fill the form in."""

    name = "delivery"
    purpose = _("Where mail to an address would stop: the way it takes, and each step up to its recipient.")

    def get(self, request: HttpRequest) -> HttpResponse:
        given = {name: request.GET.get(name, "") for name in ("sender", "recipient")}
        return self.show(TestForm(initial={**given, "sender": given["sender"] or first_sender()}))

    def post(self, request: HttpRequest) -> HttpResponse:
        form, way, finding = TestForm(request.POST), None, None
        if form.is_valid():
            try:
                way, finding = self._try(**form.cleaned_data)
            except ValidationError as error:
                put_errors(form, error)
        return self.show(form, way=way, finding=finding)

    def _try(self, sender: str, recipient: str) -> tuple[Way, Finding | None]:
        """Raises ValidationError."""
        read = {
            name: connectors.read_address(name, text) for name, text in (("sender", sender), ("recipient", recipient))
        }
        way = route(read["recipient"], Mail(read["sender"]))
        row = SendConnector.objects.filter(name=way.hop.connector).first() if way.hop.connector else None
        return way, connectors.try_out(self.actor, row.pk, **read) if row is not None else None
