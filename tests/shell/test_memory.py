"""Memory stays flat: large messages, many clients, slow clients."""

import threading
from pathlib import Path

from tests.conftest import wait_for
from tests.shell.running_transport import RunningTransport
from transport.config import bounds

MEGABYTE = 1 << 20


def memory(transport: RunningTransport, line: str = "VmRSS") -> int:
    """Bytes of resident memory; VmHWM is the most there ever was."""
    assert transport.process is not None
    status = Path(f"/proc/{transport.process.pid}/status").read_text()
    return next(int(text.split()[1]) * 1024 for text in status.splitlines() if text.startswith(line))


def test_a_message_of_100_megabytes(transport: RunningTransport) -> None:
    transport.publish(transport.connector(max_message_size=200 * MEGABYTE))
    transport.start()
    client = transport.greeted()
    client.message(b"Subject: small\r\n\r\nx")
    before = memory(transport)
    for command in ("MAIL FROM:<alice@example.test>", "RCPT TO:<bob@gatepost.test>", "DATA"):
        assert client.say(command)[0] in "23"
    client.send(b"Subject: large\r\n\r\n")
    for _ in range(100):
        client.send(b"0123456789abcde\n" * (MEGABYTE // 16))
    client.send(b"\r\n.\r\n")
    assert client.reply().startswith("250 ")
    assert memory(transport, "VmHWM") - before < 20 * MEGABYTE


def test_many_large_messages_at_once(transport: RunningTransport) -> None:
    transport.publish(transport.connector(max_message_size=200 * MEGABYTE))
    transport.start()
    before = memory(transport)
    clients = [transport.greeted() for _ in range(60)]
    for client in clients:
        client.send(b"MAIL FROM:<>\r\nRCPT TO:<b@gatepost.test>\r\nDATA\r\nSubject: x\r\n\r\n")
    senders = [threading.Thread(target=client.send, args=(b"0123456789abcde\n" * 500_000,)) for client in clients]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    for client in clients:
        client.send(b"\r\n.\r\n")
        assert [client.line()[:3] for _ in range(4)] == ["250", "250", "354", "250"]
    assert memory(transport, "VmHWM") - before < 130 * MEGABYTE
    assert memory(transport) - before < 20 * MEGABYTE


def test_a_thousand_idle_clients(serving: RunningTransport) -> None:
    serving.greeted()
    before = memory(serving)
    clients = [serving.greeted() for _ in range(1000)]
    assert serving.facts()["sessions"] >= 1000
    assert (memory(serving) - before) / len(clients) < 8192


def test_clients_that_all_stop_in_the_middle(serving: RunningTransport) -> None:
    """None of the messages is large, all of them together are."""
    before = memory(serving)
    clients = [serving.greeted() for _ in range(200)]
    for client in clients:
        client.send(b"MAIL FROM:<>\r\nRCPT TO:<b@gatepost.test>\r\nDATA\r\nSubject: x\r\n\r\n" + b"x" * 900_000)
    bodies = serving.home / "journal" / "node-1" / "bodies"
    wait_for(lambda: len(list(bodies.iterdir())) > 100, "they are all kept in memory")
    assert memory(serving) - before < 110 * MEGABYTE
    for client in clients:
        client.send(b"\r\n.\r\n")
        replies = [client.line()[:3] for _ in range(4)]
        assert replies == ["250", "250", "354", "250"]
    assert len(list(serving.records())) == 200


def test_clients_that_never_end_their_headers(transport: RunningTransport) -> None:
    """The header is what stays in memory. Together they get no more than the bound and their shares, and whoever has a
    short header is served meanwhile; what they had is free when they have gone.
    """
    transport.publish(transport.connector(ranges="127.0.0.0/8"))
    transport.start()
    transport.greeted()
    before = memory(transport)
    lines = b"X-Filler: 0123456789012345678901234567890123456789\r\n" * 4900
    clients = [transport.client(f"127.0.9.{number // 60 + 1}") for number in range(600)]
    for client in clients:
        client.line()
        client.send(b"HELO x\r\nMAIL FROM:<>\r\nRCPT TO:<b@gatepost.test>\r\nDATA\r\n" + lines)
    assert transport.greeted().message(b"Subject: x\r\n\r\nx").startswith("250 ")
    assert transport.greeted().message(b"Subject: x\r\n\r\n" + b"x" * 500_000).startswith("250 ")
    assert memory(transport) - before < (bounds.ALL_IN_MEMORY.octets or 0) + 600 * (bounds.SHARE_OF_MEMORY.octets or 0)
    clients[-1].send(b"\r\n.\r\n")
    assert [clients[-1].line()[:9] for _ in range(5)][-1] == "452 4.3.1"
    for client in clients:
        client.close()
    wait_for(lambda: transport.facts()["sessions"] <= 3, "they are still there")
    wait_for(lambda: memory(transport) - before < 32 * MEGABYTE, "what they had is not free")
    assert transport.greeted().message(lines + b"\r\nx").startswith("250 ")
