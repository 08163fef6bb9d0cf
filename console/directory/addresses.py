"""Mail addresses as the directory keeps them: lower case, the domain as A-labels (RFC 5321 §4.1.2, RFC 5890).

Before the @ stands what RFC 6531 §3.3 allows, in its composed form (NFC), as the transport asks for it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from unicodedata import normalize

from transport.config.host_name import host_name

LOCAL_PART_OCTETS = 64  # RFC 5321 §4.5.3.1.1

_ATOM = r"(?:[a-z0-9!#$%&'*+/=?^_`{|}~-]|[^\x00-\x9f\s])+"
_LOCAL_PART = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")


def parse_address(text: str) -> str:
    """The address in the form in which it is kept. Raises ValueError that says what to write instead."""
    local, at, domain = normalize("NFC", text.strip()).lower().rpartition("@")
    if not at or not local or not domain:
        raise ValueError(f"“{_short(text)}” is no address. Write it like anna@contoso.com.")
    if len(local.encode("utf-8", "replace")) > LOCAL_PART_OCTETS:
        raise ValueError(f"The part before the @ has more than the {LOCAL_PART_OCTETS} octets that are allowed.")
    if not (_LOCAL_PART.fullmatch(local) and local.isprintable()):
        raise ValueError(_complaint(local))
    return f"{local}@{_domain(domain)}"


def _complaint(local: str) -> str:
    if " " in local or "@" in local or '"' in local:
        return f"“{_short(local)}” before the @ may hold no space, @ or quotation mark."
    return f"“{_short(local)}” before the @ is not valid. Use letters, digits and signs, with single dots between them."


@lru_cache(maxsize=4096)
def _domain(text: str) -> str:
    return host_name(text)


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"
