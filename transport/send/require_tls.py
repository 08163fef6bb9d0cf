"""Mail that asks for TLS on its whole way, or for delivery without. Source: RFC 8689; Sending mail outward,
section 2.6.
"""

from __future__ import annotations

import re

from transport.config.send_connector import RequireTlsMode
from transport.send import remote_reply
from transport.send.extensions import Extensions
from transport.send.parcel import Parcel
from transport.send.remote_reply import Verdict

_OPTIONAL = re.compile(rb"^tls-required[ \t]*:[ \t]*no[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)


def refusal(
    parcel: Parcel, mode: RequireTlsMode, offered: Extensions, *, secured: bool, proven: bool
) -> Verdict | None:
    """Why a host may not have a message that requires TLS. `secured`: nobody on the way reads along; `proven`: it is
    surely a server of the recipients' domain (RFC 8689 §4.2.1).
    """
    if not parcel.require_tls:
        return None
    if not secured:
        return remote_reply.refused("5.7.10", "Encryption needed: the message requires TLS (REQUIRETLS)")
    if mode is RequireTlsMode.IfPossible:
        return None
    if not proven:
        return remote_reply.refused(
            "5.7.10", "The message requires TLS (REQUIRETLS), and the next hop does not prove that it is the right one"
        )
    if "requiretls" not in offered:
        return remote_reply.refused("5.7.30", "REQUIRETLS support required: the next hop does not offer it")
    return None


def is_optional(parcel: Parcel, head: bytes) -> bool:
    """Whether a message would rather arrive in the clear than wait for what its domain publishes (RFC 8689 §3)."""
    return not parcel.require_tls and _OPTIONAL.search(head) is not None
