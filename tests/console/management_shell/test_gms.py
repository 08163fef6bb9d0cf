"""`manage.py gms`: the shell in a terminal, in a script, at the end of a pipe."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import pytest

from console.accounts import actions as accounts
from console.actors import SYSTEM, Role
from console.audit.models import Entry
from console.connectors import actions, models
from console.processes.home import CHECKOUT
from tests.console.builders import ADMIN, receive_connector

pytestmark = pytest.mark.django_db(transaction=True)
Gms = Callable[..., "subprocess.CompletedProcess[str]"]
BANNER = "220 Mail Server"


@pytest.fixture
def environment(home: Path, database_url: str, redis_url: str) -> dict[str, str]:
    actions.create(ADMIN, receive_connector("Office"))
    known = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "GATEPOST_HOME": str(home), "GATEPOST_NODE": "mail1"}
    return {**os.environ, **known, "SUDO_USER": "olga"}


@pytest.fixture
def gms(environment: dict[str, str]) -> Gms:
    def run(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "manage.py", "gms", *arguments]
        return subprocess.run(
            command, cwd=CHECKOUT, env=environment, input=stdin, capture_output=True, text=True, timeout=60
        )

    return run


def banner() -> str | None:
    return models.ReceiveConnector.objects.get(name="Office").banner


def test_a_command_changes_a_connector_and_the_history_names_who_sat_at_the_machine(gms: Gms) -> None:
    done = gms("-c", f"Set-ReceiveConnector Office –Banner “{BANNER}”; Get-ReceiveConnector | fl Name,Banner")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"\nName   : Office\nBanner : {BANNER}\n\n"
    assert banner() == BANNER
    assert Entry.objects.latest("pk").actor == "olga on mail1"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_a_script_runs_as_windows_saved_it(gms: Gms, tmp_path: Path, encoding: str) -> None:
    script = tmp_path / "change.ps1"
    script.write_bytes(f"Set-ReceiveConnector Office `\r\n  –Banner “{BANNER}”\r\n".encode(encoding))
    assert gms(str(script)).returncode == 0
    assert banner() == BANNER


def test_a_script_file_stops_at_its_first_error_and_says_where(gms: Gms, tmp_path: Path) -> None:
    script = tmp_path / "change.ps1"
    script.write_text(
        f"\ufeff# from the documents\nSet-ReceiveConnector Office -Banner '{BANNER}'\n"
        "Get-ReceiveConnector Office | Set-ReceiveConnector -MaxMesageSize 5MB\nRemove-ReceiveConnector Office\n"
    )
    done = gms(str(script))
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.splitlines() == [
        "Set-ReceiveConnector: A parameter cannot be found that matches parameter name 'MaxMesageSize'.",
        "At line:3 char:52",
        "+ Get-ReceiveConnector Office | Set-ReceiveConnector -MaxMesageSize 5MB",
        "+                                                    ^",
    ]
    assert banner() == BANNER


def test_a_script_can_come_down_a_pipe_and_its_output_go_on(gms: Gms, tmp_path: Path) -> None:
    done = gms(stdin='Get-ReceiveConnector | % { "$($_.Name) has $($_.RemoteIPRanges.Count)" }\n')
    assert done.stdout == "Office has 1\n"
    done = gms("-c", f"Get-ReceiveConnector | Export-Csv -NoTypeInformation '{tmp_path / 'c.csv'}'")
    assert done.returncode == 0 and '"Office"' in (tmp_path / "c.csv").read_text()
    done = gms("-c", f"1 | Export-Csv '{tmp_path / 'none' / 'c.csv'}'")
    assert done.returncode == 1 and "No such file or directory" in done.stderr


def test_in_a_script_nobody_can_be_asked(gms: Gms) -> None:
    done = gms("-c", "Remove-ReceiveConnector Office")
    assert done.returncode == 1 and "write -Confirm:$false in a script" in done.stderr
    done = gms("-c", "Remove-ReceiveConnector Office -Confirm:$false")
    assert done.returncode == 0 and not models.ReceiveConnector.objects.exists()


def test_a_named_administrator_has_their_own_roles_only(gms: Gms) -> None:
    accounts.first_start("correct horse battery")
    accounts.add(SYSTEM, "rita", "correct horse battery", {Role.VIEW_ONLY})
    done = gms("--user", "rita", "-c", f"Set-ReceiveConnector Office -Banner '{BANNER}'")
    assert done.returncode == 1 and "needs the role" in done.stderr and banner() != BANNER
    assert "Office" in gms("--user", "RITA", "-c", "Get-ReceiveConnector").stdout
    done = gms("--user", "nobody", "-c", "Get-ReceiveConnector")
    assert done.returncode == 1 and "no administrator “nobody”" in done.stderr


def test_who_stops_reading_breaks_nothing(environment: dict[str, str]) -> None:
    command = f"{sys.executable} manage.py gms -c '1..50000' | head -1"
    done = subprocess.run(
        command, shell=True, cwd=CHECKOUT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "1\n" and done.stderr == ""


class Typist:
    """Somebody at a terminal of 100 columns."""

    def __init__(self, environment: dict[str, str]):
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.chdir(CHECKOUT)
            known = {**environment, "TERM": "xterm", "COLUMNS": "100", "LINES": "40", "PROMPT_TOOLKIT_NO_CPR": "1"}
            os.execve(sys.executable, [sys.executable, "manage.py", "gms"], known)
        self.seen = ""

    def type(self, keys: str, until: str) -> str:
        """Types, and reads until the text appears; gives what was read since."""
        start = len(self.seen)
        os.write(self.terminal, keys.encode())
        return self.read(until, start)

    def read(self, until: str, start: int = 0) -> str:
        deadline = monotonic() + 30
        while until not in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.seen[start:]):
            assert monotonic() < deadline, f"{until!r} did not appear after: {self.seen[start:]!r}"
            if select.select([self.terminal], [], [], 0.1)[0]:
                self.seen += os.read(self.terminal, 65536).decode(errors="replace")
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.seen[start:])


@pytest.fixture
def typist(environment: dict[str, str]) -> Iterator[Typist]:
    try:
        somebody = Typist(environment)
    except OSError as error:
        pytest.skip(f"no terminal to type at: {error}")
    yield somebody
    os.close(somebody.terminal)
    os.waitpid(somebody.pid, 0)


def test_at_a_terminal_tab_completes_questions_are_asked_and_the_history_stays(typist: Typist, home: Path) -> None:
    typist.read("[PS] mail1> ")
    typist.type("Set-ReceiveC\t", "Set-ReceiveConnector")
    typist.type(" Offi\t", "Office")
    typist.type(" -MaxRecip\t", "-MaxRecipientsPerMessage")
    typist.type(" 7 -Confirm\r", "[Y] Yes  [A] Yes to All  [N] No")
    typist.type("y\r", "[PS] mail1> ")
    typist.type("(Get-ReceiveConnector).MaxRecipientsPerMessage + 1000\r", "1007")
    typist.type("1..3 | % {\r", ">>")
    typist.type('"n$_"\r}\r', "n3")
    typist.type("Get-Nonsense\r", "is not recognized")
    typist.type("# password\r", "[PS] mail1> ")
    typist.type("exit\r", "exit")
    (history,) = (home / "shell-history").iterdir()
    kept = history.read_text()
    assert "+Set-ReceiveConnector Office -MaxRecipientsPerMessage 7 -Confirm" in kept and "password" not in kept
    assert history.stat().st_mode & 0o777 == 0o600
