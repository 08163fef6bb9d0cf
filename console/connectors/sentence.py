"""What a Receive connector does, in one plain sentence, or two when those who sign in may do more. Pure."""

from __future__ import annotations

from transport.config import kinds
from transport.config.endpoint import ALL_IPV4, ALL_IPV6, IPRange
from transport.config.permissions import (
    AUTHENTICATED_USERS,
    EXTERNALLY_SECURED,
    PARTNER_SERVERS,
    PermissionGroup,
    Right,
    rights,
)
from transport.config.receive_connector import AuthMechanism, ReceiveConnector
from transport.config.rules import SIGN_IN
from transport.receive.admission import principal

MOST_RANGES = 3
LONG_DELAY = 30  # seconds

FAMILIES = {ALL_IPV4: "all of IPv4", ALL_IPV6: "all of IPv6"}

Held = frozenset[Right]


def sentence(connector: ReceiveConnector) -> str:
    """`Anyone in 192.168.5.77 may send, without signing in, to any address, up to 10 MB.`"""
    who = principal(connector)
    strangers, proved = _held(connector, who), dict(_ways_in(connector))
    if Right.SUBMIT not in strangers and not proved:
        return f"{_state(connector)}{_people(connector)} may connect, but nobody may send: {_reason(connector)}"
    said = []
    if Right.SUBMIT in strangers:
        manner = "trusted without signing in" if who == EXTERNALLY_SECURED else "without signing in"
        said.append(f"{_people(connector)} may send, {manner}, {_may(connector, strangers)}.")
        said += [f"{_capital(how)} may send {_target(held)}." for how, held in proved.items() if held - strangers]
    else:
        place = _people(connector).removeprefix("Anyone").strip().replace("in ", "from ", 1)
        said += [
            f"{_capital(how)}{f' {place}' if place else ''} may send {_may(connector, held)}."
            for how, held in proved.items()
        ]
    return _state(connector) + " ".join(said + _delays(connector, strangers))


def _held(connector: ReceiveConnector, who: str) -> Held:
    return rights(connector.permission_groups, connector.grants, who)


def _ways_in(connector: ReceiveConnector) -> list[tuple[str, Held]]:
    """(who, rights) for those who can prove themselves on this connector and may then send."""
    offered = {
        "users who sign in": (AUTHENTICATED_USERS, bool(connector.auth_mechanism & SIGN_IN)),
        "partners, known by their certificate,": (
            PARTNER_SERVERS,
            connector.domain_secure_enabled and bool(connector.tls_receive_domain_secure_list),
        ),
    }
    found = [(how, _held(connector, who)) for how, (who, here) in offered.items() if here]
    return [(how, held) for how, held in found if Right.SUBMIT in held]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _may(connector: ReceiveConnector, held: Held) -> str:
    tls = ", on TLS only" if connector.require_tls else ""
    return f"{_target(held)}, {_limit(connector, held)}{tls}"


def _target(held: Held) -> str:
    return "to any address" if Right.ACCEPT_ANY_RECIPIENT in held else "to your accepted domains only"


def _delays(connector: ReceiveConnector, strangers: Held) -> list[str]:
    """The tarpit, where it does not do what one expects: strangers may guess at full speed, or wait long."""
    if Right.SUBMIT not in strangers or AuthMechanism.ExternalAuthoritative in connector.auth_mechanism:
        return []
    if connector.tarpit_interval == 0:
        return ["Refusals are not held back."]
    if connector.tarpit_interval >= LONG_DELAY:
        return [f"Each refusal is held back for {connector.tarpit_interval} seconds."]
    return []


def _state(connector: ReceiveConnector) -> str:
    return "" if connector.enabled else "Disabled. Once enabled: "


def _people(connector: ReceiveConnector) -> str:
    ranges = connector.remote_ip_ranges
    whole = {ALL_IPV4, ALL_IPV6} & {str(remote) for remote in ranges}
    if whole == {ALL_IPV4, ALL_IPV6}:
        return "Anyone"
    if whole and len(ranges) == 1:
        return f"Anyone with an {'IPv4' if ALL_IPV4 in whole else 'IPv6'} address"
    return f"Anyone in {_ranges(ranges)}" if ranges else "Nobody"


def _ranges(ranges: tuple[IPRange, ...]) -> str:
    shown = [FAMILIES.get(str(remote), str(remote)) for remote in ranges]
    if len(shown) > MOST_RANGES + 1:
        return f"{', '.join(shown[:MOST_RANGES])} and {len(shown) - MOST_RANGES} more ranges"
    return _listed(shown)


def _listed(words: list[str]) -> str:
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
