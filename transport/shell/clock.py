"""Time, as the shell hands it to the pure core and to the logs."""

import time


def now() -> float:
    """Seconds since 1970."""
    return time.time()
