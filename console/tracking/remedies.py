"""From a refusal to its remedy: for each rule the forms that mend it, filled in with what the session says.

A remedy only opens a form; nothing is done until somebody saves it. What each rule means stands in
`transport/receive/rules.py`, whose names are the keys of `REMEDIES`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.connectors import models, proposals
from console.connectors.sentence import FAMILIES, held_by
from console.crud.said import said
from console.publishing import queries as publishing
from console.tracking.conversation import Line, lines
from console.tracking.models import Session
from transport.config.endpoint import is_private, parse_range
from transport.config.permissions import AUTHENTICATED_USERS, PRINCIPALS, Right
from transport.config.receive_connector import ReceiveConnector
from transport.config.snapshot import Snapshot
from transport.receive.admission import principal

MOST = 3
"""Connectors that are named."""
MOST_OF_RULE = 12
_OPENS_RELAY = gettext_lazy("Opens a relay: whoever comes from %s could send to any address without signing in.")
_PATH = re.compile(r"(?:TO|FROM):\s*<(?:@[^>:]*:)?([^>]*)>", re.IGNORECASE)


@dataclass(frozen=True)
class Remedy:
    """A link to a form; `danger` says what it would open, where that is more than the one client needs."""

    label: str
    url: str
    danger: str = ""


@dataclass(frozen=True)
class Facts:
    """What a session says of a refusal: `command` is the one that was refused."""

    session: Session
    command: str
    signed_in: bool

    @property
    def client(self) -> str:
        return self.session.remote_address

    @property
    def address(self) -> str:
        """The mailbox of the refused command; empty where it names none."""
        found = _PATH.search(self.command)
        return found[1] if found and "@" in found[1] else ""

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2].lower()

    @cached_property
    def saved(self) -> Snapshot:
        return publishing.saved()

    @cached_property
    def rows(self) -> dict[str, int]:
        return dict(models.ReceiveConnector.objects.values_list("name", "pk"))

    @property
    def answered_by(self) -> ReceiveConnector | None:
        named = (each for each in self.saved.receive_connectors if each.name.lower() == self.name.lower())
        return next(named, None)

    @property
    def name(self) -> str:
        return self.session.connector_name

    @property
    def port(self) -> str:
        return self.session.local_endpoint.rpartition(":")[2]


Finder = Callable[[Facts], Iterator[Remedy]]


def remedies_for(rule: str, facts: Facts) -> list[Remedy]:
    """Those that a rule has, as far as the session says what they need."""
    if facts.session.sends:
        return []
    return [remedy for find in REMEDIES.get(rule, ()) for remedy in find(facts)]


def facts_of(session: Session, lines: list[Line]) -> dict[int, Facts]:
    """Of each refusal of a session, by the number of its line."""
    found, signed_in, command = {}, False, ""
    for line in lines:
        if line.is_command:
            command = line.data
        signed_in = signed_in or (line.is_reply and line.data.startswith("235"))
        if line.refused:
            found[line.number] = Facts(session, line.answers or command, signed_in)
    return found


def of_rule(session: Session, rule: str) -> list[Remedy]:
    """What would mend all that a rule refused in a session."""
    said = lines(session)
    facts = facts_of(session, said)
    found = [line for line in said if line.decision and line.decision.name == rule and line.number in facts]
    return list(dict.fromkeys(each for line in found for each in remedies_for(rule, facts[line.number])))[:MOST_OF_RULE]


def _add_to_another(right: Right | None, facts: Facts) -> Iterator[Remedy]:
    """Connectors on the same port that let such a client do it already, once they hold its address."""
    fitting = [each for each in facts.saved.receive_connectors if _lets(each, right, facts) and each.name in facts.rows]
    for each in fitting[:MOST]:
        label = _("Add %(client)s to “%(connector)s”") % {"client": facts.client, "connector": each.name}
        yield Remedy(label, proposals.url_to_add(facts.rows[each.name], facts.client), _danger_of(each, facts.client))


def _lets(connector: ReceiveConnector, right: Right | None, facts: Facts) -> bool:
    here = any(str(binding.port) == facts.port for binding in connector.bindings)
    other = connector.enabled and here and connector.name.lower() != facts.name.lower()
    return other and (right is None or {right, Right.SUBMIT} <= held_by(connector, principal(connector)))


def _danger_of(connector: ReceiveConnector, client: str) -> str:
    """What somebody behind a public address could do then."""
    if Right.ACCEPT_ANY_RECIPIENT not in held_by(connector, principal(connector)):
        return ""
    return "" if is_private(parse_range(client)) else str(_OPENS_RELAY) % client


def _new_connector(facts: Facts) -> Iterator[Remedy]:
    yield Remedy(_("New connector for %s") % facts.client, proposals.url_of_new(facts.client))


def _grant(right: Right, facts: Facts) -> Iterator[Remedy]:
    """On the connector that answered, to whom the client stood for."""
    connector = facts.answered_by
    if connector is None or connector.name not in facts.rows:
        return
    who = AUTHENTICATED_USERS if facts.signed_in else principal(connector)
    words = {"right": said(right.label), "who": said(PRINCIPALS[who]), "connector": connector.name}
    url = proposals.url_to_grant(facts.rows[connector.name], who, right)
    yield Remedy(_("Grant “%(right)s” to %(who)s on “%(connector)s”") % words, url, _opens(connector, right, facts))


def _opens(connector: ReceiveConnector, right: Right, facts: Facts) -> str:
    if right is not Right.ACCEPT_ANY_RECIPIENT or facts.signed_in:
        return ""
    ranges = [str(FAMILIES.get(str(each), str(each))) for each in connector.remote_ip_ranges[:MOST]]
    if all(is_private(each) for each in connector.remote_ip_ranges):
        return _("Then everybody in %s could send to any address without signing in.") % ", ".join(ranges)
    return str(_OPENS_RELAY) % ", ".join(ranges)


def _add_recipient(facts: Facts) -> Iterator[Remedy]:
    if facts.address:
        url = f"{reverse('directory:new')}?{urlencode({'address': facts.address})}"
        yield Remedy(_("Add %s to the directory") % facts.address, url)


def _add_domain(facts: Facts) -> Iterator[Remedy]:
    if facts.domain:
        url = f"{reverse('domains:new')}?{urlencode({'domain_name': facts.domain, 'name': facts.domain})}"
        yield Remedy(_("Add %s to the accepted domains") % facts.domain, url)


def _allow(facts: Facts) -> Iterator[Remedy]:
    url = f"{reverse('protection:allow-new')}?{urlencode({'entries': facts.client})}"
    yield Remedy(_("Put %s on the IP Allow list") % facts.client, url)


def _blocking_entry(facts: Facts) -> Iterator[Remedy]:
    url = f"{reverse('protection:block-list')}?{urlencode({'q': facts.client})}"
    yield Remedy(_("Show the entry that holds %s") % facts.client, url)


_RELAY = (
    partial(_add_to_another, Right.ACCEPT_ANY_RECIPIENT), _new_connector,
    partial(_grant, Right.ACCEPT_ANY_RECIPIENT),
)  # fmt: skip
_OF_ITS_OWN = (partial(_add_to_another, None), _new_connector)
# fmt: off
REMEDIES: dict[str, tuple[Finder, ...]] = {
    "no_connector": _OF_ITS_OWN,
    "early_talker": (_new_connector,),
    "source_limit": (_new_connector,),
    "source_share": (_new_connector,),
    "message_rate": (_new_connector,),
    "tls_required": (_new_connector,),
    "sign_in_without_submit": (partial(_grant, Right.SUBMIT),),
    "submit_denied": (
        partial(_add_to_another, Right.SUBMIT), _new_connector, partial(_grant, Right.SUBMIT),
    ),
    "any_sender_denied": (partial(_grant, Right.ACCEPT_ANY_SENDER),),
    "authoritative_sender_denied": (_new_connector, partial(_grant, Right.ACCEPT_AUTHORITATIVE_DOMAIN_SENDER)),
    "sender_not_own": (partial(_grant, Right.ACCEPT_ANY_SENDER),),
    "sender_blocked": (_allow,),
    "from_blocked": (_allow,),
    "relay_denied": (_add_domain, *_RELAY),
    "rerouting_denied": _RELAY,
    "ip_block_list": (_blocking_entry, _allow),
    "ip_block_list_provider": (_allow,),
    "recipient_unknown": (_add_recipient,),
}
# fmt: on
