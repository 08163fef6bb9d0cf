"""What is known of keys: which domains may have some, and what DNS shows."""

from __future__ import annotations

from functools import lru_cache

import dns.exception
import dns.resolver
from cryptography.fernet import InvalidToken

from console.dkim.models import DkimKey, State
from console.dkim.records import difference, record
from console.publishing import queries as publishing
from console.sealing import opened
from transport import name_servers
from transport.config.connection_filter import ConnectionFilter
from transport.config.domains import parent
from transport.send.dkim import Algorithm

WAIT = 5.0
MOST_RECORDS = 10


def domains() -> list[str]:
    """The domains that can sign: the accepted ones, a wildcard by its parent."""
    names = {parent(each) for each in publishing.saved().accepted_domains}
    return sorted(name for name in names if "." in name)


def text_of(key: DkimKey) -> str:
    """The record as it must stand in DNS now."""
    public = "" if key.state == State.REVOKED else key.public_key
    return record(Algorithm(key.algorithm), public)


def problem_in_dns(key: DkimKey) -> str:
    """What DNS shows otherwise than it should, in words; empty when all is well. Takes up to `WAIT` seconds."""
    settings: ConnectionFilter = publishing.saved().connection_filter
    resolver = name_servers.asking(dns.resolver.Resolver(configure=False), settings.dns_servers, WAIT)
    try:
        answer = resolver.resolve(key.record_name, "TXT", search=False, lifetime=WAIT)
        texts = [b"".join(entry.strings).decode("ascii", "replace") for entry in answer][:MOST_RECORDS]
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        texts = []
    except (dns.exception.DNSException, OSError, UnicodeError):
        return difference(text_of(key), None)
    return difference(text_of(key), texts)


def keys_with_problems() -> list[DkimKey]:
    """Active keys whose record is not as it should be: receivers then take our mail for forged."""
    return list(DkimKey.objects.filter(state=State.ACTIVE).exclude(problem=""))


def keys_that_are_locked() -> list[DkimKey]:
    """Active keys that were made with another secret than this installation has now: mail of their domains waits."""
    return [key for key in DkimKey.objects.filter(state=State.ACTIVE) if _is_locked(key.encrypted_key)]


@lru_cache(maxsize=10_000)
def _is_locked(token: str) -> bool:
    try:
        opened(token)
    except InvalidToken:
        return True
    return False
