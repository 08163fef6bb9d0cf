"""An answer of the what-if as people read it: what was asked, in words, each with the setting behind it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from console.connectors.models import ReceiveConnector as ConnectorRow
from console.connectors.models import SendConnector as SendConnectorRow
from console.connectors.queries import Tabs
from console.crud.said import said
from console.tracking.places import connector_tab, places, setting_of, written
from transport.config.permissions import PRINCIPALS, Origin, Right
from transport.receive.connector_match import Why
from transport.receive.facts import Texts
from transport.receive.rules import (
    ACCEPTED_DOMAIN,
    BLOCK_LIST,
    CONNECTOR,
    PROVIDER,
    REFUSALS,
    RULES,
    SEND_CONNECTOR,
)
from transport.trace.watched import DIRECTORY, RIGHT, USER, Look
from transport.trace.way_out import Way
from transport.trace.what_if import Answer, Step

QUEUED = "queued"
"""Its words tell of a message that there is."""
WHY = {
    Why.WIDER: _("its range %s is wider"),
    Why.EVERY_ADDRESS: _("its range %s is as narrow, but it listens on every address"),
    Why.RANGE: _("none of its ranges holds the client"),
    Why.BINDING: _("it does not listen there"),
    Why.DISABLED: _("it is disabled"),
}


@dataclass(frozen=True)
class Asked:
    """`question`: what was looked at; `found`: what was found there; `url`: where it is changed; `decides`: it made the
    reply what it is.
    """

    question: str
    found: str
    url: str
    decides: bool


@dataclass(frozen=True)
class Said:
    """A step with its words."""

    step: Step
    asked: list[Asked]
    meaning: str
    help_url: str


@dataclass(frozen=True)
class Other:
    """A connector that does not answer, and why."""

    name: str
    url: str
    why: str


@dataclass(frozen=True)
class Held:
    """A right that the client has, or is denied by hand, and where it comes from."""

    label: str
    is_held: bool
    sources: list[str]


@dataclass(frozen=True)
class WayRead:
    """A way out, the page of its Send connector, and its words."""

    way: Way
    url: str

    @property
    def words(self) -> str:
        return said(self.way.words)

    @property
    def tls(self) -> str:
        return said(self.way.tls)

    @property
    def others(self) -> list[tuple[str, str]]:
        return [(each.connector.name, said(each.words)) for each in self.way.others]


class Reading:
    """One answer."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self._rows = {row.name: row for row in ConnectorRow.objects.only("name")}
        self._send = Tabs(SendConnectorRow)
        connector = answer.match.connector if answer.match is not None else None
        self.connector = connector.name if connector is not None else ""
        self._row = self._rows.get(self.connector)

    @property
    def is_open(self) -> bool:
        """Whether DNS would be asked something that nobody has told."""
        return any(question.answer is None for question in self.answer.questions)

    @property
    def questions(self) -> list[tuple[str, str]]:
        """What DNS is asked, and what it says."""
        return [(f"{each.record.kind} {each.record.name}", _answer(each.answer)) for each in self.answer.questions]

    @property
    def connector_url(self) -> str:
        return connector_tab(self._row, "remote_ip_ranges") if self._row else ""

    @property
    def steps(self) -> list[Said]:
        return [self._said(step) for step in self.answer.steps]

    @property
    def refused(self) -> Said | None:
        """The refusal by which the message is not taken; None where it is."""
        step = self.answer.refusal
        return self._said(step) if step is not None and self.answer.accepted is None else None

    @property
    def others(self) -> list[Other]:
        """Those that come nearest first."""
        order = list(WHY)
        passed = sorted(self.answer.passed, key=lambda each: order.index(each.why))
        return [self._other(each) for each in passed]

    @property
    def principal(self) -> str:
        return _named(self.answer.principal)

    @property
    def rights(self) -> list[Held]:
        return [self._right(each) for each in self.answer.origins if each.is_held or each.denied]

    @property
    def rights_url(self) -> str:
        return connector_tab(self._row, "permission_groups") if self._row else ""

    @property
    def ways(self) -> list[WayRead]:
        return [WayRead(way, self._send.url(way.hop.connector, "address-space")) for way in self.answer.ways]

    def _other(self, passed: Any) -> Other:
        row, why = self._rows.get(passed.connector.name), str(WHY[passed.why])
        words = why % passed.remote.text if passed.remote is not None else why
        return Other(passed.connector.name, connector_tab(row, "remote_ip_ranges") if row else "", words)

    def _right(self, origin: Origin) -> Held:
        sources = [_group(said(group.label), _named(who)) for group, who in origin.by_group]
        sources += [_t("granted by hand to %s") % _named(who) for who in origin.granted]
        sources += [_t("denied by hand to %s") % _named(who) for who in origin.denied]
        return Held(said(origin.right.label), origin.is_held, sources)

    def _said(self, step: Step) -> Said:
        rule, decisive = RULES.get(step.rule), step.decisive
        help_url = reverse("refusals:page", args=[step.rule]) if step.rule in REFUSALS else ""
        asked = [self._asked(look, look is decisive) for look in step.looks]
        meaning = said(rule.meaning) if rule and step.rule != QUEUED else ""
        return Said(step, asked, meaning, help_url)

    def _asked(self, look: Look, decides: bool) -> Asked:
        say = LISTED.get(look.on) or (_entry if look.about else None)
        setting = setting_of(look.on, look.field)
        if say is not None or setting is None:
            question, found = (say or _plain)(look)
        else:
            question, found = said(setting.label), written(setting, look.found)
        return Asked(str(question), str(found), self._url(look), decides)

    def _url(self, look: Look) -> str:
        if look.on in (CONNECTOR, RIGHT):
            field = look.field if look.on == CONNECTOR else "permission_groups"
            return connector_tab(self._row, field) if self._row else ""
        place = places().get(look.on)
        return place.url_of(look.field) if place else ""


def _group(group: str, who: str) -> str:
    if group == who:
        return _t("permission group %s") % group
    return _t("permission group %(group)s, for %(who)s") % {"group": group, "who": who}


def _answer(answer: Texts | None) -> str:
    return _t("not asked; counts as no answer") if answer is None else ", ".join(answer) or _t("none")


def _named(principal: str) -> str:
    return said(PRINCIPALS[principal]) if principal in PRINCIPALS else principal


Words = tuple[str | Promise, str | Promise]


def _plain(look: Look) -> Words:
    return look.field, str(look.found)


def _right(look: Look) -> Words:
    return said(Right(look.field).label), _("held") if look.found else _("not held")


def _domain(look: Look) -> Words:
    found = look.found.domain_name if look.found is not None else _("none")
    return _t("Accepted domain for %s") % look.about, found


def _relay(look: Look) -> Words:
    found = look.found.name if look.found is not None else _("none")
    return _t("Send connector that lets everybody relay to %s") % look.about, found


def _directory(look: Look) -> Words:
    return _t("Directory: %s") % look.about, _("listed") if look.found else _("not listed")


def _own(look: Look) -> Words:
    return _t("Address of the user: %s") % look.about, _("yes") if look.found else _("no")


def _lists(look: Look) -> Words:
    return _("IP Allow and Block list"), look.found.by if look.found is not None else _("no entry")


def _providers(look: Look) -> Words:
    return _("List providers"), look.found.by or _("none lists the client")


def _entry(look: Look) -> Words:
    """Of the lists of a filter."""
    found = look.found if isinstance(look.found, str) else _("an entry") if look.found else ""
    setting = setting_of(look.on, look.field)
    return f"{said(setting.label) if setting else look.field}: {look.about}", found or _("no entry")


LISTED: dict[str, Callable[[Look], Words]] = {
    RIGHT: _right,
    ACCEPTED_DOMAIN: _domain,
    SEND_CONNECTOR: _relay,
    DIRECTORY: _directory,
    USER: _own,
    BLOCK_LIST: _lists,
    PROVIDER: _providers,
}
