"""Names of hosts and domains, as DNS knows them."""

from __future__ import annotations

import re

_LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
# A last label of digits alone would make 10.2.3.4 a name (RFC 1123 §2.1).
_HOST_NAME = re.compile(rf"(?:\*\.)?(?:{_LABEL}\.)*(?!\d+$){_LABEL}", re.IGNORECASE)


def host_name(text: str) -> str:
    """A host or domain name in lower case A-label form. Raises ValueError when it is none."""
    try:
        ascii_text = text if text.isascii() else text.encode("idna").decode("ascii")
    except UnicodeError:
        raise ValueError(f"“{text}” is no valid domain name.") from None
    if len(ascii_text) > 255 or not _HOST_NAME.fullmatch(ascii_text):
        raise ValueError(f"“{text}” is no valid name. Write it like mail.contoso.com.")
    return ascii_text.lower()
