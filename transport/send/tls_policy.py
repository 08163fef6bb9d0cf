"""What TLS with a host of a next hop must be: what the Send connector says, and what the domain publishes raises it.
Source: Sending mail outward, section 2.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

import msgspec

from transport.config.certificate import Certificate
from transport.config.send_connector import SendConnector, TlsAuthLevel
from transport.send import certificate_names


class Encryption(Enum):
    """Whether mail is encrypted on its way."""

    NEVER = "never"
    IF_OFFERED = "if it is offered"
    REQUIRED = "always"


class Demand(msgspec.Struct, frozen=True, kw_only=True):
    """What a connection must have before it gets mail: all of it. `chain`: a certificate from an authority that this
    machine trusts; `names`: one that speaks for one of these (`certificate_names`); `who` asks for it, for people.
    `own`: the certificate that we show when we are asked for one.
    """

    encryption: Encryption = Encryption.IF_OFFERED
    chain: bool = False
    names: tuple[str, ...] = ()
    who: str = ""
    own: Certificate | None = None

    @property
    def is_strict(self) -> bool:
        """Whether mail waits rather than leave without it."""
        return self.encryption is Encryption.REQUIRED


def level(
    connector: SendConnector, domain: str, secure_domains: Iterable[str] = (), own: Certificate | None = None
) -> Demand:
    """What the connector asks for by itself. Sending mail outward, section 2.1. `domain`: of the recipients;
    `secure_domains`: those of Domain Security (TLSSendDomainSecureList).
    """
    if (connector.ignore_starttls or connector.force_helo) and not connector.implicit_tls:
        why = "IgnoreSTARTTLS" if connector.ignore_starttls else "ForceHELO"
        return Demand(encryption=Encryption.NEVER, who=f"{why} of {connector.name}")
    if is_secure(connector, domain, secure_domains):
        names = certificate_names.with_all_below(domain)
        return Demand(encryption=Encryption.REQUIRED, chain=True, names=names, who="Domain Security", own=own)
    if not (connector.require_tls or connector.implicit_tls):
        return Demand(own=own)
    asked = connector.tls_auth_level
    return Demand(
        encryption=Encryption.REQUIRED,
        chain=asked in (TlsAuthLevel.CertificateValidation, TlsAuthLevel.DomainValidation),
        names=_names(connector, domain) if asked is TlsAuthLevel.DomainValidation else (),
        who=connector.name,
        own=own,
    )


def _names(connector: SendConnector, domain: str) -> tuple[str, ...]:
    if connector.tls_domain:
        return certificate_names.of_setting(connector.tls_domain)
    return certificate_names.with_all_below(domain)


def is_secure(connector: SendConnector, domain: str, secure_domains: Iterable[str]) -> bool:
    """Whether Domain Security holds for mail to this domain."""
    if not connector.domain_secure_enabled:
        return False
    return any(domain == each or domain.endswith(f".{each}") for each in secure_domains)
