"""Time, as the shell hands it to the pure core and to the logs."""

import time
from datetime import UTC, datetime

_second = -1
_text = ""


def now() -> float:
    """Seconds since 1970."""
    return time.time()


def stamp(moment: float) -> str:
    """`yyyy-mm-ddThh:mm:ss.fffZ`, in UTC; the same second is spelled only once."""
    global _second, _text
    second = int(moment)
    if second != _second:
        _second = second
        _text = f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}"
    return f"{_text}.{int((moment - second) * 1000):03d}Z"
