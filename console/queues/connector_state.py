"""What a Send connector's page says of its mail: when its queue will be empty; and ending what holds it up."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from console import clock
from console.connectors.models import SendConnector
from console.crud.access import RoleRequired
from console.publishing import queries as publishing
from console.queues import actions, queries
from transport.deliver import pacing
from transport.deliver.database import pool


def empty_at(name: str) -> datetime | None:
    """When all mail of a Send connector will have left, if its accounts' limits hold it up."""
    snapshot = publishing.snapshot(publishing.newest_with_document())
    connector = next((each for each in snapshot.send_connectors if each.name == name), None)
    if connector is None or not connector.authentication_credential:
        return None
    with pool().connection() as connection:
        seconds = pacing.seconds_until_empty(connection, connector)
    return clock.now() + timedelta(seconds=seconds) if seconds else None


class ConnectorState(RoleRequired):
    """A part of a page, which asks for it."""

    def get(self, request: HttpRequest) -> HttpResponse:
        name = request.GET.get("connector", "").replace("\0", "")
        holds = queries.holds(name)
        stands = any(hold.is_fault and not hold.account for hold in holds)
        ends = None if stands else empty_at(name)
        context = {"connector": name, "holds": holds, "empty_at": ends, "may_write": self.may_write}
        return render(request, "queues/connector_state.html", context)

    def post(self, request: HttpRequest) -> HttpResponse:
        row = get_object_or_404(SendConnector, name=request.POST.get("connector", "").replace("\0", ""))
        actions.lift(self.actor, row.name)
        messages.success(request, _("“%s” sends again.") % row.name)
        return redirect("connectors:send-details", row.pk)
