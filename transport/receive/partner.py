"""Domain Security: partners that prove themselves with a certificate (Exchange reference, section 2.3)."""

from __future__ import annotations

from collections.abc import Iterable

from transport.config.receive_connector import AuthMechanism, ReceiveConnector


def proved(connector: ReceiveConnector, names: Iterable[str]) -> tuple[str, ...]:
    """The secure domains for which a trusted certificate with these host names speaks."""
    if not connector.domain_secure_enabled:
        return ()
    held = [name.lower() for name in names]
    return tuple(
        domain for domain in connector.tls_receive_domain_secure_list if any(within(name, domain) for name in held)
    )


def may_prove(connector: ReceiveConnector) -> bool:
    """Whether partners can prove themselves there: TLS is offered, and a secure domain is named."""
    secure = connector.domain_secure_enabled and bool(connector.tls_receive_domain_secure_list)
    return secure and AuthMechanism.Tls in connector.auth_mechanism


def vouched_by_certificate(connector: ReceiveConnector, domain: str) -> bool:
    """Whether a sender's domain is a secure one: whoever shows no certificate for it is a forger (Exchange's events
    11012 and 11015).
    """
    if not connector.domain_secure_enabled:
        return False
    return any(within(domain, each) for each in connector.tls_receive_domain_secure_list)


def within(name: str, domain: str) -> bool:
    """Whether a host or domain (lower case) is the domain or lies in it."""
    return name == domain or name.endswith("." + domain)
