"""The process as a whole: start, health, kill, stop."""

import os
import smtplib
import threading
from pathlib import Path

import pytest

from console.processes.address import free_port
from tests.conftest import wait_for
from tests.shell.running_transport import RunningTransport
from transport.config.receive_connector import ProtocolLoggingLevel


def test_unfit_until_a_revision_is_in_force(transport: RunningTransport) -> None:
    transport.start(healthy=False)
    code, body = transport.ask("/healthz")
    assert code == 503
    assert b'"revision":null' in body


def test_two_of_one_name_cannot_run(serving: RunningTransport) -> None:
    first = serving.process
    serving.health = serving.variables["GATEPOST_HEALTH"] = f"127.0.0.1:{free_port()}"
    with pytest.raises(AssertionError, match="another transport is running"):
        serving.start()
    serving.process = first


def test_metrics(serving: RunningTransport) -> None:
    serving.greeted().message(b"x")
    code, text = serving.ask("/metrics")
    assert code == 200
    assert b"\ngatepost_messages_accepted_total 1\n" in text
    assert serving.ask("/elsewhere")[0] == 404


def test_a_lost_secret_is_named(transport: RunningTransport) -> None:
    """Without it no certificate can be used; a power failure leaves an empty file at most."""
    (transport.home / "secret.key").touch()
    with pytest.raises(AssertionError, match=r"the transport cannot start: .*/secret\.key is empty"):
        transport.start()


def test_files_of_no_length_are_made_anew(transport: RunningTransport) -> None:
    transport.publish(transport.connector())
    transport.list_recipients(["a@gatepost.test"])
    transport.start()
    assert transport.greeted().message(b"x").startswith("250 ")
    transport.stop()
    emptied = [path for path in (transport.home / "state").rglob("*") if path.is_file()]
    assert {"config.json", "recipients.index", "lock"} <= {path.name for path in emptied}
    for path in emptied:
        path.write_bytes(b"")
    newest = max(path for path in (transport.home / "journal" / transport.name).iterdir() if path.is_file())
    newest.with_stem(f"{newest.stem}0").touch()
    transport.start(healthy=False)
    assert "state/node-1/config.json cannot be used" in transport.log
    assert "state/node-1/recipients.index: " in transport.log
    transport.stop()
    transport.publish(transport.connector())
    transport.start()
    assert transport.greeted().message(b"x").startswith("250 ")
    assert "Traceback" not in transport.log


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes users")
def test_a_missing_user_is_said(transport: RunningTransport) -> None:
    transport.variables["GATEPOST_USER"] = "no-such-user"
    with pytest.raises(AssertionError, match="There is no user no-such-user: set GATEPOST_USER"):
        transport.start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to drop")
def test_root_is_dropped_and_low_ports_still_open(transport: RunningTransport) -> None:
    transport.publish(transport.connector(bindings=f"127.0.0.1:{transport.port} 127.0.0.1:27"))
    transport.start()
    assert transport.process is not None
    lines = Path(f"/proc/{transport.process.pid}/status").read_text().splitlines()
    status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    assert "0" not in status["Uid"].split()
    assert status["Groups"].strip() == ""
    assert int(status["CapEff"], 16) == 1 << 10
    assert transport.greeted().message(b"x").startswith("250 ")


class Sender(threading.Thread):
    """Hands in messages until the transport is gone; `answered` are those that got their 250."""

    def __init__(self, transport: RunningTransport, number: int) -> None:
        super().__init__()
        self.transport, self.number = transport, number
        self.answered: list[str] = []

    def run(self) -> None:
        try:
            with smtplib.SMTP("127.0.0.1", self.transport.port, timeout=10) as client:
                for count in range(100_000):
                    mark = f"<{os.getpid()}-{self.number}-{count}@client.test>"
                    size = 1_500_000 if count % 20 == 7 else 3000
                    message = f"Message-ID: {mark}\r\n\r\n{'x' * 70}\r\n" + f"{'y' * 70}\r\n" * (size // 72)
                    client.sendmail("a@example.test", ["b@gatepost.test"], message)
                    self.answered.append(mark)
        except (OSError, smtplib.SMTPException):
            pass


def test_kill_9_under_load_loses_nothing(serving: RunningTransport) -> None:
    answered: list[str] = []
    for round_ in range(3):
        senders = [Sender(serving, 100 * round_ + number) for number in range(8)]
        for sender in senders:
            sender.start()
        wait_for(lambda: sum(len(sender.answered) for sender in senders) > 300, "too slow")  # noqa: B023
        serving.kill()
        for sender in senders:
            sender.join()
            answered += sender.answered
        serving.start()
    stored = {record.envelope.message_id: record for record in serving.records()}
    assert not set(answered) - stored.keys()
    bodies = serving.home / "journal" / "node-1" / "bodies"
    for record in stored.values():
        if name := record.envelope.body_file:
            assert (bodies / name).stat().st_size + len(record.body) == record.envelope.size


def test_stop_ends_sessions_politely_and_finishes_what_is_under_way(transport: RunningTransport) -> None:
    transport.publish(transport.connector(protocol_logging_level=ProtocolLoggingLevel.Verbose))
    transport.start()
    idle, busy = transport.greeted(), transport.greeted()
    busy.send(b"MAIL FROM:<a@example.test>\r\nRCPT TO:<b@gatepost.test>\r\nDATA\r\nSubject: x\r\n\r\n")
    assert [busy.line()[:3] for _ in range(3)] == ["250", "250", "354"]
    assert transport.process is not None
    transport.process.terminate()
    assert idle.line() == "421 4.3.2 Service not available, closing transmission channel"
    assert idle.line() == ""
    with pytest.raises(ConnectionRefusedError):
        transport.client()
    busy.send(b"x\r\n.\r\n")
    assert busy.line().startswith("250 2.6.0 ")
    assert busy.line().startswith("421 4.3.2 ")
    transport.stop()
    assert len(list(transport.records())) == 1
