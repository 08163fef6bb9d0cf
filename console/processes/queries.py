"""Is this copy in order? /healthz and `manage.py status` tell the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from django.db import DatabaseError
from django.utils import timezone
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from console.celery import app
from console.publishing import queries as publishing
from console.publishing.models import Transport
from transport.config.document import DocumentError

SEEN_LATELY = timedelta(seconds=10)


@dataclass
class Health:
    """`missing`: what is not in order, in words. `problems`: what does not keep the copy from working as a whole.
    `smtp`: the bindings (host:port) of the enabled Receive connectors."""

    revision: int = 0
    transports: dict[str, int | None] = field(default_factory=dict)
    worker: bool = False
    smtp: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.missing


def health() -> Health:
    found = Health()
    try:
        _configuration(found)
        _transports(found)
    except DatabaseError:
        found.missing.append("PostgreSQL does not answer.")
    found.worker = _worker_answers()
    if not found.worker:
        found.missing.append("No Celery worker answers.")
    return found


def _configuration(found: Health) -> None:
    revision = publishing.newest_with_document()
    if not revision:
        found.missing.append("There is no configuration yet: run manage.py prepare.")
        return
    found.revision = revision.number
    try:
        connectors = publishing.snapshot(revision).receive_connectors
    except DocumentError as error:
        found.missing.append(f"Revision {revision.number} cannot be read: {error}")
        return
    found.smtp = [str(binding) for connector in connectors if connector.enabled for binding in connector.bindings]


def _transports(found: Health) -> None:
    now = timezone.now()
    lately = [transport for transport in publishing.running() if now - transport.seen_at <= SEEN_LATELY]
    if not lately:
        found.missing.append("No transport has reported within the last 10 seconds.")
    for transport in lately:
        found.transports[transport.name] = transport.revision
        if transport.revision != found.revision:
            found.missing.append(_behind(transport, found.revision))
    found.problems = [f"{name}: {text}" for name, texts in publishing.listening_problems().items() for text in texts]


def _behind(transport: Transport, newest: int) -> str:
    runs = f"runs revision {transport.revision}" if transport.revision else "has no configuration yet"
    return f"Transport {transport.name} {runs}; the newest is {newest}."


def _worker_answers() -> bool:
    try:
        return bool(app.control.ping(timeout=1, limit=1))
    except (RedisError, OperationalError, OSError):
        return False
