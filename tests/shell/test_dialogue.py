"""What the shell adds to the core's answers: bytes, order, time, TLS, faults."""

import json
import signal
import smtplib
import socket
import ssl
import threading
import warnings
from collections.abc import Iterator

import pytest

from tests.conftest import wait_for
from tests.shell.certificates import SECRET, certificate
from tests.shell.running_transport import Client, RunningTransport
from transport.config.filters import RecipientFilter
from transport.shell.journal.segment import content

ENVELOPE = b"MAIL FROM:<alice@example.test>\r\nRCPT TO:<bob@gatepost.test>\r\n"


def stored(transport: RunningTransport) -> list[bytes]:
    directory = transport.home / "journal" / "node-1"
    return [b"".join(content(record, directory)) for record in transport.records()]


def test_a_message_is_stored_as_it_was_sent(serving: RunningTransport) -> None:
    body = b"Subject: Hello\r\n\r\n.dot\r\nbare\nfeed\rreturn\0nul \xff\r\n"
    client = serving.greeted()
    assert client.message(body.replace(b"\r\n.", b"\r\n..")).startswith("250 2.6.0 <")
    (record,) = serving.records()
    envelope = record.envelope
    assert record.body.endswith(body + b"\r\n")
    assert record.body.startswith(b"Received: from client.test (127.0.0.1) by gateway.test")
    assert (envelope.sender, envelope.recipients) == ("alice@example.test", ("bob@gatepost.test",))
    assert (envelope.transport, envelope.connector, envelope.revision) == ("node-1", "Default", 1)
    assert (envelope.client_address, envelope.helo, envelope.tls) == ("127.0.0.1", "client.test", False)
    assert (envelope.subject, envelope.size) == ("Hello", len(record.body))


def test_pipelined_commands_are_answered_in_one_write(serving: RunningTransport) -> None:
    client = serving.greeted()
    client.send(ENVELOPE + b"DATA\r\n")
    answer = client.connection.recv(65536)
    assert [line[:3] for line in answer.splitlines()] == [b"250", b"250", b"354"]


def test_a_whole_pipelined_session_is_answered_in_order(serving: RunningTransport) -> None:
    """RFC 2920: several messages and QUIT sent ahead; the replies to what waits for the disk keep their place."""
    client = serving.greeted()
    client.send(2 * (ENVELOPE + b"DATA\r\nSubject: x\r\n\r\nx\r\n.\r\n") + b"QUIT\r\nNOOP\r\n")
    codes = [client.line()[:3] for _ in range(9)]
    assert codes == ["250", "250", "354", "250", "250", "250", "354", "250", "221"]
    assert client.line() == ""
    assert len(stored(serving)) == 2


def test_commands_may_come_byte_by_byte(serving: RunningTransport) -> None:
    client = serving.greeted()
    client.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in ENVELOPE + b"DATA\r\nSubject: x\r\n\r\nx\r\n.\r\n":
        client.send(bytes([byte]))
    assert [client.line()[:3] for _ in range(4)] == ["250", "250", "354", "250"]


def test_a_client_that_does_not_wait_for_the_greeting_is_refused(serving: RunningTransport) -> None:
    assert serving.process
    serving.process.send_signal(signal.SIGSTOP)  # so that the client has certainly spoken when it is greeted
    with socket.create_connection(("127.0.0.1", serving.port)) as connection:
        connection.sendall(b"EHLO client.test\r\n" + ENVELOPE)
        serving.process.send_signal(signal.SIGCONT)
        assert connection.recv(65536).startswith(b"554 5.5.1 ")


def test_bare_line_feed_ends_no_command(serving: RunningTransport) -> None:
    client = serving.greeted()
    client.send(b"NOOP\nNOOP\r\n")
    assert client.line().startswith("500 5.5.2 ")
    assert client.line().startswith("250 ")


@pytest.mark.parametrize("length", [2049, 70_000, 1_000_000])
def test_too_long_a_line_is_one_error(serving: RunningTransport, length: int) -> None:
    client = serving.greeted()
    client.send(b"NOOP " + b"x" * (length - 7) + b"\r\nNOOP\r\n")
    assert client.line().startswith("500 5.5.2 ")
    assert client.line().startswith("250 ")


def test_a_line_of_2048_octets_is_read(serving: RunningTransport) -> None:
    assert serving.greeted().say("NOOP " + "x" * 2041).startswith("250 ")


def test_large_messages_pass_through_a_file(serving: RunningTransport) -> None:
    body = b"Subject: large\r\n\r\n" + b"0123456789abcdef\r\n" * 200_000
    client = serving.greeted()
    assert client.message(body).startswith("250 ")
    assert client.message(b"Subject: small\r\n\r\nx").startswith("250 ")
    large, small = stored(serving)
    assert large.endswith(body + b"\r\n")
    assert small.endswith(b"Subject: small\r\n\r\nx\r\n")
    assert [bool(record.envelope.body_file) for record in serving.records()] == [True, False]


def test_too_large_a_message_is_refused_at_its_end(transport: RunningTransport) -> None:
    transport.publish(transport.connector(max_message_size=2 << 20))
    transport.start()
    client = transport.greeted()
    assert client.message(b"x" * (3 << 20)) == "552 5.3.4 Message size exceeds fixed maximum message size"
    assert client.message(b"Subject: x\r\n\r\nx").startswith("250 ")
    wait_for(lambda: not list(transport.home.glob("journal/*/bodies/*")), "the refused body is still there")


def test_a_client_that_leaves_in_the_middle_leaves_nothing(serving: RunningTransport) -> None:
    client = serving.greeted()
    client.send(ENVELOPE + b"DATA\r\n" + b"x" * (3 << 20))
    wait_for(lambda: list(serving.home.glob("journal/*/bodies/*")), "no body file")
    client.close()
    wait_for(lambda: not list(serving.home.glob("journal/*/bodies/*")), "the body is still there")
    assert serving.facts()["sessions"] == 0
    assert stored(serving) == []


def test_a_client_that_closes_its_side_still_gets_its_answer(serving: RunningTransport) -> None:
    client = serving.greeted()
    client.send(ENVELOPE + b"DATA\r\nSubject: x\r\n\r\nx\r\n.\r\n")
    client.connection.shutdown(socket.SHUT_WR)
    assert [client.line()[:3] for _ in range(5)] == ["250", "250", "354", "250", ""]


def test_header_without_end_is_refused_when_it_is_huge(serving: RunningTransport) -> None:
    assert serving.greeted().message(b"X: y\r\n" * 60_000).startswith("552 5.3.4 Header")
    assert serving.greeted().message(b"no header, no blank line").startswith("250 ")


def test_recipients_are_looked_up(transport: RunningTransport) -> None:
    transport.publish(recipient_filter=RecipientFilter(recipient_validation_enabled=True))
    transport.start()
    assert transport.greeted().message(b"x").startswith("451 4.3.0 ")
    transport.kill()
    transport.list_recipients(["bob@gatepost.test"])
    transport.start()
    client = transport.greeted()
    client.say("MAIL FROM:<>")
    assert client.say("RCPT TO:<BOB@GatePost.test>") == "250 2.1.5 Recipient OK"
    assert client.say("RCPT TO:<eve@gatepost.test>") == "550 5.1.1 User unknown"


def test_nearly_full_disk_refuses_mail_before_it_is_sent(transport: RunningTransport) -> None:
    """And load balancers send clients to other nodes, however many connectors are for the addresses of those."""
    transport.variables |= {"GATEPOST_MINIMUM_FREE": str(1 << 60), "GATEPOST_NODE": "mx1"}
    others = [transport.connector(f"Of mx2 {n}", bindings=f"192.0.2.{n}:2525") for n in range(1, 150)]
    transport.publish(transport.connector(), *others)
    transport.start(healthy=False)
    code, said = transport.ask("/healthz")
    told = json.loads(said)["problems"]
    assert code == 503 and told[0]["message"] == "The disk of mx1 is nearly full: no mail is accepted."
    assert len(told) == 100
    client = transport.greeted()
    assert client.say("MAIL FROM:<a@example.test>") == "452 4.3.1 Insufficient system resources"
    assert client.say("NOOP").startswith("250 ")


def test_silence_ends_the_session(transport: RunningTransport) -> None:
    transport.publish(transport.connector(connection_inactivity_timeout=1))
    transport.start()
    client = transport.greeted()
    assert client.line() == "451 4.7.0 Timeout waiting for client input"
    assert client.line() == ""


def test_a_connection_has_an_end_however_busy(transport: RunningTransport) -> None:
    transport.publish(transport.connector(connection_timeout=2, connection_inactivity_timeout=1))
    transport.start()
    client = transport.greeted()
    replies = [""]
    while replies[-1] is not None and not replies[-1].startswith("421"):
        client.send(b"NOOP\r\n")
        replies.append(client.line())
        threading.Event().wait(0.1)
    assert replies[-1] == "421 4.4.1 Connection timed out"


@pytest.fixture
def on_tls(transport: RunningTransport) -> Iterator[RunningTransport]:
    transport.variables["GATEPOST_SECRET_KEY"] = SECRET.decode()
    transport.publish(certificates=(certificate(),))
    transport.start()
    yield transport
    assert "a session failed" not in transport.log


def test_starttls(on_tls: RunningTransport) -> None:
    with smtplib.SMTP("127.0.0.1", on_tls.port, "client.test", timeout=10) as client:
        client.starttls()
        client.sendmail("alice@example.test", ["bob@gatepost.test"], b"Subject: x\r\n\r\n" + b"x" * 3_000_000)
        assert not client.has_extn("starttls")
    (record,) = on_tls.records()
    assert record.envelope.tls
    assert b"with ESMTPS id" in record.body


def test_nothing_said_before_the_handshake_counts_after_it(on_tls: RunningTransport) -> None:
    client = on_tls.greeted()
    client.send(b"STARTTLS\r\n" + ENVELOPE + b"NOOP\r\n")
    assert client.line().startswith("220 ")
    client.connection.settimeout(0.3)
    with pytest.raises(TimeoutError):
        client.connection.recv(1)
    client.connection.settimeout(10)
    client.start_tls()
    assert client.say("MAIL FROM:<a@example.test>").startswith("503 ")


def test_what_follows_the_handshake_at_once_is_heard(on_tls: RunningTransport) -> None:
    for _ in range(20):
        client = on_tls.greeted()
        assert client.say("STARTTLS").startswith("220 ")
        client.start_tls()
        assert client.say("EHLO again.test").startswith("250 ")
        client.close()


def test_a_failed_handshake_is_quiet(on_tls: RunningTransport) -> None:
    client = on_tls.greeted()
    assert client.say("STARTTLS").startswith("220 ")
    client.send(b"this is no handshake at all\r\n" * 10)
    assert client.connection.recv(1000)[:1] in (b"", b"\x15")
    wait_for(lambda: on_tls.facts()["sessions"] == 0, "the session is still there")


def test_no_certificate_no_starttls(serving: RunningTransport) -> None:
    with smtplib.SMTP("127.0.0.1", serving.port, timeout=10) as client:
        client.ehlo()
        assert not client.has_extn("starttls")


def test_a_disk_that_fills_up_under_a_large_message_refuses_it(transport: RunningTransport) -> None:
    transport.publish(transport.connector(max_message_size=100 << 20))
    transport.start(largest_file=2_000_000)
    client = transport.greeted()
    assert client.message(b"Subject: x\r\n\r\n" + b"x\r\n" * 5_000_000) == "452 4.3.1 Insufficient system resources"
    assert client.message(b"Subject: x\r\n\r\nx").startswith("250 ")
    wait_for(lambda: not list(transport.home.glob("journal/*/bodies/*")), "the refused body is still there")
    assert len(stored(transport)) == 1


def test_a_fault_of_ours_tells_the_client_nothing(transport: RunningTransport) -> None:
    """The journal's directory turns into something else: no message can be stored, and the answer says no more."""
    transport.publish()
    transport.start()
    for path in transport.home.glob("journal/node-1/bodies"):
        path.rmdir()
    client = transport.greeted()
    assert client.message(b"x" * (2 << 20)) == "452 4.3.1 Insufficient system resources"
    assert client.message(b"small").startswith("250 ")


def alert(client: Client, context: ssl.SSLContext) -> str:
    """What the client's TLS says of a handshake that the server refuses."""
    assert client.say("STARTTLS").startswith("220 ")
    with pytest.raises(ssl.SSLError) as refused:
        client.start_tls(context)
    client.close()
    return str(refused.value)


def test_a_handshake_that_fails_ends_with_the_alert(on_tls: RunningTransport) -> None:
    """So that the log of a printer says more than that the connection has ended."""
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    assert "ALERT_PROTOCOL_VERSION" in alert(on_tls.greeted(), old)
    weak = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    weak.check_hostname, weak.verify_mode = False, ssl.CERT_NONE
    weak.maximum_version = ssl.TLSVersion.TLSv1_2
    weak.set_ciphers("ECDHE-ECDSA-AES256-SHA:@SECLEVEL=0")
    assert "HANDSHAKE_FAILURE" in alert(on_tls.greeted(), weak)
