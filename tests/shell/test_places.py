"""Who waits for a thread to check a password: many from one network hold up nobody else, and none is forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transport.shell.people.places import NoPlaceError, Places, network_of


class Crowd:
    """Everybody who has a place keeps it until `next`; `served` and `refused` in order."""

    def __init__(self, at_once: int, most_waiting: int) -> None:
        self.places = Places(at_once, most_waiting)
        self.served: list[str] = []
        self.refused: list[str] = []
        self._inside: list[asyncio.Event] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def come(self, *names: str, known: bool = False) -> None:
        for name in names:
            self.tasks.append(asyncio.create_task(self._one(name, known)))
            await settled()

    async def _one(self, name: str, known: bool) -> None:
        try:
            async with self.places.place(name.rstrip("0123456789"), known):
                self.served.append(name)
                leave = asyncio.Event()
                self._inside.append(leave)
                await leave.wait()
        except NoPlaceError:
            self.refused.append(name)

    async def next(self) -> None:
        if self._inside:
            self._inside.pop(0).set()
        await settled()


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def played(run: Callable[[Crowd], Awaitable[Any]], at_once: int = 1, most_waiting: int = 100) -> Crowd:
    async def main() -> Crowd:
        crowd = Crowd(at_once, most_waiting)
        await run(crowd)
        for _ in crowd.tasks:
            await crowd.next()
        assert all(task.done() for task in crowd.tasks)
        return crowd

    return asyncio.run(main())


def test_networks_take_turns() -> None:
    async def run(crowd: Crowd) -> None:
        await crowd.come("a1", "a2", "a3", "a4", "b1", "c1", "b2")

    assert played(run).served == ["a1", "a2", "b1", "c1", "a3", "b2", "a4"]


def test_when_too_many_wait_the_largest_crowd_gives_way() -> None:
    async def run(crowd: Crowd) -> None:
        await crowd.come("a1", "a2", "a3", "a4", "b1", "a5")

    crowd = played(run, most_waiting=3)
    assert crowd.refused == ["a4", "a5"] and set(crowd.served) == {"a1", "a2", "a3", "b1"}


def test_among_equals_the_last_is_refused_unless_it_is_known() -> None:
    async def run(crowd: Crowd) -> None:
        await crowd.come("a1", "b1", "c1", "d1")
        await crowd.come("e1", known=True)

    crowd = played(run, most_waiting=2)
    assert crowd.refused[0] == "d1" and "e1" in crowd.served


@given(steps=st.lists(st.tuples(st.sampled_from(["come", "known", "leave", "cancel"]), st.integers(0, 9)), max_size=60))
def test_whoever_comes_goes_and_gives_up_no_place_is_lost(steps: list[tuple[str, int]]) -> None:
    async def run(crowd: Crowd) -> None:
        for step, number in steps:
            if step in ("come", "known"):
                await crowd.come(f"{'abc'[number % 3]}{number}", known=step == "known")
            elif step == "leave":
                await crowd.next()
            elif crowd.tasks:
                crowd.tasks[number % len(crowd.tasks)].cancel()
                await settled()
        for _ in range(200):
            await crowd.next()
        served = len(crowd.served)
        await crowd.come("x1", "y1")
        assert crowd.served[served:] == ["x1", "y1"]

    async def main() -> None:
        crowd = Crowd(2, 4)
        await run(crowd)
        for task in crowd.tasks:
            task.cancel()
        await asyncio.gather(*crowd.tasks, return_exceptions=True)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("source", "network"),
    [("192.0.2.77", "192.0.2.0/24"), ("2001:db8:1:2::/64", "2001:db8:1::/48"), ("::1", "::/48")],
)
def test_a_network_is_what_one_customer_has_at_most(source: str, network: str) -> None:
    assert network_of(source) == network
