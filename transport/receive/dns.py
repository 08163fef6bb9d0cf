"""The names that list providers are asked for, and which of their answers count (RFC 5782)."""

from __future__ import annotations

from ipaddress import IPv4Address, ip_network

from transport.config.connection_filter import IPListProvider
from transport.config.endpoint import address_of


def list_name(address: str, domain: str) -> str:
    """The name that is asked for: `7.2.0.192.<domain>` for 192.0.2.7, nibbles for IPv6 (RFC 5782 §2.1 and §2.4)."""
    client = address_of(address)
    suffix = ".in-addr.arpa" if isinstance(client, IPv4Address) else ".ip6.arpa"
    return client.reverse_pointer.removesuffix(suffix) + "." + domain


_REFUSES_US = ip_network("127.255.255.0/24")
"""How lists say that they do not serve who asks: through a public resolver, too often, under a wrong name."""
_MAY_REFUSE_US = frozenset({"127.0.0.1", "127.0.0.255"})
"""The same of others; it counts only where an administrator has named it."""


def matching(provider: IPListProvider, answers: tuple[str, ...]) -> tuple[str, ...]:
    """Those of a list's answers that count: RFC 5782 §2.1. What lies outside 127.0.0.0/8 never does: such a list is no
    more.
    """
    return tuple(answer for answer in answers if _counts(provider, IPv4Address(answer)))


def no_listing(answers: tuple[str, ...]) -> str:
    """The first answer of a list that speaks of us or of the list itself, not of the client; empty when none does."""
    return next((each for each in answers if not _lists(IPv4Address(each)) or each in _MAY_REFUSE_US), "")


def _lists(answer: IPv4Address) -> bool:
    return answer.is_loopback and answer not in _REFUSES_US


def _counts(provider: IPListProvider, answer: IPv4Address) -> bool:
    if not _lists(answer):
        return False
    if str(answer) in provider.ip_addresses_match:
        return True
    if provider.any_match and str(answer) not in _MAY_REFUSE_US:
        return True
    mask = int(IPv4Address(provider.bitmask_match)) & 0xFFFFFF if provider.bitmask_match else 0
    return bool(int(answer) & mask)
