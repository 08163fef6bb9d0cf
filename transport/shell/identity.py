"""Names for messages and sessions: unique without asking anybody, and ordered by time."""

import os
import secrets
from itertools import count

_salt = secrets.randbits(10) << 13
_sessions = count()


def message_id(now: float) -> bytes:
    """A UUID of version 7 (RFC 9562 §5.7), 16 bytes."""
    noise = bytearray(os.urandom(10))
    noise[0] = noise[0] & 0x0F | 0x70
    noise[2] = noise[2] & 0x3F | 0x80
    return int(now * 1000).to_bytes(6, "big") + noise


def session_id(now: float) -> str:
    """16 hex digits: milliseconds, 10 bits of this process, a running number."""
    return f"{int(now * 1000) << 23 | _salt | next(_sessions) & 0x1FFF:016X}"
