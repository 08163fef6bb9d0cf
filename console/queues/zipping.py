"""Several files as one ZIP file, made while it is sent: memory holds a piece, however large they are."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator

MOST = 1000
"""Messages in one file."""


class _Outlet(io.RawIOBase):
    """What `zipfile` writes to; it cannot go back, so that sizes follow each file."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: object) -> int:
        self._written.append(bytes(piece))  # type: ignore[call-overload]  # whatever has octets
        return len(self._written[-1])

    def taken(self) -> bytes:
        """What was written since."""
        piece, self._written = b"".join(self._written), []
        return piece


def zipped(files: Iterable[tuple[str, Iterator[bytes]]]) -> Iterator[bytes]:
    """A ZIP file of files by their names, in pieces. One without content is left out: it was delivered meanwhile."""
    outlet = _Outlet()
    with zipfile.ZipFile(outlet, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, pieces in files:
            first = next(pieces, None)
            if first is None:
                continue
            with archive.open(name, "w", force_zip64=True) as file:
                file.write(first)
                yield outlet.taken()
                for piece in pieces:
                    file.write(piece)
                    yield outlet.taken()
            yield outlet.taken()
    yield outlet.taken()
