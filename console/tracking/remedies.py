"""From a refusal to its remedy: for each rule the forms that mend it, filled in with what the session says.

A remedy only opens a form; nothing is done until somebody saves it. What each rule means stands in
`transport/receive/rules.py`, whose names are the keys of `REMEDIES`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property, partial
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from msgspec.structs import replace

from console.connectors import models, proposals
from console.connectors.sentence import FAMILIES, held_by
from console.crud.said import said
from console.publishing import queries as publishing
from console.tracking.conversation import Line, lines
from console.tracking.models import Session
from transport.config.accepted_domain import AcceptedDomain
from transport.config.connection_filter import IPList, IPListEntry
from transport.config.endpoint import client_key, is_private, parse_binding, parse_range
from transport.config.permissions import ANONYMOUS, AUTHENTICATED_USERS, PRINCIPALS, Grant, PermissionGroup, Right
from transport.config.receive_connector import ReceiveConnector
from transport.config.snapshot import Snapshot
from transport.receive.admission import principal

Change = Callable[[Snapshot], Snapshot]
MOST = 3
"""Connectors that are named."""
MOST_OF_RULE = 12
_OPENS_RELAY = gettext_lazy("Opens a relay: whoever comes from %s could send to any address without signing in.")
_PATH = re.compile(r"(?:TO|FROM):\s*<(?:@[^>:]*:)?([^>]*)>", re.IGNORECASE)


class Reach(IntEnum):
    """For whom a remedy changes something."""

    CLIENT = 0
    RECIPIENT = 1
    DOMAIN = 2
    CONNECTOR = 3


@dataclass(frozen=True)
class Remedy:
    """A link to a form; `danger` says what it would open, where that is more than the one client needs.

    `change` is what saving the form does to a configuration, with what `chosen` says where there is a choice; `lists`
    an address that the directory has then.
    """

    label: str
    url: str
    danger: str = ""
    reach: Reach = field(default=Reach.CLIENT, compare=False)
    change: Change = field(default=lambda snapshot: snapshot, compare=False)
    lists: str = field(default="", compare=False)
    chosen: str = field(default="", compare=False)


@dataclass(frozen=True)
class Facts:
    """What a session says of a refusal: `command` is the one that was refused."""

    session: Session
    command: str
    signed_in: bool

    @property
    def client(self) -> str:
        return self.session.remote_address.partition("%")[0]

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


def _to_connector(name: str, field_name: str, value: object) -> Change:
    """One more value in a list of a connector."""

    def change(snapshot: Snapshot) -> Snapshot:
        changed = (
            replace(each, **{field_name: (*getattr(each, field_name), value)}) if each.name == name else each
            for each in snapshot.receive_connectors
        )
        return replace(snapshot, receive_connectors=tuple(changed))

    return change


def _listed_as(allowed: IPList, client: str) -> Change:
    """The client on the IP Allow list, or off the IP Block list."""

    def change(snapshot: Snapshot) -> Snapshot:
        kept = snapshot.ip_list_entries
        if allowed is IPList.Allow:
            return replace(snapshot, ip_list_entries=(*kept, IPListEntry(ip_list=allowed, ip_range=client)))
        others = (each for each in kept if each.ip_list is not allowed or not _holds(each, client))
        return replace(snapshot, ip_list_entries=tuple(others))

    return change


def _holds(entry: IPListEntry, client: str) -> bool:
    (version, low, high), (own, address) = entry.bounds, client_key(client)
    return version == own and low <= address <= high


def _with_domain(domain: str) -> Change:
    def change(snapshot: Snapshot) -> Snapshot:
        added = AcceptedDomain(name=domain, domain_name=domain)
        return replace(snapshot, accepted_domains=(*snapshot.accepted_domains, added))

    return change


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
        url = proposals.url_to_add(facts.rows[each.name], facts.client)
        change = _to_connector(each.name, "remote_ip_ranges", parse_range(facts.client))
        yield Remedy(label, url, _danger_of(each, facts.client), change=change)


def _lets(connector: ReceiveConnector, right: Right | None, facts: Facts) -> bool:
    here = any(str(binding.port) == facts.port for binding in connector.bindings)
    other = connector.enabled and here and connector.name.lower() != facts.name.lower()
    return other and (right is None or {right, Right.SUBMIT} <= held_by(connector, principal(connector)))


def _danger_of(connector: ReceiveConnector, client: str) -> str:
    """What somebody behind a public address could do then."""
    if Right.ACCEPT_ANY_RECIPIENT not in held_by(connector, principal(connector)):
        return ""
    return "" if is_private(parse_range(client)) else str(_OPENS_RELAY) % client


def _new_connector(right: Right | None, facts: Facts) -> Iterator[Remedy]:
    """One that holds the client alone, with this right besides those of Anonymous users."""
    bindings = facts.answered_by.bindings if facts.answered_by else (parse_binding(facts.session.local_endpoint),)
    made = ReceiveConnector(
        name=facts.client,
        bindings=bindings,
        remote_ip_ranges=(parse_range(facts.client),),
        permission_groups=frozenset({PermissionGroup.AnonymousUsers}),
        grants=(Grant(ANONYMOUS, right.value),) if right else (),
    )
    group = said(PermissionGroup.AnonymousUsers.label)
    chosen = (
        _("%(group)s, with the right “%(right)s”") % {"group": group, "right": said(right.label)} if right else group
    )
    yield Remedy(
        _("New connector for %s") % facts.client, proposals.url_of_new(facts.client), chosen=chosen,
        change=lambda snapshot: replace(snapshot, receive_connectors=(*snapshot.receive_connectors, made)),
    )  # fmt: skip


def _grant(right: Right, facts: Facts) -> Iterator[Remedy]:
    """On the connector that answered, to whom the client stood for."""
    connector = facts.answered_by
    if connector is None or connector.name not in facts.rows:
        return
    who = AUTHENTICATED_USERS if facts.signed_in else principal(connector)
    words = {"right": said(right.label), "who": said(PRINCIPALS[who]), "connector": connector.name}
    url = proposals.url_to_grant(facts.rows[connector.name], who, right)
    label = _("Grant “%(right)s” to %(who)s on “%(connector)s”") % words
    change = _to_connector(connector.name, "grants", Grant(who, right.value))
    yield Remedy(label, url, _opens(connector, right, facts), Reach.CONNECTOR, change)


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
        label = _("Add %s to the directory") % facts.address
        yield Remedy(label, url, "", Reach.RECIPIENT, lists=facts.address)


def _add_domain(facts: Facts) -> Iterator[Remedy]:
    if facts.domain:
        url = f"{reverse('domains:new')}?{urlencode({'domain_name': facts.domain, 'name': facts.domain})}"
        label = _("Add %s to the accepted domains") % facts.domain
        yield Remedy(label, url, "", Reach.DOMAIN, _with_domain(facts.domain))


def _allow(facts: Facts) -> Iterator[Remedy]:
    url = f"{reverse('protection:allow-new')}?{urlencode({'entries': facts.client})}"
    yield Remedy(_("Put %s on the IP Allow list") % facts.client, url, change=_listed_as(IPList.Allow, facts.client))


def _blocking_entry(facts: Facts) -> Iterator[Remedy]:
    url = f"{reverse('protection:block-list')}?{urlencode({'q': facts.client})}"
    yield Remedy(_("Show the entry that holds %s") % facts.client, url, change=_listed_as(IPList.Block, facts.client))


_PLAIN_ONE = partial(_new_connector, None)
_RELAY = (
    partial(_add_to_another, Right.ACCEPT_ANY_RECIPIENT), partial(_new_connector, Right.ACCEPT_ANY_RECIPIENT),
    partial(_grant, Right.ACCEPT_ANY_RECIPIENT),
)  # fmt: skip
_OF_ITS_OWN = (partial(_add_to_another, None), _PLAIN_ONE)
# fmt: off
REMEDIES: dict[str, tuple[Finder, ...]] = {
    "no_connector": _OF_ITS_OWN,
    "early_talker": (_PLAIN_ONE,),
    "source_limit": (_PLAIN_ONE,),
    "source_share": (_PLAIN_ONE,),
    "message_rate": (_PLAIN_ONE,),
    "tls_required": (_PLAIN_ONE,),
    "sign_in_without_submit": (partial(_grant, Right.SUBMIT),),
    "submit_denied": (
        partial(_add_to_another, Right.SUBMIT), _PLAIN_ONE, partial(_grant, Right.SUBMIT),
    ),
    "any_sender_denied": (partial(_grant, Right.ACCEPT_ANY_SENDER),),
    "authoritative_sender_denied": (
        partial(_new_connector, Right.ACCEPT_AUTHORITATIVE_DOMAIN_SENDER),
        partial(_grant, Right.ACCEPT_AUTHORITATIVE_DOMAIN_SENDER),
    ),
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
