"""Bodies of large messages that wait as files on the machine that accepted them, while most mail is delivered: so each
octet is written once. `queues_content.held` names such a file, `<transport>/<file>`, in place of pieces.

Only where every worker reads the same data directory (`mark`): where one does not, bodies go to PostgreSQL at once.
"""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from transport import node

HELD = "held"
PIECE = 1 << 18
"""Octets that are read at once: they stay in the processor's cache until they are sent."""
Row = tuple[bytes | memoryview, str | None]
"""A piece, or the name of the file that stands for one."""


class Elsewhere(LookupError):
    """The body lies on another machine, from where it goes to PostgreSQL soon."""

    def __init__(self) -> None:
        super().__init__("The body of the message still lies on the machine that accepted it")


def path(home: Path, name: str) -> Path:
    """Where the file of that name lies."""
    transport, _, file = name.partition("/")
    return home / "journal" / transport / HELD / file


def pieces(row: Row, again: Callable[[], Row | None]) -> Iterator[bytes]:
    """The octets of one row of `queues_content`. A file that has gone since its name was read has been taken into
    PostgreSQL: then `again` finds another row. Raises Elsewhere, OSError.
    """
    chunk, held = row
    try:
        yield from _read(path(node.home(), held)) if held else (bytes(chunk),)
    except FileNotFoundError:
        taken = again()
        if not taken or taken[1]:
            raise Elsewhere from None
        yield bytes(taken[0])


def _read(file: Path) -> Iterator[bytes]:
    with file.open("rb", buffering=0) as opened:
        while piece := opened.read(PIECE):
            yield piece


def is_marked(home: Path) -> bool:
    """Whether somebody has asked for the mark of that directory."""
    return (home / "state" / "mark").is_file()


def mark(home: Path) -> str:
    """What tells this data directory from every other one, whoever reaches it by which name; made when it is missing.
    One that nobody else has, where nothing can be written.
    """
    file, fresh = home / "state" / "mark", secrets.token_hex(16)
    draft = file.with_name(f"mark.{fresh}")
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not file.exists():
            draft.write_text(fresh)
            with suppress(FileExistsError):
                os.link(draft, file)
            draft.unlink()
        return file.read_text() or fresh
    return fresh
