"""Next hops that could not be reached, told once a minute: of thousands, a line for each would fill the disk."""

import logging
import threading
from time import monotonic

EVERY = 60.0
SHOWN = 5
LONGEST = 200

log = logging.getLogger(__name__)


class Unreached:
    """Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._attempts = 0
        self._reasons: dict[str, str] = {}
        self._told_at = -EVERY

    def add(self, hop: str, reason: str) -> None:
        with self._lock:
            self._attempts += 1
            self._reasons[hop] = reason

    def tell(self) -> None:
        """Write the line, when one is due; the queue pages show the reason of every next hop."""
        with self._lock:
            if not self._attempts or monotonic() - self._told_at < EVERY:
                return
            attempts, reasons = self._attempts, self._reasons
            self._attempts, self._reasons, self._told_at = 0, {}, monotonic()
        shown = [f"{hop[:LONGEST]}: {reason[:LONGEST]}" for hop, reason in list(reasons.items())[:SHOWN]]
        more = len(reasons) - len(shown)
        log.info(
            "next hops that could not be reached: %d (%d attempts): %s%s",
            len(reasons), attempts, "; ".join(shown), f"; and {more} more" if more else "",
        )  # fmt: skip


UNREACHED = Unreached()
