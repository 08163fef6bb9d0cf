"""What the embedded servers say when something is in their way."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

import pytest

from console.processes.account import Account
from console.processes.address import free_port
from console.processes.data_directory import Lock, settle
from console.processes.home import Home, HomeError
from console.processes.postgres import Postgres


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that the unprivileged account can reach (pytest's own is closed to it, when root runs the tests)."""
    directory = Path(mkdtemp(prefix="gatepost-place-"))
    directory.chmod(0o755)
    yield directory
    rmtree(directory)


@pytest.fixture
def account() -> Account:
    return Account.unprivileged()


@pytest.fixture
def postgres(place: Path, account: Account) -> Postgres:
    return Postgres(place / "a b" / "postgres", account, free_port(), "secret", durable=False)


def test_data_of_another_version_are_left_alone(postgres: Postgres) -> None:
    postgres.prepare()
    (postgres.data / "PG_VERSION").write_text("11\n")
    with pytest.raises(HomeError, match="made by PostgreSQL 11"):
        postgres.prepare()
    assert (postgres.data / "base").exists()


def test_a_half_made_directory_is_made_again(postgres: Postgres, account: Account) -> None:
    account.own(postgres.directory)
    (postgres.directory / "data.new").mkdir()
    (postgres.directory / "data.new" / "half").touch()
    postgres.prepare()
    assert (postgres.data / "PG_VERSION").exists()
    assert not (postgres.data / "half").exists()


def test_a_lock_file_that_nobody_holds_is_forgotten(postgres: Postgres) -> None:
    postgres.prepare()
    (postgres.data / "postmaster.pid").write_text(f"{os.getpid()}\n{postgres.data}\n")
    postgres.prepare()
    assert not (postgres.data / "postmaster.pid").exists()


def test_a_home_is_private_and_keeps_its_secret(place: Path, account: Account) -> None:
    home = settle(Home(place / "home"), account)
    secret = home.secret_key()
    assert home.path.stat().st_mode & 0o077 == 0
    assert settle(home, account).secret_key() == secret


def test_a_home_has_one_supervisor(place: Path, account: Account) -> None:
    home = settle(Home(place / "home"), account)
    first = Lock(home)
    with pytest.raises(HomeError, match="already runs"):
        Lock(home)
    del first
    Lock(home)


def test_a_home_that_is_a_file_is_said(place: Path, account: Account) -> None:
    (place / "home").touch()
    with pytest.raises(HomeError, match=r"home cannot be used by .*Set GATEPOST_HOME"):
        settle(Home(place / "home"), account)
