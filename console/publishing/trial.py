"""Activated for a time: what nobody confirms goes back by itself.

Transports go by their own clock (`transport/shell/feeds/config_feed.py`); whoever else asks PostgreSQL which revision
is in force is told the former one from then on. Here the console's data follow, as a new revision. Whatever is saved
meanwhile is on trial too.
"""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from console.actors import SYSTEM, Actor
from console.audit import actions as audit
from console.audit.queries import TRIAL
from console.publishing import queries
from console.publishing.actions import change, not_too_late, one_at_a_time, wake_transports
from console.publishing.models import ConfigRevision, Trial
from console.publishing.restore import WRITERS, become

MOST_MINUTES = 24 * 60


def confirm(actor: Actor) -> None:
    """What is on trial stays. Raises ValidationError when it is too late, or nothing is."""
    actor.require(*WRITERS)
    with transaction.atomic():
        one_at_a_time()
        not_too_late()
        _ended(actor, "confirmed")
        wake_transports()


def go_back(actor: Actor) -> ConfigRevision | None:
    """Everything as before the trial, now. Raises ValidationError when nothing is on trial."""
    actor.require(*WRITERS)
    return _back(actor, "taken back")


def end() -> None:
    """Goes back if nobody confirmed in time."""
    if _is_over():
        with transaction.atomic():
            one_at_a_time()
            if _is_over():
                _back(SYSTEM, "not confirmed")


def _is_over() -> bool:
    trial = queries.trial()
    return trial is not None and trial.is_over


def _back(actor: Actor, verb: str) -> ConfigRevision | None:
    with transaction.atomic():
        one_at_a_time()
        trial = _ended(actor, verb)
        former = queries.snapshot(queries.numbered(trial.former))
        with change(actor, f"Trial {verb}: back to revision {trial.former}", None) as under_way:
            become(under_way, former)
        wake_transports()
    return under_way.revision


def _ended(actor: Actor, verb: str) -> Trial:
    trial = queries.trial()
    if trial is None:
        raise ValidationError(_("Nothing is on trial."))
    trial.delete()
    newest = queries.newest()
    name = f"Revision {newest.number if newest else trial.former}"
    audit.record(actor, TRIAL, name, verb, None, {"Begun by": trial.author, "Former revision": trial.former})
    return trial
