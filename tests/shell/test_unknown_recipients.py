"""The budget of unknown recipients per source."""

from __future__ import annotations

from transport.shell import unknown_recipients
from transport.shell.unknown_recipients import UnknownRecipients


def test_a_source_is_over_when_it_asked_for_more_than_its_limit_and_free_again_later() -> None:
    budget = UnknownRecipients()
    asked = [budget.over("192.0.2.7", 2, 600, float(second), unknown=True) for second in range(3)]
    assert asked == [False, False, True]
    assert budget.over("192.0.2.7", 2, 600, 3.0, unknown=False)
    assert not budget.over("192.0.2.8", 2, 600, 3.0, unknown=False)
    assert not budget.over("192.0.2.7", 2, 600, 600.0, unknown=False)
    assert not budget.over("192.0.2.7", None, 600, 3.0, unknown=True)


def test_all_addresses_of_an_ipv6_network_are_one_source() -> None:
    budget = UnknownRecipients()
    assert [budget.over(f"2001:db8::{host}", 1, 600, 0.0, unknown=True) for host in (1, 2)] == [False, True]
    assert not budget.over("2001:db8:0:1::1", 1, 600, 0.0, unknown=True)


def test_its_memory_is_bounded(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(unknown_recipients, "MOST_SOURCES", 3)
    budget = UnknownRecipients()
    for host in range(9):
        budget.over(f"192.0.2.{host}", 0, 600, 0.0, unknown=True)
    assert [budget.over(f"192.0.2.{host}", 0, 600, 0.0, unknown=False) for host in (5, 6, 8)] == [False, True, True]
