"""Which hosts of a next hop mail may go to: never ourselves, and from DNS no inner address unless the administrator
listed it. Source: RFC 5321 §5.1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from itertools import groupby

import msgspec

from transport.config import bounds
from transport.config.endpoint import Address, Binding, IPRange, address_of, is_private
from transport.config.host_name import host_name
from transport.config.send_connector import AddressFamily, SendConnector
from transport.config.snapshot import Snapshot
from transport.send import remote_reply
from transport.send.remote_reply import Verdict

_NAT64 = ip_network("64:ff9b::/96")
_NOBODYS_NAME = {"localhost"}
"""The name of a server that nobody has named yet; any machine has it."""

IsLocal = Callable[[str], bool]
"""Whether an address is one of this machine."""


class Host(msgspec.Struct, frozen=True):
    """A host to connect to: `name` for the administrator and for TLS, `address` for the socket, or the path of a Unix
    socket; `port`: its own, where it is not the connector's. `is_signed`: DNS has signed all that led to it (DNSSEC);
    `alias`: the name that `name` is an alias of.
    """

    name: str
    address: str
    port: int = 0
    is_signed: bool = False
    alias: str = ""

    @property
    def is_socket(self) -> bool:
        """Whether it is a Unix socket of this machine."""
        return self.address.startswith("/")

    @property
    def label(self) -> str:
        """`mail.x.test [192.0.2.1]`, or the address alone when it has no name, or the path."""
        if self.is_socket:
            return self.address
        literal = self.name.startswith("[") or self.name == self.address
        return f"[{self.address}]" if literal else f"{self.name} [{self.address}]"

    @property
    def tls_name(self) -> str:
        """The name that a certificate must have, and that TLS sends ahead (SNI): for a label of people, the address,
        which OpenSSL never sends (RFC 6066 §3).
        """
        try:
            return host_name(self.name)
        except ValueError:
            return self.address.partition("%")[0]


class HostPolicy(msgspec.Struct, frozen=True):
    """What keeps a host off the list: the names and bindings that are our own, the port that we would connect to, and
    the ranges of inner addresses that mail may go to. `ranges` is None where an administrator named the hosts: then
    every address will do, and a name says nothing.
    """

    names: frozenset[str]
    bindings: frozenset[Binding]
    port: int
    ranges: tuple[IPRange, ...] | None = None

    def names_us(self, name: str) -> bool:
        """Whether a host's name is our own."""
        return self.ranges is not None and name.lower() in self.names

    def is_us(self, address: str, is_local: IsLocal) -> bool:
        """Whether one of our connectors answers at this address and the port."""
        there = _address(address)
        every = "0.0.0.0" if there.version == 4 else "::"
        if Binding(str(there), self.port) in self.bindings:
            return True
        return Binding(every, self.port) in self.bindings and is_local(str(there))

    def allows(self, address: str, is_local: IsLocal) -> bool:
        """Whether mail may go to an address that DNS gave."""
        if self.ranges is None or not (is_inner(address) or is_local(address)):
            return True
        return self.lists(address)

    def lists(self, address: str) -> bool:
        """Whether an administrator listed this address."""
        there = _address(address)
        return any(entry.holds(there.version, int(there)) for entry in self.ranges or ())


class Sifted(msgspec.Struct, frozen=True):
    """What is left of the hosts of one preference. `ours`: one of them is ourselves, so that nothing is left of these,
    and nothing of those with worse preference. `inner`: the addresses that mail may not go to.
    """

    hosts: tuple[Host, ...] = ()
    ours: bool = False
    inner: tuple[str, ...] = ()


_RECORDS = {
    AddressFamily.PreferIPv4: ("A", "AAAA"),
    AddressFamily.PreferIPv6: ("AAAA", "A"),
    AddressFamily.IPv4Only: ("A",),
    AddressFamily.IPv6Only: ("AAAA",),
}


def records(connector: SendConnector) -> tuple[str, ...]:
    """The types of records with the addresses that a connector may go to, in its order: from an address of one family
    none of the other one can be reached.
    """
    own = source(connector)
    reached = "AAAA" if ":" in own else "A"
    return tuple(kind for kind in _RECORDS[connector.address_family] if not own or kind == reached)


def source(connector: SendConnector) -> str:
    """The address that mail leaves from; empty: the system chooses (Exchange's 0.0.0.0)."""
    return "" if connector.source_ip_address in ("0.0.0.0", "::") else connector.source_ip_address


def policy(snapshot: Snapshot, server: str, port: int, ranges: tuple[IPRange, ...] | None) -> HostPolicy:
    """The policy of one Send connector. Our names are those that our connectors and this server give themselves."""
    receiving = [connector for connector in snapshot.receive_connectors if connector.enabled]
    sending = [connector for connector in snapshot.send_connectors if connector.enabled]
    names = {server, *(each.fqdn for each in receiving), *(each.fqdn for each in sending)}
    own = frozenset(name.lower() for name in names if name) - _NOBODYS_NAME
    bindings = frozenset(binding for connector in receiving for binding in connector.bindings)
    return HostPolicy(own, bindings, port, ranges)


def sift(names: Iterable[str], found: Iterable[Host], by: HostPolicy, is_local: IsLocal) -> Sifted:
    """`names` are the hosts of one preference, `found` their addresses."""
    hosts = tuple(dict.fromkeys(found))
    if any(by.names_us(name) for name in names) or any(by.is_us(host.address, is_local) for host in hosts):
        return Sifted(ours=True)
    allowed = tuple(host for host in hosts if by.allows(host.address, is_local))
    return Sifted(allowed, inner=tuple(host.address for host in hosts if host not in allowed))


def by_preference(domain: str, exchangers: Iterable[tuple[int, str]]) -> list[list[str]]:
    """The names of mail exchangers (preference and name), those of one preference together, the best first; the domain
    itself where there is none (RFC 5321 §5.1), and nothing for a null MX (RFC 7505), which is named `.`.
    """
    found = list(exchangers)
    named = sorted(((preference, name) for preference, name in found if name != "."), key=lambda entry: entry[0])
    groups = groupby(named[: bounds.HOST_LIST.lines], key=lambda entry: entry[0])
    return [[name for _, name in group] for _, group in groups] if found else [[domain]]


def is_inner(text: str) -> bool:
    """Loopback, link-local, private, multicast or reserved; also as IPv6 writes such an IPv4 address."""
    address = _address(text)
    special = address.is_multicast or address.is_reserved or address.is_unspecified
    return special or not address.is_global or is_private(IPRange(str(address)))


def literal(domain: str) -> str | None:
    """The address of `[192.0.2.1]`, `[IPv6:2001:db8::1]` or `[2001:db8::1]`; None when it is none."""
    text = domain.removeprefix("[").removesuffix("]")
    try:
        return str(ip_address(text[5:] if text[:5].lower() == "ipv6:" else text))
    except ValueError:
        return None


def loops(what: str) -> Verdict:
    """Nothing but ourselves is left. RFC 5321 §5.1; the words are Postfix's."""
    return remote_reply.refused("5.4.6", f"mail for {what} loops back to myself")


def nobody(what: str, inner: tuple[str, ...]) -> Verdict:
    """No host is left for now: DNS has no address, or only such as mail may not go to."""
    if inner:
        shown = ", ".join(inner[:3])
        return remote_reply.postponed("4.4.4", f"{what} leads to {shown}, which no range of the Send connector allows")
    return remote_reply.postponed("4.4.0", f"DNS query failed: no address found for the hosts of {what}")


def _address(text: str) -> Address:
    """What a socket would connect to: the IPv4 address within an IPv6 one, too."""
    address = address_of(text)
    if isinstance(address, IPv6Address):
        if address.sixtofour is not None:
            return address.sixtofour
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address
