"""Counts that the transports of a node share: exact at every limit, and a killed one leaves nothing behind."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator

import pytest

from transport.shell.clients.source_budget import SourceBudget
from transport.shell.master import counts
from transport.shell.master.counts import WAYS, Counts
from transport.shell.people.backoff import Backoff

OF = 4


@pytest.fixture
def handle() -> Iterator[int]:
    made = counts.make(OF)
    yield made
    os.close(made)


def test_each_sees_what_the_others_have(handle: int) -> None:
    every = [Counts(handle, number).gauges for number in range(OF)]
    for number, gauges in enumerate(every):
        for _ in range(number + 1):
            gauges.more("open Default")
    assert [gauges.others("open Default") for gauges in every] == [9, 8, 7, 6]
    every[1].clear()
    assert [gauges.others("open Default") for gauges in every] == [7, 8, 5, 4]
    every[0].fewer("open Default")
    assert every[0].others("open Default") == 7
    assert every[0].others("open Other") == 0


def test_what_is_gone_gives_its_place_back(handle: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts, "GAUGES", 4 * WAYS)
    first, second = Counts(handle, 0).gauges, Counts(handle, 1).gauges
    for number in range(3 * counts.GAUGES):
        first.more(f"from {number}")
        first.fewer(f"from {number}")
    first.more("open")
    assert second.others("open") == 1
    assert first.others("never") == 0


def test_a_full_table_counts_on_without_the_others(handle: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts, "GAUGES", WAYS)
    first, second = Counts(handle, 0).gauges, Counts(handle, 1).gauges
    for number in range(WAYS + 3):
        first.more(f"from {number}")
    assert [second.others(f"from {number}") for number in range(WAYS + 3)] == [1] * WAYS + [0] * 3
    first.fewer(f"from {WAYS}")
    first.clear()
    second.more("from a killed one's place")
    assert first.others("from a killed one's place") == 1


def test_of_a_full_bucket_the_oldest_tally_is_forgotten(handle: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(counts.TALLIES, "asked", WAYS)
    asked = Counts(handle, 0).asked
    for number in range(WAYS + 2):
        asked.put(str(number), float(number), 1)
    assert [number for number in range(WAYS + 2) if asked.get(str(number)) is None] == [0, 1]
    asked.forget("5")
    assert asked.get("5") is None


def test_a_budget_and_a_guesser_have_one_account_on_all(handle: int) -> None:
    first, second = Counts(handle, 0), Counts(handle, 1)
    budgets = [SourceBudget(each.asked, "unknown ") for each in (first, second)]
    over = [budgets[turn % 2].over("192.0.2.7", 3, 600, float(turn), counts=True) for turn in range(5)]
    assert over == [False, False, False, True, True]
    assert not SourceBudget(first.asked, "pick-up ").over("192.0.2.7", 3, 600, 5.0, counts=False)
    guards = [Backoff(each.failed, each.known) for each in (first, second)]
    for turn in range(3):
        guards[turn % 2].failed("192.0.2.7", ("anna",), 0.0)
    assert all(guard.must_wait("192.0.2.7", ("anna",), 0.5) for guard in guards)
    guards[0].succeeded("192.0.2.7", ("anna",), 1.0)
    assert not guards[1].must_wait("192.0.2.7", ("anna",), 1.5)
    assert guards[1].is_at_home("192.0.2.7", ("anna",))


def admit(handle: int, number: int, limit: int, tries: int, admitted: object) -> None:
    """Takes a place wherever there is one, and ends without giving any back."""
    gauges = Counts(handle, number).gauges
    mine = 0
    for _ in range(tries):
        with gauges.lock:
            if gauges.others("open") + mine < limit:
                gauges.more("open")
                mine += 1
    admitted.put(mine)  # type: ignore[attr-defined]


@pytest.mark.parametrize("of", [2, 4])
def test_processes_that_count_at_the_same_time_admit_exactly_as_many_as_there_may_be(of: int) -> None:
    handle = counts.make(of)
    fork = multiprocessing.get_context("fork")
    admitted = fork.Queue()
    racing = [fork.Process(target=admit, args=(handle, number, 500, 1000, admitted)) for number in range(of)]
    for process in racing:
        process.start()
    found = [admitted.get(timeout=60) for _ in racing]
    for process in racing:
        process.join()
    assert sum(found) == 500
    seen = Counts(handle, 0).gauges
    assert seen.others("open") + found[0] >= 500 - max(found)
    os.close(handle)


def test_other_memory_is_not_taken_for_counts() -> None:
    handle = os.memfd_create("other")
    os.ftruncate(handle, 1 << 12)
    with pytest.raises(ValueError, match="another way"):
        Counts(handle, 0)
    os.close(handle)
