"""How many connections this process has to each next hop, and waking those that wait for more mail."""

import threading
from time import monotonic


class Slots:
    """Thread-safe. A thread enters a next hop, works, and leaves when `more` says that nothing came."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._busy: dict[str, int] = {}
        self._woken: set[str] = set()
        self._stopping = False

    @property
    def stopping(self) -> bool:
        return self._stopping

    def count(self, hop: str) -> int:
        """Threads at a next hop."""
        with self._changed:
            return self._busy.get(hop, 0)

    def enter(self, hop: str, limit: int) -> bool:
        """Whether one more may work on a next hop."""
        with self._changed:
            if self._stopping or self._busy.get(hop, 0) >= limit:
                return False
            self._busy[hop] = self._busy.get(hop, 0) + 1
            return True

    def leave(self, hop: str) -> None:
        with self._changed:
            self._busy[hop] -= 1
            if not self._busy[hop]:
                del self._busy[hop]
                self._woken.discard(hop)

    def wake(self, hop: str) -> bool:
        """There is mail for a next hop. False: nobody is there to take it."""
        with self._changed:
            if hop not in self._busy:
                return False
            self._woken.add(hop)
            self._changed.notify_all()
            return True

    def more(self, hop: str, seconds: float) -> bool:
        """Wait so long for a `wake`; one waiting thread takes it."""
        deadline = monotonic() + seconds
        with self._changed:
            while not self._stopping:
                if hop in self._woken:
                    self._woken.discard(hop)
                    return True
                left = deadline - monotonic()
                if left <= 0:
                    return False
                self._changed.wait(left)
            return False

    def stop(self) -> None:
        """Everybody finishes the batch in hand."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    def wait_stopping(self, seconds: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self._stopping, seconds)


SLOTS = Slots()
