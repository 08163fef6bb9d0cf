"""Who a message says it is from: the addresses of its From fields (RFC 5322 §3.6.2)."""

from __future__ import annotations

import re

_FROM = re.compile(rb"^from[ \t]*:([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)", re.IGNORECASE | re.MULTILINE)
# Nothing here may try a place twice: a header of 256 KB comes from anybody, and everybody waits while it is read.
_QUOTED = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*(?:(")|\\?\Z)', re.DOTALL)
_COMMENT = re.compile(rb"\([^()]*\)")
_WORD = re.compile(rb"[^\s<>,;:\"()]+")


def from_addresses(head: bytes) -> list[str]:
    """The addresses of every From field. What stands in quotes or in a comment is no address (RFC 5322 §3.4)."""
    found = []
    for match in _FROM.finditer(head):
        for word in _WORD.findall(_COMMENT.sub(b" ", _QUOTED.sub(_unquoted, match[1]))):
            local, _, domain = word.rstrip(b"@").rpartition(b"@")
            if local and domain:
                found.append(f"{local.decode('utf-8', 'replace')}@{domain.decode('utf-8', 'replace').rstrip('.')}")
    return found


def _unquoted(match: re.Match[bytes]) -> bytes:
    """A quote that is never closed hides nothing."""
    return b"quoted" if match[1] else match[0].replace(b'"', b" ")
