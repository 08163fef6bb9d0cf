"""Whom the processes become when root starts them, and that none of them stays root by accident."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.processes import code
from console.processes.account import ROOT_ALLOWED, Account
from console.processes.home import CHECKOUT
from tests.running_copy import RunningCopy

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


@pytest.fixture
def closed() -> Iterator[Path]:
    """A directory as root's home is: nobody else gets in."""
    directory = Path(tempfile.mkdtemp(prefix="gatepost-closed-"))
    yield directory
    shutil.rmtree(directory)


class Elsewhere(RunningCopy):
    """A copy that another Python starts from another checkout, with nothing allowed."""

    def __init__(self, python: str, checkout: Path) -> None:
        super().__init__()
        self.python, self.checkout = python, checkout

    @property
    def environment(self) -> dict[str, str]:
        usual = {name: value for name, value in super().environment.items() if name != ROOT_ALLOWED}
        shared = str(Path(self.python).parents[1] / "lib")
        return usual | {"PYTHONPATH": str(libraries()), "LD_LIBRARY_PATH": shared}


def libraries() -> Path:
    return Path(pytest.__file__).parents[1]


@pytest.fixture
def reachable_python() -> Iterator[str]:
    """This Python, where every account can run it: a copy of it when it lies in root's home itself."""
    python = os.path.realpath(sys.executable)
    if Account.unprivileged().can(python, "-c", "import ssl"):
        yield python
        return
    place = Path(tempfile.mkdtemp(prefix="gatepost-python-"))
    place.chmod(0o755)
    for name in ("bin", "lib"):
        (place / name).mkdir()
    standard = Path(os.__file__).parent
    shutil.copytree(standard, place / "lib" / standard.name, ignore=shutil.ignore_patterns("test", "site-packages"))
    for shared in Path(sys.base_prefix, "lib").glob("libpython3.*.so*"):
        shutil.copy(shared, place / "lib")
    yield shutil.copy(python, place / "bin")
    shutil.rmtree(place)


def test_root_does_not_start_what_nobody_else_can_run(closed: Path) -> None:
    """A Python in root's home: console, workers, forwarder and beat would all be root."""
    venv.create(closed / "venv", symlinks=False, with_pip=False)
    copy = Elsewhere(str(closed / "venv" / "bin" / "python"), CHECKOUT)
    try:
        done = copy.manage("up")
        left = sorted(path.name for path in copy.home.iterdir())
    finally:
        copy.remove()
    assert done.returncode == 1
    assert re.fullmatch(
        r"(CommandError: )?Gatepost was started as root, and \w+ cannot run \S+python\S*: "
        r"install Gatepost with a Python that lies outside of root's home, "
        r"set GATEPOST_USER to an account that can run this one, "
        r"or set GATEPOST_ALLOW_ROOT=1 to let everything run as root\.\n",
        done.stderr,
    )
    assert left == [], "it touched nothing"


def test_root_is_no_account_to_become(closed: Path) -> None:
    copy = Elsewhere(sys.executable, CHECKOUT)
    environment = copy.environment | {"GATEPOST_USER": "root"}
    try:
        done = subprocess.run(
            [sys.executable, "manage.py", "up"], cwd=CHECKOUT, env=environment, capture_output=True, text=True
        )
    finally:
        copy.remove()
    assert done.returncode == 1
    assert "root is root: set GATEPOST_USER to an account without rights of its own." in done.stderr


def test_a_checkout_below_roots_home_is_copied_to_where_the_account_can_read_it(
    closed: Path, reachable_python: str
) -> None:
    checkout = closed / "gatepost"
    checkout.mkdir()
    for part in code.PARTS:
        take = shutil.copytree if (CHECKOUT / part).is_dir() else shutil.copy
        take(CHECKOUT / part, checkout / part)
    copy = Elsewhere(reachable_python, checkout)
    try:
        copy.start()
        copy.wait_until_in_order()
        said = copy.manage("status").stdout
        users = {name: uid(pid) for name, pid in copy.run_file()["pids"].items()}
        assert copy.stop() == 0
        (first,) = (copy.home / "code").iterdir()
        (checkout / "templates" / "new.html").touch()
        copy.start()
        copy.wait_until_in_order()
        (second,) = (copy.home / "code").iterdir()
        copy.stop()
        assert "Traceback" not in copy.terminal()
    finally:
        copy.remove()
    nobody = Account.unprivileged()
    assert [name for name, user in users.items() if user != nobody.uid] == ["supervisor"]
    assert re.search(rf"Accounts: {nobody.name} runs .*transport.*console.*; root runs supervisor\.", said)
    assert first.name != second.name, "a changed checkout is copied again"


def test_root_runs_everything_only_where_that_is_allowed_and_says_so(closed: Path) -> None:
    venv.create(closed / "venv", symlinks=False, with_pip=False)

    class Allowed(Elsewhere):
        @property
        def environment(self) -> dict[str, str]:
            return super().environment | {ROOT_ALLOWED: "1"}

    with Allowed(str(closed / "venv" / "bin" / "python"), CHECKOUT) as copy:
        copy.wait_until_in_order()
        assert "Attention: console, workers, forwarder and beat run as root" in copy.terminal()
        assert re.search(r"root runs .*console", copy.manage("status").stdout)
        parent = copy.run_file()["pids"]["transport"]
        assert {uid(pid) for pid in children(parent)} == {Account.unprivileged().uid}


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def uid(pid: int) -> int:
    """The effective user of a process."""
    found = re.search(r"^Uid:\s+\d+\s+(\d+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert found
    return int(found[1])
