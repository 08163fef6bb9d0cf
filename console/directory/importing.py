"""Brings a list of recipients into the directory: wholly, or not at all."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from time import monotonic

from django.db import DataError, connection, transaction

from console import clock
from console.actors import Actor
from console.audit import actions as audit
from console.directory import actions
from console.directory.models import Import, ImportState
from console.directory.queries import accepts
from console.directory.recipient_list import Checked, Noted, check, decode

REPORTED_EVERY = 0.25  # seconds

log = logging.getLogger(__name__)

COUNT = """
SELECT count(*) FILTER (WHERE known.id IS NULL OR known.deleted),
       count(*) FILTER (WHERE NOT known.deleted AND listed.display_name NOT IN ('', known.display_name)),
       count(*)
FROM directory_list listed LEFT JOIN directory_recipient known USING (address)
"""
WRITE = """
INSERT INTO directory_recipient (address, display_name, change_number, deleted, created_at)
SELECT address, display_name, nextval('directory_change_number'), false, now() FROM directory_list
ON CONFLICT (address) DO UPDATE
SET display_name = CASE WHEN excluded.display_name = '' AND NOT directory_recipient.deleted
                        THEN directory_recipient.display_name ELSE excluded.display_name END,
    created_at = CASE WHEN directory_recipient.deleted THEN now() ELSE directory_recipient.created_at END,
    change_number = excluded.change_number, deleted = false
WHERE directory_recipient.deleted OR excluded.display_name NOT IN ('', directory_recipient.display_name)
"""


def run(pk: int) -> None:
    """Does what is left of an import. Harmless when it is finished, or when another worker is at it."""
    with _alone(pk) as alone:
        job = Import.objects.filter(pk=pk).first()
        if not alone or job is None or not job.running:
            return
        try:
            _bring_in(job, _check(job))
        except DataError:
            log.exception("import %s", pk)
            job.notes = {"failed": True}
            _finish(job, ImportState.REFUSED)


def _bring_in(job: Import, checked: Checked) -> None:
    job.notes = {"bad": asdict(checked.bad), "repeated": asdict(checked.repeated)}
    if checked.bad.count or not checked.names:
        _finish(job, ImportState.REFUSED)
        return
    job.notes["foreign"] = asdict(_foreign(checked))
    _write(job, checked)


@contextmanager
def _alone(pk: int) -> Iterator[bool]:
    """Whether this connection holds the import. If the worker dies, PostgreSQL lets go, and another may begin anew."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext('directory_import'), %s)", [pk])
        (mine,) = cursor.fetchone()
        try:
            yield mine
        finally:
            if mine:
                cursor.execute("SELECT pg_advisory_unlock(hashtext('directory_import'), %s)", [pk])


def _check(job: Import) -> Checked:
    text, checked = decode(bytes(job.content)), Checked()
    _progress(job, state=ImportState.CHECKING, lines=text.count("\n") + 1, checked=0)
    reported = monotonic()
    for line in check(text, checked):
        if monotonic() - reported > REPORTED_EVERY:
            _progress(job, checked=line)
            reported = monotonic()
    _progress(job, state=ImportState.WRITING, checked=job.lines)
    return checked


def _foreign(checked: Checked) -> Noted:
    """Domains, as [recipients, domain], for which this organization accepts no mail."""
    domains: dict[str, int] = {}
    for address in checked.names:
        domain = address.rpartition("@")[2]
        domains[domain] = domains.get(domain, 0) + 1
    accepted, foreign = accepts(), Noted()
    for domain, recipients in sorted(domains.items(), key=lambda item: -item[1]):
        if not accepted(domain):
            foreign.add(recipients, domain)
    return foreign


def _write(job: Import, checked: Checked) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE directory_list (address text, display_name text) ON COMMIT DROP")
        with cursor.copy("COPY directory_list FROM STDIN") as copy:
            for entry in checked.names.items():
                copy.write_row(entry)
        cursor.execute("ANALYZE directory_list")
        actions.take_turn()
        cursor.execute(COUNT)
        job.added, job.renamed, every = cursor.fetchone()
        job.unchanged = every - job.added - job.renamed
        cursor.execute(WRITE)
        counts = {"added": job.added, "renamed": job.renamed}
        audit.record(Actor(job.author, frozenset()), "Directory", job.source, "imported", None, counts)
        _finish(job, ImportState.DONE)
        actions.announce()


def _finish(job: Import, state: ImportState) -> None:
    job.state, job.finished_at, job.content = state, clock.now(), b""
    job.save()


def _progress(job: Import, **values: object) -> None:
    for name, value in values.items():
        setattr(job, name, value)
    Import.objects.filter(pk=job.pk).update(**values)
