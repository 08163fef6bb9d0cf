"""The last release and this code side by side: its tables and data under this code, and the other way round."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from console.processes.home import new_secret_key
from tests.architecture.imports import ROOT
from tests.architecture.test_migrations import RELEASE

STEPS = """
import os, sys
from pathlib import Path
import django, psycopg
django.setup()
from console.actors import SYSTEM
from console.connectors import actions
from console.overview import attention
from console.processes import queries
from tests.deliver.conftest import Journal
from transport.config.address_space import AddressSpace
from transport.config.endpoint import parse_binding, parse_range
from transport.config.receive_connector import ReceiveConnector
from transport.config.send_connector import SendConnector
from transport.deliver import rounds
from transport.shell.forward.forwarder import Forwarder

home, url = Path(os.environ["GATEPOST_HOME"]), os.environ["DATABASE_URL"]
directory = home / "journal" / "t1"
(directory / "bodies").mkdir(parents=True, exist_ok=True)
for step in sys.argv[1:]:
    if step == "accept":
        Journal(directory).accept("postmaster@gatepost.test")
    elif step == "forward":
        forwarder = Forwarder(home, url, "n1")
        with psycopg.connect(url, autocommit=True) as connection:
            while forwarder.move_mail(connection):
                pass
            forwarder._tell(connection)
    elif step == "deliver":
        rounds.deliver("mailbox", 1)
    elif step == "create":
        name = f"Made by {os.getpid()}"
        actions.create(SYSTEM, SendConnector(name=name, address_spaces=(AddressSpace("far.test"),)))
        place, clients = (parse_binding("192.0.2.1:25"),), (parse_range("192.0.2.0/24"),)
        actions.create(SYSTEM, ReceiveConnector(name=name, bindings=place, remote_ip_ranges=clients))
    elif step == "look":
        queries.health()
        attention.concerns()
"""
Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, database_url: str) -> Run:
    """`run(checkout, *command)` in a database and a data directory that both share."""
    name = f"side_by_side_{os.getpid()}"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name}")  # type: ignore[call-overload]  # a name of ours
        connection.execute(f"CREATE DATABASE {name}")  # type: ignore[call-overload]
    url = make_conninfo("", **conninfo_to_dict(database_url) | {"dbname": name})
    ours = {
        "DATABASE_URL": url, "REDIS_URL": "redis://127.0.0.1:1/0", "GATEPOST_HOME": str(tmp_path / "home"),
        "GATEPOST_NODE": "n1", "GATEPOST_SECRET_KEY": new_secret_key(), "DJANGO_SETTINGS_MODULE": "console.settings",
    }  # fmt: skip
    (tmp_path / "home").mkdir()

    def run(checkout: Path, *command: str) -> str:
        environment = os.environ | ours | {"PYTHONPATH": str(checkout)}
        done = subprocess.run(
            [sys.executable, *command], cwd=checkout, env=environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    return run


@pytest.fixture
def former(tmp_path: Path) -> Path:
    """The code of the last release."""
    archive = subprocess.run(["git", "archive", RELEASE["commit"]], cwd=ROOT, capture_output=True)
    if archive.returncode:
        pytest.skip(f"this clone has no commit {RELEASE['commit']}, which was release {RELEASE['version']}")
    checkout = tmp_path / "former"
    checkout.mkdir()
    subprocess.run(["tar", "-x", "-C", str(checkout)], input=archive.stdout, check=True)
    return checkout


@pytest.mark.django_db(transaction=True)
def test_mail_goes_on_while_one_node_after_the_other_is_upgraded(former: Path, run: Run, tmp_path: Path) -> None:
    run(former, "manage.py", "prepare")
    run(former, "-c", STEPS, "accept", "forward", "accept")
    run(ROOT, "manage.py", "prepare")
    run(former, "-c", STEPS, "accept", "forward", "deliver", "accept", "create", "look")
    run(former, "manage.py", "prepare")
    run(ROOT, "-c", STEPS, "forward", "deliver", "accept", "forward", "deliver", "look")
    run(former, "-c", STEPS, "look")
    assert len(list((tmp_path / "home" / "mailboxes").glob("*/postmaster/new/*"))) == 5
