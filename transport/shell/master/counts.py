"""Counts that all transports of a node share, in memory that the master has made: exact, and no round trip.

Three kinds of table, each of buckets of 16 slots that a keyed hash chooses, so that nobody can aim at one:

- *gauges* (connections that are open): a column for each transport, which it alone writes; what one leaves behind when
  it is killed is cleared with its column. What finds its bucket full is counted by its own transport alone.
- *tallies* (how often, since when): of a full bucket the slot with the oldest moment is forgotten.

Locks are those of fcntl(2), which the kernel takes back when a process ends. A transport that is stopped while it has
one holds up nobody: after some milliseconds the others count without it.
"""

import fcntl
import hashlib
import mmap
import os
import secrets
import struct
import time
from functools import lru_cache
from types import TracebackType
from typing import Any, Self

from transport.shell.tallies import Tally

WAYS = 16
GAUGES = 1 << 17
TALLIES = {"asked": 1 << 17, "sent": 1 << 16, "failed": 1 << 16, "known": 1 << 16}
"""Slots of each table; what was never used costs no memory."""
HEADER = struct.Struct("<8sII16s")
MAGIC, LAYOUT = b"gatepost", 1
EMPTY = bytes(8)
TRIES, PAUSE = 100, 0.0001


class Lock:
    """`with` it nobody else reads or writes the table; not to be taken twice."""

    def __init__(self, handle: int, byte: int) -> None:
        self._handle, self._byte = handle, byte

    def __enter__(self) -> Self:
        for tried in range(TRIES):
            try:
                fcntl.lockf(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, self._byte)
                break
            except (BlockingIOError, PermissionError):
                # Who has it needs microseconds, and perhaps a core.
                os.sched_yield() if tried < TRIES // 2 else time.sleep(PAUSE)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        fcntl.lockf(self._handle, fcntl.LOCK_UN, 1, self._byte)


@lru_cache(maxsize=1 << 14)
def _digest(key: str, secret: bytes) -> bytes:
    return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8, key=secret).digest()


class _Slots:
    """Where each key stands: digests of eight octets, zero for a slot that is free."""

    def __init__(self, memory: mmap.mmap, start: int, slots: int, secret: bytes) -> None:
        self._memory, self._start, self._secret = memory, start, secret
        self._mask = slots // WAYS - 1

    def digest(self, key: str) -> bytes:
        return _digest(key, self._secret)

    def first(self, digest: bytes) -> int:
        """The first slot of the key's bucket."""
        return (int.from_bytes(digest, "little") & self._mask) * WAYS

    def find(self, wanted: bytes, first: int) -> int:
        """The slot in the bucket that begins at `first`, or -1."""
        start = self._start + 8 * first
        end = start + 8 * WAYS
        at = self._memory.find(wanted, start, end)
        while at >= 0 and (at - start) % 8:
            at = self._memory.find(wanted, at + 1, end)
        return -1 if at < 0 else (at - self._start) // 8

    def put(self, slot: int, digest: bytes) -> None:
        at = self._start + 8 * slot
        self._memory[at : at + 8] = digest


class Gauges:
    """How many of each key there are now, by transport. Within `lock` nobody else has more, or gives a slot away: that
    of a key of which nobody has any, once its bucket is full.
    """

    def __init__(self, slots: _Slots, columns: list[memoryview], number: int, lock: Lock) -> None:
        self.lock = lock
        self._slots, self._columns, self._own = slots, columns, columns[number]

    def more(self, key: str) -> None:
        """One more of ours; within `lock`."""
        digest = self._slots.digest(key)
        slot = self._slots.find(digest, self._slots.first(digest))
        if slot < 0:
            slot = self._free(digest)
        if slot >= 0:
            self._own[slot] += 1

    def fewer(self, key: str) -> None:
        """One fewer of ours. The slot of what we have is nobody's to take, and the column ours alone to write."""
        digest = self._slots.digest(key)
        slot = self._slots.find(digest, self._slots.first(digest))
        if slot >= 0 and self._own[slot]:
            self._own[slot] -= 1

    def others(self, key: str) -> int:
        """What the other transports have."""
        digest = self._slots.digest(key)
        slot = self._slots.find(digest, self._slots.first(digest))
        return 0 if slot < 0 else self._total(slot) - self._own[slot]

    def clear(self) -> None:
        """We have none: said at our start, and, by the master, at our end."""
        self._own[:] = memoryview(bytes(self._own.nbytes)).cast("I")

    def _total(self, slot: int) -> int:
        return sum(column[slot] for column in self._columns)

    def _free(self, digest: bytes) -> int:
        first = self._slots.first(digest)
        slot = self._slots.find(EMPTY, first)
        if slot < 0:
            slot = next((each for each in range(first, first + WAYS) if not self._total(each)), -1)
        if slot >= 0:
            self._slots.put(slot, digest)
        return slot


class SharedTallies:
    """How often each key was counted since a moment, or until one. Read and written within `with`."""

    def __init__(self, slots: _Slots, moments: Any, times: Any, lock: Lock) -> None:
        """`moments` and `times`: views of doubles and of whole numbers."""
        self._slots, self._moments, self._times, self._lock = slots, moments, times, lock

    def __enter__(self) -> Self:
        self._lock.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._lock.__exit__(None, None, None)

    def get(self, key: str) -> Tally | None:
        digest = self._slots.digest(key)
        slot = self._slots.find(digest, self._slots.first(digest))
        return None if slot < 0 else (self._moments[slot], self._times[slot])

    def put(self, key: str, moment: float, times: int) -> None:
        digest = self._slots.digest(key)
        first = self._slots.first(digest)
        slot = self._slots.find(digest, first)
        if slot < 0:
            slot = self._slots.find(EMPTY, first)
        if slot < 0:
            slot = min(range(first, first + WAYS), key=self._moments.__getitem__)
        self._moments[slot], self._times[slot] = moment, times
        self._slots.put(slot, digest)

    def forget(self, key: str) -> None:
        digest = self._slots.digest(key)
        slot = self._slots.find(digest, self._slots.first(digest))
        if slot >= 0:
            self._slots.put(slot, EMPTY)


class Counts:
    """All tables, as transport `number` sees them."""

    def __init__(self, handle: int, number: int) -> None:
        """Raises ValueError when the memory is laid out in another way: master and transport are of two releases."""
        with mmap.mmap(handle, HEADER.size) as header:
            magic, layout, of, secret = HEADER.unpack(header[: HEADER.size])
        if (magic, layout) != (MAGIC, LAYOUT):
            raise ValueError("the counts of this node are laid out in another way")
        self._memory = mmap.mmap(handle, size(of))
        self._view, self._secret, self._at = memoryview(self._memory), secret, HEADER.size
        slots = self._take_slots(GAUGES)
        columns = [self._take(4 * GAUGES, "I") for _ in range(of)]
        self.gauges = Gauges(slots, columns, number, Lock(handle, 0))
        tallies = {name: self._tallies(count, Lock(handle, 1 + n)) for n, (name, count) in enumerate(TALLIES.items())}
        self.asked, self.sent, self.failed, self.known = tallies.values()

    def _tallies(self, count: int, lock: Lock) -> SharedTallies:
        return SharedTallies(self._take_slots(count), self._take(8 * count, "d"), self._take(4 * count, "I"), lock)

    def _take_slots(self, count: int) -> _Slots:
        start, self._at = self._at, self._at + 8 * count
        return _Slots(self._memory, start, count, self._secret)

    def _take(self, octets: int, kind: str) -> memoryview:
        start, self._at = self._at, self._at + octets
        return self._view[start : self._at].cast(kind)  # type: ignore[call-overload,no-any-return]


def size(of: int) -> int:
    """Octets for so many transports."""
    return HEADER.size + GAUGES * (8 + 4 * of) + sum(20 * count for count in TALLIES.values())


def make(of: int) -> int:
    """The descriptor of fresh memory for so many transports."""
    handle = os.memfd_create("gatepost-counts", os.MFD_CLOEXEC)
    os.ftruncate(handle, size(of))
    os.pwrite(handle, HEADER.pack(MAGIC, LAYOUT, of, secrets.token_bytes(16)), 0)
    return handle
