"""A backup that nobody waits for: made, written down, checked, and old ones deleted. By a process of its own, which a
worker starts (`tasks`), and which holds a lock while it lives.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import psycopg

from console.backups import actions, archive, queries, restoring
from console.backups.archive import Damaged
from console.backups.key import WrongKey
from console.backups.models import Run, Schedule
from console.backups.places import is_bucket, place_of
from console.backups.postgres_tools import ToolFailed
from console.backups.restoring import Refused
from console.backups.taking import Busy, Source, take
from console.processes.home import HomeError
from transport.send.remote_reply import printable

LOCK = 0x4261636B
"""With the number of a run: held in PostgreSQL by the process that works on it."""
AMISS = (Damaged, WrongKey, ToolFailed, FileNotFoundError)
"""What says that a backup cannot be restored. All else says nothing about it: its place is away, a disk is full."""
LONGEST_WORDS = 500
FAILURES = (*AMISS, OSError, psycopg.Error, HomeError, Busy, Refused)


def make(source: Source, run: Run) -> None:
    """The backup of a row; whatever comes of it is written there."""
    with _at_work(source.database_url, run):
        schedule = queries.schedule()
        try:
            place = place_of(run.place, schedule, source.home)
            path = place.room(run.name)
            take(source, path)
            run.octets = path.stat().st_size
            place.keep(path, run.name)
        except FAILURES as error:
            actions.end_run(run, None, _said(error))
            return
        actions.end_run(run, run.octets, "")
        _check(source, run)
        _forget_old(source, schedule)


def check(source: Source, run: Run) -> None:
    """Whether the backup of a row could be restored; that is written there."""
    with _at_work(source.database_url, run):
        _check(source, run)


def _check(source: Source, run: Run) -> None:
    try:
        with place_of(run.place, queries.schedule(), source.home).file(run.name, run.octets or 0) as file:
            restoring.check_key(archive.about(file), source.key, "this copy")
            restoring.check(restoring.opened(file, source.key))
    except FAILURES as error:
        said = _said(error)
        if isinstance(error, AMISS):
            actions.note_check(run, is_whole=False, words=said)
        else:
            actions.note_words(run, f"It could not be checked: {said}")
    else:
        actions.note_check(run, is_whole=True, words="")


def _forget_old(source: Source, schedule: Schedule) -> None:
    """Those that this copy made, and no other file."""
    for run in queries.to_delete(schedule, datetime.now(UTC)):
        try:
            place_of(run.place, schedule, source.home).delete(run.name)
        except OSError as error:
            if run.node != source.node and not is_bucket(run.place):  # that machine deletes it itself
                continue
            if not isinstance(error, FileNotFoundError):
                actions.note_words(run, f"It could not be deleted: {_said(error)}")
                continue
        actions.note_deleted(run)


@contextmanager
def _at_work(url: str, run: Run) -> Iterator[None]:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s, %s)", [LOCK, run.pk])
        yield


def _said(error: BaseException) -> str:
    """As it may be shown and kept, whatever a server or a name of a file has in it."""
    words = str(error)
    if isinstance(error, OSError) and error.strerror:
        words = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return printable(words)[:LONGEST_WORDS] or type(error).__name__
