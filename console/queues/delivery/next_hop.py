"""Which hosts to try for a next hop, in which order. Source: RFC 5321 §5.1, RFC 7505 (null MX)."""

import random
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import dns.exception
import dns.resolver

from transport.send import remote_reply
from transport.send.remote_reply import Verdict

LIFETIME = 20.0


@dataclass(frozen=True, slots=True)
class Host:
    """A host to connect to: `name` for the administrator and TLS, `address` for the socket."""

    name: str
    address: str


class LookUpFailed(Exception):
    """No host can be named; `verdict` says whether for ever or for now."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.text)
        self.verdict = verdict


@cache
def resolver() -> dns.resolver.Resolver:
    """The system's resolver, with a cache."""
    found = dns.resolver.Resolver()
    found.cache = dns.resolver.LRUCache(10_000)
    found.lifetime = LIFETIME
    return found


def smart_hosts(names: list[str]) -> Iterator[Host]:
    """Every address of every smart host, in the administrator's order. A name may be one of /etc/hosts, A, or MX."""
    found = False
    for name in names:
        for host in _smart_host(name.strip()):
            found = True
            yield host
    if not found:
        raise LookUpFailed(remote_reply.unreachable(f"no address found for {', '.join(names)}"))


def _smart_host(name: str) -> list[Host]:
    if name.startswith("["):
        return [Host(name, literal(name))]
    addresses = _system_addresses(name)
    if addresses:
        return [Host(name, address) for address in addresses]
    try:
        return list(mail_exchangers(name))
    except LookUpFailed:
        return []


def _system_addresses(name: str) -> list[str]:
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def literal(text: str) -> str:
    """`[192.0.2.1]`, `[IPv6:2001:db8::1]` or `[2001:db8::1]` as an address."""
    return text.strip("[]").removeprefix("IPv6:").removeprefix("ipv6:")


def mail_exchangers(domain: str) -> Iterator[Host]:
    """Every address of every mail exchanger of a domain, best preference first; without MX the domain itself.

    Raises LookUpFailed, before the first host, when there is none.
    """
    if domain.startswith("["):
        yield Host(domain, literal(domain))
        return
    found = False
    for name in _exchanger_names(domain):
        for address in _addresses(name):
            found = True
            yield Host(name, address)
    if not found:
        raise LookUpFailed(remote_reply.unreachable(f"no address found for the mail exchangers of {domain}"))


def _exchanger_names(domain: str) -> list[str]:
    try:
        answer = list(resolver().resolve(domain, "MX", search=False))
    except dns.resolver.NXDOMAIN:
        text = "SMTPSEND.DNS.NonExistentDomain; nonexistent domain"
        raise LookUpFailed(remote_reply.refused("5.4.4", text)) from None
    except dns.resolver.NoAnswer:
        return [domain]
    except (dns.exception.DNSException, OSError, UnicodeError) as error:
        raise LookUpFailed(remote_reply.unreachable(f"DNS: {error}")) from None
    if len(answer) == 1 and str(answer[0].exchange) == ".":
        raise LookUpFailed(remote_reply.refused("5.1.10", f"{domain} accepts no mail (null MX, RFC 7505)"))
    random.shuffle(answer)
    return [str(entry.exchange).rstrip(".") for entry in sorted(answer, key=lambda entry: entry.preference)]


def _addresses(name: str) -> list[str]:
    found: list[str] = []
    for kind in ("AAAA", "A"):
        try:
            found += [entry.address for entry in resolver().resolve(name, kind, search=False)]
        except (dns.exception.DNSException, OSError, UnicodeError):
            continue
    return found
