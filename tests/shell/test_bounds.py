"""What a client of the transport may fill, at its bound, below it and above it (`transport/config/bounds.py`)."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from tests.conftest import wait_for
from tests.shell.certificates import SECRET, certificate
from tests.shell.running_transport import RunningTransport, in_this_process
from tests.shell.test_journal import envelope, opened
from transport.config import bounds
from transport.config.bounds import Bound
from transport.config.receive_connector import AuthMechanism, ProtocolLoggingLevel
from transport.receive import verbs
from transport.receive.outcome import Outcome, ReadMailData
from transport.receive.session import Session
from transport.shell.clients import dialogue
from transport.shell.clients.incoming import IncomingMessage
from transport.shell.journal.journal import Journal

SIGN_IN = {"auth_mechanism": frozenset({AuthMechanism.BasicAuth})}


def octets(row: Bound) -> int:
    assert row.octets is not None
    return row.octets


@pytest.fixture(scope="module")
def lines() -> Iterator[RunningTransport]:
    running = RunningTransport()
    running.publish(
        running.connector(ranges="127.0.0.1"),
        running.connector("Long", ranges="127.0.0.2", long_addresses_enabled=True),
        running.connector("Users", ranges="127.0.0.3", protocol_logging_level=ProtocolLoggingLevel.Verbose, **SIGN_IN),
        running.connector("Held", ranges="127.0.0.4", tarpit_interval=600),
    )
    running.start()
    yield running
    running.remove()


@pytest.mark.parametrize(
    ("source", "row"),
    [
        ("127.0.0.1", bounds.COMMAND_LINE), ("127.0.0.2", bounds.LONG_ADDRESS_LINE), ("127.0.0.3", bounds.SIGN_IN_LINE),
    ],
)  # fmt: skip
def test_a_command_line_as_long_as_it_may_be_and_one_octet_longer(
    lines: RunningTransport, source: str, row: Bound
) -> None:
    client = lines.client(source)
    assert client.line().startswith("220 ")
    replies = [client.say("NOOP".ljust(octets(row) - 2 + more)) for more in (-1, 0, 1, 100_000)]
    assert [reply[:9] for reply in replies] == ["250 2.0.0", "250 2.0.0", "500 5.5.2", "500 5.5.2"]
    client.close()


def test_the_log_keeps_the_beginning_of_a_long_line(lines: RunningTransport) -> None:
    most = octets(bounds.LOGGED_LINE)
    client = lines.client("127.0.0.3")
    assert client.line().startswith("220 ")
    for more in (-1, 0, 1):
        client.say("NOOP " + "x" * (most - len("NOOP ") + more))
    client.say("QUIT")

    def heard() -> list[int]:
        return [len(line[7]) for line in lines.logged() if line[6] == "<" and line[7].startswith("NOOP x")]

    wait_for(lambda: len(heard()) == 3, "the lines are not in the log")
    assert heard() == [most - 1, most, most]


def test_who_sends_on_while_an_answer_is_due_is_read_no_further(lines: RunningTransport) -> None:
    """Beside what the transport takes, bounds.SENT_AHEAD, only the system's own buffers fill."""
    client = lines.client("127.0.0.4")
    client.line()
    client.send(b"FROB\r\n")
    client.connection.settimeout(1)
    sent = 0
    with suppress(TimeoutError):
        while sent < 32 << 20:
            sent += client.connection.send(b"NOOP\r\n" * 10_000)
    assert octets(bounds.SENT_AHEAD) < sent < 32 << 20
    client.close()


def test_a_probe_that_asks_for_long_or_much_gets_no_answer(lines: RunningTransport) -> None:
    host, _, port = lines.health.rpartition(":")
    most = octets(bounds.PROBE)
    for length, answered in ((most - 100, True), (most + 100_000, False)):
        with socket.create_connection((host, int(port)), timeout=10) as probe:
            with suppress(OSError):
                probe.sendall(b"GET /healthz HTTP/1.1\r\nX: ".ljust(length, b"x") + b"\r\n\r\n")
            with suppress(ConnectionResetError):
                assert probe.recv(100).startswith(b"HTTP/1.1 200" if answered else b"") and (
                    answered or probe.recv(1) == b""
                )


def test_what_takes_too_long_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """A handshake that does not begin, a probe that does not ask, a last reply that is not read."""
    for name, row in (("HANDSHAKE", bounds.HANDSHAKE), ("PROBE", bounds.PROBE)):
        monkeypatch.setattr(bounds, name, msgspec.structs.replace(row, seconds=0.5))
    assert bounds.UNREAD_REPLY.seconds == dialogue.UNREAD_REPLY
    monkeypatch.setattr(dialogue, "UNREAD_REPLY", 0.5)
    running = RunningTransport()
    running.variables["GATEPOST_SECRET_KEY"] = SECRET.decode()
    running.publish(running.connector(connection_inactivity_timeout=1), certificates=(certificate(),))
    with in_this_process(running):
        silent = running.greeted()
        assert silent.say("STARTTLS").startswith("220 ")
        assert silent.line() == ""
        host, _, port = running.health.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=10) as probe:
            assert probe.recv(1) == b""
        deaf = running.greeted()
        deaf.connection.settimeout(1)
        with suppress(TimeoutError, OSError):
            while True:
                deaf.send(b"EHLO x\r\n" * 10_000)
        wait_for(lambda: running.facts()["sessions"] == 0, "who does not read is still there")
        silent.close()
        deaf.close()
    running.remove()


LIMIT = 262144


def arriving(journal: Journal) -> IncomingMessage:
    return IncomingMessage(journal, ReadMailData(None, LIMIT, frozenset()), lambda: None)


def in_file(message: IncomingMessage) -> bool:
    return bool(message.body_file)


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_a_message_moves_to_a_file_when_it_is_large(tmp_path: Path, more: int) -> None:
    async def run() -> None:
        journal = opened(tmp_path)
        message = arriving(journal)
        head = b"Subject: x\r\n\r\n"
        message.take(head.ljust(octets(bounds.MESSAGE_IN_MEMORY) + more, b"x"))
        assert in_file(message) is (more > 0)
        message.discard()
        assert journal.held == 0
        journal.close()

    asyncio.run(run())


@pytest.mark.parametrize("more", [-1, 0, 1])
@pytest.mark.parametrize("ended", [False, True])
def test_when_too_much_arrives_a_header_without_end_is_given_up_and_a_body_goes_to_a_file(
    tmp_path: Path, more: int, ended: bool
) -> None:
    """The bound is on all of them together: one octet decides."""

    async def run() -> None:
        journal = opened(tmp_path)
        share = octets(bounds.SHARE_OF_MEMORY)
        journal.held = octets(bounds.ALL_IN_MEMORY) - share - 1
        message = arriving(journal)
        begin = b"Subject: x\r\n" + (b"\r\n" if ended else b"")
        message.take(begin.ljust(share + 1 + more, b"x"))
        assert in_file(message) is (more > 0 and ended)
        assert (message.error is not None) is (more > 0 and not ended)
        if message.error is not None:
            assert message.error.errno == errno.ENOMEM
            message.take(b"x" * 100_000 + b"\r\n\r\nbody")
            answers: list[OSError | None] = []
            facts = message.mail_data()
            assert facts.header_complete and not facts.over_limit
            message.store(envelope("x"), b"", answers.append)
            assert answers == [message.error]
        message.discard()
        assert journal.held == octets(bounds.ALL_IN_MEMORY) - share - 1
        journal.close()

    asyncio.run(run())


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_when_too_much_arrives_a_message_has_its_share(tmp_path: Path, more: int) -> None:
    async def run() -> None:
        journal = opened(tmp_path)
        journal.held = octets(bounds.ALL_IN_MEMORY)
        message = arriving(journal)
        message.take(b"Subject: x".ljust(octets(bounds.SHARE_OF_MEMORY) + more, b"x"))
        assert (message.error is not None) is (more > 0)
        message.discard()
        journal.close()

    asyncio.run(run())


def test_what_was_held_is_remembered_however_soon_it_is_free_again(tmp_path: Path) -> None:
    """Memory is given back by a clock, which looks once a second: a crowd may have come and gone in between."""

    async def run() -> None:
        journal = opened(tmp_path)
        crowd = [arriving(journal) for _ in range(100)]
        for message in crowd:
            message.take(b"Subject: x".ljust(octets(bounds.SHARE_OF_MEMORY), b"x"))
        for message in crowd:
            message.discard()
        arriving(journal).take(b"Subject: x")
        assert journal.held == len(b"Subject: x")
        assert journal.most_held == 100 * octets(bounds.SHARE_OF_MEMORY)
        journal.close()

    asyncio.run(run())


def test_a_long_header_that_has_ended_is_given_up_as_well(tmp_path: Path) -> None:
    """It would stay in memory beside the file."""

    async def run() -> None:
        journal = opened(tmp_path)
        journal.held = octets(bounds.ALL_IN_MEMORY)
        message = arriving(journal)
        message.take(b"Subject: x\r\n" * 3000 + b"\r\nbody")
        assert message.error is not None and not in_file(message)
        assert journal.held == octets(bounds.ALL_IN_MEMORY)
        journal.close()

    asyncio.run(run())


def test_a_body_that_waits_for_the_disk_makes_its_client_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        journal = opened(tmp_path)
        message = arriving(journal)
        message.take(b"Subject: x\r\n\r\n")
        body = message._body = journal.new_body(lambda: None)
        for mine, others, waits in (
            (octets(bounds.UNWRITTEN_BODY), 0, False),
            (octets(bounds.UNWRITTEN_BODY) + 1, 0, True),
            (1, octets(bounds.ALL_UNWRITTEN), False),
            (1, octets(bounds.ALL_UNWRITTEN) + 1, True),
            (0, octets(bounds.ALL_UNWRITTEN) + 1, False),
        ):
            with monkeypatch.context() as patch:
                patch.setattr(body, "unwritten", mine)
                patch.setattr(type(body), "all_unwritten", others)
                assert message.must_wait is waits
        message.discard()
        journal.close()

    asyncio.run(run())


def test_a_fault_of_ours_at_a_time_out_keeps_nobody_else_from_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    stumbling: list[int] = []
    idle = verbs.idle

    def stumble(session: Session) -> Outcome:
        stumbling.extend([] if stumbling else [session.remote_port])
        if session.remote_port in stumbling:
            raise ZeroDivisionError("a bug")
        return idle(session)

    monkeypatch.setattr(verbs, "idle", stumble)
    running = RunningTransport()
    running.publish(running.connector(connection_inactivity_timeout=1))
    with in_this_process(running):
        clients = [running.greeted() for _ in range(3)]
        said = sorted(client.line() for client in clients)
    running.remove()
    assert said == [
        "421 4.3.0 Temporary server error, closing transmission channel",
        *["451 4.7.0 Timeout waiting for client input"] * 2,
    ]
