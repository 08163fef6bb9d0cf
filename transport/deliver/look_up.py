"""Questions to DNS about a next hop: whom a Send connector asks, and for what."""

import socket
from collections.abc import Callable, Iterable
from functools import lru_cache
from time import monotonic

import dns.exception
import dns.rdatatype
import dns.resolver
from msgspec import Struct

from transport import name_servers
from transport.config import bounds
from transport.config.endpoint import Binding
from transport.config.send_connector import DaneMode, ErrorPolicy, SendConnector
from transport.config.snapshot import Snapshot
from transport.deliver.slots import HASTE, SLOTS
from transport.send import dane, hosts
from transport.send.dane import Dane, Standing, Tlsa
from transport.send.hosts import Host

LIFETIME, ONE_SERVER = 20.0, 2.0
PROVEN_FOR = 300.0
"""Seconds after which it is tried again whether the name servers validate."""

Servers = tuple[Binding, ...]
FAILURES = (dns.exception.DNSException, OSError, UnicodeError)


class Asking(Struct, frozen=True):
    """How a Send connector asks. Without `servers`, the system's; `records`: the types of addresses, in their order;
    `doubt`: why DNSSEC is not relied on, empty when it is; `downgrades`: a domain that does not exist is tried again.
    """

    servers: Servers = ()
    records: tuple[str, ...] = ("A", "AAAA")
    doubt: str = "DANE is off"
    downgrades: bool = False

    @property
    def dnssec(self) -> bool:
        """Whether the answers are verified."""
        return not self.doubt

    def in_order(self, addresses: Iterable[str]) -> list[str]:
        """Those that may be gone to, in the order in which to try them."""
        kinds = {address: "AAAA" if ":" in address else "A" for address in addresses}
        return sorted(
            (each for each in kinds if kinds[each] in self.records), key=lambda each: self.records.index(kinds[each])
        )


def asking(connector: SendConnector, snapshot: Snapshot) -> Asking:
    """The name servers for external look-ups (ExternalDNSServers), where the connector uses them."""
    servers = snapshot.connection_filter.dns_servers if connector.use_external_dns_servers_enabled else ()
    return Asking(
        servers,
        hosts.records(connector),
        "DANE is off" if connector.smtp_dane_mode is DaneMode.None_ else doubt(servers),
        ErrorPolicy.DowngradeDnsFailures in connector.error_policies,
    )


def doubt(servers: Servers) -> str:
    """Why these name servers, or the system's, are not relied on for DNSSEC; asked anew after PROVEN_FOR."""
    return _doubt(servers, int(monotonic() / PROVEN_FOR))


@lru_cache(maxsize=16)
def _doubt(servers: Servers, _turn: int) -> str:
    return name_servers.doubt(servers)


class LookUp:
    """Questions about one next hop: to the same servers, and all together within one time, `most` seconds at most."""

    def __init__(self, asking: Asking, most: float = bounds.HOST_LIST.seconds or 0) -> None:
        self.asking = asking
        self._resolver = resolver(asking.servers, asking.dnssec)
        self._until = monotonic() + (min(HASTE, most) if SLOTS.is_hurried else most)

    def ask(self, name: str, kind: str) -> dns.resolver.Answer:
        """Without records where the name has none of this type. Raises dns.exception.DNSException, OSError or
        UnicodeError."""
        left = self._until - monotonic()
        if left <= 0:
            raise dns.exception.Timeout
        lifetime = min(left, LIFETIME)
        return self._resolver.resolve(name, kind, search=False, lifetime=lifetime, raise_on_no_answer=False)

    def signed(self, answer: dns.resolver.Answer) -> bool:
        """Whether DNSSEC has verified it, by a name server that is relied on."""
        return self.asking.dnssec and name_servers.is_signed(answer.response)

    def hosts(self, name: str, is_signed: bool) -> list[Host]:
        """The addresses of a host in the order in which to try them: those that this machine has no way to come last.
        `is_signed`: whether DNS has signed that the name is one of the next hop's.
        """
        found: list[Host] = []
        for kind in self.asking.records:
            try:
                answer = self.ask(name, kind)
            except FAILURES:
                continue
            alias = answer.canonical_name.to_text(omit_final_dot=True)
            known = is_signed and self.signed(answer), "" if alias.lower() == name.lower() else alias
            found += [Host(name, entry.address, 0, *known) for entry in answer.rrset or ()]
        return sorted(found[: bounds.HOST_LIST.lines], key=lambda host: not _has_way(host.address))

    def dane(self, host: Host, port: int) -> Dane:
        """The TLSA records of a host that DNS has signed; of one that is an alias first those of its real name."""
        found = Dane(why=self.asking.doubt or "DNS has not signed its name and address")
        if not host.is_signed:
            return found
        for base in (host.alias, host.name):
            if base and found.standing is Standing.NONE:
                found = self._tlsa(f"_{port}._tcp.{base}")
        return found

    def _tlsa(self, name: str) -> Dane:
        try:
            answer = self.ask(name, "TLSA")
        except dns.resolver.NXDOMAIN:
            return Dane()
        except FAILURES as error:
            return Dane(Standing.UNKNOWN, (), " ".join(str(error).split())[:200])
        if not self.signed(answer):
            return Dane(why=f"DNS has not signed {name}")
        read = [Tlsa(each.usage, each.selector, each.mtype, each.cert) for each in answer.rrset or ()]
        return dane.answered(read[: bounds.HOST_LIST.lines])

    def texts(self, name: str) -> list[str]:
        """The TXT records of a name, none when it cannot be told; a record's strings joined."""
        try:
            answer = self.ask(name, "TXT")
        except FAILURES:
            return []
        found = (b"".join(entry.strings) for entry in answer.rrset or ())
        return [text.decode("ascii", "replace") for text in found][: bounds.HOST_LIST.lines]


@lru_cache(maxsize=16)
def resolver(servers: Servers, dnssec: bool = False) -> dns.resolver.Resolver:
    """A resolver with a cache; without servers, the system's."""
    found = name_servers.asking(dns.resolver.Resolver(configure=False), servers, LIFETIME)
    found.timeout, found.cache = ONE_SERVER, dns.resolver.LRUCache(10_000)
    return name_servers.validating(found) if dnssec else found


def _has_way(address: str) -> bool:
    """Whether this machine has a route to an address: connecting a datagram socket sends nothing."""
    return _works(address, lambda asking: asking.connect((address, 25)))


def is_local(address: str) -> bool:
    """Whether an address is one of this machine: only to such a socket can be bound."""
    return _works(address, lambda asking: asking.bind((address, 0)))


def _works(address: str, what: Callable[[socket.socket], object]) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as asking:
            what(asking)
    except OSError:
        return False
    return True
