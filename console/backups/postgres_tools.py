"""pg_dump and pg_restore: which ones fit a server, and how they are asked without a password on the command line."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from console.processes.home import HomeError
from console.processes.postgres import find_binaries

PIECE = 1 << 20
MOST_SAID = 64 << 10
"""Octets that are read of what a program said."""
NOT_DUMPED = ("django_session",)
"""Tables whose rows stay out of a backup: who has a session's name is signed in."""


class ToolFailed(Exception):
    """What PostgreSQL's own program said."""


def dump(url: str, snapshot: str, server: int) -> Iterator[bytes]:
    """The database as a transaction with that snapshot sees it, in pieces. Raises ToolFailed, HomeError."""
    left_out = [f"--exclude-table-data={name}" for name in NOT_DUMPED]
    options = ["--format=custom", f"--snapshot={snapshot}", *left_out]
    command = [str(tool("pg_dump", server)), *options, *_place(url)]
    with TemporaryFile() as said:
        process = _started(command, url, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said)
        assert process.stdout
        with _ended(process):
            while piece := process.stdout.read(PIECE):
                yield piece
        _judge("pg_dump", process.wait(), said)


def restore(url: str, server: int, pieces: Iterable[bytes]) -> None:
    """Fill an empty database, all of it or nothing. Raises ToolFailed, HomeError."""
    options = ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"]
    command = [str(tool("pg_restore", server)), *options, *_place(url)]
    with TemporaryFile() as said:
        process = _started(command, url, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said)
        assert process.stdin
        with _ended(process), suppress(BrokenPipeError), process.stdin:  # a broken pipe: then it has said why
            for piece in pieces:
                process.stdin.write(piece)
        _judge("pg_restore", process.wait(), said)


@contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """It does not outlive whoever gives up."""
    with process:
        try:
            yield
        except BaseException:
            process.kill()
            raise


def _judge(name: str, code: int, output: IO[bytes]) -> None:
    output.seek(0)
    said = " ".join(output.read(MOST_SAID).decode(errors="replace").split())
    if code:
        raise ToolFailed(f"{name} failed: {said or f'code {code}'}")


def _place(url: str) -> list[str]:
    parts: dict[str, Any] = {name: value for name, value in conninfo_to_dict(url).items() if name != "password"}
    return [f"--dbname={make_conninfo(**parts)}"]


def _started(command: list[str], url: str, **streams: Any) -> subprocess.Popen[bytes]:
    """The password stands in the environment, which nobody else may read."""
    password = conninfo_to_dict(url).get("password")
    secret = {"PGPASSWORD": str(password)} if password else {}
    return subprocess.Popen(command, env=os.environ | secret, **streams)


def tool(name: str, server: int) -> Path:
    """One that is not older than the server, whose version is such a number (180006). Raises HomeError."""
    wanted = server // 10_000
    found = {path: major for path in _candidates(name) if (major := _major(path))}
    fitting = sorted((major, path) for path, major in found.items() if major >= wanted)
    if fitting:
        return fitting[0][1]
    here = ", ".join(f"{path} is of PostgreSQL {major}" for path, major in found.items()) or "there is none here"
    raise HomeError(
        f"The server is PostgreSQL {wanted}, and {name} has to be of that version or a newer one: {here}. "
        f"Install postgresql-client-{wanted}, and set PG_BIN to the directory of its programs."
    )


def _candidates(name: str) -> Iterator[Path]:
    with suppress(HomeError):
        yield find_binaries() / name
    yield from Path("/usr/lib/postgresql").glob(f"*/bin/{name}")


def _major(tool: Path) -> int:
    """0 where it does not run."""
    try:
        said = subprocess.run([tool, "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:
        return 0
    found = re.search(r"\) (\d+)", said)
    return int(found[1]) if found else 0
