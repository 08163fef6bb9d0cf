"""The newest revision that can be read: a damaged document holds nothing up, the one before it stays in force."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from transport.config import document
from transport.config.document import DocumentError
from transport.config.snapshot import Snapshot

Row = tuple[int, str, str]
"""Number, document and checksum, as they are kept."""


def readable(rows: Iterable[Row], damaged: Callable[[int, DocumentError], object]) -> Iterator[Snapshot]:
    """The snapshots of revisions, in their order, without those that cannot be read: `damaged` hears of each."""
    for number, text, checksum in rows:
        try:
            yield document.verified(text.encode(), checksum)
        except DocumentError as error:
            damaged(number, error)
