"""Whom all ask who ask DNS: clients' look-ups, next hops, the console's tests.

The name servers that an administrator has set (ExternalDNSServers), else the operating system's, else this machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from itertools import islice
from typing import TypeVar

import dns.exception
import dns.flags
import dns.message
import dns.nameserver
import dns.resolver

from transport.config import bounds
from transport.config.endpoint import Binding

MOST_RECORDS = bounds.DNS_ANSWER.lines
R = TypeVar("R", bound=dns.resolver.BaseResolver)
Do53 = dns.nameserver.Do53Nameserver


def asking(resolver: R, servers: Sequence[Binding], seconds: float, server: type[Do53] = Do53) -> R:
    """The resolver, made without configuration: it asks each server for at most half the time, all of them for
    `seconds`; `server` says by which means."""
    resolver.nameservers = [server(each.ip, each.port) for each in servers or _of_the_system()]
    resolver.lifetime, resolver.timeout = seconds, max(0.5, seconds / 2)
    return resolver


def validating(resolver: R) -> R:
    """The resolver, which from now on asks for DNSSEC: `is_signed` tells of its answers."""
    resolver.use_edns(0, dns.flags.DO, 1232)
    resolver.flags = dns.flags.RD | dns.flags.AD
    return resolver


def is_signed(response: dns.message.Message) -> bool:
    """Whether the name server has verified all of an answer, or of a denial (AD, RFC 4035 §3.2.3)."""
    return bool(response.flags & dns.flags.AD)


def doubt(servers: Sequence[Binding], seconds: float = 5.0) -> str:
    """Why these name servers, or the system's, are not relied on for DNSSEC; empty when they validate: each is on this
    machine, where nobody changes what it says, and proves it with the root zone, which is signed. RFC 7672 §2.1.1.
    """
    every = list(servers) or _of_the_system()
    elsewhere = [each.ip for each in every if not ip_address(each.ip).is_loopback]
    if elsewhere:
        return f"the name server {elsewhere[0]} is not on this machine"
    for each in every:
        asked = validating(asking(dns.resolver.Resolver(configure=False), [each], seconds))
        try:
            if not is_signed(asked.resolve(".", "SOA").response):
                return f"the name server {each} does not validate DNSSEC"
        except (dns.exception.DNSException, OSError) as error:
            return f"the name server {each} does not tell of the root zone: {' '.join(str(error).split())[:200]}"
    return ""


def texts(answer: dns.resolver.Answer) -> tuple[str, ...]:
    """As many records as are read of a stranger's answer."""
    return tuple(record.to_text() for record in islice(answer, MOST_RECORDS))


def _of_the_system() -> list[Binding]:
    try:
        named = dns.resolver.Resolver()
    except dns.resolver.NoResolverConfiguration:
        return [Binding("127.0.0.1", 53)]
    return [Binding(str(each), named.port) for each in named.nameservers]
