"""What is written about backups."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_noop

from console.actors import Actor
from console.audit.actions import record
from console.backups import queries
from console.backups.manifest import About
from console.backups.models import Restored, Run, Schedule
from console.credentials import actions as credentials
from console.processes.models import Node, Turn
from console.publishing import actions as publishing
from console.publishing.models import Transport
from console.queues import actions as queues
from console.tracking import actions as tracking

BACKUP, SCHEDULE = "Backup", "Backup schedule"
CUT_SHORT = gettext_noop("It was cut short: its process ended.")


@transaction.atomic
def settle(actor: Actor, about: About) -> int:
    """What came out of a backup does not go on as if nothing had happened: mail is held, its revision has a new number,
    nobody is at work or signed in anywhere, the mailboxes are the first machine's that starts. Returns how many
    recipients are held.
    """
    actor.require()
    held = queues.hold_restored(actor)
    tracking.settle_restored()
    credentials.forget_tokens(actor)
    Node.objects.all().delete()
    Turn.objects.all().delete()
    Transport.objects.all().delete()
    revision = publishing.publish_restored(actor, f"Restored from the backup of {about.node}, {about.taken_at}")
    Restored.objects.create(taken_at=datetime.fromisoformat(about.taken_at), node=about.node, held=held)
    facts = {"taken": about.taken_at, "node": about.node, "recipients held": held}
    record(actor, BACKUP, about.node, "restored", None, facts, revision.number)
    return held


@transaction.atomic
def save_schedule(actor: Actor, wanted: Schedule) -> None:
    """When and where backups are made from now on."""
    actor.require()
    before = queries.schedule()
    wanted.pk, wanted.wanted, wanted.changed_at = 1, before.wanted, Now()
    Schedule.objects.filter(pk=1).delete()
    wanted.save(force_insert=True)
    record(actor, SCHEDULE, SCHEDULE, "changed", _facts(before), _facts(wanted))


def _facts(schedule: Schedule) -> dict[str, object]:
    """Without the secret."""
    at = f"{schedule.at:%H:%M}" if schedule.at else ""
    return {
        "at": at, "place": schedule.place, "machine": schedule.node, "access key": schedule.access_key,
        "kept": schedule.kept, "days": schedule.kept_days,
    }  # fmt: skip


@transaction.atomic
def want_run(actor: Actor) -> None:
    """One is made as soon as a worker looks."""
    actor.require()
    if Schedule.objects.filter(pk=1).update(wanted=True):
        record(actor, BACKUP, queries.schedule().place, "asked for", None, None)


@transaction.atomic
def want_check(actor: Actor, run: Run) -> None:
    """It is checked as soon as a worker looks."""
    actor.require()
    if Run.objects.filter(pk=run.pk, is_there=True).update(check_wanted=True):
        record(actor, BACKUP, run.name, "check asked for", None, None)


@transaction.atomic
def begin(node: str, now: datetime) -> Run | None:
    """The row of a backup that is due, or that somebody asked for, on this machine; None when there is none."""
    schedule = Schedule.objects.select_for_update(skip_locked=True).filter(pk=1).first()
    if schedule is None or not schedule.place or schedule.node not in ("", node):
        return None
    if Run.objects.filter(ended_at=None).exists() or not (schedule.wanted or queries.is_due(schedule, now)):
        return None
    Schedule.objects.update(wanted=False)
    name = f"gatepost-{node}-{now:%Y%m%dT%H%M%SZ}.backup"
    return Run.objects.create(node=node, place=schedule.place, name=name, begun_at=now)


@transaction.atomic
def begin_check(node: str) -> Run | None:
    """The row of a backup of this machine whose check somebody asked for."""
    found = Run.objects.select_for_update(skip_locked=True).filter(check_wanted=True, node=node).first()
    if found:
        Run.objects.filter(pk=found.pk).update(check_wanted=False)
    return found


def end_run(run: Run, octets: int | None, words: str) -> None:
    """What came of it: so many octets are there, or why there are none."""
    facts = {"octets": octets, "words": words, "is_there": octets is not None}
    Run.objects.filter(pk=run.pk).update(ended_at=Now(), **facts)


def end_cut_short(lock: int) -> None:
    """Those whose process is no more: it does not hold the lock any longer, some time after it was begun, by whatever
    clock.
    """
    with connection.cursor() as cursor:
        cursor.execute(ENDED, {"lock": lock, "words": CUT_SHORT})


ENDED = """
UPDATE backups_run SET ended_at = now(), words = %(words)s
WHERE ended_at IS NULL AND begun_at NOT BETWEEN now() - interval '1 minute' AND now() + interval '1 day'
    AND NOT EXISTS (
    SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = %(lock)s AND objid = id::oid AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
"""


def note_check(run: Run, is_whole: bool, words: str) -> None:
    """What its check came to; what stood in the way before counts no more."""
    Run.objects.filter(pk=run.pk).update(checked_at=Now(), is_whole=is_whole, check_words=words, words="")


def note_words(run: Run, words: str) -> None:
    """What stood in the way of checking or deleting it: what its last check came to stays known, and why."""
    Run.objects.filter(pk=run.pk).update(words=words)


def note_deleted(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(is_there=False, words="")
