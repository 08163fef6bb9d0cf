"""Whatever bytes come, in whatever pieces, however the client leaves: no fault of ours, nothing left behind."""

import random
import socket
import struct
import time
from contextlib import suppress

import pytest

from tests.conftest import wait_for
from tests.shell.certificates import SECRET, certificate
from tests.shell.running_transport import RunningTransport

WORDS = (
    b"EHLO client.test",
    b"HELO x",
    b"MAIL FROM:<a@example.test>",
    b"MAIL FROM:<> SIZE=9999999999",
    b"QUIT",
    b"RSET",
    b"RCPT TO:<b@gatepost.test>",
    b"RCPT TO:<b@elsewhere.test>",
    b"DATA",
    b"STARTTLS",
    b"NOOP",
    b"\r\n",
    b"\n",
    b"\r",
    b".",
    b"\r\n.\r\n",
    b"\n.\n",
    b"\0",
    b"\xff\xfe",
    b" ",
    b"<",
    b">",
    b"@",
    b":",
    b"x" * 3000,
    b"HELP",
    b"VRFY b",
)


def leave(client: socket.socket, chance: random.Random) -> None:
    match chance.randrange(3):
        case 0:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        case 1:
            client.shutdown(socket.SHUT_WR)
            while client.recv(65536):
                pass
    client.close()


@pytest.mark.parametrize("seed", range(4))
def test_noise(transport: RunningTransport, seed: int) -> None:
    transport.variables["GATEPOST_SECRET_KEY"] = SECRET.decode()
    transport.publish(certificates=(certificate(),))
    transport.start()
    chance = random.Random(seed)
    for _ in range(250):
        client = socket.create_connection(("127.0.0.1", transport.port), timeout=10)
        with suppress(OSError):
            if chance.random() < 0.7:
                client.recv(1000)
            for _ in range(chance.randrange(12)):
                end = chance.choice((b"\r\n", b"\r\n", b"\r\n", b"\n", b""))
                client.sendall(b"".join(chance.choices(WORDS, k=chance.choice((1, 1, 1, 3)))) + end)
            leave(client, chance)
        client.close()
    wait_for(lambda: transport.facts()["sessions"] == 0, "sessions are left")
    assert transport.greeted().message(b"Subject: x\r\n\r\nx").startswith("250 ")
    transport.stop()
    assert "Traceback" not in transport.log
    assert not list(transport.home.glob("journal/*/bodies/*"))


MESSAGE = b"MAIL FROM:<a@example.test>\r\nRCPT TO:<b@gatepost.test>\r\nDATA\r\nSubject: x\r\n\r\nx\r\n.\r\n"


def resident(transport: RunningTransport) -> int:
    """Bytes of memory."""
    assert transport.process is not None
    with open(f"/proc/{transport.process.pid}/statm") as facts:
        return int(facts.read().split()[1]) * 4096


def test_who_reads_no_replies_is_heard_no_further(serving: RunningTransport) -> None:
    """Every stored message used to open the door again, and replies piled up without end."""
    before = resident(serving)
    client = serving.greeted()
    client.connection.settimeout(2)
    sent = 0
    with suppress(TimeoutError):
        while sent < 64 << 20:
            sent += client.connection.send(MESSAGE + b"EHLO x\r\n" * 20_000)
    assert sent < 64 << 20
    assert resident(serving) - before < 16 << 20
    assert serving.greeted().message(b"Subject: x\r\n\r\nx").startswith("250 ")


def test_thousands_of_commands_sent_ahead_are_all_answered(serving: RunningTransport) -> None:
    client = serving.greeted()
    client.connection.settimeout(30)
    client.send(b"NOOP\r\n" * 1000 + MESSAGE + b"NOOP\r\n" * 3000 + b"QUIT\r\n")
    client.connection.shutdown(socket.SHUT_WR)
    codes = [line[:3] for line in iter(client.line, "")]
    assert codes == ["250"] * 1002 + ["354"] + ["250"] * 3001 + ["221"]


def test_a_flood_of_commands_keeps_nobody_waiting(serving: RunningTransport) -> None:
    floods = [serving.greeted() for _ in range(20)]
    for flood in floods:
        flood.connection.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                flood.connection.send(b"NOOP\r\n" * 20_000)
    began = time.monotonic()
    assert serving.greeted().say("NOOP").startswith("250 ")
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("rest", [b"", b"NOOP\r\n", b"NOOP", MESSAGE[:-5], MESSAGE[:60] + b"BDAT 300\r\nhalf of it"])
def test_who_closes_its_side_in_the_middle_is_let_go_at_once(serving: RunningTransport, rest: bytes) -> None:
    """What begins behind a message that is being stored has no end any more."""
    client = serving.greeted()
    client.send(MESSAGE + rest)
    client.connection.shutdown(socket.SHUT_WR)
    codes = [line[:3] for line in iter(client.line, "")]
    assert codes[:4] == ["250", "250", "354", "250"]
    wait_for(lambda: serving.facts()["sessions"] == 0, "the session is still there")


def test_who_has_gone_in_the_tarpit_is_let_go_with_the_reply_that_nobody_hears(transport: RunningTransport) -> None:
    """Else somebody who has gone would go on counting as a connection. (Who has shut one side only is still there.)"""
    transport.publish(transport.connector(tarpit_interval=1, max_protocol_errors=None))
    transport.start()
    client = transport.greeted()
    client.send(b"FROB\r\n" * 600)
    client.close()
    wait_for(lambda: transport.facts()["sessions"] == 0, "the session is still there")


@pytest.mark.parametrize("tarpit", [0, 1])
def test_who_says_all_at_once_and_shuts_its_side_gets_all_replies(transport: RunningTransport, tarpit: int) -> None:
    """Scripts do, and replies may be held: the good recipient gets the message all the same."""
    transport.publish(transport.connector(tarpit_interval=tarpit))
    transport.start()
    client = transport.client()
    assert client.line().startswith("220 ")
    client.send(
        b"HELO client.test\r\nMAIL FROM:<a@example.test>\r\nRCPT TO:<x@elsewhere.test>\r\nRCPT TO:<b@gatepost.test>\r\n"
        b"RCPT TO:<y@elsewhere.test>\r\nDATA\r\nSubject: x\r\n\r\nx\r\n.\r\nQUIT\r\n"
    )
    client.connection.shutdown(socket.SHUT_WR)
    codes = [client.line()[:3] for _ in range(9)]
    assert codes == ["250", "250", "550", "250", "550", "354", "250", "221", ""]
    (record,) = transport.records()
    assert record.envelope.recipients == ("b@gatepost.test",)


def test_who_shuts_its_side_before_it_was_greeted_is_greeted_and_let_go(transport: RunningTransport) -> None:
    transport.publish(transport.connector(early_talker_rejection_enabled=False))
    transport.start()
    for words, codes in ((b"", []), (b"HELO x\r\nQUIT\r\n", ["250", "221"])):
        client = transport.client()
        client.send(words)
        client.connection.shutdown(socket.SHUT_WR)
        lines = iter(client.line, "")
        assert [line[:3] for line in lines] == ["220", *codes]
    wait_for(lambda: transport.facts()["sessions"] == 0, "sessions are left")
