"""What starts delivery. Everything that is due stands in PostgreSQL: a task that is lost is only a later one."""

import logging
import time
from typing import Any

from celery import shared_task
from celery.signals import worker_ready, worker_shutting_down
from kombu.exceptions import OperationalError

from console.queues.delivery import notices, rerouting, retention, rounds, worker
from console.queues.delivery.database import pool
from console.queues.delivery.slots import SLOTS

SCHEDULE = {
    "deliver due mail": {"task": "console.queues.tasks.deliver_due", "schedule": 2.0, "options": {"expires": 4}},
    "tell senders": {"task": "console.queues.tasks.notify_senders", "schedule": 5.0, "options": {"expires": 10}},
    "route what is unreachable": {"task": "console.queues.tasks.reroute", "schedule": 60.0, "options": {"expires": 60}},
    "forget what is finished": {"task": "console.queues.tasks.expire", "schedule": 3600.0, "options": {"expires": 600}},
}
LAGGING = 1.0
"""Seconds that due mail may wait before its next hop gets more connections."""

DUE = """
SELECT h.key, extract(epoch FROM now() - d.due_at)::float8 FROM queues_nexthop h CROSS JOIN LATERAL (
    SELECT due_at FROM queues_recipient r
    WHERE r.next_hop = h.key AND r.status = 'ready' AND r.due_at <= now() AND r.claimed_by IS NULL
    ORDER BY due_at LIMIT 1) d
WHERE NOT h.suspended AND (h.retry_at IS NULL OR h.retry_at <= now()) AND h.key <> 'unreachable'
"""
log = logging.getLogger(__name__)
_asked: dict[str, float] = {}


@shared_task(acks_late=False, ignore_result=True)
def deliver(next_hop: str) -> None:
    """Deliver what is due for one next hop."""
    _asked.pop(next_hop, None)
    if worker.WORKER.ready():
        rounds.deliver(next_hop, worker.WORKER.number)


@shared_task(acks_late=False, ignore_result=True)
def deliver_due() -> None:
    """Find next hops with due mail that nobody delivers, or that are delivered to too slowly."""
    worker.WORKER.ready(0)
    with pool().connection() as connection:
        worker.bury_the_dead(connection)
        due = connection.execute(DUE).fetchall()
    for hop, waiting in due:
        busy = SLOTS.count(hop)
        if not busy or waiting > LAGGING:
            for _ in range(max(1, busy)):
                _enqueue(hop)


@shared_task(acks_late=False, ignore_result=True)
def notify_senders() -> None:
    """Delay notifications and expiry."""
    while notices.send_due() == notices.BATCH:
        pass


@shared_task(acks_late=False, ignore_result=True)
def reroute() -> None:
    """Send waiting mail where the newest configuration says."""
    rerouting.reroute()


@shared_task(acks_late=False, ignore_result=True)
def expire() -> None:
    """Retention of finished messages and idle next hops."""
    while retention.forget_finished() == retention.BATCH:
        pass
    retention.forget_idle_hops()


def _wake(hop: str) -> None:
    """Once a second for each next hop is enough: who comes later finds the mail too."""
    now = time.monotonic()
    if now - _asked.get(hop, 0.0) > 1.0:
        _asked[hop] = now
        _enqueue(hop)


def _enqueue(hop: str) -> None:
    _send(deliver, hop)


def _send(task: Any, *arguments: str) -> None:
    """Redis may be away: then the beat's next turn finds the work."""
    try:
        task.apply_async(arguments, expires=60, retry=False)
    except (OperationalError, OSError) as error:
        log.warning("no task for %s: %s", arguments, error)


@worker_ready.connect
def _listen(**_: Any) -> None:
    worker.WORKER.wake = _wake
    worker.WORKER.rerouted = lambda: _send(reroute)
    worker.WORKER.ready(0)


@worker_shutting_down.connect
def _stop(**_: Any) -> None:
    SLOTS.stop()
