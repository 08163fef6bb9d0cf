"""What starts delivery. Everything that is due stands in PostgreSQL: a task that is lost is only a later one."""

import logging
import threading
from contextlib import suppress
from typing import Any

import psycopg
import redis
from celery import shared_task
from celery.signals import celeryd_after_setup, worker_ready, worker_shutdown, worker_shutting_down
from django import db
from django.conf import settings
from kombu import Exchange, Queue
from kombu.exceptions import OperationalError

from console import clock
from console.processes.actions import left, took_turn
from console.processes.names import kind_of, numbered
from console.queues import balance
from transport import service_manager
from transport.deliver import (
    keeping,
    links,
    mailboxes,
    notices,
    pulling,
    retention,
    rounds,
    routing,
    sts_policies,
    tls_reports,
    worker,
)
from transport.deliver.database import pool
from transport.deliver.dispatch import DISPATCH
from transport.deliver.leases import LEASES
from transport.deliver.slots import SLOTS
from transport.deliver.tls_tally import TALLY
from transport.deliver.unreached import UNREACHED
from transport.send.route import NOWHERE, DeliveryType

OWN, OUTBOUND = "gatepost", "gatepost-outbound"
PROCESSES = {OWN: "worker", OUTBOUND: "outbound"}
"""Celery's queues, and the processes that serve them: no next hop holds what mailboxes and periodic work need. Who
serves `OWN` serves the mailboxes of its node, too. Each process has a queue for itself besides.
"""

SCHEDULE = {
    "show that beat is at work": {
        "task": "console.queues.tasks.turn",
        "schedule": 2.0,
        "kwargs": {"node": settings.GATEPOST_NODE},
        "options": {"expires": 60},
    },
    "tell senders": {"task": "console.queues.tasks.notify_senders", "schedule": 5.0, "options": {"expires": 60}},
    "route what is unreachable": {"task": "console.queues.tasks.reroute", "schedule": 60.0, "options": {"expires": 60}},
    "look after queues": {"task": "console.queues.tasks.keep", "schedule": 10.0, "options": {"expires": 10}},
    "fetch MTA-STS policies anew": {
        "task": "console.queues.tasks.refresh_policies",
        "schedule": 300.0,
        "options": {"expires": 60, "queue": OUTBOUND},
    },
    "send reports about TLS": {
        "task": "console.queues.tasks.report_tls",
        "schedule": 60.0,
        "options": {"expires": 60, "queue": OUTBOUND},
    },
    "tend links": {
        "task": "console.queues.tasks.tend_links",
        "schedule": 5.0,
        "options": {"expires": 5, "queue": OUTBOUND},
    },
    "ask for mail elsewhere": {
        "task": "console.queues.tasks.request_mail",
        "schedule": 5.0,
        "options": {"expires": 60},
    },
    "see whether the books balance": {
        "task": "console.queues.tasks.books",
        "schedule": 600.0,
        "options": {"expires": 60},
    },
    "forget what is finished": {"task": "console.queues.tasks.expire", "schedule": 3600.0, "options": {"expires": 600}},
}
AWAY = (psycopg.OperationalError,)
"""PostgreSQL may be away: the queue listener says so once, and no task needs a traceback for it."""

DELIVERED = tuple(kind for kind in DeliveryType if kind not in NOWHERE)

log = logging.getLogger(__name__)
_queues: set[str] = set()
"""Those that this process serves, without its own."""
_own = {"name": "", "queue": ""}
"""What this process is called, and the queue that nobody else serves."""
_away = threading.Event()


@shared_task(acks_late=False, ignore_result=True, throws=AWAY)
def deliver(next_hop: str) -> None:
    """Deliver what is due for one next hop."""
    DISPATCH.begun(next_hop)
    if worker.WORKER.ready():
        rounds.deliver(next_hop, worker.WORKER.number)
    if following := DISPATCH.following():
        _enqueue(*following)


@shared_task(acks_late=False, ignore_result=True, throws=AWAY)
def turn(node: str = settings.GATEPOST_NODE) -> None:
    """The life sign of the beat of a node, of the broker and of the threads that do periodic work."""
    with pool().connection() as connection:
        took_turn(connection, "beat", node)


@shared_task(acks_late=False, ignore_result=True, throws=AWAY)
def notify_senders() -> None:
    """Delay notifications and expiry."""
    while (notices.send_due() or notices.send_put_off()) and not SLOTS.stopping:
        pass


@shared_task(acks_late=False, ignore_result=True, throws=AWAY)
def reroute() -> None:
    """Send waiting mail where the newest configuration says, and let none wait longer than that says."""
    routing.reroute()
    routing.keep_again()
    notices.shorten_waits()


@shared_task(acks_late=False, ignore_result=True, throws=AWAY)
def tend_links() -> None:
    """Links that nothing was sent over for a while are taken down."""
    links.tend()


@shared_task(acks_late=False, ignore_result=True, throws=AWAY)
def request_mail() -> None:
    """Ask for the mail that waits elsewhere, of which a slow server holds no periodic work."""
    for connector in pulling.due(clock.now().timestamp()):
        if not _send(pull, connector, queue=OUTBOUND):
            with pool().connection() as connection:
                pulling.want(connection, connector)


@shared_task(acks_late=False, ignore_result=True, throws=AWAY)
def pull(connector: str) -> None:
    """Ask as one Send connector says."""
    pulling.pull(connector)


@shared_task(acks_late=False, ignore_result=True, throws=AWAY)
def keep() -> None:
    """What was suspended for a while goes on; rates that nobody asks for any more are deleted."""
    keeping.resume_ended()
    keeping.forget_flow()


@shared_task(acks_late=False, ignore_result=True, throws=AWAY)
def refresh_policies() -> None:
    """Policies of the TLS of other domains, long before they end."""
    sts_policies.refresh()


@shared_task(acks_late=False, ignore_result=True, throws=AWAY)
def report_tls() -> None:
    """What other domains want to know of TLS with them."""
    tls_reports.send_due()


@shared_task(acks_late=False, ignore_result=True, throws=(db.OperationalError, redis.RedisError))
def books() -> None:
    """Whether all mail that came is somewhere."""
    balance.count()


@shared_task(acks_late=False, ignore_result=True, throws=AWAY)
def expire() -> None:
    """Retention of finished messages and idle next hops."""
    while retention.forget_finished() == retention.BATCH and not SLOTS.stopping:
        pass
    retention.forget_idle_hops()
    retention.forget_tls()


def _look(connection: psycopg.Connection) -> None:
    """What a process that delivers does every two seconds, in a thread that no task can hold."""
    for queue in _queues & PROCESSES.keys():
        took_turn(connection, numbered(PROCESSES[queue], kind_of(_own["name"])[1]))
    worker.bury_the_dead(connection)
    LEASES.keep(connection, worker.WORKER.number)
    for hop, kind in DISPATCH.due(connection, _kinds(connection)):
        if not _enqueue(hop, kind):
            break
    UNREACHED.tell()
    TALLY.write(connection)


def _kinds(connection: psycopg.Connection) -> list[DeliveryType]:
    """Those that this process serves."""
    elsewhere = set() if OWN not in _queues or mailboxes.are_here(connection) else {DeliveryType.MAILBOX}
    return [kind for kind in DELIVERED if _queue_of(kind) in _queues and kind not in elsewhere]


def _wake(kind: DeliveryType, hop: str) -> None:
    """Once a second for each next hop is enough: who comes later finds the mail too."""
    if _queue_of(kind) in _queues and DISPATCH.wake(hop, kind):
        _enqueue(hop, kind)


def _queue_of(kind: DeliveryType) -> str:
    return OUTBOUND if kind.is_remote else OWN


def _enqueue(hop: str, kind: DeliveryType) -> bool:
    """For ourselves: whoever has seen that mail is due has a place for it."""
    return _send(deliver, hop, queue=_own["queue"] or _queue_of(kind))


def _send(task: Any, *arguments: str, queue: str = OWN) -> bool:
    """Redis may be away, which is said once: then the next look finds the work."""
    try:
        task.apply_async(arguments, expires=60, retry=False, queue=queue)
    except (OperationalError, OSError) as error:
        if not _away.is_set():
            log.warning("tasks wait for Redis: %s", error)
        _away.set()
        return False
    _away.clear()
    return True


@celeryd_after_setup.connect
def _serve_our_own(sender: str, instance: Any, **_: Any) -> None:
    name = sender.partition("@")[0]
    queue = f"gatepost-{name}@{settings.GATEPOST_NODE}"
    _queues.update(instance.app.amqp.queues.consume_from)
    _own.update(name=name, queue=queue)
    instance.app.amqp.queues.select_add(Queue(queue, Exchange(queue), routing_key=queue))


@worker_ready.connect
def _listen(**_: Any) -> None:
    worker.WORKER.kind = "+".join(sorted(PROCESSES[queue] for queue in _queues & PROCESSES.keys()))
    worker.WORKER.wake, DISPATCH.is_first = _wake, worker.WORKER.is_first
    worker.WORKER.look, worker.WORKER.is_asked = _look, lambda: DISPATCH.missed
    if OWN in _queues:
        worker.WORKER.rerouted = lambda: _send(reroute)
    worker.WORKER.ready(0)
    service_manager.ready()


@worker_shutdown.connect
def _leave(**_: Any) -> None:
    """One of several is not missed when it was stopped, since there may be fewer from now on."""
    if kind_of(_own["name"])[1] > 1:
        with suppress(*AWAY), pool().connection() as connection:
            left(connection, _own["name"])


@worker_shutting_down.connect
def _stop(**_: Any) -> None:
    service_manager.stopping()
    SLOTS.stop()
