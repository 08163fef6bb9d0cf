"""docker-compose.yml is valid, refers to nothing that is not there, and runs what `make run` runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import Any

import pytest
from ruamel.yaml import YAML

from console.processes import programs
from console.processes.address import Address
from console.processes.home import CHECKOUT

COMPOSE = CHECKOUT / "docker-compose.yml"
SECRETS = {"POSTGRES_PASSWORD": "p", "GATEPOST_SECRET_KEY": "k", "GATEPOST_ADMIN_PASSWORD": "a"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return dict(YAML(typ="safe").load(COMPOSE))


def test_it_satisfies_the_compose_schema() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_services_wait_for_services_that_exist(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        for other, how in service.get("depends_on", {}).items():
            assert other in compose["services"], f"{name} depends on {other}"
            if how["condition"] == "service_healthy":
                assert "healthcheck" in compose["services"][other], f"{name} waits for {other}'s health"


def test_an_upgrade_replaces_who_reads_the_journal_before_who_writes_it(compose: dict[str, Any]) -> None:
    """A forwarder of the former version sets aside what it cannot read; only started, so that mail waits for nobody."""
    assert compose["services"]["transport"]["depends_on"]["forwarder"] == {"condition": "service_started"}
    assert "transport" not in compose["services"]["forwarder"]["depends_on"]


def test_ours_write_nothing_but_their_volume_and_have_no_rights(compose: dict[str, Any]) -> None:
    for name in ("prepare", *(each.name for each in programs.services(Address("", 1), programs.ourselves(), {}))):
        service = compose["services"][name]
        assert (service["read_only"], service["cap_drop"], service["tmpfs"]) == (True, ["ALL"], ["/tmp"]), name
        assert service["stop_grace_period"] == "60s", name


def test_volumes_are_declared_and_used(compose: dict[str, Any]) -> None:
    mounts = [mount for service in compose["services"].values() for mount in service.get("volumes", [])]
    assert {mount.partition(":")[0] for mount in mounts} == set(compose["volumes"])


def test_what_is_built_and_copied_exists(compose: dict[str, Any]) -> None:
    assert any(service.get("build") == "." for service in compose["services"].values())
    lines = (CHECKOUT / "Dockerfile").read_text().splitlines()
    for name in [name for line in lines if line.startswith("COPY") for name in line.split()[1:-1]]:
        assert (CHECKOUT / name).exists(), name
        assert f"!{name}" in (CHECKOUT / ".dockerignore").read_text().splitlines(), name


def test_postgresql_18_keeps_its_data_in_the_volume(compose: dict[str, Any]) -> None:
    assert compose["services"]["postgres"]["image"] == "postgres:18"
    assert compose["services"]["postgres"]["volumes"] == ["postgres:/var/lib/postgresql"]


def test_it_runs_the_processes_of_make_run(compose: dict[str, Any]) -> None:
    here = programs.services(Address("0.0.0.0", 8000), programs.ourselves(), {})
    for program in here:
        ours = [part for part in program.command[1:] if part != "-m"]
        theirs = [part for part in compose["services"][program.name]["command"] if part not in ("python", "-m")]
        assert theirs == ours, program.name


@pytest.mark.skipif(not shutil.which("docker"), reason="no docker command here")
def test_docker_compose_accepts_it() -> None:
    if subprocess.run(["docker", "compose", "version"], capture_output=True).returncode:
        pytest.skip("this docker has no compose")
    command = ["docker", "compose", "-f", str(COMPOSE), "config", "-q"]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **SECRETS})
    assert done.returncode == 0, done.stderr
