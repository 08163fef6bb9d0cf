"""What a Send connector does, in one plain sentence. Pure. What nothing obeys is not claimed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from console.publishing.fields import size
from transport.config.address_space import ACCEPTED_DOMAINS, EVERYTHING
from transport.config.send_connector import (
    SIGNS_IN,
    DeliveryWindow,
    RequestMail,
    SendConnector,
    TlsAuthLevel,
)
from transport.config.setting import obeyed

MOST = 3
"""Names that are told one by one."""


def send_sentence(connector: SendConnector) -> str:
    """`Mail for *.fabrikam.com leaves through mail.fabrikam.com, port 587, signed in as Fabrikam, only over TLS.`"""
    acting = obeyed(connector)
    said = f"{_which(acting)} {_where(acting)}{_sign_in(acting)}, {_protection(acting)}."
    said = " ".join([said, *_limits(acting)])
    return said if connector.enabled else f"Disabled. Once enabled: {said}"


def _which(connector: SendConnector) -> str:
    kinds = [f"of {_listed(connector.senders)}"] if connector.senders else []
    kinds += [f"that came in through {_listed(connector.source_receive_connectors)}"] * bool(
        connector.source_receive_connectors
    )
    return " ".join(["Mail", *kinds, "for", whom(connector)])


def whom(connector: SendConnector) -> str:
    """Of which domains a connector takes mail: `*.fabrikam.com and contoso.com`."""
    named = [space.domain for space in connector.address_spaces]
    if EVERYTHING in named:
        return "all other domains"
    named = ["all accepted domains" if each == ACCEPTED_DOMAINS else each for each in named]
    return _listed(named) if named else "no domain yet"


def _where(connector: SendConnector) -> str:
    port = f", port {connector.port}" if connector.port != 25 else ""
    if connector.dns_routing_enabled:
        return f"goes to the mail servers (MX) of its recipient's domain{port}"
    return f"leaves through {_listed(connector.smart_hosts, 'or') or 'no smart host yet'}{port}"


def _sign_in(connector: SendConnector) -> str:
    if connector.dns_routing_enabled:
        return ""
    if connector.smart_host_auth_mechanism not in SIGNS_IN:
        return ", without signing in"
    return f", signed in as {_listed(connector.authentication_credential, 'or') or 'nobody yet'}"


def _protection(connector: SendConnector) -> str:
    if connector.ignore_starttls and not connector.implicit_tls:
        return "always in the clear"
    if not (connector.require_tls or connector.implicit_tls):
        return "over TLS where it is offered"
    proof = {
        TlsAuthLevel.CertificateValidation: " with a valid certificate",
        TlsAuthLevel.DomainValidation: f" with a valid certificate of {connector.tls_domain or 'the right name'}",
    }
    return f"only over TLS{proof.get(connector.tls_auth_level, '')}"


def _limits(connector: SendConnector) -> Iterator[str]:
    """What keeps some mail from it."""
    if connector.accept_messages_from:
        yield f"Only {_listed(connector.accept_messages_from)} may use it."
    if connector.reject_messages_from:
        yield f"Mail of {_listed(connector.reject_messages_from)} is turned away."
    if connector.max_message_size is None:
        yield "Messages may have any size."
    elif connector.max_message_size != SendConnector(name="").max_message_size:
        yield f"Messages may have up to {size(connector.max_message_size)}."
    if connector.delivery_window is DeliveryWindow.Timetable:
        yield f"It delivers {_listed(connector.delivery_times) or 'at no time yet'}."
    if connector.delivery_window is DeliveryWindow.OnTrigger:
        yield "It delivers when it is triggered."
    if connector.request_mail is not RequestMail.None_:
        where = connector.request_mail_server or _listed(connector.smart_hosts, "or") or "no server yet"
        yield f"Mail that waits at {where} is asked for by {connector.request_mail.value}."
    if connector.allow_relay:
        yield "Everybody who may submit reaches these domains through any Receive connector."


def _listed(words: Sequence[str], last: str = "and") -> str:
    """`a, b and c`, or the first of many."""
    shown = list(words)
    if len(shown) > MOST + 1:
        shown = [*shown[:MOST], f"{len(words) - MOST} more"]
    return f" {last} ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)
