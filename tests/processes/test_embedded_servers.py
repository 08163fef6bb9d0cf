"""What the embedded servers say when something is in their way."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import mkdtemp

import pytest

from console.processes import sockets
from console.processes.account import Account
from console.processes.data_directory import Lock, settle
from console.processes.home import Home, HomeError
from console.processes.postgres import Postgres, find_binaries
from console.processes.valkey import Valkey, find_binary
from tests.conftest import wait_for


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that the unprivileged account can reach (pytest's own is closed to it, when root runs the tests)."""
    directory = Path(mkdtemp(prefix="gatepost-place-"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def account() -> Account:
    return Account.unprivileged()


@pytest.fixture
def postgres(place: Path, account: Account) -> Postgres:
    return Postgres(place / "a b" / "postgres", sockets.directory(place, account), account, durable=False)


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
    first.close()
    Lock(home).close()


def test_a_home_that_is_a_file_is_said(place: Path, account: Account) -> None:
    (place / "home").touch()
    with pytest.raises(HomeError, match=r"home cannot be used by .*Set GATEPOST_HOME"):
        settle(Home(place / "home"), account)


def test_a_lock_file_of_no_length_is_forgotten(postgres: Postgres) -> None:
    """What a power failure leaves of it."""
    postgres.prepare()
    for left in (postgres.data / "postmaster.pid", postgres.sockets / ".s.PGSQL.5432.lock"):
        left.touch()
    postgres.prepare()
    assert not (postgres.data / "postmaster.pid").exists()
    assert not (postgres.sockets / ".s.PGSQL.5432.lock").exists()


def test_data_without_a_version_are_named(postgres: Postgres) -> None:
    postgres.prepare()
    (postgres.data / "PG_VERSION").write_text("")
    with pytest.raises(HomeError, match=r"postgres/data/PG_VERSION is empty"):
        postgres.prepare()


def test_who_may_connect_is_written_anew_at_each_start(postgres: Postgres, running: Callable[..., None]) -> None:
    postgres.prepare()
    for name in (
        "pg_hba.conf",
        "pg_ident.conf",
        "data/pg_hba.conf",
        "data/postgresql.conf",
        "data/postgresql.auto.conf",
    ):
        (postgres.directory / name).write_text("")
    running(postgres)


@pytest.mark.parametrize(
    "name", ["a b", 'a "b" c', "Büro", "back\\slash", "it's", "a,b", "x" * 120, "(ø)\t$HOME `ls` %41"]
)
def test_a_home_of_any_name_has_servers(place: Path, account: Account, name: str, running: Callable[..., None]) -> None:
    home = account.own(place / name)
    listening = sockets.directory(home, account)
    postgres, valkey = (
        Postgres(home / "postgres", listening, account, durable=False),
        Valkey(home / "r", listening, account),
    )
    running(postgres)
    running(valkey)
    assert stat.S_IMODE(listening.lstat().st_mode) == 0o700
    assert listening.lstat().st_uid == account.uid
    assert sockets.directory(home, account) == listening
    if not listening.is_relative_to(home):
        listening.rmdir()


def test_servers_open_no_port(postgres: Postgres, running: Callable[..., None]) -> None:
    """A local user could fill up the connections of a port, and PostgreSQL would turn us away."""
    running(postgres, lambda process: ports_of(process) == set() or pytest.fail("it listens on a port"))
    valkey = Valkey(postgres.directory / "redis", postgres.sockets, postgres.account)
    running(valkey, lambda process: ports_of(process) == set() or pytest.fail("it listens on a port"))


def test_servers_that_only_root_can_read_are_copied(
    postgres: Postgres, running: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkout in root's home holds them."""
    if postgres.account.is_ourselves:
        pytest.skip("only root reads what its account cannot")
    closed = Path(mkdtemp(prefix="gatepost-closed-"))
    install = find_binaries().parent
    shutil.copytree(install, closed / install.parent.name / install.name, symlinks=True)
    libraries = install.parent.with_name(install.parent.name + ".libs")
    if libraries.exists():
        shutil.copytree(libraries, closed / libraries.name)
    shutil.copy(find_binary(), closed)
    monkeypatch.setenv("PG_BIN", str(closed / install.parent.name / install.name / "bin"))
    monkeypatch.setenv("REDIS_BIN", str(closed / find_binary().name))
    for _ in range(2):
        running(postgres)
        running(Valkey(postgres.directory / "redis", postgres.sockets, postgres.account))
    binary = next(postgres.directory.glob("binaries/*/*/*/bin/postgres"))
    binary.write_bytes(b"")  # what a power failure may leave of it
    running(postgres)
    assert binary.stat().st_uid == postgres.account.uid
    shutil.rmtree(closed)


# Once as root, so that nothing has to be imported afterwards from where nobody else can read.
AS_ANOTHER = """
import os, psycopg, sys
for user in (0, 1):
    os.setuid(user)
    try:
        psycopg.connect(sys.argv[1])
    except psycopg.OperationalError as error:
        print(error)
"""


def test_only_their_own_account_and_root_reach_the_servers(postgres: Postgres, running: Callable[..., None]) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    stranger = Account("daemon", *pwd.getpwnam("daemon")[2:4])
    connect = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"

    def reaches(name: str) -> bool:
        return stranger.can("/usr/bin/python3", "-c", connect, postgres.sockets / name)

    def let_in(_: object) -> None:
        assert not reaches(".s.PGSQL.5432")
        postgres.sockets.chmod(0o777)
        (postgres.sockets / ".s.PGSQL.5432").chmod(0o777)
        assert reaches(".s.PGSQL.5432")
        refused = subprocess.run(
            [sys.executable, "-c", AS_ANOTHER, postgres.url],
            capture_output=True, text=True,
        )  # fmt: skip
        first, second = refused.stdout.strip().splitlines()
        assert 'database "gatepost" does not exist' in first
        assert "Peer authentication failed" in second

    running(postgres, let_in)


def test_root_writes_through_no_link_that_the_account_has_laid(place: Path, account: Account) -> None:
    if account.is_ourselves:
        pytest.skip("only root has an account to distrust")
    home = settle(Home(place / "home"), account)
    elsewhere = place / "elsewhere"
    elsewhere.mkdir(0o700)
    for name in ("sockets", "logs", "postgres"):
        shutil.rmtree(home.path / name, ignore_errors=True)
        (home.path / name).symlink_to(elsewhere)
    (home.path / "secret.key.new").symlink_to(place / "shadow")
    (home.path / "secret.key").unlink()
    with pytest.raises(HomeError, match="logs cannot be used by"):
        settle(home, account)
    for use in (
        lambda: sockets.directory(home.path, account),
        lambda: Postgres(home.path / "postgres", place, account).prepare(),
    ):
        with pytest.raises(OSError, match=r"postgres|sockets"):
            use()
    assert (elsewhere.stat().st_uid, list(elsewhere.iterdir())) == (0, [])
    (home.path / "logs").unlink()
    assert settle(home, account).secret_key()
    assert not (place / "shadow").exists()


@pytest.fixture
def running() -> Callable[..., None]:
    """Start a server, wait until it answers, look at it, stop it."""

    def run(server: Postgres | Valkey, look: Callable[[int], object] = lambda _: None) -> None:
        program = server.prepare()
        process = program.start(subprocess.DEVNULL)
        try:
            wait_for(server.answers, f"{program.name} does not answer")
            look(process.pid)
        finally:
            program.stop(process)

    return run


def ports_of(process: int) -> set[str]:
    """The TCP sockets on which it listens."""
    mine = {os.readlink(handle) for handle in Path(f"/proc/{process}/fd").iterdir()}
    rows = [row.split() for name in ("tcp", "tcp6") for row in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    return {row[1] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in mine}
