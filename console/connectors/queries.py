"""What pages show of connectors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.urls import reverse
from msgspec.structs import replace

from console.actors import Actor
from console.connectors import models
from console.connectors.sentence import FAMILIES, sentence
from console.publishing import queries as publishing
from console.publishing import relay_guard
from console.publishing.rows import struct_of
from transport.config.endpoint import IPRange, client_key
from transport.config.receive_connector import ReceiveConnector
from transport.config.send_connector import SendConnector
from transport.config.snapshot import Snapshot
from transport.receive.connector_match import ConnectorIndex, Match
from transport.receive.relay_proof import proof


def receive(row: models.ReceiveConnector) -> ReceiveConnector:
    """The struct of a row."""
    return struct_of(row, ReceiveConnector)


def send(row: models.SendConnector) -> SendConnector:
    """The struct of a row."""
    return struct_of(row, SendConnector)


def receive_connectors() -> list[ReceiveConnector]:
    """All Receive connectors as structs."""
    return [receive(row) for row in models.ReceiveConnector.objects.order_by()]


def send_connectors() -> list[SendConnector]:
    """All Send connectors as structs."""
    return [send(row) for row in models.SendConnector.objects.order_by()]


def beside(name: str) -> Snapshot:
    """The saved configuration without the Receive connector of this name, in whose place another one is to stand."""
    saved = publishing.saved()
    others = tuple(each for each in saved.receive_connectors if each.name != name)
    return replace(saved, receive_connectors=others)


def drafts(actor: Actor, kind: str) -> list[models.Draft]:
    """What somebody has entered in a wizard and not finished, the newest first."""
    return list(models.Draft.objects.filter(owner=actor.name, kind=kind))


def draft_entered(actor: Actor, kind: str, key: str) -> dict[str, Any]:
    """What a draft holds; empty where there is none yet."""
    found = models.Draft.objects.filter(owner=actor.name, kind=kind, key=key).first()
    return found.entered if found else {}


@dataclass(frozen=True)
class Answer:
    """Where a client of an address is answered by the same connector, by which of its remote ranges, and what that one
    lets it do.
    """

    connector: ReceiveConnector
    remote: IPRange
    bindings: list[str]
    sentence: str

    @property
    def url(self) -> str:
        key = models.ReceiveConnector.objects.filter(name=self.connector.name).values_list("pk", flat=True).first()
        return reverse("connectors:receive-edit", args=[key]) if key else reverse("connectors:receive-list")

    @property
    def shown_range(self) -> str:
        return str(FAMILIES.get(self.remote.text, self.remote.text))


_newest: list[tuple[Snapshot, ConnectorIndex]] = []
"""What was prepared last; it is done once for each revision, which may have thousands of ranges."""


def _index_of(saved: Snapshot) -> ConnectorIndex:
    if not _newest or _newest[0][0] is not saved:
        _newest[:] = [(saved, ConnectorIndex(saved))]
    return _newest[0][1]


def answers(saved: Snapshot, address: str) -> list[Answer]:
    """Who answers a client, by the transport's own choice; of bindings of the other family none does. Raises
    ValueError: no address.
    """
    index, version = _index_of(saved), client_key(address)[0]
    bound = sorted({binding for each in saved.receive_connectors if each.enabled for binding in each.bindings})
    found: dict[tuple[str, str], tuple[Match, list[str]]] = {}
    for binding in bound:
        same_family = (":" in binding.ip) == (version == 6)
        match = index.find(binding.ip, binding.port, address) if same_family else None
        if match is not None:
            place = match.connector.name, match.remote.text
            found.setdefault(place, (match, []))[1].append(str(binding))
    return [Answer(*match, here, sentence(match.connector, saved)) for match, here in found.values()]


def dangers(now: ReceiveConnector | SendConnector | None, wanted: ReceiveConnector | SendConnector) -> dict[str, str]:
    """What saving a connector in place of what it is now would open: name to type → who could then reach whom."""
    saved = publishing.saved()
    if isinstance(wanted, ReceiveConnector):
        kept = tuple(each for each in saved.receive_connectors if now is None or each.name != now.name)
        after = replace(saved, receive_connectors=(*kept, wanted))
    else:
        others = tuple(each for each in saved.send_connectors if now is None or each.name != now.name)
        after = replace(saved, send_connectors=(*others, wanted))
    return relay_guard.dangers(publishing.saved_proof(), proof(after))


def pulls() -> dict[str, models.Pull]:
    """What came of the last request for mail that waits elsewhere, by Send connector."""
    return {pull.connector: pull for pull in models.Pull.objects.filter(asked_at__isnull=False)}


class Tabs:
    """Where connectors of one kind are changed, by name, for pages that link there; all names are looked up once, when
    the first is asked for.
    """

    def __init__(self, of: type[models.ReceiveConnector] | type[models.SendConnector]) -> None:
        self._of = of
        self._page = f"connectors:{'receive' if of is models.ReceiveConnector else 'send'}-properties"

    @cached_property
    def _keys(self) -> dict[str, int]:
        return dict(self._of.objects.values_list("name", "pk"))

    def __contains__(self, name: str) -> bool:
        return name in self._keys

    def url(self, name: str, tab: str) -> str:
        """Empty for a connector that is no more."""
        return reverse(self._page, args=[self._keys[name], tab]) if name in self._keys else ""
