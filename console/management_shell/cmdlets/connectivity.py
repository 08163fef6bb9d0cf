"""Test-SmtpConnectivity: tries every binding of every Receive connector (Exchange reference, section 11.3)."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django.conf import settings

from console.connectors import queries
from console.management_shell.cmdlets.guard import guarded
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.values import Record, read_text
from transport.config.endpoint import Binding

SECONDS = 5
LONGEST_REPLY = 8192
AT_ONCE = 16
COLUMNS = ("Server", "ReceiveConnector", "Binding", "EndPoint", "StatusCode", "Details")


@dataclass(frozen=True)
class Attempt:
    """What came of one binding. `status` is one of Exchange's five words."""

    connector: str
    binding: Binding
    endpoint: str
    status: str = ""
    details: str = ""


def endpoint(binding: Binding) -> tuple[str, int]:
    """Where a binding is tried from this machine: an address that stands for all is tried on the loopback."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(binding.ip, binding.ip), binding.port


def attempt(connector: str, binding: Binding) -> Attempt:
    """Connects, reads the greeting, says QUIT. Never takes longer than SECONDS for a step, and never raises."""
    address, port = endpoint(binding)
    tried = str(Binding(address, port))
    try:
        with socket.create_connection((address, port), timeout=SECONDS) as connection:
            greeting = connection.recv(LONGEST_REPLY).partition(b"\r\n")[0].decode("ascii", "replace")
            connection.sendall(b"QUIT\r\n")
    except OSError as error:
        return Attempt(connector, binding, tried, "Unable to connect", error.strerror or str(error))
    return Attempt(connector, binding, tried, status(greeting), greeting)


def status(greeting: str) -> str:
    """Exchange's word for a greeting."""
    words = {"2": "Success", "4": "Transient error", "5": "Permanent error"}
    return words.get(greeting[:1], "External error")


def _test(call: Call) -> Iterator[Record]:
    connectors = sorted(
        (each for each in queries.receive_connectors() if each.enabled), key=lambda each: each.name.lower()
    )
    pairs = [(each.name, binding) for each in connectors for binding in each.bindings]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for found in pool.map(lambda pair: attempt(*pair), pairs):
            values: dict[str, object] = {
                "Server": settings.GATEPOST_NODE,
                "ReceiveConnector": rf"{settings.GATEPOST_NODE}\{found.connector}",
                "Binding": str(found.binding),
                "EndPoint": found.endpoint,
                "StatusCode": found.status,
                "Details": found.details,
            }
            yield Record("SmtpConnectivityStatus", values, COLUMNS)


CMDLET = Cmdlet(
    "Test-SmtpConnectivity",
    _test,
    (Parameter("Identity", read_text, position=0, help="Not needed: this machine is tried."),),
    "Tries every binding of every enabled Receive connector from the console's machine.",
    {
        "Test-SmtpConnectivity": "Who answers?",
        "Test-SmtpConnectivity | where {$_.StatusCode -ne 'Success'} | fl": "Who does not, and why not?",
    },
)
TABLE = {CMDLET.name: guarded(CMDLET)}
