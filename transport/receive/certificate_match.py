"""Which certificate a connector shows: the one that TlsCertificateName names, else the best for its FQDN."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import msgspec
from cryptography import x509

from transport.config.certificate import Certificate
from transport.config.receive_connector import ReceiveConnector


class Leaf(msgspec.Struct, frozen=True):
    """What the first certificate of a chain says; times in Unix seconds."""

    identifier: str
    self_signed: bool
    not_before: float
    not_after: float


@lru_cache(maxsize=1024)
def leaf(chain: str) -> Leaf:
    """The leaf of a chain (PEM). Raises ValueError when there is none."""
    found = x509.load_pem_x509_certificates(chain.encode())[0]
    return Leaf(
        f"<I>{_name(found.issuer)}<S>{_name(found.subject)}",
        found.issuer == found.subject,
        found.not_valid_before_utc.timestamp(),
        found.not_valid_after_utc.timestamp(),
    )


def _name(name: x509.Name) -> str:
    """As Exchange writes it: `CN=mail.contoso.com, O=Contoso, C=US`."""
    return ", ".join(part.rfc4514_string() for part in reversed(name.rdns))


def named(certificates: Iterable[Certificate], identifier: str) -> list[Certificate]:
    """Those with this `<I>issuer<S>subject`, whatever blanks and case; the one that lasts longest first."""
    wanted = plain(identifier)
    found = [each for each in certificates if plain(leaf(each.chain).identifier) == wanted]
    return sorted(found, key=lambda each: -leaf(each.chain).not_after)


def plain(identifier: str) -> str:
    """An identifier as it is compared."""
    return "".join(identifier.split()).lower()


def shown(
    connector: ReceiveConnector, certificates: Iterable[Certificate], server: str, now: float
) -> Certificate | None:
    """The certificate for a connector's clients, None when there is none at all. Chains can all be read."""
    every = list(certificates)
    chosen = named(every, connector.tls_certificate_name) if connector.tls_certificate_name else []
    return chosen[0] if chosen else best(every, connector.fqdn or server, now)


def best(certificates: Iterable[Certificate], host: str, now: float) -> Certificate | None:
    """Best match (document 004): valid now, holds the name of the host, by its own name rather than a wildcard, from an
    authority rather than self-signed, lasts longest; without a match the best of the rest. `now` in Unix seconds.
    """
    host = host.lower()

    def rank(certificate: Certificate) -> tuple[bool, int, bool, float]:
        facts = leaf(certificate.chain)
        valid = facts.not_before <= now < facts.not_after
        return valid, max(fit(name, host) for name in (*certificate.names, "")), not facts.self_signed, facts.not_after

    return max(certificates, key=rank, default=None)


def fit(name: str, host: str) -> int:
    """2 when a certificate's name is the host, 1 when its wildcard stands for it, else 0: RFC 6125 §6.4.3."""
    name = name.lower()
    if name == host:
        return 2
    return int(name.startswith("*.") and name[2:] == host.partition(".")[2])
