from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from console.processes import child as module
from console.processes.child import OLD_LOGS, Child
from console.processes.program import Program
from console.processes.programs import ourselves
from tests.conftest import wait_for
from transport.config import bounds

Make = Callable[[str], Child]


@pytest.fixture
def child_that(tmp_path: Path) -> Iterator[Make]:
    """`child_that(code)`; stopped in the end."""
    made: list[Child] = []

    def make(code: str) -> Child:
        made.append(Child("it", lambda: Program("it", [sys.executable, "-c", code], ourselves()), tmp_path))
        return made[-1]

    yield make
    for child in made:
        child.ask_to_stop()
        child.await_stop()


def ends(child: Child) -> str:
    child.start()
    said: list[str | None] = []
    wait_for(lambda: said.append(child.ended()) or said[-1], "it did not end")
    return str(said[-1])


def test_its_output_goes_to_its_log(child_that: Make, tmp_path: Path) -> None:
    ends(child_that("import sys; print('out', flush=True); sys.stderr.write('error\\n')"))
    assert (tmp_path / "it.log").read_text() == "out\nerror\n"


def test_its_log_is_private_and_never_a_link(child_that: Make, tmp_path: Path) -> None:
    """Root writes it in a directory of the account that the children run as."""
    child = child_that("print('out')")
    ends(child)
    assert child.log.stat().st_mode & 0o077 == 0
    child.log.unlink()
    (tmp_path / "elsewhere").write_text("")
    child.log.symlink_to(tmp_path / "elsewhere")
    ends(child)
    assert child.log.read_text() == "out\n"
    assert (tmp_path / "elsewhere").read_text() == ""


def test_a_large_log_is_put_aside_at_the_next_start(
    child_that: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOG_LIMIT", 5)
    child = child_that("import time; print(time.time_ns())")
    for _ in range(6):
        ends(child)
    assert {path.name for path in tmp_path.iterdir()} == {"it.log", "it.log.1", "it.log.2", "it.log.3"}


def test_a_log_is_put_aside_while_the_process_goes_on_writing(
    child_that: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOG_LIMIT", 20_000)
    child = child_that("import os\nwhile True: os.write(1, b'a line of thirty-two octets, all\\n')")
    child.start()
    for _ in range(OLD_LOGS + 2):
        wait_for(lambda: child.log.stat().st_size > 20_000, "it does not write")
        child.rotate()
    wait_for(lambda: child.log.stat().st_size > 100, "it does not write")
    child.ask_to_stop()
    child.await_stop()
    names = {f"it.log{suffix}" for suffix in ("", ".1", ".2", ".3")}
    assert {path.name for path in tmp_path.iterdir()} == names
    for path in tmp_path.iterdir():
        assert set(path.read_text().splitlines()[:-1]) == {"a line of thirty-two octets, all"}
        assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(("more", "aside"), [(-1, False), (0, True), (1, True)])
def test_the_logs_of_a_process_have_a_bound(child_that: Make, tmp_path: Path, more: int, aside: bool) -> None:
    child = child_that("")
    child.log.write_bytes(bytes(bounds.PROCESS_LOG.octets + more))
    ends(child)
    assert child.log.with_suffix(".log.1").exists() == aside
    assert (child.log.stat().st_size == 0) == aside


def test_a_log_that_cannot_be_put_aside_is_cut_all_the_same(
    child_that: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk must not be filled further."""
    monkeypatch.setattr(module, "LOG_LIMIT", 5)
    (tmp_path / "it.log.1").mkdir()
    (tmp_path / "it.log.2").mkdir()
    (tmp_path / "it.log.2" / "file").touch()
    (tmp_path / "it.log.3").write_text("")
    child = child_that("print('out')")
    child.log.write_text("much of before\n")
    ends(child)
    first, second = child.log.read_text().splitlines()
    assert first.startswith("What stood here before could not be kept: ")
    assert second == "out"


def test_the_first_end_is_healed_at_once_and_further_ones_later_and_later(child_that: Make) -> None:
    child = child_that("raise SystemExit(3)")
    assert ends(child) == "it ended (exit code 3)"
    assert child.is_due
    said = [ends(child) for _ in range(7)]
    waits = [line.rpartition(" in ")[2] for line in said]
    assert waits == ["1 s", "2 s", "4 s", "8 s", "16 s", "30 s", "30 s"]
    assert not child.is_due


def test_one_that_ran_long_is_not_held_to_its_past(child_that: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    child = child_that("raise SystemExit(3)")
    ends(child)
    monkeypatch.setattr(module, "STEADY", 0)
    ends(child)
    assert child.is_due
