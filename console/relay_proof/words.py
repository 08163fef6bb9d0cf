"""What a relay proof says, in words: the answer, each way, what was counted and what was not. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from console.crud.together import listed
from transport.config.domains import parent
from transport.config.permissions import ANONYMOUS, AUTHENTICATED_USERS, PARTNER_SERVERS, Right, rights
from transport.config.receive_connector import SIGN_IN, AuthMechanism, ReceiveConnector
from transport.config.snapshot import Snapshot
from transport.receive.admission import principal
from transport.receive.exposure import is_wide
from transport.receive.partner import may_prove
from transport.receive.relay_proof import TURNED, Proof, Way
from transport.receive.relayed_domains import RelayedDomain, relayed_domains


@dataclass(frozen=True)
class Answer:
    """Can anybody relay? A word or two, a sentence, and the tone of a notice."""

    short: str
    words: str
    tone: str


def answer(proof: Proof) -> Answer:
    """Of the whole configuration."""
    opened = proof.open_ways
    named = _named(len(proof.ways) - len(opened))
    if not opened:
        words = named or _("Clients that have not proved who they are reach only the domains that you accept.")
        return Answer(_("Nobody can relay."), words, "good")
    if proof.is_open_relay:
        words = _("Everyone on the Internet can send mail through this server to others, without signing in.")
        return Answer(_("This is an open relay."), words, "bad")
    if any(way.is_public for way in opened):
        words = _("Clients with public addresses can send mail through this server to others, without signing in.")
        return Answer(_("Some on the Internet can relay."), f"{words} {named}".strip(), "warning")
    words = _("Only clients in your own networks, as listed, can send mail to others without signing in.")
    return Answer(_("Nobody on the Internet can relay."), f"{words} {named}".strip(), "good")


def _named(count: int) -> str:
    if not count:
        return ""
    return ngettext(
        "Through %d connector strangers also reach domains that you named on a Send connector.",
        "Through %d connectors strangers also reach domains that you named on a Send connector.",
        count,
    ) % count  # fmt: skip


def why(way: Way) -> Iterator[str]:
    """What opens a way: the right, or the domains."""
    if way.any_recipient and way.principal == ANONYMOUS:
        yield _("Anonymous clients were given the right “%s”.") % Right.ACCEPT_ANY_RECIPIENT.label
    elif way.any_recipient:
        yield _("It is externally secured: it trusts its clients by their addresses.")
    for domain in () if way.any_recipient else way.wide:
        if isinstance(domain, RelayedDomain):
            yield _("The Send connector %s overrides the relay restrictions for its domains.") % domain.name
        else:
            yield _("The accepted domain %s stands for domains of others.") % domain.domain_name
    if way.asked_by:
        yield _(
            "The server that the Send connector %s asks for our mail hands it in as this connector's clients do."
        ) % way.asked_by  # fmt: skip


def counted(snapshot: Snapshot) -> Iterator[str]:
    """What the proof took into account, with numbers of this configuration."""
    yield from _connectors(snapshot)
    yield from _domains(snapshot)
    yield _("Each client address, at each address and port, with TLS and without.")
    yield _("Recipients with %, ! or @ in their local part, and source routes: refused to all who may not relay.")


def _connectors(snapshot: Snapshot) -> Iterator[str]:
    every = snapshot.receive_connectors
    enabled = [each for each in every if each.enabled]
    places = {binding for each in enabled for binding in each.bindings}
    yield _(
        "Receive connectors: %(enabled)d enabled of %(all)d. Remote ranges: %(ranges)d; the narrowest that holds a "
        "client answers it. Addresses and ports: %(places)d."
    ) % {
        "enabled": len(enabled), "all": len(every), "places": len(places),
        "ranges": sum(len(each.remote_ip_ranges) for each in enabled),
    }  # fmt: skip
    secured = sum(AuthMechanism.ExternalAuthoritative in each.auth_mechanism for each in enabled)
    yield _("Rights granted or denied by hand: %(grants)d; externally secured connectors: %(secured)d.") % {
        "grants": sum(len(each.grants) for each in enabled), "secured": secured,
    }  # fmt: skip


def _domains(snapshot: Snapshot) -> Iterator[str]:
    wide = [each.domain_name for each in snapshot.accepted_domains if is_wide(each)]
    yield _("Accepted domains: %(all)d. For domains of others: %(wide)s.") % {
        "all": len(snapshot.accepted_domains), "wide": _some(wide),
    }  # fmt: skip
    relayed = [parent(each) or "*" for each in relayed_domains(snapshot.send_connectors)]
    yield _("Domains for which a Send connector overrides the relay restrictions: %s.") % _some(relayed)
    asking = [each.name for each in snapshot.send_connectors if each.enabled and each.request_mail in TURNED]
    words = _("Send connectors that ask a server for our mail on a connection of ours (ATRN, TURN): %s.")
    yield words % _some(asking)


MOST = 10


def _some(names: list[str]) -> str:
    return listed(names, MOST) or _("none")


def partners(snapshot: Snapshot) -> list[str]:
    """The connectors on which partners who show a certificate may send to anybody, each with their domains."""
    return [
        f"{each.name} ({listed(each.tls_receive_domain_secure_list, MOST)})"
        for each in snapshot.receive_connectors
        if each.enabled and may_prove(each) and _reach_anybody(each, PARTNER_SERVERS)
    ]


def users(snapshot: Snapshot) -> list[str]:
    """The connectors on which users who sign in may send to anybody."""
    return [each.name for each in snapshot.receive_connectors if each.enabled and _users_relay(each)]


def _users_relay(connector: ReceiveConnector) -> bool:
    signs_in = bool(connector.auth_mechanism & SIGN_IN) and principal(connector) == ANONYMOUS
    return signs_in and _reach_anybody(connector, AUTHENTICATED_USERS)


def _reach_anybody(connector: ReceiveConnector, who: str) -> bool:
    held = rights(connector.permission_groups, connector.grants, who)
    return {Right.SUBMIT, Right.ACCEPT_ANY_RECIPIENT} <= held


NOT_COUNTED: tuple[str | Promise, ...] = (
    gettext_lazy("What filters refuse: their lists come and go, and they only ever refuse more."),
    gettext_lazy("Users who sign in, and partners who show a certificate: they have proved who they are."),
    gettext_lazy(
        "Whether the accepted domains are yours, and what other servers do with mail that they get from here."
    ),
    gettext_lazy("Other mail software on this machine, and firewalls in front of it."),
)
