"""What is written about backups."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from console.actors import Actor
from console.audit.actions import record
from console.backups.manifest import About
from console.backups.models import Restored
from console.credentials import actions as credentials
from console.processes.models import Turn
from console.publishing import actions as publishing
from console.publishing.models import Transport
from console.queues import actions as queues
from console.tracking import actions as tracking

BACKUP = "Backup"


@transaction.atomic
def settle(actor: Actor, about: About) -> int:
    """What came out of a backup does not go on as if nothing had happened: mail is held, its revision has a new number,
    nobody is at work or signed in anywhere. Returns how many recipients are held.
    """
    actor.require()
    held = queues.hold_restored(actor)
    tracking.settle_restored()
    credentials.forget_tokens(actor)
    Turn.objects.all().delete()
    Transport.objects.all().delete()
    revision = publishing.publish_restored(actor, f"Restored from the backup of {about.node}, {about.taken_at}")
    Restored.objects.create(taken_at=datetime.fromisoformat(about.taken_at), node=about.node, held=held)
    facts = {"taken": about.taken_at, "node": about.node, "recipients held": held}
    record(actor, BACKUP, about.node, "restored", None, facts, revision.number)
    return held
