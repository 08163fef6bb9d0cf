"""What there is to look at here: our domains and listeners, the keys that sign, the sockets of this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from console.dkim.models import DkimKey, State
from console.mail_server import ports
from console.publishing import queries as publishing
from transport import node
from transport.config.connection_filter import IPList
from transport.config.endpoint import Binding
from transport.config.snapshot import Snapshot
from transport.deliver.survey import Asker, asker

PUBLIC_LISTS = ("zen.spamhaus.org", "bl.spamcop.net")
"""Asked beside those of the connection filter: the two that most servers ask."""
MOST_LISTS = 6


A_SCRIPTS_SECONDS = 15.0
"""A script of the management shell has 20."""


def domains() -> list[str]:
    """Accepted domains that stand for themselves."""
    return sorted(each.domain_name for each in publishing.saved().accepted_domains if "*" not in each.domain_name)


def listeners() -> dict[Binding, str]:
    """Where our Receive connectors listen, and which does."""
    enabled = (each for each in publishing.saved().receive_connectors if each.enabled)
    return {binding: each.name for each in enabled for binding in each.bindings}


def selectors(domain: str) -> list[str]:
    """Of the keys that sign for a domain here."""
    return list(DkimKey.objects.filter(domain=domain, state=State.ACTIVE).values_list("selector", flat=True))


def asking(port: int = 25) -> Asker:
    """How this installation asks. Takes some seconds where a name server does not answer."""
    saved = publishing.saved()
    return asker(saved, node.name(), _lists(saved), port)


def _lists(saved: Snapshot) -> tuple[str, ...]:
    own = (each.lookup_domain for each in saved.ip_list_providers if each.enabled and each.ip_list is IPList.Block)
    return tuple(dict.fromkeys([*own, *PUBLIC_LISTS]))[:MOST_LISTS]


def public_name() -> str:
    """What this server is called outside, as far as it is known."""
    saved = publishing.saved()
    named = (each.fqdn for each in saved.receive_connectors if each.enabled and "." in each.fqdn)
    return next(named, next((f"mail.{each.domain_name}" for each in saved.accepted_domains if each.default), ""))


def open_ports(seen: dict[int, bool]) -> list[ports.Port]:
    """Of this machine, as the process of the console sees it; `seen` from outside."""
    return ports.ports(_sockets(), listeners(), seen)


def _sockets() -> Iterator[tuple[str, int]]:
    for name in ("tcp", "tcp6"):
        with suppress(OSError), Path("/proc/net", name).open() as table:
            yield from ports.listening(islice(table, 1, ports.MOST_SOCKETS))
