"""How many connections this process has to each next hop, who may have one more, and waking those that wait for mail.

Anybody who writes to a domain of theirs makes a next hop of it, as many as they like, and lets it answer as slowly as
they like. So a next hop is a stranger until it has taken mail, and again when it failed: strangers share a part of the
places, one each, and those that failed last time share a part of that.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable
from enum import Enum
from math import inf
from time import monotonic

from transport.send.route import DeliveryType

PLACES = 150
"""Threads of the process that speaks to next hops."""
FIRST, MOST = 2.0, PLACES * 2 // 3
"""Connections of this process to one next hop: at first, and at most, so that the others find a place at once. Below
that, leases decide.
"""
CALM = 1.0
"""Seconds in which several refusals of a next hop are one."""
DENIED = 5.0
"""Seconds for which a next hop counts as one that a limit of connections leaves out."""
STAY = 1.0
"""Seconds for which nobody has to leave to such a one."""
STALLED = 10.0
"""Seconds without progress after which a next hop may have a quarter of its connections only."""
HASTE = 7.0
"""Seconds of silence that every stranger has, in the worst press; a polite pause before a greeting is shorter."""
FINISH = 5.0
"""Seconds for what is in hand when the process is to end; then conversations are cut."""
REMEMBERED = 10_000
"""Next hops that are remembered as having taken mail."""


class Standing(Enum):
    """What a next hop has shown."""

    KNOWN = "ours, an administrator's, or has taken mail and not failed since"
    NEW = "has taken no mail yet"
    FAILED = "could not be reached last time"


PART = {Standing.KNOWN: PLACES, Standing.NEW: PLACES // 2, Standing.FAILED: PLACES // 4}
"""Places for the strangers of one standing; all of them together have those of the new ones."""
SLOW = PLACES * 3 // 10
"""Places of strangers that may say nothing for longer than `HASTE` while others wait: the rest is soon free again."""


class Slots:
    """Thread-safe. A thread enters a next hop, works, and leaves when `more` says that nothing came."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._busy: dict[str, int] = {}
        self._strangers: dict[str, Standing] = {}
        self._slow: set[str] = set()
        self._proven: OrderedDict[str, float] = OrderedDict()
        self._refused_at: dict[str, float] = {}
        self._denied: dict[str, float] = {}
        self._to_leave = 0
        self._progress: dict[str, float] = {}
        self._woken: set[str] = set()
        self._attended: set[str] = set()
        """Next hops at which one thread waits alone."""
        self._wanted: frozenset[Standing] = frozenset()
        self._here = threading.local()
        self._stopping, self._over_at = False, inf

    @property
    def stopping(self) -> bool:
        return self._stopping

    @property
    def is_over(self) -> bool:
        """Whether there was time enough to finish."""
        return monotonic() > self._over_at

    def count(self, hop: str) -> int:
        """Threads at a next hop."""
        with self._changed:
            return self._busy.get(hop, 0)

    def standing(self, hop: str, delivery_type: DeliveryType, failures: int) -> Standing:
        """`failures`: tries in a row that did not reach it. Mailboxes and smart hosts are no stranger's choice."""
        if not delivery_type.is_strangers_choice:
            return Standing.KNOWN
        if failures:
            return Standing.FAILED
        with self._changed:
            return Standing.KNOWN if hop in self._proven else Standing.NEW

    def is_proven(self, hop: str) -> bool:
        """Whether a next hop has taken mail and not failed since."""
        with self._changed:
            return hop in self._proven

    def window(self, hop: str) -> int:
        """Connections that a next hop seems to like: one more after as many good deliveries as there are connections,
        half after a refusal. Source: Sending mail outward, section 5.2.
        """
        with self._changed:
            return min(int(self._proven.get(hop, FIRST)), MOST)

    def room(self, standing: Standing) -> int:
        """Places that are left for strangers of this standing."""
        with self._changed:
            alike = sum(one is standing for one in self._strangers.values())
            return min(PART[Standing.NEW] - len(self._strangers), PART[standing] - alike)

    def enter(self, hop: str, delivery_type: DeliveryType, limit: int, failures: int = 0) -> bool:
        """Whether one more may work on a next hop; `failures` as for `standing`."""
        with self._changed:
            standing = self.standing(hop, delivery_type, failures)
            busy = self._busy.get(hop, 0)
            if self._stopping or busy >= (-(-limit // 4) if self._is_stalled(hop) else limit):
                return False
            if standing is not Standing.KNOWN:
                if busy or self.room(standing) <= 0:
                    return False
                self._strangers[hop] = standing
            self._busy[hop] = busy + 1
            self._progress.setdefault(hop, monotonic())
            self._here.hop, self._here.is_strangers_choice = hop, delivery_type.is_strangers_choice
            self._here.since = monotonic()
            return True

    def _is_stalled(self, hop: str) -> bool:
        return hop in self._progress and monotonic() - self._progress[hop] > STALLED

    @property
    def is_full(self) -> bool:
        with self._changed:
            return sum(self._busy.values()) >= PLACES

    def want(self, waiting: Iterable[Standing], left_out: int = 0) -> None:
        """Next hops of these standings wait for a place; so many have none although they might have one."""
        long_ago = monotonic() - DENIED
        with self._changed:
            self._wanted, self._to_leave = frozenset(waiting), left_out
            self._denied = {hop: at for hop, at in self._denied.items() if at > long_ago}

    def note(self, hop: str, left_out: bool) -> None:
        """Whether a limit of connections left the only thread of a next hop out."""
        with self._changed:
            if not left_out:
                self._denied.pop(hop, None)
            elif self._busy.get(hop, 0) <= 1:
                self._denied[hop] = monotonic()

    def was_denied(self, hop: str) -> bool:
        with self._changed:
            return self._denied.get(hop, -DENIED) > monotonic() - DENIED

    @property
    def is_crowded(self) -> bool:
        """Whether limits of connections leave somebody out."""
        return bool(self._denied)

    def must_leave(self, hop: str) -> bool:
        """Whether this thread leaves its place to a next hop that has none: of those who have most, one for each."""
        if not self._to_leave or monotonic() - getattr(self._here, "since", 0.0) < STAY:
            return False
        with self._changed:
            if not self._to_leave or hop in self._denied or self._busy.get(hop, 0) < max(self._busy.values()):
                return False
            self._to_leave -= 1
            return True

    def must_go(self, silent: float, limit: float) -> bool:
        """Whether this thread's next hop, silent for so many seconds, gives its place to others: at `limit` at last."""
        if not self._wanted or silent < min(HASTE, limit):
            return False
        with self._changed:
            hop = getattr(self._here, "hop", "")
            standing = self._strangers.get(hop, Standing.KNOWN)
            if not self._is_wanted(standing):
                return False
            if silent >= limit or standing is Standing.KNOWN:
                return silent >= (limit / 4 if getattr(self._here, "is_strangers_choice", False) else limit)
            if len(self._slow) < SLOW:
                self._slow.add(hop)
            return hop not in self._slow

    @property
    def is_hurried(self) -> bool:
        """Whether others wait for the place of this thread."""
        with self._changed:
            return self._is_wanted(self._strangers.get(getattr(self._here, "hop", ""), Standing.KNOWN))

    def _is_wanted(self, standing: Standing) -> bool:
        """Who was never tried waits for any stranger's place."""
        return standing in self._wanted or (standing is Standing.FAILED and Standing.NEW in self._wanted)

    def progressed(self, hop: str) -> None:
        """A next hop has said what becomes of a message."""
        with self._changed:
            if hop in self._busy:
                self._progress[hop] = monotonic()
            self._forget_stranger(hop)
            window = self._proven.get(hop, FIRST)
            self._prove(hop, min(window + 1 / window, MOST))

    def _prove(self, hop: str, window: float) -> None:
        self._proven[hop] = window
        self._proven.move_to_end(hop)
        if len(self._proven) > REMEMBERED:
            self._proven.popitem(last=False)

    def refused(self, hop: str) -> bool:
        """A next hop takes no further connection; whether others work on it, so that it is not dead."""
        now = monotonic()
        with self._changed:
            if now - self._refused_at.get(hop, -CALM) >= CALM:
                self._refused_at = {each: at for each, at in self._refused_at.items() if now - at < CALM} | {hop: now}
                if hop in self._proven:
                    self._proven[hop] = max(self._proven[hop] / 2, 1.0)
            return self._busy.get(hop, 0) > 1 and hop in self._proven

    def failed(self, hop: str) -> None:
        """A next hop could not be reached."""
        with self._changed:
            self._proven.pop(hop, None)

    def leave(self, hop: str) -> bool:
        """Whether mail came for it that nobody is there to take any more."""
        with self._changed:
            self._busy[hop] -= 1
            if self._busy[hop]:
                return False
            del self._busy[hop]
            self._progress.pop(hop, None)
            self._forget_stranger(hop)
            was_woken = hop in self._woken
            self._woken.discard(hop)
            return was_woken

    def _forget_stranger(self, hop: str) -> None:
        self._strangers.pop(hop, None)
        self._slow.discard(hop)

    def wake(self, hop: str) -> bool:
        """There is mail for a next hop. False: nobody is there to take it."""
        with self._changed:
            if hop not in self._busy:
                return False
            self._woken.add(hop)
            self._changed.notify_all()
            return True

    def more(self, hop: str, seconds: float, alone: bool = False) -> bool:
        """Wait so long for a `wake`; one waiting thread takes it. `alone`: not at all where another one waits so."""
        with self._changed:
            if not alone:
                return self._comes(hop, seconds)
            if hop in self._attended:
                return self._comes(hop, 0.0)
            self._attended.add(hop)
            try:
                return self._comes(hop, seconds)
            finally:
                self._attended.discard(hop)

    def _comes(self, hop: str, seconds: float) -> bool:
        deadline = monotonic() + seconds
        while not self._stopping:
            if hop in self._woken:
                self._woken.discard(hop)
                self._progress[hop] = monotonic()
                return True
            left = deadline - monotonic()
            if left <= 0:
                return False
            self._changed.wait(left)
        return False

    def stop(self) -> None:
        """Everybody finishes the batch in hand."""
        with self._changed:
            self._stopping, self._over_at = True, monotonic() + FINISH
            self._changed.notify_all()

    def wait_stopping(self, seconds: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self._stopping, seconds)


SLOTS = Slots()
