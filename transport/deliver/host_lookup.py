"""Which hosts to try for a next hop, in which order. Source: RFC 5321 §5.1, RFC 7505 (null MX)."""

import random
import socket
from collections.abc import Callable, Iterator
from functools import lru_cache
from time import monotonic

import dns.exception
import dns.resolver

from transport import name_servers
from transport.config import bounds
from transport.config.endpoint import Binding
from transport.deliver.slots import HASTE, SLOTS
from transport.send import hosts
from transport.send.hosts import Host, HostPolicy
from transport.send.remote_reply import Verdict, postponed, refused

LIFETIME, ONE_SERVER = 20.0, 2.0
MOST_ADDRESSES = 5
"""Of one host list that DNS gives, or of one smart host: so many are tried in one attempt."""

Servers = tuple[Binding, ...]


class LookUpFailed(Exception):
    """No host can be named; `verdict` says whether for ever or for now."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.text)
        self.verdict = verdict


class LookUp:
    """Questions about one next hop: to the same servers, and all together within one time."""

    def __init__(self, servers: Servers) -> None:
        self._resolver = resolver(servers)
        self._until = monotonic() + (HASTE if SLOTS.is_hurried else bounds.HOST_LIST.seconds or 0)

    def ask(self, name: str, kind: str) -> dns.resolver.Answer:
        """Raises dns.exception.DNSException, OSError or UnicodeError."""
        left = self._until - monotonic()
        if left <= 0:
            raise dns.exception.Timeout
        return self._resolver.resolve(name, kind, search=False, lifetime=min(left, LIFETIME))

    def addresses(self, name: str) -> list[str]:
        """In the order in which to try them: those that this machine has no way to come last."""
        found: list[str] = []
        for kind in ("AAAA", "A"):
            try:
                found += [entry.address for entry in self.ask(name, kind)]
            except (dns.exception.DNSException, OSError, UnicodeError):
                continue
        return sorted(found[: bounds.HOST_LIST.lines], key=lambda address: not _has_way(address))


@lru_cache(maxsize=16)
def resolver(servers: Servers) -> dns.resolver.Resolver:
    """A resolver with a cache; without servers, the system's."""
    found = name_servers.asking(dns.resolver.Resolver(configure=False), servers, LIFETIME)
    found.timeout, found.cache = ONE_SERVER, dns.resolver.LRUCache(10_000)
    return found


def smart_hosts(names: list[str], policy: HostPolicy, servers: Servers) -> Iterator[Host]:
    """The addresses of every smart host, in the administrator's order. A name may be one of A, /etc/hosts, or MX.

    Raises LookUpFailed, before the first host, when there is none.
    """
    found, ours = False, True
    for name in names:
        sifted = hosts.sift([name], _smart_host(name.strip(), policy, servers), policy, _is_local)
        ours = ours and sifted.ours
        for host in sifted.hosts[:MOST_ADDRESSES]:
            found = True
            yield host
    if not found:
        what = ", ".join(names)
        raise LookUpFailed(hosts.loops(what) if ours else hosts.nobody(what, ()))


def _smart_host(name: str, policy: HostPolicy, servers: Servers) -> list[Host]:
    address = hosts.literal(name)
    if address is not None:
        return [Host(name, address)]
    addresses = (LookUp(servers).addresses(name) if servers else []) or _system_addresses(name)
    if addresses:
        return [Host(name, each) for each in addresses]
    try:
        return list(mail_exchangers(name, policy, servers))
    except LookUpFailed:
        return []


def _system_addresses(name: str) -> list[str]:
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def mail_exchangers(domain: str, policy: HostPolicy, servers: Servers) -> Iterator[Host]:
    """The addresses of the mail exchangers of a domain, best preference first; without MX the domain's own.

    Raises LookUpFailed, before the first host, when there is none.
    """
    return _literal(domain, policy) if domain.startswith("[") else _exchangers(domain, policy, LookUp(servers))


def _literal(domain: str, policy: HostPolicy) -> Iterator[Host]:
    address = hosts.literal(domain)
    if address is not None and policy.is_us(address, _is_local):
        raise LookUpFailed(hosts.loops(domain))
    if address is None or not (policy.ranges is None or policy.lists(address)):
        raise LookUpFailed(refused("5.1.2", f"mail is not sent to an address instead of a domain: {domain}"))
    yield Host(domain, address)


def _exchangers(domain: str, policy: HostPolicy, look_up: LookUp) -> Iterator[Host]:
    """The addresses of one preference are all known before the first of them is tried: one may be ourselves."""
    inner: tuple[str, ...] = ()
    left, better = MOST_ADDRESSES, False
    for names in _by_preference(domain, look_up):
        found = [Host(name, address) for name in names for address in look_up.addresses(name)]
        sifted = hosts.sift(names, found, policy, _is_local)
        if sifted.ours:
            if not better:
                raise LookUpFailed(hosts.loops(domain))
            break
        better, inner = True, inner + sifted.inner
        for host in sifted.hosts[:left]:
            left -= 1
            yield host
        if not left:
            return
    if left == MOST_ADDRESSES:
        raise LookUpFailed(hosts.nobody(domain, inner))


def _by_preference(domain: str, look_up: LookUp) -> list[list[str]]:
    """The names of the mail exchangers, those of one preference together."""
    try:
        answer = [(entry.preference, str(entry.exchange)) for entry in look_up.ask(domain, "MX")]
    except dns.resolver.NXDOMAIN:
        raise LookUpFailed(refused("5.4.4", "SMTPSEND.DNS.NonExistentDomain; nonexistent domain")) from None
    except dns.resolver.NoAnswer:
        answer = []
    except (dns.exception.DNSException, OSError, UnicodeError) as error:
        raise LookUpFailed(postponed("4.4.0", f"DNS query failed: {error}")) from None
    random.shuffle(answer)
    found = hosts.by_preference(domain, answer)
    if not found:
        raise LookUpFailed(refused("5.1.10", f"{domain} accepts no mail (null MX, RFC 7505)"))
    return [[name.rstrip(".") for name in names] for names in found]


def _has_way(address: str) -> bool:
    """Whether this machine has a route to an address: connecting a datagram socket sends nothing."""
    return _works(address, lambda asking: asking.connect((address, 25)))


def _is_local(address: str) -> bool:
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
