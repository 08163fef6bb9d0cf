"""The budget of unknown recipients per source."""

from __future__ import annotations

from time import monotonic

from tests.shell.running_transport import Client, RunningTransport
from transport.config.filters import RecipientFilter
from transport.shell.clients import source_budget
from transport.shell.clients.source_budget import SourceBudget


def test_a_source_is_over_when_it_asked_for_more_than_its_limit_and_free_again_later() -> None:
    budget = SourceBudget()
    asked = [budget.over("192.0.2.7", 2, 600, float(second), counts=True) for second in range(3)]
    assert asked == [False, False, True]
    assert budget.over("192.0.2.7", 2, 600, 3.0, counts=False)
    assert not budget.over("192.0.2.8", 2, 600, 3.0, counts=False)
    assert not budget.over("192.0.2.7", 2, 600, 600.0, counts=False)
    assert not budget.over("192.0.2.7", None, 600, 3.0, counts=True)


def test_its_memory_is_bounded(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(source_budget, "MOST_SOURCES", 3)
    budget = SourceBudget()
    for host in range(9):
        budget.over(f"192.0.2.{host}", 0, 600, 0.0, counts=True)
    assert [budget.over(f"192.0.2.{host}", 0, 600, 0.0, counts=False) for host in (5, 6, 8)] == [False, True, True]


def test_a_harvester_waits_for_the_known_as_long_as_for_the_unknown(transport: RunningTransport) -> None:
    transport.publish(
        transport.connector(tarpit_interval=1), recipient_filter=RecipientFilter(unknown_recipient_limit=2)
    )
    transport.list_recipients(["anna@gatepost.test"])
    transport.start()

    def asked(client: Client, name: str) -> tuple[str, bool]:
        began = monotonic()
        return client.say(f"RCPT TO:<{name}@gatepost.test>")[:3], monotonic() - began > 0.9

    harvester = transport.greeted()
    harvester.say("MAIL FROM:<>")
    answers = [asked(harvester, name) for name in ("anna", "a", "b", "anna", "c", "anna")]
    assert answers == [("250", False), ("550", True), ("550", True), ("250", False), ("550", True), ("250", True)]
    harvester.close()
