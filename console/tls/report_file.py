"""A report about TLS as somebody has it: JSON, packed JSON, or the mail that it came in. Source: RFC 8460 §5."""

from __future__ import annotations

import binascii
import zlib

from django.utils.translation import gettext as _

from transport.config import bounds
from transport.send import tls_report
from transport.send.mail_data import with_crlf
from transport.send.mime_parts import Kind, Part, Unreadable, blocks_of, head_and_rest, pieces_of
from transport.send.tls_report import TlsReport

MOST = bounds.TLS_REPORT.octets or 0
PACKED = b"\x1f\x8b"
TYPES = (b"application/tlsrpt+gzip", b"application/tlsrpt+json", b"application/gzip", b"application/x-gzip",
         b"application/json")  # fmt: skip
"""Of the part that is the report; some senders do not use the registered ones."""


def read(octets: bytes) -> TlsReport:
    """Raises ValueError that says what is wrong with it."""
    if len(octets) > MOST:
        raise ValueError(_("The file is too long."))
    if not _is_report(octets):
        octets = _in_mail(octets)
    return tls_report.parse(_unpacked(octets) if octets.startswith(PACKED) else octets)


def _is_report(octets: bytes) -> bool:
    return octets.startswith(PACKED) or octets.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")


def _unpacked(octets: bytes) -> bytes:
    """Of the first file that is packed in it. Not an octet more than may be is unpacked."""
    unpacking = zlib.decompressobj(wbits=31)
    try:
        found = unpacking.decompress(octets, MOST + 1)
    except zlib.error:
        raise ValueError(_("The file is packed, and damaged.")) from None
    if len(found) > MOST:
        raise ValueError(_("The file is too long once it is unpacked."))
    if not unpacking.eof:
        raise ValueError(_("The file is packed, and its end is missing."))
    return found


def _in_mail(octets: bytes) -> bytes:
    """The first part of a message that a report may be."""
    head, rest = head_and_rest(with_crlf([octets]))
    part, text = None, bytearray()
    try:
        for piece in pieces_of(head, blocks_of(rest)):
            if piece.kind is Kind.HEADER and part is None and piece.part.type in TYPES:
                part = piece.part
            elif piece.kind is Kind.CONTENT and piece.part is part:
                text += piece.text
    except Unreadable:
        raise ValueError(_("The message has too many parts.")) from None
    if part is None:
        raise ValueError(_("This is neither a report about TLS nor mail with one."))
    return _decoded(part, bytes(text))


def _decoded(part: Part, text: bytes) -> bytes:
    if part.encoding == b"base64":
        try:
            return binascii.a2b_base64(text)
        except binascii.Error:
            raise ValueError(_("The report in the message is damaged.")) from None
    return binascii.a2b_qp(text) if part.encoding == b"quoted-printable" else text
