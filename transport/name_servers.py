"""Whom all ask who ask DNS: clients' look-ups, next hops, the console's tests.

The name servers that an administrator has set (ExternalDNSServers), else the operating system's, else this machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import TypeVar

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


def texts(answer: dns.resolver.Answer) -> tuple[str, ...]:
    """As many records as are read of a stranger's answer."""
    return tuple(record.to_text() for record in islice(answer, MOST_RECORDS))


def _of_the_system() -> list[Binding]:
    try:
        named = dns.resolver.Resolver()
    except dns.resolver.NoResolverConfiguration:
        return [Binding("127.0.0.1", 53)]
    return [Binding(str(each), named.port) for each in named.nameservers]
