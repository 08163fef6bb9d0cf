"""Which extensions a connector offers, and which parameters of MAIL and RCPT they bring (Exchange reference, 5.2)."""

from __future__ import annotations

from collections.abc import Collection

from transport.config import bounds
from transport.config.accepted_domain import PickUp
from transport.config.receive_connector import (
    SIGN_IN,
    AuthMechanism,
    ExtendedProtectionPolicy,
    ReceiveConnector,
    SizeMode,
)

LINE = bounds.COMMAND_LINE.octets or 0
LONG_ADDRESS_LINE = bounds.LONG_ADDRESS_LINE.octets or 0
SIGN_IN_LINE = bounds.SIGN_IN_LINE.octets or 0


def keywords(
    connector: ReceiveConnector,
    *,
    limit: int,
    starttls: bool,
    mechanisms: list[str],
    pick_up: Collection[PickUp] = (),
    tls: bool = False,
) -> list[str]:
    """The keywords of the answer to EHLO, in Exchange's order; `limit` in octets stands beside SIZE; `pick_up` are the
    commands by which some domain's mail may be asked for; `tls`: the connection is encrypted, so that REQUIRETLS can be
    promised (RFC 8689 §2).
    """
    size = f"SIZE {limit}" if connector.size_enabled is SizeMode.Enabled else "SIZE"
    offered = {
        size: connector.size_enabled is not SizeMode.Disabled,
        "PIPELINING": connector.pipelining_enabled,
        "DSN": connector.delivery_status_notification_enabled,
        "ENHANCEDSTATUSCODES": connector.enhanced_status_codes_enabled,
        "STARTTLS": starttls,
        " ".join(("AUTH", *mechanisms)): bool(mechanisms),
        "8BITMIME": connector.eight_bit_mime_enabled,
        "BINARYMIME": connector.binary_mime_enabled,
        "CHUNKING": connector.chunking_enabled,
        "SMTPUTF8": connector.smtp_utf8_enabled,
        "XLONGADDR": connector.long_addresses_enabled,
        "XORAR": connector.orar_enabled,
        "REQUIRETLS": tls,
    }
    offered |= {method.value: connector.pick_up_enabled for method in PickUp if method in pick_up}
    return [keyword for keyword, here in offered.items() if here]


def mechanisms(connector: ReceiveConnector, tls: bool, kerberos: bool = False) -> list[str]:
    """The mechanisms that the connector offers now, in Exchange's order (Exchange reference, sections 2.4 and 5.2).

    Where extended protection is required, there is nothing to bind a sign-in to before TLS. `kerberos`: we have keys.
    """
    chosen = connector.auth_mechanism
    found: list[str] = []
    if AuthMechanism.Integrated in chosen and (tls or not must_be_bound(connector)):
        found = ["GSSAPI", "NTLM"] if kerberos and connector.enable_auth_gssapi else ["NTLM"]
    if AuthMechanism.BasicAuth in chosen and (tls or AuthMechanism.BasicAuthRequireTLS not in chosen):
        found += ["LOGIN", "PLAIN"]
    return found


def must_be_bound(connector: ReceiveConnector) -> bool:
    """Whether a sign-in counts only when it is bound to its TLS connection."""
    return connector.extended_protection_policy is ExtendedProtectionPolicy.Require


def mail_parameters(connector: ReceiveConnector, tls: bool) -> frozenset[str]:
    """The parameters that MAIL may carry, before or on TLS; the values of BODY stand beside it as `BODY=8BITMIME`."""
    offered = {
        "SIZE": connector.size_enabled is not SizeMode.Disabled,
        "BODY": connector.eight_bit_mime_enabled or connector.binary_mime_enabled,
        "BODY=8BITMIME": connector.eight_bit_mime_enabled,
        "BODY=BINARYMIME": connector.binary_mime_enabled,
        "SMTPUTF8": connector.smtp_utf8_enabled,
        "RET": connector.delivery_status_notification_enabled,
        "ENVID": connector.delivery_status_notification_enabled,
        "AUTH": bool(SIGN_IN & connector.auth_mechanism),
        "REQUIRETLS": tls,
    }
    return frozenset(keyword for keyword, here in offered.items() if here)


def rcpt_parameters(connector: ReceiveConnector) -> frozenset[str]:
    """The parameters that RCPT may carry."""
    offered = {
        "NOTIFY": connector.delivery_status_notification_enabled,
        "ORCPT": connector.delivery_status_notification_enabled,
        "XORAR": connector.orar_enabled,
    }
    return frozenset(keyword for keyword, here in offered.items() if here)


def line_limit(connector: ReceiveConnector) -> int:
    """Octets that a command line may have with its CRLF.

    RFC 5321 §4.5.3.1.4 asks for 512 and extensions for more, XLONGADDR for 8,000 (Exchange reference, section 1.2),
    tickets and tokens of a sign-in for 12,288 (RFC 4954 §4).
    """
    if SIGN_IN & connector.auth_mechanism:
        return SIGN_IN_LINE
    return LONG_ADDRESS_LINE if connector.long_addresses_enabled else LINE
