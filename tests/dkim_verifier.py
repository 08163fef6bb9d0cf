"""Signatures under a message, as a verifier sees them that knows nothing of ours (dkimpy)."""

from __future__ import annotations

from typing import Any

import dkim

from tests.dkim_keys import RECORDS


def verdicts(message: bytes, records: dict[str, str] = RECORDS) -> list[bool]:
    """Of each signature, the topmost first. `records`: name → text of a TXT record."""

    def look_up(name: bytes, timeout: Any = None) -> bytes:
        return records.get(name.decode().rstrip("."), "").encode()

    def holds(place: int) -> bool:
        try:
            return bool(dkim.DKIM(message).verify(idx=place, dnsfunc=look_up))
        except dkim.DKIMException:
            return False

    head = message.lower().partition(b"\r\n\r\n")[0]
    return [holds(place) for place in range(head.count(b"dkim-signature:"))]
