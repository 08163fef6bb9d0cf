"""Names for messages and sessions: unique without asking anybody, and ordered by time."""

import secrets
from itertools import count

_salt = secrets.randbits(42)
_messages, _sessions = count(), count()


def message_id(now: float) -> bytes:
    """A UUID of version 7 (RFC 9562 §5.7), 16 bytes: milliseconds, running number, 42 bits of this process."""
    high, low = divmod(next(_messages), 1 << 12)
    upper = (int(now * 1000) << 4 | 7) << 12 | low
    return (upper << 64 | 2 << 62 | _salt << 20 | high & 0xFFFFF).to_bytes(16, "big")


def session_id(now: float) -> str:
    """16 hex digits: milliseconds, 10 bits of this process, a running number."""
    return f"{int(now * 1000) << 23 | (_salt & 0x3FF) << 13 | next(_sessions) & 0x1FFF:016X}"
