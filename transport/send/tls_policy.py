"""What TLS with a host of a next hop must be: what the Send connector says, and what the domain publishes raises it.
Source: Sending mail outward, section 2.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

import msgspec
from msgspec.structs import replace

from transport.config.certificate import Certificate
from transport.config.send_connector import SendConnector, TlsAuthLevel
from transport.send import certificate_names
from transport.send.dane import Dane, Standing, Tlsa
from transport.send.hosts import Host
from transport.send.sts import Mode, StsPolicy
from transport.send.tls_results import Result


class Encryption(Enum):
    """Whether mail is encrypted on its way."""

    NEVER = "never"
    IF_OFFERED = "if it is offered"
    REQUIRED = "always"


class Policy(msgspec.Struct, frozen=True):
    """What a domain publishes about TLS, as reports name it (RFC 8460 §4.2): `kind` is `tlsa`, `sts` or
    `no-policy-found`, `lines` what it says.
    """

    kind: str = "no-policy-found"
    lines: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()


class Demand(msgspec.Struct, frozen=True, kw_only=True):
    """What a connection must have before it gets mail: all of it. `chain`: a certificate from an authority that this
    machine trusts; `names`: one that speaks for one of each of these (`certificate_names`); `records`: one that one of
    these names (DANE), by an authority only for one of `base`. `who` asks for it, for people. `refused`: why the host
    gets nothing whatever it does, and `result` what reports call that.

    `own`: the certificate that we show when we are asked for one. `policy`: under which the outcome is counted.
    `is_proof`: who meets it is surely a server of the domain, so that REQUIRETLS may be promised (RFC 8689 §4.2.1).
    """

    encryption: Encryption = Encryption.IF_OFFERED
    chain: bool = False
    names: tuple[tuple[str, ...], ...] = ()
    records: tuple[Tlsa, ...] = ()
    base: tuple[str, ...] = ()
    who: str = ""
    refused: str = ""
    result: Result = Result.SUCCESS
    own: Certificate | None = None
    policy: Policy = Policy()
    is_proof: bool = False

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
        return Demand(
            encryption=Encryption.REQUIRED, chain=True, names=(names,), who="Domain Security", own=own, is_proof=True
        )
    if not (connector.require_tls or connector.implicit_tls):
        return Demand(own=own)
    named = connector.tls_auth_level is TlsAuthLevel.DomainValidation
    return Demand(
        encryption=Encryption.REQUIRED,
        chain=named or connector.tls_auth_level is TlsAuthLevel.CertificateValidation,
        names=(_names(connector, domain),) if named else (),
        who=connector.name,
        own=own,
        is_proof=named,
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


class Published(msgspec.Struct, frozen=True):
    """What a domain publishes: its MTA-STS policy, and of one host the TLSA records. `mandatory`: the connector
    delivers to hosts with DANE only.
    """

    domain: str
    sts: StsPolicy | None = None
    dane: Dane = Dane()
    mandatory: bool = False


def demanded(level: Demand, host: Host, published: Published) -> Demand:
    """What the connector asks for, raised by what is published: DANE first, and MTA-STS where DANE proves nothing.
    Sending mail outward, sections 2.3 and 2.4.
    """
    dane = published.dane
    if level.encryption is Encryption.NEVER:
        return level
    if dane.standing is Standing.UNKNOWN:
        return _refused(level, f"DNS does not say which certificate it has (DANE): {dane.why}", Result.DNSSEC_INVALID)
    if dane.standing is Standing.USABLE:
        return _by_dane(level, host, published)
    if published.mandatory:
        why = dane.why or "it publishes no TLSA record that can be used"
        return _refused(level, f"the connector delivers with DANE only, and {why}", Result.DANE_REQUIRED)
    if dane.standing is Standing.UNUSABLE:
        level = replace(level, encryption=Encryption.REQUIRED, who="DANE", policy=Policy("tlsa", (), (host.name,)))
    return level if published.sts is None else _by_sts(level, host, published.domain, published.sts)


def _refused(level: Demand, why: str, result: Result) -> Demand:
    return replace(level, encryption=Encryption.REQUIRED, refused=why, result=result)


def _by_dane(level: Demand, host: Host, published: Published) -> Demand:
    records = published.dane.records
    shown = tuple(f"{record} {record.data.hex()[:128]}" for record in records)
    return replace(
        level, encryption=Encryption.REQUIRED, records=records, base=(host.tls_name, published.domain),
        who="DANE", policy=Policy("tlsa", shown, (host.name,)), is_proof=True,
    )  # fmt: skip


def _by_sts(level: Demand, host: Host, domain: str, sts: StsPolicy) -> Demand:
    """In testing nothing is demanded, but how it ended counts for the policy."""
    if sts.mode is Mode.NONE:
        return level
    level = replace(level, policy=Policy("sts", sts.lines, sts.mx))
    listed = sts.allows(host.name)
    if sts.mode is Mode.TESTING:
        return level if listed else replace(level, result=Result.VALIDATION_FAILURE)
    if not listed:
        return _refused(level, f"MTA-STS of {domain} does not name it", Result.VALIDATION_FAILURE)
    return replace(
        level, encryption=Encryption.REQUIRED, chain=True, names=(*level.names, (host.tls_name,)),
        who=f"MTA-STS of {domain}", is_proof=True,
    )  # fmt: skip


def in_words(demand: Demand) -> str:
    """What a host must do to get mail, for people."""
    if demand.refused:
        return f"It gets no mail: {demand.refused}."
    if demand.encryption is Encryption.NEVER:
        return f"Mail leaves in the clear: {demand.who}."
    asked = "TLS with any certificate"
    if demand.records:
        asked = "TLS with the certificate that DNS names (DANE)"
    elif demand.names:
        asked = f"TLS with a trusted certificate for {' and '.join(each[0] for each in demand.names)}"
    elif demand.chain:
        asked = "TLS with a trusted certificate"
    return f"{asked}, demanded by {demand.who}." if demand.is_strict else f"{asked}, where the host offers it."
