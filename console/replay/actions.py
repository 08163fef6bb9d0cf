"""Every write of the session records' table that is not the forwarder's."""

from __future__ import annotations

from datetime import datetime

from console.replay.models import Records

AT_ONCE = 1000


def forget_before(moment: datetime) -> int:
    """Deletes records of sessions that ended before `moment`, some at a time; returns how many rows."""
    gone = 0
    while True:
        keys = list(Records.objects.filter(last_ended__lt=moment).order_by("last_ended").values_list("pk")[:AT_ONCE])
        gone += Records.objects.filter(pk__in=[pk for (pk,) in keys]).delete()[0]
        if len(keys) < AT_ONCE:
            return gone
