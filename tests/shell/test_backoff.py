"""How long somebody who guesses has to wait, and who has not."""

from __future__ import annotations

import pytest

from transport.shell.people import backoff
from transport.shell.people.backoff import FREE_NAMES, FREE_NAMES_OF_A_SITE, FREE_TRIES, Backoff
from transport.shell.tallies import OwnTallies

SOURCE, ANNA = "192.0.2.1", ("anna", "contoso\\anna")


def spray(guard: Backoff, names: int, now: float = 0.0) -> None:
    for number in range(names):
        assert not guard.must_wait(SOURCE, (f"user{number}",), now)
        guard.failed(SOURCE, (f"user{number}",), now)


def test_the_wait_doubles_up_to_its_limit_and_is_forgotten() -> None:
    guard = Backoff()
    for _ in range(FREE_TRIES):
        assert not guard.must_wait(SOURCE, ANNA, 0.0)
        guard.failed(SOURCE, ANNA, 0.0)
    assert guard.must_wait(SOURCE, ANNA, 0.9) and not guard.must_wait(SOURCE, ANNA, 1.0)
    guard.failed(SOURCE, ANNA, 1.0)
    assert guard.must_wait(SOURCE, ANNA, 2.9) and not guard.must_wait(SOURCE, ANNA, 3.0)
    for _ in range(40):
        guard.failed(SOURCE, ANNA, 10.0)
    assert guard.must_wait(SOURCE, ANNA, 909.9) and not guard.must_wait(SOURCE, ANNA, 910.0)
    guard.failed(SOURCE, ANNA, 9000.0)
    assert not guard.must_wait(SOURCE, ANNA, 9000.0)


def test_a_source_waits_from_its_tenth_failing_name_on_and_is_forgiven_after_a_quiet_hour() -> None:
    guard = Backoff()
    spray(guard, FREE_NAMES - 1)
    assert not guard.must_wait(SOURCE, ("last",), 0.0)
    guard.failed(SOURCE, ("last",), 0.0)
    assert guard.must_wait(SOURCE, ("another",), 0.9) and not guard.must_wait("192.0.2.2", ("another",), 0.9)
    assert not guard.must_wait(SOURCE, ("another",), 1.0)
    guard.failed(SOURCE, ("another",), 1.0)
    assert guard.must_wait(SOURCE, ("one more",), 2.9) and not guard.must_wait(SOURCE, ("one more",), 3.0)
    guard.failed(SOURCE, ("one more",), 4000.0)
    assert not guard.must_wait(SOURCE, ("and one",), 4000.0)


def test_one_device_with_an_old_password_does_not_slow_its_neighbours() -> None:
    guard = Backoff()
    for hour in range(100):
        guard.failed(SOURCE, ("scanner",), hour * 900.0)
    assert not guard.must_wait(SOURCE, ANNA, 99 * 900.0)


def test_owning_one_account_does_not_buy_more_names() -> None:
    guard = Backoff()
    spray(guard, FREE_NAMES)
    guard.succeeded(SOURCE, ("mallory",), 0.0)
    assert guard.must_wait(SOURCE, ("another",), 0.5) and not guard.must_wait(SOURCE, ("mallory",), 0.5)


def test_who_is_at_home_at_a_source_waits_for_own_failures_only() -> None:
    guard = Backoff()
    guard.succeeded(SOURCE, ANNA, 0.0)
    spray(guard, FREE_NAMES)
    assert not guard.must_wait(SOURCE, ANNA, 0.5)
    for _ in range(FREE_TRIES):
        guard.failed(SOURCE, ANNA, 0.5)
    assert guard.must_wait(SOURCE, ANNA, 0.6)


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backoff, "MOST_KEPT", 5)
    guard = Backoff()
    for number in range(50):
        guard.failed(f"192.0.2.{number}", (f"user{number}",), 0.0)
        guard.succeeded(f"198.51.100.{number}", (f"user{number}",), 0.0)
    tallies = (guard._users._tallies, guard._sources._tallies, guard._at_home)
    assert [len(each._tallies) for each in tallies if isinstance(each, OwnTallies)] == [5, 5, 5]


def test_the_networks_of_one_site_wait_together_and_those_of_ipv4_do_not() -> None:
    guard = Backoff()
    for number in range(FREE_NAMES_OF_A_SITE):
        source = f"2001:db8:1:{number:x}::/64"
        assert not guard.must_wait(source, (f"user{number}",), 0.0)
        guard.failed(source, (f"user{number}",), 0.0)
        guard.failed(f"192.0.2.{number}", (f"user{number}",), 0.0)
    assert guard.must_wait("2001:db8:1:ffff::/64", ANNA, 0.9) and not guard.must_wait("2001:db8:2::/64", ANNA, 0.9)
    assert not guard.must_wait("192.0.2.200", ANNA, 0.9)
    guard.succeeded("2001:db8:1:ffff::/64", ANNA, 0.0)
    assert not guard.must_wait("2001:db8:1:ffff::/64", ANNA, 0.9)
