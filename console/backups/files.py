"""What lies in files: journal, large bodies that wait, mailboxes, logs. Others write and delete them meanwhile."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from errno import ENOENT
from pathlib import Path
from uuid import UUID

from console.backups.archive import PIECE, Writer
from transport import held_body
from transport.shell.journal.durable_end import durable_ends
from transport.shell.journal.segment import BODIES, SET_ASIDE, Record, read_segment, segments

LOGS = ("protocol-log", "message-tracking", "connectivity-log")


def add_journals(archive: Writer, home: Path) -> dict[str, UUID | None]:
    """All that was answered with 250 and is in the database only later; each segment with its first message.

    Of each transport segments come before bodies: a body whose record was copied is there, or its record is in the
    database by the time that it is gone. Raises OSError.
    """
    copied: dict[str, UUID | None] = {}
    for folder in sorted(each for each in (home / "journal").glob("*") if each.is_dir()):
        found = segments(folder)
        ends = durable_ends(folder)
        for path in found:
            with suppress(FileNotFoundError):  # the forwarder is done with it
                copied[f"{folder.name}/{path.name}"] = _add_segment(archive, home, path, ends.of(path.name))
        for path in sorted([*(folder / BODIES).glob("*.body"), *(folder / SET_ASIDE).glob("*")]):
            add_file(archive, path, _under(home, path))
    return copied


def _add_segment(archive: Writer, home: Path, path: Path, durable: int | None) -> UUID | None:
    records = (each for each in read_segment(path, 0, durable) if isinstance(each, Record))
    first = next(records, None)
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        archive.add(_under(home, path), size if durable is None else min(size, durable), _pieces(file.fileno()))
    return UUID(bytes=first.envelope.id) if first else None


def add_file(archive: Writer, path: Path, name: str) -> bool:
    """As long as it is now; False where it has gone. Raises OSError."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    with os.fdopen(handle, "rb"):
        archive.add(name, os.fstat(handle).st_size, _pieces(handle))
    return True


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """An error of the system says where it happened, also one of a write, which by itself does not."""
    try:
        yield
    except OSError as error:
        if error.errno and not error.filename:
            error.filename = str(path)
        raise


def _pieces(handle: int) -> Iterator[bytes]:
    while piece := os.read(handle, PIECE):
        yield piece


def add_mailboxes(archive: Writer, home: Path) -> None:
    """What was delivered before the database was looked at is there; what came since may be, too, under the name that
    it will have again. Raises OSError.
    """
    for folder in ("new", "cur"):
        for place in home.glob(f"mailboxes/*/*/{folder}"):
            add_files(archive, home, place)


def add_files(archive: Writer, home: Path, folder: Path) -> None:
    """The plain files of a folder. Raises OSError."""
    with suppress(FileNotFoundError), os.scandir(folder) as found:
        for entry in found:
            if entry.is_file(follow_symlinks=False):
                path = Path(entry.path)
                add_file(archive, path, _under(home, path))


def add_logs(archive: Writer, home: Path) -> None:
    """Protocol, connectivity and message tracking logs. Raises OSError."""
    for kind in LOGS:
        for path in sorted(home.glob(f"{kind}/*/*.LOG")):
            add_file(archive, path, f"logs/{_under(home, path)}")


def _under(home: Path, path: Path) -> str:
    return str(path.relative_to(home))


class Held:
    """Second names for bodies that wait as files, so that none goes while the database that names them is read."""

    def __init__(self, home: Path) -> None:
        """Names of a backup that was killed go. Raises OSError."""
        self._home = home
        self._folder = home / "state" / "backup"
        self.release()
        self._folder.mkdir(parents=True, mode=0o700)

    def keep_all(self) -> None:
        """All that are there. Raises OSError."""
        self.keep(f"{path.parent.parent.name}/{path.name}" for path in self._home.glob(f"journal/*/{held_body.HELD}/*"))

    def keep(self, names: Iterable[str]) -> set[str]:
        """Those `<transport>/<file>` that were not there any more. Raises OSError."""
        return {name for name in names if not self._keep(name)}

    def _keep(self, name: str) -> bool:
        kept = self._path(name)
        kept.parent.mkdir(exist_ok=True, mode=0o700)
        try:
            os.link(held_body.path(self._home, name), kept)
        except FileExistsError:
            return True
        except FileNotFoundError:
            return False
        return True

    def add(self, archive: Writer, names: Iterable[str]) -> None:
        """Those that were kept. Raises OSError, also where one is not there any more: the backup would lack it."""
        for name in names:
            transport, _, file = name.partition("/")
            if not add_file(archive, self._path(name), f"journal/{transport}/{held_body.HELD}/{file}"):
                raise FileNotFoundError(ENOENT, "The body of a message that waits is gone", str(self._path(name)))

    def release(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def _path(self, name: str) -> Path:
        transport, _, file = name.partition("/")
        return self._folder / transport / file
