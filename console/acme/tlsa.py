"""The TLSA records (DANE) of our own names: whether a new certificate fits them. Source: RFC 7672, RFC 7671 §8.1."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

import dns.exception
import dns.resolver
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from console.publishing import queries as publishing
from transport import name_servers
from transport.send.dane import END_ENTITY, Tlsa

SECONDS = 5.0
PORT = 25
LONGEST_TTL = timedelta(days=1)


@dataclass(frozen=True)
class Standing:
    """`missing`: names whose records fit the present certificate, and not the new one. `forgotten_after`: records fit
    the new one alone, and who remembers former ones has forgotten them after that; nothing where the same fit both.
    """

    missing: tuple[str, ...] = ()
    forgotten_after: timedelta = timedelta()


def standing(names: Iterable[str], chain: str, former: str) -> Standing:
    """What DNS says of the names; where it does not answer nothing is known, and nothing waits."""
    missing, longest = [], timedelta()
    for name in names:
        records, ttl = ([], 0) if name.startswith("*.") else _records(name)
        now_good = [each for each in records if former and _fits(each, former)]
        then_good = [each for each in records if _fits(each, chain)]
        if now_good and not then_good:
            missing.append(name)
        elif now_good and not any(each in now_good for each in then_good):
            longest = max(longest, min(2 * timedelta(seconds=ttl), LONGEST_TTL))
    return Standing(tuple(missing), longest)


def to_publish(names: Iterable[str], chain: str) -> list[str]:
    """The records of a certificate (3 1 1), as a zone file holds them."""
    leaf = x509.load_pem_x509_certificates(chain.encode())[0]
    digest = sha256(_key(leaf)).hexdigest()
    return [f"_{PORT}._tcp.{name}. 3600 IN TLSA 3 1 1 {digest}" for name in names if not name.startswith("*.")]


def _fits(record: Tlsa, chain: str) -> bool:
    found = x509.load_pem_x509_certificates(chain.encode())
    own = found[:1] if record.usage == END_ENTITY else found[1:]
    return record.is_usable and any(record.names(each.public_bytes(Encoding.DER), _key(each)) for each in own)


def _key(certificate: x509.Certificate) -> bytes:
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _records(name: str) -> tuple[list[Tlsa], int]:
    servers = publishing.saved().connection_filter.dns_servers
    resolver = name_servers.asking(dns.resolver.Resolver(configure=False), servers, SECONDS)
    try:
        answer = resolver.resolve(f"_{PORT}._tcp.{name}", "TLSA", search=False)
    except (dns.exception.DNSException, OSError):
        return [], 0
    found = list(answer.rrset or ())[: name_servers.MOST_RECORDS]
    ttl = answer.rrset.ttl if answer.rrset else 0
    return [Tlsa(each.usage, each.selector, each.mtype, each.cert) for each in found], ttl
