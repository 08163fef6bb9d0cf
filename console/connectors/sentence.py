"""What a Receive connector does, in one plain sentence, or two when those who sign in may do more. Pure."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.crud.said import said
from console.crud.together import FEW, listed
from transport.config import kinds
from transport.config.accepted_domain import AcceptedDomain
from transport.config.endpoint import ALL_IPV4, ALL_IPV6, IPRange
from transport.config.permissions import (
    AUTHENTICATED_USERS,
    EXTERNALLY_SECURED,
    PARTNER_SERVERS,
    PRINCIPALS,
    PermissionGroup,
    Right,
    rights,
)
from transport.config.receive_connector import SIGN_IN, AuthMechanism, ReceiveConnector
from transport.config.snapshot import Snapshot
from transport.receive.admission import principal
from transport.receive.exposure import domains_of_others, everything_below, is_reached, reached, sends_on
from transport.receive.relayed_domains import domains_taken

LONG_DELAY = 30  # seconds

FAMILIES = {ALL_IPV4: gettext_lazy("all of IPv4"), ALL_IPV6: gettext_lazy("all of IPv6")}

Held = frozenset[Right]
REACH = {Right.SUBMIT, Right.ACCEPT_ANY_RECIPIENT}
ALONE = Snapshot()


def sentence(connector: ReceiveConnector, beside: Snapshot = ALONE) -> str:
    """`Anyone at 192.168.5.77 may send, without signing in, to any address, up to 10 MB.`

    `beside`: the rest of the configuration; a connector of the same name in it is what this one was before.
    """
    who = principal(connector)
    strangers, proved = held_by(connector, who), dict(ways_in(connector))
    state, domains = _state(connector, beside), domains_taken(beside)
    if Right.SUBMIT not in strangers and not proved:
        words = _("%(people)s may connect, but nobody may send: %(reason)s")
        return state + words % {"people": _people(connector), "reason": _reason(connector)}
    told = []
    if Right.SUBMIT in strangers:
        trusted = _("%(people)s may send, trusted without signing in, %(may)s.")
        words = trusted if who == EXTERNALLY_SECURED else _("%(people)s may send, without signing in, %(may)s.")
        told.append(words % {"people": _people(connector), "may": _may(connector, strangers, domains)})
        more = {how: held for how, held in proved.items() if held - strangers}
        told += [_proved(how, target(connector, held, domains)) for how, held in more.items()]
    else:
        place = _place(connector)
        told += [_proved(f"{how} {place}".strip(), _may(connector, held, domains)) for how, held in proved.items()]
    return state + " ".join(told + _delays(connector, strangers))


def _proved(who: str, may: str) -> str:
    return _("%(who)s may send %(may)s.") % {"who": _capital(who), "may": may}


def held_by(connector: ReceiveConnector, *who: str) -> Held:
    """The rights of a client that stands for these principals."""
    return rights(connector.permission_groups, connector.grants, *who)


def ways_in(connector: ReceiveConnector) -> list[tuple[str, Held]]:
    """(who, rights) for those who can prove themselves on this connector and may then send."""
    offered = {
        _("users who sign in"): (AUTHENTICATED_USERS, bool(connector.auth_mechanism & SIGN_IN)),
        _("partners, known by their certificate,"): (
            PARTNER_SERVERS,
            connector.domain_secure_enabled and bool(connector.tls_receive_domain_secure_list),
        ),
    }
    found = [(how, held_by(connector, who)) for how, (who, here) in offered.items() if here]
    return [(how, held) for how, held in found + _by_hand(connector) if Right.SUBMIT in held]


def _by_hand(connector: ReceiveConnector) -> list[tuple[str, Held]]:
    """Users and groups who, once signed in, may send to others than whoever signs in."""
    if not connector.auth_mechanism & SIGN_IN:
        return []
    everybody = held_by(connector, AUTHENTICATED_USERS)
    named = dict.fromkeys(each.principal for each in connector.grants if each.principal not in PRINCIPALS)
    found: dict[Held, list[str]] = {}
    for who in named:
        held = held_by(connector, AUTHENTICATED_USERS, who)
        if held & REACH != everybody & REACH:
            found.setdefault(held, []).append(who)
    return [(listed(names, more=_("%d others")), held) for held, names in found.items()]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _may(connector: ReceiveConnector, held: Held, domains: tuple[AcceptedDomain, ...]) -> str:
    words = _("%(target)s, %(limit)s, on TLS only") if connector.require_tls else _("%(target)s, %(limit)s")
    return words % {"target": target(connector, held, domains), "limit": _limit(connector, held)}


def target(connector: ReceiveConnector, held: Held, domains: tuple[AcceptedDomain, ...]) -> str:
    """Whom somebody with these rights reaches: `to your accepted domains only`."""
    if Right.ACCEPT_ANY_RECIPIENT in held:
        return _("to any address")
    others = reached(connector, domains_of_others(domains))
    relayed, kept = (said(everything_below(*(each for each in others if sends_on(each) is on))) for on in (True, False))
    if not others:
        return _("to your accepted domains only")
    if not kept:
        return _("to your accepted domains and %(relayed)s") % {"relayed": relayed}
    words = _("to your accepted domains (with %(kept)s) and %(relayed)s")
    return (words if relayed else _("to your accepted domains (with %(kept)s)")) % {"kept": kept, "relayed": relayed}


def _delays(connector: ReceiveConnector, strangers: Held) -> list[str]:
    """The tarpit, where it does not do what one expects: strangers may guess at full speed, or wait long."""
    if Right.SUBMIT not in strangers or AuthMechanism.ExternalAuthoritative in connector.auth_mechanism:
        return []
    if connector.tarpit_interval == 0:
        return [_("Refusals are not held back.")]
    if connector.tarpit_interval >= LONG_DELAY:
        return [_("Each refusal is held back for %d seconds.") % connector.tarpit_interval]
    return []


def _state(connector: ReceiveConnector, beside: Snapshot) -> str:
    if not connector.enabled:
        return _("Disabled. Once enabled:") + " "
    others = (each for each in beside.receive_connectors if each.name != connector.name)
    placed = connector.bindings and connector.remote_ip_ranges
    if placed and not is_reached(connector, others):
        return _("Nobody reaches it: others answer its addresses, or none can come to its bindings. Otherwise:") + " "
    return ""


def _people(connector: ReceiveConnector) -> str:
    ranges, whole = connector.remote_ip_ranges, _whole(connector)
    if whole == {ALL_IPV4, ALL_IPV6}:
        return _("Anyone")
    if whole and len(ranges) == 1:
        return _("Anyone with an IPv4 address") if ALL_IPV4 in whole else _("Anyone with an IPv6 address")
    return _("Anyone at %s") % _ranges(ranges) if ranges else _("Nobody")


def _place(connector: ReceiveConnector) -> str:
    """Where those must be who prove themselves; nothing where that does not matter."""
    ranges, whole = connector.remote_ip_ranges, _whole(connector)
    if whole == {ALL_IPV4, ALL_IPV6}:
        return ""
    if whole and len(ranges) == 1:
        return _("with an IPv4 address") if ALL_IPV4 in whole else _("with an IPv6 address")
    return _("from %s") % _ranges(ranges) if ranges else _("from nowhere")


def _whole(connector: ReceiveConnector) -> set[str]:
    """The families all of whose addresses may come."""
    return {ALL_IPV4, ALL_IPV6} & {remote.text for remote in connector.remote_ip_ranges}


def _ranges(ranges: tuple[IPRange, ...]) -> str:
    named = [str(FAMILIES.get(remote.text, remote.text)) for remote in ranges[: FEW + 1]]
    return listed(named, more=_("%d more ranges"), count=len(ranges))


def _reason(connector: ReceiveConnector) -> str:
    if not connector.permission_groups:
        return _("no permission group is chosen.")
    groups = [said(group.label) for group in PermissionGroup if group in connector.permission_groups]
    return _("%s must sign in or prove themselves first, and no way to do so is offered here.") % listed(
        groups, len(groups)
    )


def _limit(connector: ReceiveConnector, held: frozenset[Right]) -> str:
    if Right.BYPASS_MESSAGE_SIZE_LIMIT in held:
        return _("of any size")
    return _("up to %s") % kinds.show_size(connector.max_message_size).partition(" (")[0]
