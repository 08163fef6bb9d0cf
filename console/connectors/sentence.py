"""What a Receive connector does, as one plain sentence. Pure."""

from __future__ import annotations

from transport.config import kinds
from transport.config.endpoint import ALL_IPV4, ALL_IPV6, IPRange
from transport.config.permissions import EXTERNALLY_SECURED, PermissionGroup, Right, rights
from transport.config.receive_connector import ReceiveConnector
from transport.receive.admission import principal

MOST_RANGES = 3


def sentence(connector: ReceiveConnector) -> str:
    """`Anyone in 192.168.5.77 may send, without signing in, to any address, up to 10 MB.`"""
    who = principal(connector)
    held = rights(connector.permission_groups, connector.grants, who)
    if Right.SUBMIT not in held:
        return f"{_state(connector)}{_people(connector)} may connect, but nobody may send: {_reason(connector)}"
    manner = "trusted without signing in" if who == EXTERNALLY_SECURED else "without signing in"
    target = "to any address" if Right.ACCEPT_ANY_RECIPIENT in held else "to your accepted domains only"
    return f"{_state(connector)}{_people(connector)} may send, {manner}, {target}, {_limit(connector, held)}."


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
    shown = [str(remote) for remote in ranges]
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
