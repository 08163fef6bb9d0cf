"""The units of packaging/systemd start what `make run` starts, in a sandbox, and each tells systemd that it works."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from console.processes import programs
from console.processes.address import Address
from console.processes.home import CHECKOUT
from transport.worker import DRAIN

UNITS = CHECKOUT / "packaging" / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))
SEVERAL = [unit for unit in SERVICES if unit.stem.endswith("@")]
OURS = [each.name for each in programs.services(Address("127.0.0.1", 8000), programs.ourselves(), {})]
START = "/usr/lib/gatepost/venv/bin/python -P -m console.processes"
MOST_EXPOSED = 20
"""Tenths of what `systemd-analyze security` counts: 0 is safe, 100 is unsafe."""


def settings(unit: Path) -> dict[str, list[str]]:
    """What a unit sets, by name."""
    found: dict[str, list[str]] = {}
    for line in unit.read_text().splitlines():
        if "=" in line and not line.startswith(("#", ";")):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def test_each_process_of_make_run_has_a_unit_which_the_target_wants() -> None:
    names = {f"gatepost-{name}.service" for name in (*OURS, "prepare", "postgresql", "valkey")}
    assert {unit.name for unit in SERVICES if unit not in SEVERAL} == names
    assert set(" ".join(settings(UNITS / "gatepost.target")["Wants"]).split()) == names


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_a_unit_starts_the_process_of_its_name(unit: Path) -> None:
    assert settings(unit)["ExecStart"] == [f"{START} {unit.stem.removeprefix('gatepost-').replace('@', '-%i')}"]


@pytest.mark.parametrize("unit", SEVERAL, ids=lambda unit: unit.stem)
def test_further_workers_are_as_the_first_one(unit: Path) -> None:
    own = {name: value for name, value in settings(unit).items() if name not in ("Description", "ExecStart")}
    first = settings(UNITS / unit.name.replace("@", ""))
    assert own == {**{name: first[name] for name in own if name in first}, "WantedBy": ["gatepost.target"]}
    assert first.keys() - own.keys() == {"Description", "ExecStart"}


@pytest.mark.parametrize("name", OURS)
def test_a_service_is_kept_running_and_watched_and_has_time_to_end(name: str) -> None:
    found = settings(UNITS / f"gatepost-{name}.service")
    assert (found["Type"], found["Restart"]) == (["notify"], ["always"])
    assert int(found["WatchdogSec"][0]) >= 30 and int(found["TimeoutStopSec"][0]) > DRAIN


def test_the_transport_waits_for_no_database() -> None:
    found = settings(UNITS / "gatepost-transport.service")
    awaited = " ".join([*found["After"], *found["Wants"], *found.get("Requires", [])])
    assert "prepare" not in awaited and "postgresql" not in awaited


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here (apt-get install systemd)")
@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_its_sandbox_leaves_little(unit: Path) -> None:
    command = ["systemd-analyze", "security", "--offline=yes", "--no-pager", f"--threshold={MOST_EXPOSED}", unit.name]
    place = {**os.environ, "SYSTEMD_UNIT_PATH": str(UNITS)}
    done = subprocess.run(command, env=place, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
