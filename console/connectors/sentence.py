"""What a Receive connector does, in one plain sentence, or two when those who sign in may do more. Pure."""

from __future__ import annotations

from msgspec.structs import replace

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
from transport.receive.connector_match import ConnectorIndex
from transport.receive.exposure import everything_below, is_reached, reached, sends_on, wide_domains
from transport.receive.relayed_domains import domains_taken

MOST = 3  # ranges, names
LONG_DELAY = 30  # seconds

FAMILIES = {ALL_IPV4: "all of IPv4", ALL_IPV6: "all of IPv6"}

Held = frozenset[Right]
REACH = {Right.SUBMIT, Right.ACCEPT_ANY_RECIPIENT}
ALONE = Snapshot()


def sentence(connector: ReceiveConnector, beside: Snapshot = ALONE) -> str:
    """`Anyone in 192.168.5.77 may send, without signing in, to any address, up to 10 MB.`

    `beside`: the rest of the configuration; a connector of the same name in it is what this one was before.
    """
    who = principal(connector)
    strangers, proved = held_by(connector, who), dict(ways_in(connector))
    state, domains = _state(connector, beside), domains_taken(beside)
    if Right.SUBMIT not in strangers and not proved:
        return f"{state}{_people(connector)} may connect, but nobody may send: {_reason(connector)}"
    said = []
    if Right.SUBMIT in strangers:
        manner = "trusted without signing in" if who == EXTERNALLY_SECURED else "without signing in"
        said.append(f"{_people(connector)} may send, {manner}, {_may(connector, strangers, domains)}.")
        more = {how: held for how, held in proved.items() if held - strangers}
        said += [f"{_capital(how)} may send {target(connector, held, domains)}." for how, held in more.items()]
    else:
        place = _people(connector).removeprefix("Anyone").strip().replace("in ", "from ", 1)
        said += [
            f"{_capital(how)}{f' {place}' if place else ''} may send {_may(connector, held, domains)}."
            for how, held in proved.items()
        ]
    return state + " ".join(said + _delays(connector, strangers))


def held_by(connector: ReceiveConnector, *who: str) -> Held:
    """The rights of a client that stands for these principals."""
    return rights(connector.permission_groups, connector.grants, *who)


def ways_in(connector: ReceiveConnector) -> list[tuple[str, Held]]:
    """(who, rights) for those who can prove themselves on this connector and may then send."""
    offered = {
        "users who sign in": (AUTHENTICATED_USERS, bool(connector.auth_mechanism & SIGN_IN)),
        "partners, known by their certificate,": (
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
    return [(_shortened(names, "others"), held) for held, names in found.items()]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _may(connector: ReceiveConnector, held: Held, domains: tuple[AcceptedDomain, ...]) -> str:
    tls = ", on TLS only" if connector.require_tls else ""
    return f"{target(connector, held, domains)}, {_limit(connector, held)}{tls}"


def target(connector: ReceiveConnector, held: Held, domains: tuple[AcceptedDomain, ...]) -> str:
    """Whom somebody with these rights reaches: `to your accepted domains only`."""
    if Right.ACCEPT_ANY_RECIPIENT in held:
        return "to any address"
    wide = reached(connector, wide_domains(domains))
    relayed, kept = (everything_below(*(each for each in wide if sends_on(each) is on)) for on in (True, False))
    if not wide:
        return "to your accepted domains only"
    among = f" (with {kept})" if kept else ""
    return f"to your accepted domains{among}{f' and {relayed}' if relayed else ''}"


def _delays(connector: ReceiveConnector, strangers: Held) -> list[str]:
    """The tarpit, where it does not do what one expects: strangers may guess at full speed, or wait long."""
    if Right.SUBMIT not in strangers or AuthMechanism.ExternalAuthoritative in connector.auth_mechanism:
        return []
    if connector.tarpit_interval == 0:
        return ["Refusals are not held back."]
    if connector.tarpit_interval >= LONG_DELAY:
        return [f"Each refusal is held back for {connector.tarpit_interval} seconds."]
    return []


def _state(connector: ReceiveConnector, beside: Snapshot) -> str:
    if not connector.enabled:
        return "Disabled. Once enabled: "
    others = tuple(each for each in beside.receive_connectors if each.name != connector.name)
    index = ConnectorIndex(replace(beside, receive_connectors=(*others, connector)))
    placed = connector.bindings and connector.remote_ip_ranges
    if placed and not is_reached(index, connector):
        return "Nobody reaches it: others answer its addresses, or none can come to its bindings. Otherwise: "
    return ""


def _people(connector: ReceiveConnector) -> str:
    ranges = connector.remote_ip_ranges
    whole = {ALL_IPV4, ALL_IPV6} & {str(remote) for remote in ranges}
    if whole == {ALL_IPV4, ALL_IPV6}:
        return "Anyone"
    if whole and len(ranges) == 1:
        return f"Anyone with an {'IPv4' if ALL_IPV4 in whole else 'IPv6'} address"
    return f"Anyone in {_ranges(ranges)}" if ranges else "Nobody"


def _ranges(ranges: tuple[IPRange, ...]) -> str:
    return _shortened([FAMILIES.get(str(remote), str(remote)) for remote in ranges], "more ranges")


def _shortened(words: list[str], rest: str) -> str:
    if len(words) > MOST + 1:
        return f"{', '.join(words[:MOST])} and {len(words) - MOST} {rest}"
    return _listed(words)


def _listed(words: list[str]) -> str:
    """`a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]


def _reason(connector: ReceiveConnector) -> str:
    if not connector.permission_groups:
        return "no permission group is chosen."
    groups = [group.label for group in PermissionGroup if group in connector.permission_groups]
    return f"{_listed(groups)} must sign in or prove themselves first, and no way to do so is offered here."


def _limit(connector: ReceiveConnector, held: frozenset[Right]) -> str:
    if Right.BYPASS_MESSAGE_SIZE_LIMIT in held:
        return "of any size"
    return f"up to {kinds.show_size(connector.max_message_size).partition(' (')[0]}"
