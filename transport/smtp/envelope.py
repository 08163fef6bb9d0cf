"""PURE. What is known of an accepted message, but its content: the one list of a message's facts.

The journal's record, the queue's columns, what delivery takes with it and the console's message page follow from the
fields by their names. A new fact is a new field at the end, with a default for messages that were accepted before.
"""

from enum import StrEnum
from typing import Annotated, get_type_hints

import msgspec
from msgspec import Meta


class Vouched(StrEnum):
    """Whose name a session may use, so that our signature may stand under its mail."""

    NOBODY = ""
    SENDER = "sender"
    """The address that it gave with MAIL, and no other."""
    DOMAINS = "domains"
    """Every address of our domains."""


class Envelope(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """Who sent what to whom, as it was accepted. A fact with a title is shown under it on the message page."""

    id: bytes
    """UUID of the message, 16 bytes."""
    accepted_at: float
    """Seconds since 1970 (UTC)."""
    transport: str
    connector: str
    revision: int
    session_id: str
    client_address: str
    helo: str
    tls: bool
    principal: str
    authenticated: bool
    sender: str
    """'' is the null reverse-path."""
    recipients: tuple[str, ...]
    subject: str
    message_id: Annotated[str, Meta(title="Message ID")]
    size: int
    """Bytes of the message as delivered, trace headers included."""
    body_type: str
    """7BIT, 8BITMIME or BINARYMIME."""
    body_file: str = ""
    """File below `bodies/`, '' when the record holds the whole message."""
    smtp_utf8: bool = False
    ret: str = ""
    """`ret` and `envid`: RFC 3461 §4.3 and §4.4, as the client wrote them."""
    envid: str = ""
    notify: tuple[str, ...] = ()
    """NOTIFY of each recipient, in their order; empty when no recipient has one (RFC 3461 §4.1)."""
    orcpt: tuple[str, ...] = ()
    vouched: str = Vouched.NOBODY.value
    require_tls: Annotated[bool, Meta(title="TLS required on the whole way")] = False
    """REQUIRETLS (RFC 8689 §2)."""


OF_MESSAGE = tuple(
    name for name in Envelope.__struct_fields__ if name not in ("recipients", "notify", "orcpt", "body_file")
)
"""The facts that the queue keeps of a message; of `recipients`, `notify` and `orcpt` each recipient has its own."""
TITLES = {
    name: meta.title
    for name, kind in get_type_hints(Envelope, include_extras=True).items()
    for meta in getattr(kind, "__metadata__", ())
}
