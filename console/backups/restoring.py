"""A copy made of a backup, in an empty data directory and an empty database; or a look whether it could be made."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from errno import ENOSPC
from itertools import groupby
from pathlib import Path
from secrets import token_hex
from typing import Any, BinaryIO

import msgspec
import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from console.backups import archive, files, postgres_tools, servers
from console.backups.archive import Damaged, Member
from console.backups.key import WrongKey, fingerprint
from console.backups.manifest import About, Manifest, encode
from console.backups.postgres_tools import ToolFailed
from console.backups.scratch import made_anew, of_check
from console.processes.account import Account
from console.processes.data_directory import RESTORING, Lock, place
from console.processes.home import CHECKOUT, Home, write_private
from transport.durable_file import sync_directory
from transport.shell.forward.taking_in import alone

OURS = (RESTORING, "up.lock", "secret.key", "lost+found")
"""What may lie in a data directory that counts as empty."""
ASIDE = "replaced-"
"""How the name of a directory begins in which the copy lies that was there before."""
MADE_ANEW = ("sockets", "static", "code")
SCRATCH = "gatepost_check_"
"""How the name of a database begins in which a backup is checked: one at a time, and what a killed one left goes."""
TABLES = "SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema'))"


class Refused(Exception):
    """Nothing was touched; the text says why."""


class Settled(msgspec.Struct, frozen=True):
    """What a restored copy holds: recipients by what became of them, how many are held, and who can relay."""

    held: int
    relay: str
    accepted: int
    delivered: int
    failed: int
    removed: int


@dataclass(frozen=True)
class Backup:
    """A file that was read once, to its end, and is whole."""

    file: BinaryIO
    key: str
    manifest: Manifest

    def members(self) -> Iterator[Member]:
        self.file.seek(0)
        return archive.members(self.file)


def opened(file: BinaryIO, key: str) -> Backup:
    """Raises Damaged, and OSError. The fingerprint was compared before (`check_key`)."""
    file.seek(0)
    return Backup(file, key, archive.verified(file, key))


def check_key(about: About, key: str, whence: str) -> None:
    """Raises WrongKey when a key, which comes from there, is not that of the backup."""
    if fingerprint(key) != about.key:
        raise WrongKey(
            f"The backup was made with the key {about.key}, and that of {whence} is {fingerprint(key)}: nothing in it "
            f"could be opened. Give the secret.key of the copy that was backed up, or the passphrase."
        )


def restore(backup: Backup, home: Home, account: Account, aside: bool = False) -> Settled:
    """Make the copy in `home`, where nothing may be, or what is there is put `aside` at the end. Killed, it begins anew
    the next time.

    Raises Refused, HomeError, ToolFailed, Damaged, OSError, psycopg.Error.
    """
    home = place(home, account)
    lock = Lock(home)
    try:
        _require_stopped(home.path)
        _require_empty(home.path, aside)
        scratch = home.path / RESTORING
        with made_anew(scratch):
            with _database(scratch, account) as url:
                settled = _fill(backup, scratch, url, with_all=True)
            _give(scratch, account)
            _put_in_place(scratch, home.path)
            if not os.environ.get("GATEPOST_SECRET_KEY"):
                write_private(home.secret_file, backup.key)
        return settled
    finally:
        lock.close()


def check(backup: Backup) -> Settled:
    """Make such a copy elsewhere, and throw it away: in a PostgreSQL of its own, or in a database of its own on the
    server that DATABASE_URL names. The running copy is not asked. Raises as `restore`.
    """
    account = Account.unprivileged()
    with of_check() as scratch:
        home, named = Home.of_environment().path, os.environ.get("DATABASE_URL", "")
        is_there = named and (servers.elsewhere(home) or servers.answers(named))
        with _other_database() if is_there else servers.started(scratch, account, durable=False) as url:
            return _tried(backup, scratch, url)


def _tried(backup: Backup, scratch: Path, url: str) -> Settled:
    """What fails because the server dies, or because its disk is full, says nothing about the backup."""
    with psycopg.connect(url, autocommit=True, connect_timeout=5) as witness:
        try:
            return _fill(backup, scratch, url, with_all=False)
        except (Damaged, ToolFailed) as error:
            with suppress(psycopg.Error):
                witness.execute("SELECT 1")
                if os.strerror(ENOSPC) not in str(error):
                    raise
            raise Refused(f"PostgreSQL ended meanwhile, or its disk is full: {error}") from None


def _require_stopped(home: Path) -> None:
    """A transport that still ends takes mail, into a journal that would be put aside."""
    named = os.environ.get("DATABASE_URL", "")
    if named and not servers.elsewhere(home) and servers.answers(named):
        raise Refused(f"The copy in {home} runs: stop it first.")
    try:
        with alone(home):
            pass
    except OSError as error:
        raise Refused(f"{error}.") from None


def _require_empty(home: Path, aside: bool) -> None:
    if not aside and (found := next(_content(home), None)):
        raise Refused(
            f"{home} is not empty: there is {found.name}. Set GATEPOST_HOME to a new directory, or let --replace put "
            f"what is there aside."
        )


def _content(home: Path) -> Iterator[Path]:
    """What of a data directory holds something."""
    for path in sorted(home.iterdir()):
        if path.name in OURS or path.name.startswith(ASIDE):
            continue
        if not path.is_dir() or any(each.is_file() for each in path.rglob("*")):
            yield path


@contextmanager
def _database(scratch: Path, account: Account) -> Iterator[str]:
    """Where the copy's database is to be: embedded, or the one that DATABASE_URL names, which is empty, and stays so
    when this comes to nothing.
    """
    url = servers.elsewhere(scratch.parent)
    if not url:
        with servers.started(scratch, account) as url:
            yield url
        return
    with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
        row = connection.execute(TABLES).fetchone()
        if row and row[0]:
            raise Refused(
                f"The database {connection.info.dbname} of {connection.info.host} is not empty: name an empty one in "
                f"DATABASE_URL."
            )
        try:
            yield url
        except BaseException:
            _empty(connection)
            raise


def _empty(connection: psycopg.Connection[Any]) -> None:
    schemas = "SELECT nspname FROM pg_namespace WHERE nspname = 'public' OR nspname LIKE 'draft\\_%'"
    for (name,) in connection.execute(schemas).fetchall():
        connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(name)))
    connection.execute("CREATE SCHEMA public")


@contextmanager
def _other_database() -> Iterator[str]:
    url, name = os.environ["DATABASE_URL"], f"{SCRATCH}{token_hex(6)}"
    with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
        connection.execute("SELECT pg_advisory_lock(hashtext('check of a backup'))")
        for (left,) in connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [SCRATCH]):
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(left)))
        try:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        except psycopg.errors.InsufficientPrivilege:
            raise Refused(
                f"{connection.info.user} may make no database for the check: ALTER ROLE {connection.info.user} CREATEDB"
                f" lets them, or run it without DATABASE_URL, in a PostgreSQL of its own."
            ) from None
        try:
            yield make_conninfo(url, dbname=name)
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _fill(backup: Backup, scratch: Path, url: str, with_all: bool) -> Settled:
    """Files and database as they were, then what must not go on as if nothing had happened."""
    skipped = {f"journal/{name}" for name in backup.manifest.loaded}
    for folder, members in groupby(backup.members(), lambda member: member.name.partition("/")[0]):
        if folder == "database":
            pieces = (piece for member in members for piece in member.pieces())
            postgres_tools.restore(url, backup.manifest.server, pieces)
        elif folder == "journal" or (with_all and folder in ("mailboxes", "logs")):
            for member in members:
                if member.name not in skipped:
                    _extract(member, scratch)
    return _settled(backup, scratch, url)


def _extract(member: Member, scratch: Path) -> None:
    name = member.name.removeprefix("logs/")
    if name != member.name and name.partition("/")[0] not in files.LOGS:
        raise Damaged(f"It holds {member.name[:80]!r}: no backup does.")
    path = scratch / name
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        for piece in member.pieces():
            file.write(piece)


def _settled(backup: Backup, scratch: Path, url: str) -> Settled:
    """By a process of its own: where its database is, a process of Django knows from its beginning."""
    ours = {"GATEPOST_HOME": str(scratch), "DATABASE_URL": url, "GATEPOST_SECRET_KEY": backup.key}
    command = [sys.executable, str(CHECKOUT / "manage.py"), "settle_restored", encode(backup.manifest.about).decode()]
    done = subprocess.run(command, env=os.environ | ours, capture_output=True, text=True, check=False)
    if done.returncode:
        _before, refused, words = done.stderr.rpartition("CommandError: ")
        said = words if refused else (words.strip().splitlines() or ["it said nothing"])[-1]
        raise Damaged(f"The restored database cannot be used: {' '.join(said.split())}")
    return msgspec.json.decode(done.stdout, type=Settled)


def _give(scratch: Path, account: Account) -> None:
    """All of it to the account that the processes run as; what PostgreSQL made is that one's already."""
    if account.is_ourselves:
        return
    for folder, folders, names in os.walk(scratch):
        if Path(folder) == scratch:
            folders[:] = [each for each in folders if each not in ("postgres", "sockets")]
        for each in (*folders, *names):
            os.chown(os.path.join(folder, each), account.uid, account.gid, follow_symlinks=False)


def _put_in_place(scratch: Path, home: Path) -> None:
    """What lay there goes aside, and what was made becomes the copy."""
    os.sync()
    if any(_content(home)):
        former = home / f"{ASIDE}{datetime.now(UTC):%Y%m%dT%H%M%S}"
        former.mkdir(mode=0o700)
        for path in [*_content(home), *home.glob("secret.key")]:
            path.rename(former / path.name)
    for path in scratch.iterdir():
        if path.name not in MADE_ANEW:
            shutil.rmtree(home / path.name, ignore_errors=True)  # empty, as `_content` says
            path.rename(home / path.name)
    sync_directory(home)
