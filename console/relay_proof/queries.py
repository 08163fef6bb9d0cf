"""Can anybody relay? The proof of a revision, and who let those through that can."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from console import clock
from console.audit.models import Entry
from console.audit.queries import RELAY
from console.connectors.models import ReceiveConnector, SendConnector
from console.connectors.queries import Tabs
from console.domains.models import AcceptedDomain
from console.publishing import queries as publishing
from console.publishing.models import ConfigRevision
from console.relay_proof import words
from transport.config.endpoint import Binding
from transport.config.snapshot import Snapshot
from transport.receive.relay_proof import CLIENT, Dialogue, Dialogues, Proof, Way, proof
from transport.receive.relayed_domains import RelayedDomain


@dataclass(frozen=True)
class Proved:
    """A revision that was looked at, what it says, and what came of it."""

    revision: ConfigRevision
    snapshot: Snapshot
    proof: Proof

    @property
    def answer(self) -> words.Answer:
        return words.answer(self.proof)

    @property
    def users(self) -> list[str]:
        """The connectors on which users who sign in may send to anybody."""
        return words.users(self.snapshot)

    @property
    def partners(self) -> list[str]:
        """The same of partners who show a certificate, each with their domains."""
        return words.partners(self.snapshot)


@dataclass(frozen=True)
class Owner:
    """Who is answerable for a way: who typed its name (`confirmed`), else who last changed what opens it."""

    name: str
    time: datetime
    revision: int | None
    confirmed: bool


@dataclass(frozen=True)
class Exemption:
    """A way as a page shows it; `url` leads to what opens it."""

    way: Way
    url: str
    owner: Owner | None
    dialogue: Dialogue

    @property
    def why(self) -> list[str]:
        return list(words.why(self.way))

    @property
    def begins(self) -> str:
        """Who connects to what, before the dialogue."""
        (local, port), client = self.dialogue.local, self.dialogue.remote[0]
        if self.way.asked_by:
            return _("On the connection that we opened:")
        where = {"client": client, "local": local, "port": port}
        return _("A client at %(client)s connects to %(local)s, port %(port)s:") % where

    @property
    def what_if_url(self) -> str:
        """The same dialogue on the page What-if, of the newest revision; empty for a server that we ask for mail."""
        if self.way.asked_by:
            return ""
        local = Binding(*self.dialogue.local)
        asked = {"client": self.dialogue.remote[0], "local": str(local), "helo": CLIENT}
        asked |= {"hello": "HELO", "recipients": self.dialogue.recipient} | ({"tls": "on"} if self.dialogue.tls else {})
        return f"{reverse('what_if:page')}?{urlencode(asked)}"


def newest() -> Proved | None:
    """Of the configuration as it is saved; None before there is one."""
    revision = publishing.newest()
    return None if revision is None else Proved(revision, publishing.saved(), publishing.saved_proof())


def of(number: int) -> Proved | None:
    """Of a former revision. Raises DocumentError when it cannot be read."""
    revision = publishing.numbered(number)
    if revision is None:
        return None
    snapshot = publishing.snapshot(revision)
    return Proved(revision, snapshot, proof(snapshot))


def exemptions(of: Proved, ways: Iterable[Way]) -> list[Exemption]:
    """Some of its ways, each with its dialogue and its owner."""
    shown = list(ways)
    owners, urls = _owners(shown), _Urls()
    dialogues = Dialogues(of.snapshot, settings.GATEPOST_NODE, clock.now().timestamp())
    return [Exemption(way, urls.of(way), _owner(way, owners), dialogues.of(way)) for way in shown]


Opener = tuple[str, str]
"""(kind, name) of an object that opens a way."""


def _openers(way: Way) -> list[Opener]:
    """What opens a way, and so had to be confirmed or changed."""
    found = [("Receive connector", way.connector)]
    if not way.any_recipient:
        for each in way.wide:
            relayed = isinstance(each, RelayedDomain)
            found.append(("Send connector", each.name) if relayed else ("Accepted domain", each.domain_name))
    if way.asked_by:
        found.append(("Send connector", way.asked_by))
    return found


Former = dict[Opener, Opener]
"""Object → the same under the name that it had before."""


def _owners(ways: list[Way]) -> tuple[dict[Opener, Entry], Former]:
    """The newest confirmation under each name, and the newest change of each object; also under former names."""
    openers = {opener for way in ways for opener in _openers(way)}
    found: dict[Opener, Entry] = {}
    former: Former = {}
    asked = openers
    while asked:
        found |= _newest_entries(asked)
        older = {opener: name for opener, name in _former(asked).items() if name not in former and name not in openers}
        former |= older
        asked = set(older.values())
    return found, former


def _newest_entries(openers: set[Opener]) -> dict[Opener, Entry]:
    rows = _about(openers, {kind for kind, __ in openers} | {RELAY})
    return {(row.kind, row.object_name): row for row in rows.distinct("kind", "object_name")}


def _former(openers: set[Opener]) -> Former:
    """Of those that were renamed: a change is recorded under the new name."""
    rows = _about(openers, {kind for kind, __ in openers}).filter(verb="changed")
    renamed = rows.exclude(before__Name=F("after__Name")).values_list("kind", "object_name", "before__Name")
    return {(kind, name): (kind, before) for kind, name, before in renamed if before and before != name}


def _about(openers: set[Opener], kinds: set[str]) -> QuerySet[Entry]:
    rows = Entry.objects.filter(kind__in=kinds, object_name__in={name for __, name in openers})
    return rows.order_by("kind", "object_name", "-time", "-id")


def _under_all_names(opener: Opener, former: Former) -> Iterator[Opener]:
    seen: set[Opener] = set()
    while opener not in seen:
        yield opener
        seen.add(opener)
        opener = former.get(opener, opener)


def _owner(way: Way, owners: tuple[dict[Opener, Entry], Former]) -> Owner | None:
    entries, former = owners
    openers = [each for opener in _openers(way) for each in _under_all_names(opener, former)]
    confirmed = [entries[RELAY, name] for __, name in openers if (RELAY, name) in entries]
    changed = [entries[opener] for opener in openers if opener in entries]
    found = max(confirmed or changed, key=lambda entry: entry.time, default=None)
    return Owner(found.actor, found.time, found.revision, bool(confirmed)) if found is not None else None


class _Urls:
    """Where what opens a way is changed."""

    def __init__(self) -> None:
        self._receive, self._send = Tabs(ReceiveConnector), Tabs(SendConnector)
        self._domains = dict(AcceptedDomain.objects.values_list("domain_name", "pk"))

    def of(self, way: Way) -> str:
        """Empty for what is no more."""
        if way.any_recipient:
            return self._receive.url(way.connector, "security")
        domain = way.wide[0]
        if isinstance(domain, RelayedDomain):
            return self._send.url(domain.name, "address-space")
        pk = self._domains.get(domain.domain_name)
        return reverse("domains:details", args=[pk]) if pk is not None else ""
