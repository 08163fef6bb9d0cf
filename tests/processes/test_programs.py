"""The command lines of the processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.celery import app
from console.processes import programs
from console.processes.address import Address
from console.queues import tasks
from transport.deliver.slots import PLACES


@pytest.mark.parametrize(("url", "trusted"), [("", ""), ("https://mail-admin.example.com", "127.0.0.1")])
def test_only_a_proxy_may_say_where_a_browser_is(home: Path, url: str, trusted: str) -> None:
    """The limit on sign-in attempts goes by address: without a proxy it must be that of the connection."""
    address = Address.parse("127.0.0.1:8000", "GATEPOST_CONSOLE")
    found = programs.services(address, programs.ourselves(), {"GATEPOST_CONSOLE_URL": url})
    (console,) = [program for program in found if program.name == "console"]
    assert console.environment["FORWARDED_ALLOW_IPS"] == trusted


def test_next_hops_have_the_threads_that_their_places_are_counted_for() -> None:
    found = programs.services(Address.parse("127.0.0.1:8000", "x"), programs.ourselves(), {})
    (outbound,) = [program.command for program in found if program.name == "outbound"]
    assert outbound[outbound.index("--concurrency") + 1] == str(PLACES)


def test_every_queue_of_celery_is_served_and_gets_its_own_tasks_only() -> None:
    found = programs.services(Address.parse("127.0.0.1:8000", "x"), programs.ourselves(), {})
    served = [each.command[each.command.index("--queues") + 1] for each in found if "--queues" in each.command]
    assert sorted(served) == sorted(tasks.PROCESSES)
    assert sorted(app.amqp.queues) == sorted(served), "each process adds one of its own"
    assert {queue.routing_key for queue in app.amqp.queues.values()} == set(app.amqp.queues)
