"""The help page of every refusal, made of the tables that decide: rules, replies, settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

import msgspec
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from console import clock
from console.connectors.models import ReceiveConnector as ConnectorRow
from console.crud.said import said
from console.publishing import counts
from console.publishing import queries as publishing
from console.tracking.places import Place, connector_tab, places, setting_of, written
from transport.config.kinds import Setting
from transport.config.receive_connector import ReceiveConnector
from transport.config.setting import defaults
from transport.receive import rules
from transport.receive.rules import CONNECTOR, REFUSALS, Rule
from transport.smtp.replies import GRADES
from transport.smtp.reply import Reply

GROUPS: list[tuple[str | Promise, dict[str, Rule]]] = [
    (_("The connection"), rules.CONNECTION),
    (_("Commands and TLS"), rules.COMMANDS),
    (_("Signing in"), rules.SIGN_IN),
    (_("The sender: MAIL FROM"), rules.SENDER),
    (_("The recipient: RCPT TO"), rules.RECIPIENT),
    (_("The message: DATA, BDAT"), rules.MESSAGE),
    (_("Mail that is kept: ETRN"), rules.PICK_UP),
]


@dataclass(frozen=True)
class Seen:
    """A reply as a client sees it, and how sure it is that Exchange says the same: the grade's meaning, the source."""

    text: str
    meaning: str
    where: str


@dataclass(frozen=True)
class Part:
    """A setting that has a part in a refusal; `default` is the value of a new object, empty where there is none."""

    field: str
    setting: Setting
    default: str


@dataclass(frozen=True)
class Now:
    """What each setting says now on one object: (text, whether it is the default, where to change it)."""

    name: str
    url: str
    values: list[tuple[str, bool, str]]


@dataclass(frozen=True)
class Refusal:
    """One rule that refuses, with what its page shows."""

    name: str
    rule: Rule

    @property
    def url(self) -> str:
        return reverse("refusals:page", args=[self.name])

    @property
    def seen(self) -> list[Seen]:
        return [_seen(reply) for reply in self.rule.replies]

    @property
    def place(self) -> Place | None:
        return places().get(self.rule.on)

    @property
    def place_url(self) -> str:
        return self.place.url_of(self.rule.field) if self.place else ""

    @property
    def see(self) -> list[Place]:
        """Where else the remedy may lie."""
        return [places()[on] for on in self.rule.see]

    @property
    def setting(self) -> Setting | None:
        return setting_of(self.rule.on, self.rule.field)

    @property
    def parts(self) -> list[Part]:
        """The setting that decides, then the others that have a part in it."""
        on, place = self.rule.on, self.place
        fields = (self.rule.field, *self.rule.also) if place and place.struct else ()
        found = ((field, setting_of(on, field)) for field in fields)
        return [Part(field, setting, _default(on, field, setting)) for field, setting in found if setting]

    @property
    def words(self) -> Setting | None:
        """The setting by which an administrator may have given the reply other words."""
        return setting_of(*self.rule.text_from)

    @property
    def words_url(self) -> str:
        on, field = self.rule.text_from
        return places()[on].url_of(field) if on else ""

    @property
    def is_held(self) -> bool:
        """Whether the tarpit holds it before anonymous clients."""
        return any(reply.status.startswith("5.") for reply in self.rule.replies)

    def holds(self, text: str) -> bool:
        """Whether every word of `text` stands in it, whatever the case."""
        words = [self.rule.meaning, self.rule.remedy, *(part.setting.label for part in self.parts)]
        names = [self.name, *(part.setting.name for part in self.parts), *(reply.text for reply in self.rule.replies)]
        searched = " ".join([*names, *words, *map(said, words)]).lower()
        return all(word in searched for word in text.lower().split())


def refusal(name: str) -> Refusal | None:
    return Refusal(name, REFUSALS[name]) if name in REFUSALS else None


def grouped(text: str = "") -> list[tuple[str | Promise, list[Refusal]]]:
    """Every refusal that `text` finds, in the order of a session; no empty group."""
    every = [(title, list(found(text, table))) for title, table in GROUPS]
    return [(title, refusals) for title, refusals in every if refusals]


def found(text: str, table: dict[str, Rule] = REFUSALS) -> Iterator[Refusal]:
    return (each for each in (Refusal(name, rule) for name, rule in table.items()) if each.holds(text))


KINDS = [("refused", "rule"), ("refused", "connector"), ("refused", "client")]
MOST = 100
"""Rules, clients or connectors that are shown: those that refused, or were refused, the most."""
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Lately:
    """How often a rule refused, and the minute, or the hour, in which it did last. `is_new`: it has refused nothing in
    the days before the last 24 hours, as far back as counts are kept.
    """

    refusal: Refusal
    n: int
    last: datetime
    is_new: bool


@dataclass(frozen=True)
class Counted:
    """How often a connector refused, or a client was refused; an empty name stands for all others."""

    name: str
    n: int
    is_new: bool

    @property
    def address(self) -> str:
        """Of a client; of an IPv6 network, which counts as one, the first address."""
        return self.name.partition("/")[0]


Each = TypeVar("Each", Lately, Counted)


@dataclass(frozen=True)
class Shown:
    """What was refused in a span: by rule, connector and client, the most frequent first."""

    rules: list[Lately]
    connectors: list[Counted]
    clients: list[Counted]

    def only_new(self) -> Shown:
        """What is new since yesterday."""
        return Shown(_new(self.rules), _new(self.connectors), _new(self.clients))


def _new(rows: list[Each]) -> list[Each]:
    return [row for row in rows if row.is_new]


def lately(since: datetime) -> Shown:
    """What has refused since then."""
    found = counts.tops(KINDS, since, MOST)
    before = clock.now() - DAY
    known = {
        by: counts.known_before(what, by, [row.name for row in found[what, by].rows], before) for what, by in KINDS
    }
    rules = ((refusal(row.name), row) for row in found["refused", "rule"].rows)
    return Shown(
        [Lately(each, row.n, row.last, row.name not in known["rule"]) for each, row in rules if each],
        _counted(found["refused", "connector"].rows, known["connector"]),
        _counted(found["refused", "client"].rows, known["client"]),
    )


def _counted(rows: list[counts.Row], known: set[str]) -> list[Counted]:
    return [Counted(row.name, row.n, bool(row.name) and row.name not in known) for row in rows]


def now(refusal: Refusal) -> list[Now]:
    """What the settings say now, on each Receive connector where they are not as on a new one, or on the page of
    settings that there is one of; of other objects there are too many.
    """
    parts, place = refusal.parts, refusal.place
    if not parts or place is None or place.struct is None:
        return []
    said = publishing.saved()
    if refusal.rule.on == CONNECTOR:
        usual = defaults(ReceiveConnector)
        fields = [part.field for part in parts]
        every = sorted(said.receive_connectors, key=lambda each: each.name.lower())
        differing = [each for each in every if any(getattr(each, field) != usual[field] for field in fields)]
        rows = {row.name: row for row in ConnectorRow.objects.only("name")}
        there = ((each, rows[each.name]) for each in differing if each.name in rows)
        return [_now(each.name, each, parts, partial(connector_tab, row)) for each, row in there]
    if not place.snapshot:
        return []
    return [_now(str(place.name), getattr(said, place.snapshot), parts, place.url_of)]


def _now(name: str, struct: msgspec.Struct, parts: list[Part], url_of: Callable[[str], str]) -> Now:
    texts = [written(part.setting, getattr(struct, part.field)) for part in parts]
    values = [(text, text == part.default, url_of(part.field)) for text, part in zip(texts, parts, strict=True)]
    return Now(name, url_of(parts[0].field), values)


def _default(on: str, field: str, setting: Setting) -> str:
    default = defaults(places()[on].struct or msgspec.Struct)[field]
    return "" if default is msgspec.NODEFAULT else written(setting, default)


def _seen(reply: Reply) -> Seen:
    grade, _colon, where = reply.source.partition(": ")
    return Seen(reply.text, GRADES[grade], where)
