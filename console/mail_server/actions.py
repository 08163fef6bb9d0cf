"""Tests that speak with others: only who may change connectors starts one, and it is written down."""

from __future__ import annotations

from console.actors import Actor
from console.audit.actions import record
from console.connectors.actions import WRITERS, one_test_of
from console.mail_server import queries
from transport.deliver import survey
from transport.trace.mail_server import Survey

KIND = "Mail server"


def look_at_domain(actor: Actor, domain: str, selectors: tuple[str, ...], seconds: float | None = None) -> Survey:
    """A domain and its mail servers. Raises ValidationError while another test of this administrator goes on."""
    actor.require(*WRITERS)
    with one_test_of(actor):
        found = survey.of_domain(queries.asking(), domain, selectors or tuple(queries.selectors(domain)), seconds)
    record(actor, KIND, domain, "tested", None, {"domain": domain, "servers": [each.name for each in found.exchangers]})
    return found


def look_at_server(actor: Actor, host: str, port: int, seconds: float | None = None) -> Survey:
    """One server by its name or address. Raises ValidationError while another test of this administrator goes on."""
    actor.require(*WRITERS)
    with one_test_of(actor):
        found = survey.of_server(queries.asking(port), host, seconds)
    record(actor, KIND, host, "tested", None, {"server": host, "port": port})
    return found
