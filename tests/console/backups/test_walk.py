"""A running copy is backed up and restored elsewhere, as docs/backup.md says; each is killed in the middle once."""

from __future__ import annotations

import signal
import smtplib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deliver.conftest import Sink
from tests.running_copy import RunningCopy
from tests.waiting import wait_for

SETTINGS = """
New-AcceptedDomain -Name far.test -DomainName far.test -DomainType InternalRelay
New-SendConnector -Name Out -AddressSpaces 'far.test' -DNSRoutingEnabled $false -SmartHosts '[127.0.0.1]' -Port {port}
New-ExchangeCertificate -FriendlyName Mine -SubjectName 'CN=mail.far.test' -DomainName mail.far.test
"""
RELEASE = """
$held = Get-Message -Filter {SuspendedReason -like 'accepted before*'}
$held | Select-Object -First 1 | Remove-Message -WithNDR $false -Confirm:$false
Get-Message -Filter {SuspendedReason -like 'accepted before*'} | Resume-Message
Retry-Queue -Filter {NextHopConnector -eq 'Out'} -Confirm:$false
Get-ExchangeCertificate | Format-List FriendlyName
"""


@pytest.fixture
def copies(tmp_path: Path) -> Iterator[tuple[RunningCopy, RunningCopy]]:
    one, two = RunningCopy(), RunningCopy()
    try:
        one.start()
        one.wait_until_in_order()
        yield one, two
    finally:
        for copy in (one, two):
            if copy.process:
                copy.stop()
            copy.remove()


def test_a_copy_goes_on_elsewhere_and_sends_nothing_by_itself(copies, tmp_path, sink):
    one, two = copies
    backup, key = tmp_path / "mail.backup", one.home / "secret.key"
    sink.behave = lambda line, n: "421 not now" if line == "connect" else None
    _shell(one, SETTINGS.format(port=sink.port))
    _send(one, 3)
    wait_for(lambda: sink.connections, "no mail is tried")
    _kill_once_it_is_there(one, backup.with_name("mail.backup.part"), "backup", str(backup))
    assert not backup.exists()
    done = one.manage("backup", str(backup))
    assert done.returncode == 0 and not backup.with_name("mail.backup.part").exists(), done.stderr
    assert one.stop() == 0
    restore = ("restore", str(backup), "--key-file", str(key))
    _kill_once_it_is_there(two, two.home / "restoring" / "postgres" / "data", *restore)
    assert "did not come to its end" in two.manage("up").stderr
    done = two.manage(*restore)
    assert done.returncode == 0 and "3 wait and are held" in done.stdout, done.stderr
    assert not (two.home / "restoring").exists()
    sink.behave, before = (lambda line, n: None), sink.connections
    two.start()
    two.wait_until_in_order()
    assert "Restored mail" in two.manage("status").stdout and sink.connections == before
    told = _shell(two, RELEASE)
    wait_for(lambda: len(sink.arrived) == 2, "what was released does not leave")
    assert "Mine" in told
    ledger = two.manage("ledger").stdout
    assert "The books balance" in ledger and "removed                1" in ledger


@pytest.fixture
def sink() -> Iterator[Sink]:
    server = Sink()
    yield server
    server.shutdown()
    server.server_close()


def _send(copy: RunningCopy, count: int) -> None:
    with smtplib.SMTP(copy.smtp, timeout=30) as client:
        for number in range(count):
            client.sendmail("ann@x.test", [f"u{number}@far.test"], f"Subject: {number}\r\n\r\nhello\r\n")


def _shell(copy: RunningCopy, script: str) -> str:
    done = copy.manage("gms", "-c", script)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _kill_once_it_is_there(copy: RunningCopy, path: Path, *arguments: str) -> None:
    command = [copy.python, "manage.py", *arguments]
    process = subprocess.Popen(command, cwd=copy.checkout, env=copy.environment, stdout=subprocess.DEVNULL)
    wait_for(lambda: path.exists() or process.poll() is not None, f"{path} is not made")
    process.send_signal(signal.SIGKILL)
    assert process.wait(10) == -signal.SIGKILL
