"""DNS asked by the console, for the test of an address and the computers of a domain."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import dns.exception
import dns.resolver

from transport import name_servers
from transport.config.connection_filter import ConnectionFilter
from transport.receive.dns import list_name
from transport.receive.facts import Texts

AT_ONCE = 8
MOST_HOSTS = 10
ADDRESSES = ("A", "AAAA")


def lists_of(address: str, domains: Sequence[str], settings: ConnectionFilter) -> dict[str, tuple[str, ...] | None]:
    """Lookup domain → the addresses it answers, none for a client it does not list; None when DNS does not answer."""
    names = {domain: (list_name(address, domain), "A") for domain in domains}
    found = records(list(names.values()), settings)
    return {domain: found[name] for domain, name in names.items()}


def records(asked: Sequence[tuple[str, str]], settings: ConnectionFilter) -> dict[tuple[str, str], Texts | None]:
    """(name, type) → what DNS has; None when it does not answer in time, or the name is none."""
    resolver = _resolver(settings)

    def ask(record: tuple[str, str]) -> Texts | None:
        try:
            return name_servers.texts(resolver.resolve(*record, search=False))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return ()
        except (dns.exception.DNSException, OSError, UnicodeError):
            return None

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(asked, pool.map(ask, asked), strict=True))


def hosts_of(domains: Sequence[str], settings: ConnectionFilter) -> dict[str, dict[str, str]]:
    """Domain → address → host name: of the name itself, and of the hosts that receive mail for it.

    Empty for a domain of which DNS knows no address, or says none in time.
    """
    resolver = _resolver(settings)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        mail_hosts = pool.map(lambda domain: _records(resolver, domain, "MX"), domains)
        asked = [
            (domain, host, kind)
            for domain, records in zip(domains, mail_hosts, strict=True)
            for host in _hosts(domain, records)
            for kind in ADDRESSES
        ]
        answers = list(pool.map(lambda each: _records(resolver, *each[1:]), asked))
    found: dict[str, dict[str, str]] = {domain: {} for domain in domains}
    for (domain, host, _kind), addresses in zip(asked, answers, strict=True):
        found[domain] |= dict.fromkeys(addresses, host)
    return found


def _hosts(domain: str, records: list[str]) -> list[str]:
    """The name itself and those of its MX records; a lone dot (RFC 7505) names nobody."""
    named = [record.rpartition(" ")[2].rstrip(".") for record in records[:MOST_HOSTS]]
    return [host for host in dict.fromkeys([domain, *named]) if host]


def _records(resolver: dns.resolver.Resolver, name: str, kind: str) -> list[str]:
    """All of them: an administrator means every computer of the domain."""
    try:
        return [record.to_text() for record in resolver.resolve(name, kind, search=False)]
    except (dns.exception.DNSException, OSError):
        return []


def _resolver(settings: ConnectionFilter) -> dns.resolver.Resolver:
    return name_servers.asking(dns.resolver.Resolver(configure=False), settings.dns_servers, settings.dns_timeout)
