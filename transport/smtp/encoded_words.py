"""PURE. Encoded words (RFC 2047) as text, for a search. What a reader sees, `console/mailboxes/header.py` makes."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error, a2b_qp

MOST = 1000
"""Characters of a field that are looked at."""
_WORD = re.compile(r"=\?([!-<>-~]{1,40})\?([BbQq])\?([!-<>-~=]{0,300}?)\?=(?:\s+(?==\?))?")


def readable(field: str) -> str:
    """The text with its encoded words read, as far as they can be."""
    return _WORD.sub(_read, field[:MOST]) if "=?" in field else field


def _read(found: re.Match[str]) -> str:
    charset, how, text = found.groups()
    try:
        octets = b64decode(text) if how in "Bb" else a2b_qp(text, header=True)
        return octets.decode(charset.partition("*")[0], "replace")
    except (LookupError, ValueError, Error):
        return found[0]
