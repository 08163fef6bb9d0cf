"""The help page of every refusal, made of the tables that decide: rules, replies, settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from console.connectors import queries as connectors
from console.connectors.models import ReceiveConnector as ConnectorRow
from console.protection import queries as protection
from console.publishing.rows import struct_of
from console.tracking.places import PLACES, Place, connector_tab, setting_of
from transport.config import kinds
from transport.config.receive_connector import ReceiveConnector
from transport.config.setting import Setting
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
]


@dataclass(frozen=True)
class Seen:
    """A reply as a client sees it, and how sure it is that Exchange says the same: the grade's meaning, the source."""

    text: str
    meaning: str
    where: str


@dataclass(frozen=True)
class Value:
    """What a setting says now: on a connector (`name`), or on the only object of its kind."""

    name: str
    text: str
    url: str
    is_default: bool


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
        return PLACES.get(self.rule.on)

    @property
    def place_url(self) -> str:
        return self.place.url_of(self.rule.field) if self.place else ""

    @property
    def setting(self) -> Setting | None:
        return setting_of(self.rule.on, self.rule.field)

    @property
    def default(self) -> str:
        """The value of a new object; empty where there is none."""
        return _default(self.rule, self.setting) if self.setting else ""

    @property
    def words(self) -> Setting | None:
        """The setting by which an administrator may have given the reply other words."""
        return setting_of(*self.rule.text_from)

    @property
    def words_url(self) -> str:
        on, field = self.rule.text_from
        return PLACES[on].url_of(field) if on else ""

    @property
    def is_held(self) -> bool:
        """Whether the tarpit holds it before anonymous clients."""
        return any(reply.status.startswith("5.") for reply in self.rule.replies)

    def holds(self, text: str) -> bool:
        """Whether every word of `text` stands in it, whatever the case."""
        setting = self.setting
        named = [setting.name, setting.label] if setting else []
        said = [reply.text for reply in self.rule.replies]
        searched = " ".join([self.name, *said, self.rule.meaning, self.rule.remedy, *named]).lower()
        return all(word in searched for word in text.lower().split())


def refusal(name: str) -> Refusal | None:
    return Refusal(name, REFUSALS[name]) if name in REFUSALS else None


def grouped(text: str = "") -> list[tuple[str | Promise, list[Refusal]]]:
    """Every refusal that `text` finds, in the order of a session; no empty group."""
    found = [(title, list(_found(table, text))) for title, table in GROUPS]
    return [(title, refusals) for title, refusals in found if refusals]


def found(text: str) -> Iterable[Refusal]:
    return _found(REFUSALS, text)


def _found(table: dict[str, Rule], text: str) -> Iterator[Refusal]:
    return (each for each in (Refusal(name, rule) for name, rule in table.items()) if each.holds(text))


def values(refusal: Refusal) -> list[Value]:
    """What the deciding setting says now, on each Receive connector or on the filter."""
    rule, setting, place = refusal.rule, refusal.setting, refusal.place
    if setting is None or place is None or place.struct is None:
        return []
    if rule.on == CONNECTOR:
        rows = ConnectorRow.objects.order_by("name")
        return [_value(row.name, connectors.receive(row), refusal, connector_tab(row, rule.field)) for row in rows]
    row = protection.filter_settings(place.struct)
    return [_value(place.name, struct_of(row, place.struct), refusal, refusal.place_url)]


def _value(name: str, struct: msgspec.Struct, refusal: Refusal, url: str) -> Value:
    text = _written(refusal.setting, getattr(struct, refusal.rule.field))
    return Value(name, text, url, text == refusal.default)


def _default(rule: Rule, setting: Setting) -> str:
    struct = PLACES[rule.on].struct or ReceiveConnector
    default = next(each.default for each in msgspec.structs.fields(struct) if each.name == rule.field)
    return "" if default is msgspec.NODEFAULT else _written(setting, default)


def _written(setting: Setting | None, value: object) -> str:
    text = kinds.show(setting, value) if setting else ""
    return str(_("none")) if text in ("", "{}") else text


def _seen(reply: Reply) -> Seen:
    grade, _colon, where = reply.source.partition(": ")
    return Seen(reply.text, GRADES[grade], where)
