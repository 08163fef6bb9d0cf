"""What one journal holds that is not in PostgreSQL yet, counted while it comes and goes."""

import contextlib
from pathlib import Path
from time import monotonic

from transport.shell.journal.durable_end import durable_ends
from transport.shell.journal.segment import Newer, Record, read_segment, segments


class Backlog:
    """`messages` and `recipients` behind `positions` (segment name → offset), as far as they are counted."""

    def __init__(self, directory: Path, positions: dict[str, int]) -> None:
        self._directory, self._positions = directory, positions
        self._counted: dict[str, int] = {}
        self.messages = self.recipients = 0

    def count(self, until: float) -> bool:
        """Count what came since; False when that could not be done `until` then (`monotonic` seconds)."""
        found = segments(self._directory)
        ends = durable_ends(self._directory)
        for path in found:
            # The transport could not store anything in it; or only a later version can count it.
            with contextlib.suppress(FileNotFoundError, Newer):
                if not self._count(path, ends.of(path.name), until):
                    return False
        return True

    def _count(self, path: Path, durable: int | None, until: float) -> bool:
        start = max(self._counted.get(path.name, 0), self._positions.get(path.name, 0))
        for found in read_segment(path, start, durable):
            if isinstance(found, Record):
                self.messages += 1
                self.recipients += len(found.envelope.recipients)
            self._counted[path.name] = found.end
            if monotonic() > until:
                return False
        return True

    def loaded(self, segment: str, records: list[Record]) -> None:
        """These are in PostgreSQL now."""
        counted = self._counted.get(segment, 0)
        known = [record for record in records if record.end <= counted]
        self.messages -= len(known)
        self.recipients -= sum(len(record.envelope.recipients) for record in known)

    def nothing(self) -> None:
        """The journal is loaded to its end."""
        self._counted.clear()
        self.messages = self.recipients = 0
