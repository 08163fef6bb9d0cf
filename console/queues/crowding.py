"""Why a next hop that could be reached gets no connection: others have all that there may be at one time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from django.utils.translation import gettext as _

from console import clock
from console.connectors.models import SendConnector
from console.queues.models import Lease
from console.queues.queue import Queue
from console.transport_settings.actions import PAGES
from transport.config.transport_limits import TransportLimits

SOON = timedelta(seconds=2)
"""Due mail that waits no longer than this waits for a thread, not for a connection."""


def explained(queues: Sequence[Queue]) -> list[Queue]:
    """The same, with `crowded` where a limit of connections keeps their mail."""
    if not any(map(_waits, queues)):
        return list(queues)
    taken = list(Lease.objects.exclude(hop="").values_list("connector", flat=True))
    most = PAGES[TransportLimits].now().max_outbound_connections
    known = dict(SendConnector.objects.values_list("name", "max_outbound_connections"))
    return [_told(each, taken, most, known) if _waits(each) else each for each in queues]


def _waits(queue: Queue) -> bool:
    is_due = queue.next_due is not None and queue.next_due < clock.now() - SOON
    return queue.is_external and queue.status == "Ready" and is_due


def _told(queue: Queue, taken: Sequence[str], most: int | None, known: dict[str, int | None]) -> Queue:
    of_connector = known.get(queue.connector)
    if of_connector is not None and taken.count(queue.connector) >= of_connector:
        words = _("All connections of its Send connector are in use: %s at one time.") % f"{of_connector:,}"
    elif most is not None and len(taken) >= most:
        words = _("All connections to other servers are in use: %s at one time.") % f"{most:,}"
    else:
        return queue
    return replace(queue, crowded=words)
