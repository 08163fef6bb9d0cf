import csv
import errno
import os
import re
import threading
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from tests.conftest import wait_for
from tests.shell.running_transport import RunningTransport
from transport import log_files
from transport.config.receive_connector import ProtocolLoggingLevel
from transport.log_files import Limits
from transport.shell.log.protocol_log import ProtocolLog, protocol_log
from transport.shell.log.session_log import SessionLog
from transport.trace.line import COLUMNS
from transport.trace.sessions import gather


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_files, "FLUSH_EVERY", 0.0)


ENDS = "127.0.0.1:25", "192.0.2.7:49152"


def files(directory: Path) -> list[Path]:
    return sorted(directory.glob("RECV*.LOG"))


def rows(directory: Path) -> list[list[str]]:
    lines = b"".join(path.read_bytes() for path in files(directory)).decode("ascii").split("\r\n")
    return list(csv.reader(line for line in lines if line and not line.startswith("#")))


def write(directory: Path, count: int, limits: Limits | None = None, rest: bytes = b"") -> None:
    log = protocol_log(directory, limits)
    session = SessionLog(log, "node\\Default", "08D675E58CA1DA38", *ENDS)
    for number in range(count):
        session.said(b"NOOP %d%b" % (number, rest), b"250 OK\r\n")
        written(log)
    log.close()


def written(log: ProtocolLog) -> None:
    """Wait until nothing waits to be written."""
    wait_for(lambda: not log.waiting, "nothing is written")


def test_a_session_in_exchange_s_format(transport: RunningTransport) -> None:
    transport.publish(transport.connector("Default, in", protocol_logging_level=ProtocolLoggingLevel.Verbose))
    transport.start()
    client = transport.greeted()
    client.send(b'RCPT TO:<"a,b"@elsewhere.test>\r\nX\x01\xff\r\nMAIL FROM:<>\r\n')
    client.send(b"RCPT TO:<x@elsewhere.test>\r\nQUIT\r\n")
    while client.line():
        pass
    directory = transport.home / "protocol-log" / "node-1"
    wait_for(lambda: rows(directory)[-1:] and rows(directory)[-1][6] == "-", "the session's end is not in the log")
    lines = rows(directory)
    assert [line[6] for line in lines] == [*"+*><><><><><><>-"]
    assert [int(line[3]) for line in lines] == list(range(len(lines)))
    assert {line[1] for line in lines} == {"gateway.test\\Default, in"}
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line[0]) for line in lines)
    assert {len(line) for line in lines} == {len(COLUMNS)}
    assert re.fullmatch(r"[0-9A-F]{16}", lines[0][2])
    assert lines[0][4] == f"127.0.0.1:{transport.port}"
    data = [(line[6], line[7], line[8]) for line in lines]
    assert data[1][1:] == (
        "SMTPSubmit SMTPAcceptAnySender SMTPAcceptAuthoritativeDomainSender AcceptRoutingHeaders",
        "Set Session Permissions",
    )
    assert data[4][1].startswith("250  gateway.test Hello [127.0.0.1] SIZE 10485760 PIPELINING")
    assert data[5] == ("<", 'RCPT TO:<"a,b"@elsewhere.test>', "")
    assert data[7] == ("<", "X\\x01\\xff", "")
    assert (">", "550 5.7.1 Unable to relay", "relay_denied; revision 1") in data
    assert data[-1] == ("-", "", "Local")


def test_the_log_has_each_reply_as_it_was_sent(transport: RunningTransport) -> None:
    transport.publish(
        transport.connector(
            protocol_logging_level=ProtocolLoggingLevel.Verbose, enhanced_status_codes_enabled=False,
            max_protocol_errors=1, tarpit_interval=0,
        )
    )  # fmt: skip
    transport.start()
    client = transport.greeted()
    client.send(b"RSET\r\nFROB\r\n")
    sent = list(iter(client.line, ""))
    transport.stop()
    said = [line[7] for line in rows(transport.home / "protocol-log" / "node-1") if line[6] == ">"]
    assert said[2:] == sent == [
        "250 Resetting", "500 Unrecognized command",
        "421 Too many errors on this connection, closing transmission channel",
    ]  # fmt: skip


def test_the_viewer_counts_messages_and_not_the_chunks_in_which_they_came(transport: RunningTransport) -> None:
    transport.publish(
        transport.connector(
            protocol_logging_level=ProtocolLoggingLevel.Verbose, enhanced_status_codes_enabled=False
        )
    )  # fmt: skip
    transport.start()
    client = transport.greeted()
    client.send(b"MAIL FROM:<a@b.test>\r\nRCPT TO:<b@gatepost.test>\r\nBDAT 5\r\nA: b\nBDAT 2\r\n\r\nBDAT 0 LAST\r\n")
    client.send(b"QUIT\r\n")
    while client.line():
        pass
    transport.stop()
    lines = b"".join(path.read_bytes() for path in files(transport.home / "protocol-log" / "node-1")).decode()
    assert [session.accepted for session in gather(lines.split("\r\n"))] == [1]


def test_no_lines_without_verbose(serving: RunningTransport) -> None:
    serving.greeted().say("QUIT")
    serving.stop()
    assert files(serving.home / "protocol-log" / "node-1") == []


def test_all_lines_are_there_after_stop(transport: RunningTransport) -> None:
    transport.publish(transport.connector(protocol_logging_level=ProtocolLoggingLevel.Verbose))
    transport.start()
    client = transport.greeted()
    client.send(b"NOOP\r\n" * 500)
    assert all(client.line().startswith("250") for _ in range(500))
    transport.stop()
    lines = rows(transport.home / "protocol-log" / "node-1")
    assert sum(line[7] == "NOOP" for line in lines) == 500
    assert lines[-1][8] == "Local"


def test_files_rotate_by_size_and_number(tmp_path: Path) -> None:
    write(tmp_path, 20, Limits(file_bytes=1000))
    names = [path.name for path in files(tmp_path)]
    assert len(names) > 2
    assert [int(name[13:17]) for name in names] == list(range(1, len(names) + 1))
    assert all(path.stat().st_size <= 1000 for path in files(tmp_path))
    assert all(path.read_text().startswith("#Software: ") for path in files(tmp_path))
    assert len(rows(tmp_path)) == 40


def test_the_oldest_files_go_when_the_directory_is_full(tmp_path: Path) -> None:
    write(tmp_path, 200, Limits(file_bytes=1000, directory_bytes=5000))
    assert sum(path.stat().st_size for path in files(tmp_path)) <= 5000
    assert rows(tmp_path)[-2][7] == "NOOP 199"


def test_files_go_when_they_are_old(tmp_path: Path) -> None:
    write(tmp_path, 3)
    write(tmp_path, 1, Limits(age=timedelta(seconds=-1)))
    assert len(files(tmp_path)) == 1


def test_no_byte_of_a_client_reaches_the_file_raw(tmp_path: Path) -> None:
    write(tmp_path, 1, rest=bytes(range(256)))
    text = files(tmp_path)[0].read_bytes()
    assert set(text) - {13, 10} <= set(range(32, 127))
    assert all(f"\\x{byte:02x}".encode() in text for byte in [*range(32), *range(127, 256)])
    assert len(rows(tmp_path)) == 2


@pytest.mark.parametrize("call", ["open", "write"])
def test_a_disk_that_fails_costs_lines_and_leaves_no_files_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """The line that it took in part stands alone, and what comes afterwards is whole."""
    write(tmp_path, 3)
    real = getattr(os, call)
    calls = count()

    def failing(where: object, what: bytes, *more: object) -> object:
        if threading.current_thread().name != "protocol-log":
            return real(where, what, *more)
        if call == "write" and next(calls) % 2 == 0:
            return real(where, what[: len(what) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    log = protocol_log(tmp_path, Limits(file_bytes=1 << 20))
    session = SessionLog(log, "node\\Default", "08D675E58CA1DA39", *ENDS)
    session.said(b"NOOP before", b"250 OK\r\n")
    wait_for(
        lambda: [row[7] for row in rows(tmp_path)[-2:]] == ["NOOP before", "250 OK"], "the first line is not in the log"
    )
    with monkeypatch.context() as patch:
        patch.setattr(os, call, failing)
        for number in range(20):
            session.said(b"NOOP lost", b"250 OK\r\n")
            if call == "write":
                wait_for(lambda: log.lost == number + 1, "the lines are not counted as lost")  # noqa: B023
            written(log)
    session.said(b"NOOP after", b"250 OK\r\n")
    log.close()
    lost = log.lost
    assert len(files(tmp_path)) == 2
    whole = [line[7] for line in rows(tmp_path) if line[0][-1:] == "Z" and len(line) == len(COLUMNS)]
    assert (lost, whole[-2:]) == (20 if call == "write" else 0, ["NOOP after", "250 OK"])


def test_a_log_file_that_cannot_be_begun_is_not_left_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write

    def failing(handle: int, data: bytes) -> int:
        if threading.current_thread().name == "protocol-log":
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(handle, data)

    before = len(os.listdir("/proc/self/fd"))
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", failing)
        write(tmp_path, 20)
    assert files(tmp_path) == []
    assert len(os.listdir("/proc/self/fd")) == before
