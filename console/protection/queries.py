"""What pages show of protection settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from console import clock
from console.protection import dns_look_up, models
from console.publishing.models import SingleRow
from console.publishing.published import kind_of
from console.publishing.rows import struct_of
from console.publishing.single_row import SingleSettings
from transport.config.connection_filter import ConnectionFilter, IPListEntry, IPListProvider
from transport.config.endpoint import client_key
from transport.config.snapshot import Snapshot
from transport.receive.client_lists import ConnectionLists, Verdict
from transport.receive.dns import matching

records = dns_look_up.records
"""(name, type) → what DNS has."""


def filter_settings(struct: type) -> SingleRow:
    """The row of a filter's struct, or an unsaved one with the defaults."""
    return SingleSettings(kind_of(struct)).row()


@dataclass(frozen=True)
class Asked:
    """A provider and what it answered about an address (None: nothing in time); `counts` when that is a match."""

    provider: IPListProvider
    answers: tuple[str, ...] | None
    counts: bool


@dataclass(frozen=True)
class Trial:
    """What a client of an address would meet now."""

    address: str
    verdict: Verdict
    asked: list[Asked]


def try_address(address: str) -> Trial:
    """What the saved connection filter makes of a client. Asks the providers by DNS. Raises ValueError: no address."""
    client_key(address)
    settings = struct_of(filter_settings(ConnectionFilter), ConnectionFilter)
    entries = tuple(struct_of(row, IPListEntry) for row in models.IPListEntry.objects.order_by())
    providers = tuple(struct_of(row, IPListProvider) for row in models.IPListProvider.objects.order_by())
    lists = ConnectionLists(Snapshot(connection_filter=settings, ip_list_entries=entries, ip_list_providers=providers))
    told = dns_look_up.lists_of(address, lists.lookup_domains, settings)
    answers = {domain: texts or () for domain, texts in told.items()}
    found = [(each, told[each.lookup_domain]) for each in lists.providers]
    asked = [Asked(each, texts, bool(matching(each, texts or ()))) for each, texts in found]
    return Trial(address, lists.listed(address, clock.now().timestamp()) or lists.provided(address, answers), asked)


def listed(saved: Snapshot, address: str) -> Verdict | None:
    """What the IP Allow list and the IP Block list say of a client; None where it is on neither. Providers are not
    asked: that takes time.
    """
    return ConnectionLists(saved).listed(address, clock.now().timestamp())


def hosts_of(domains: Sequence[str]) -> dict[str, dict[str, str]]:
    """Domain → address → host name of the computers that DNS names, asked at the connection filter's servers."""
    return dns_look_up.hosts_of(domains, struct_of(filter_settings(ConnectionFilter), ConnectionFilter))
