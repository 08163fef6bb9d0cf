"""On which addresses of this machine a connector may listen, and what is wrong with one that it has not."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from ipaddress import IPv6Address, ip_address
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from console.publishing import queries as publishing
from transport.config.endpoint import Binding, parse_binding

IPV4, IPV6 = Path("/proc/net/fib_trie"), Path("/proc/net/if_inet6")
LOCAL = re.compile(r"\|-- ([0-9.]+)\n\s+/32 host LOCAL")
MOST = 12
"""Bindings that are offered."""


def own() -> list[str]:
    """The addresses of this machine as Linux lists them; empty where it does not say."""
    found = LOCAL.findall(IPV4.read_text()) if IPV4.exists() else []
    lines = IPV6.read_text().splitlines() if IPV6.exists() else []
    ours = [IPv6Address(bytes.fromhex(line.split()[0])) for line in lines]
    return sorted({*found, *(str(each) for each in ours if not each.is_link_local)})


def one_of(binding: Binding) -> str:
    """The address that clients of a binding to all addresses most likely name: one that others reach, of its kind."""
    kind = ip_address(binding.ip).version
    ours = [each for each in map(ip_address, own()) if each.version == kind]
    return str(min(ours, key=lambda each: each.is_loopback, default="127.0.0.1" if kind == 4 else "::1"))


def offered(port: int) -> dict[str, str]:
    """Binding → what it is: those of other connectors, then each address of this machine with a port."""
    here: dict[str, str] = {}
    for connector in publishing.saved().receive_connectors:
        for each in connector.bindings:
            here.setdefault(str(each), _("as %s") % connector.name)
    every = {"0.0.0.0": _("all IPv4 addresses"), "::": _("all IPv6 addresses")}
    addresses = every | dict.fromkeys(own(), _("this machine"))
    ours = {str(Binding(address, port)): words for address, words in addresses.items()}
    usual = {binding: here.pop(binding, ours[binding]) for binding in list(ours)[:2]}
    return dict([*usual.items(), *here.items(), *ours.items()][:MOST])


def not_here(bindings: Iterable[Binding]) -> list[str]:
    """A sentence for each binding to an address that this machine has not, where all transports run on it."""
    known = own()
    nodes = {each.node for each in publishing.running()} - {""}
    if not known or nodes - {settings.GATEPOST_NODE}:
        return []
    wrong = [each for each in bindings if not each.is_any and not _is_ours(each, known)]
    return [_("%s: this machine has no such address, so nobody could connect there.") % each for each in wrong]


def _is_ours(binding: Binding, known: Collection[str]) -> bool:
    """Linux listens on every loopback address, whether it lists it or not."""
    address = ip_address(binding.ip)
    return str(address) in known or (address.version == 4 and address.is_loopback)


def readable(text: str) -> list[Binding]:
    """Those lines of a text that are bindings."""
    found = []
    for line in text.splitlines():
        try:
            found.append(parse_binding(line.strip()))
        except ValueError:
            continue
    return found
