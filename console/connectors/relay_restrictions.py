"""The relay restrictions of an Exchange 2003 SMTP virtual server (document 002, Access tab) as ranges and rights. Pure.

Exchange 2003 asked two things of each client: does its address stand in the list, and has it signed in? Here an address
finds its connector, and the rights on that connector say who may relay.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address
from typing import Any

from transport.config.endpoint import IPRange, everyone, parse_range
from transport.config.host_name import host_name
from transport.config.intervals import complement
from transport.config.permissions import ANONYMOUS, Grant, PermissionGroup, Right
from transport.config.receive_connector import AuthMechanism, Usage
from transport.config.rules import PRESETS

ALL_ONES = 2**32 - 1
MASKED = re.compile(r"(\d[\d.]*)(?:\s*\(\s*|\s*/\s*|\s+)(\d+\.[\d.]+)\s*\)?")
"""A subnet as Exchange System Manager lists it, `10.0.0.0 (255.0.0.0)`, or with a slash or a space between."""


class Which(Enum):
    """Which computers may relay, in the words of the dialogue *Relay Restrictions*."""

    ONLY = "Only the list below"
    EXCEPT = "All except the list below"


@dataclass(frozen=True)
class Restrictions:
    """The three settings; `computers` are the addresses and subnets of the list."""

    which: Which
    computers: tuple[IPRange, ...]
    authenticated: bool


def computer(line: str) -> IPRange | str:
    """An entry of the list: an address or subnet, else the name of a domain or host. What follows `#` is a remark.

    Raises ValueError that says what to write instead.
    """
    text = line.partition("#")[0].strip()
    masked = MASKED.fullmatch(text)
    if masked:
        return parse_range(f"{masked[1]}/{_prefix(masked[2])}")
    if re.fullmatch(r"[0-9./ –-]+|.*:.*", text):
        return parse_range(text)
    return host_name(text.removeprefix("*.").removeprefix("."))


def _prefix(mask: str) -> int:
    try:
        host_part = int(IPv4Address(mask)) ^ ALL_ONES
    except ValueError:
        raise ValueError(f"“{mask}” is no subnet mask. Write it like 255.255.255.0.") from None
    if host_part & (host_part + 1):
        raise ValueError(f"“{mask}” is no subnet mask: its ones must stand together, as in 255.255.255.0.")
    return 32 - host_part.bit_length()


def relaying(wanted: Restrictions) -> tuple[IPRange, ...]:
    """The addresses whose clients may relay without signing in."""
    return wanted.computers if wanted.which is Which.ONLY else complement(wanted.computers)


def settings_of(wanted: Restrictions) -> dict[str, Any]:
    """Field → value of the Receive connector that does what the three settings did.

    It answers the addresses that may relay, so that all others stay with the next wider connector. Where no address
    may, it answers everybody, for the accepted domains only.
    """
    open_to = relaying(wanted)
    groups, mechanisms = {PermissionGroup.AnonymousUsers}, {AuthMechanism.Tls}
    if wanted.authenticated:
        clients, offered = PRESETS[Usage.Client]
        groups, mechanisms = groups | clients, mechanisms | offered
    return {
        "remote_ip_ranges": open_to or everyone(),
        "permission_groups": frozenset(groups),
        "auth_mechanism": frozenset(mechanisms),
        "grants": (Grant(ANONYMOUS, Right.ACCEPT_ANY_RECIPIENT.value),) if open_to else (),
    }


def remarks(wanted: Restrictions) -> list[str]:
    """What is otherwise here than it was in Exchange 2003, and what to do about it."""
    open_to, found = relaying(wanted), []
    if not open_to:
        found.append("No computer may relay without signing in. Everybody may send to your accepted domains.")
    elif open_to != everyone():
        found.append(
            "Other computers are answered by the next wider connector on the same binding: they send to your accepted "
            "domains if that connector lets them, or not at all if there is none."
        )
    if wanted.authenticated:
        found.append(
            "Passwords are taken on TLS only, and whoever signs in sends as one of their own addresses. On the tab "
            "Security “Accept any sender” can be granted to those who send for others."
        )
        if open_to and open_to != everyone():
            found.append(
                "This connector cannot let those relay who sign in from other addresses. Tick Exchange users and Basic "
                "authentication on the tab Security of the connector that answers them, unless they come from the "
                "Internet, where passwords are guessed: give them a connector on port 587 (intended use Client)."
            )
    return found
