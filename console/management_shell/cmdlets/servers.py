"""Get-ExchangeServer, and the parameter -Server of other cmdlets: there is one server here."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings

from console.management_shell.cmdlets.guard import guarded
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.patterns import like
from console.management_shell.language.values import Flags, Record, read_text

SERVERS = frozenset({"ExchangeServer", "TransportService"})
"""Objects that stand for a server."""


def _read(value: object) -> str:
    return str(value.get("Name")) if isinstance(value, Record) and value.type_name in SERVERS else read_text(value)


def server(help_text: str) -> Parameter:
    """-Server, by name or from the pipe."""
    return Parameter("Server", _read, from_pipeline=True, takes=SERVERS, help=help_text)


def check_server(call: Call) -> None:
    """Says so where another server is named."""
    here = settings.GATEPOST_NODE.lower()
    wanted = call.get("Server", here).lower()
    if wanted.partition(".")[0] != here.partition(".")[0]:
        call.warning(f"-Server is not needed: what is shown and changed is that of {settings.GATEPOST_NODE}.")


def _get(call: Call) -> Iterator[Record]:
    here = settings.GATEPOST_NODE
    if like(here, call.get("Identity", "*")) or call.get("Identity") == here:
        version = Record("ServerVersion", {"Major": 15, "Minor": 2}, name="Version 15.2")
        found = {
            "Name": here,
            "ServerRole": Flags(("Mailbox", "ClientAccess", "HubTransport")),
            "AdminDisplayVersion": version,
            "IsHubTransportServer": True,
            "IsFrontendTransportServer": True,
            "IsEdgeServer": False,
            "Fqdn": here,
            "Identity": here,
        }
        yield Record("ExchangeServer", found, ("Name", "ServerRole", "AdminDisplayVersion"), name=here)


CMDLET = Cmdlet(
    "Get-ExchangeServer",
    _get,
    (Parameter("Identity", read_text, position=0, help="Its name, with wildcards."),),
    "Shows this server in the words of Exchange, for scripts that go through all servers.",
    {"Get-ExchangeServer | Get-ReceiveConnector": "The connectors of every server."},
)
TABLE = {CMDLET.name: guarded(CMDLET)}
