"""Periodic work goes on whatever becomes of the clock, of beat's old file, of the broker."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from console.celery import app
from console.processes.beat import MonotonicScheduler
from tests.running_copy import RunningCopy


class Clock:
    """Seconds since the machine started: the only clock that the scheduler knows."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(MonotonicScheduler, "producer", None)
    monkeypatch.setattr(MonotonicScheduler, "apply_async", lambda self, entry, **_: found.append(entry.name))
    return found


@pytest.fixture
def scheduler(clock: Clock, sent: list[str]) -> MonotonicScheduler:
    class Two(MonotonicScheduler):
        def setup_schedule(self) -> None:
            self.update_from_dict({
                "often": {"task": "often", "schedule": 2.0}, "hourly": {"task": "hourly", "schedule": 3600.0},
            })  # fmt: skip

    return Two(app, clock=clock, is_ours=lambda: True, max_interval=60)


def test_everything_is_done_at_the_start_and_then_each_at_its_time(
    scheduler: MonotonicScheduler, clock: Clock, sent: list[str]
) -> None:
    assert scheduler.tick() == 2.0
    assert sorted(sent) == ["hourly", "often"]
    clock.seconds += 1.5
    assert scheduler.tick() == 0.5
    assert len(sent) == 2
    clock.seconds += 0.5
    scheduler.tick()
    assert sent[2:] == ["often"]
    clock.seconds += 3600
    scheduler.tick()
    assert sorted(sent[3:]) == ["hourly", "often"]


@pytest.mark.parametrize("step", [timedelta(hours=-2), timedelta(hours=2), timedelta(days=-400)])
def test_a_wall_clock_that_is_set_holds_up_nothing(
    scheduler: MonotonicScheduler, clock: Clock, sent: list[str], monkeypatch: pytest.MonkeyPatch, step: timedelta
) -> None:
    from celery.beat import ScheduleEntry

    scheduler.tick()
    real = ScheduleEntry.default_now
    monkeypatch.setattr(ScheduleEntry, "default_now", lambda self: real(self) + step)
    clock.seconds += 2
    scheduler.tick()
    assert sent[2:] == ["often"]


def test_a_broker_that_is_away_costs_one_line_and_no_turn(
    scheduler: MonotonicScheduler, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from celery.beat import SchedulingError

    def refuse(self: Any, entry: Any, **_: Any) -> None:
        raise SchedulingError("Connection refused")

    monkeypatch.setattr(MonotonicScheduler, "apply_async", refuse)
    for _ in range(100):
        scheduler.tick()
        clock.seconds += 2
    assert len(caplog.records) == 1


def test_an_emptied_file_of_the_old_beat_holds_up_nothing(running_copy: RunningCopy) -> None:
    log = running_copy.home / "logs" / "beat.log"
    running_copy.stop()
    said = len(log.read_text())
    (running_copy.home / "beat").mkdir(exist_ok=True)
    for name in ("schedule", "schedule.dat", "schedule.db", "schedule.dir"):
        (running_copy.home / "beat" / name).write_bytes(b"")
    running_copy.start()
    running_copy.wait_until_in_order()
    assert "Traceback" not in log.read_text()[said:]
