"""A message as a host can take it, or why the host need not be asked. Source: RFC 6152 §3, RFC 6531 §3.2, RFC 1870."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from transport.send import conversion, remote_reply
from transport.send.conversion import CannotConvert
from transport.send.extensions import Extensions
from transport.send.mail_data import is_text
from transport.send.mime_parts import head_and_rest
from transport.send.parcel import Parcel
from transport.send.remote_reply import Verdict

Pieces = Callable[[], Iterable[bytes]]


def fit(parcel: Parcel, offered: Extensions, pieces: Pieces) -> Parcel | Verdict:
    """The parcel as a host that offers so much can take it, or a refusal. What `pieces` raises comes through."""
    if offered.size_limit and parcel.size > offered.size_limit:
        return remote_reply.refused("5.3.4", "Message size exceeds fixed maximum message size of the next hop")
    if not all(is_plain(address) for address in parcel.addresses):
        return remote_reply.refused("5.1.3", "STOREDRV.Submit; invalid recipient address")
    if "smtputf8" not in offered:
        if not parcel.has_ascii_envelope:
            return remote_reply.refused("5.6.7", "The next hop takes no addresses outside ASCII (SMTPUTF8)")
        if parcel.smtp_utf8 and not head_and_rest(pieces())[0].isascii():
            return remote_reply.refused("5.6.9", "The next hop takes no header outside ASCII (SMTPUTF8)")
    if parcel.body_type == "BINARYMIME" and offered.binary:
        return parcel
    if parcel.body_type == "BINARYMIME" and not is_text(pieces()):
        return remote_reply.refused("5.6.3", "The next hop takes no binary content (BINARYMIME)")
    return _written_anew(parcel, offered, pieces)


def _written_anew(parcel: Parcel, offered: Extensions, pieces: Pieces) -> Parcel | Verdict:
    """RFC 6152 §3: what the host cannot take is converted, or comes back."""
    eight_bit = "8bitmime" in offered or (parcel.smtp_utf8 and "smtputf8" in offered)
    try:
        how = conversion.plan(pieces, eight_bit)
    except CannotConvert:
        return remote_reply.refused("5.6.3", "The next hop takes no 8-bit text (8BITMIME), and it is signed")
    body_type = "8BITMIME" if how.eight_bit or (eight_bit and parcel.body_type != "7BIT") else "7BIT"
    if (body_type, how) == (parcel.body_type, parcel.how):
        return parcel
    return replace(parcel, body_type=body_type, how=how)


def is_plain(address: str) -> bool:
    """No byte that could end the path or the command early."""
    return address.isprintable() and not set(address) & {"<", ">"}
