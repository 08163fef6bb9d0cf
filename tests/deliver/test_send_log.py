"""What we say to a next hop, and what it answers, as the protocol log has it."""

import csv

import psycopg
import pytest

from console.processes.address import free_port
from tests.conftest import wait_for
from tests.deliver.test_lmtp import Mailboxes, Unix, serve, take
from tests.deliver.test_sign_in import PASSWORD, Guard, credential
from transport.config import bounds
from transport.config.receive_connector import ProtocolLoggingLevel
from transport.config.send_connector import SmartHostAuth
from transport.deliver import send_log
from transport.shell.forward.log_forwarder import LogForwarder
from transport.trace.line import COLUMNS, escaped

__all__ = ["credential", "serve", "take"]

pytestmark = pytest.mark.django_db(transaction=True)
VERBOSE = {"protocol_logging_level": ProtocolLoggingLevel.Verbose}


@pytest.fixture
def lines(home, monkeypatch):
    """Every line of the log, once the last session has ended; the log is that of this test alone."""
    folder = home / "protocol-log" / "gw.test"
    monkeypatch.setattr(send_log, "folder", lambda: folder)
    send_log.writer.cache_clear()

    def read():
        text = b"".join(path.read_bytes() for path in sorted(folder.glob("SEND*.LOG"))).decode("ascii")
        return list(csv.reader(line for line in text.split("\r\n") if line and line[0] != "#"))

    def lines(sessions=1):
        wait_for(lambda: sum(line[6] == "-" for line in read()) == sessions, "the sessions are not in the log")
        return read()

    yield lines
    if writer := send_log.writer():
        writer.close()
    send_log.writer.cache_clear()


@pytest.fixture
def sent(sent, configure):
    configure(**VERBOSE)
    return sent


def test_a_conversation_in_exchange_s_format(sent, sink, lines, query):
    sink.behave = lambda line, n: "250 2.0.0 Ok: queued as 4711" if line == "." else None
    sent("bob@far.test", content=b"Subject: Figures\r\n\r\nnothing of the message\r\n")
    found = lines()
    ((message,),) = query("SELECT id FROM queues_message WHERE origin = 'received'")
    assert [(line[6], line[7], line[8]) for line in found] == [
        ("*", "attempting to connect", "[127.0.0.1]"),
        ("+", "", "[127.0.0.1]"),
        ("<", "220 sink ESMTP", ""),
        (">", "EHLO gw.test", ""),
        ("<", "250  sink PIPELINING SIZE 20000000 8BITMIME HELP", ""),
        (">", "MAIL FROM:<ann@x.test> SIZE=44", ""),
        (">", "RCPT TO:<bob@far.test>", ""),
        (">", "DATA", ""),
        ("<", "250 2.0.0 Ok", ""),
        ("<", "250 2.0.0 Ok", ""),
        ("<", "354 go ahead", ""),
        ("<", "250 2.0.0 Ok: queued as 4711", f"message {message}"),
        (">", "QUIT", ""),
        ("<", "221 2.0.0 Bye", ""),
        ("-", "", "Local"),
    ]
    assert {len(line) for line in found} == {len(COLUMNS)}
    assert {line[1] for line in found} == {"Out"}
    assert {line[5] for line in found} == {f"127.0.0.1:{sink.port}"}
    assert [int(line[3]) for line in found] == list(range(len(found)))


def test_no_lines_without_verbose(sent, configure, home, lines):
    configure()
    sent()
    assert not (home / "protocol-log" / "gw.test").exists()


def test_what_is_said_to_the_host_of_an_accepted_domain_is_in_the_log(take, serve, tmp_path, lines):
    path = str(tmp_path / "lmtp")
    serve(Unix(Mailboxes(), path))
    take([path], "anna@boxes.test", "nobody@boxes.test")
    found = lines()
    assert {line[1] for line in found} == {"Accepted domain boxes.test"}
    assert next(line[7] for line in found if line[6] == ">") == "LHLO gw.test"
    assert "550 5.1.1 No such mailbox" in [line[7] for line in found]


def test_a_next_hop_that_hangs_up_is_the_one_that_closed(sent, sink, lines):
    sink.behave = lambda line, n: "drop" if line.startswith("MAIL") else None
    sent()
    assert {line[8] for line in lines(sink.connections) if line[6] == "-"} == {"Remote"}


def test_a_host_that_does_not_answer_is_in_the_log_too(journal, forward, deliver, configure, lines):
    configure(port=free_port(), **VERBOSE)
    journal.accept("bob@far.test")
    forward()
    deliver()
    assert [(line[6], line[7], line[8]) for line in lines()] == [
        ("*", "attempting to connect", "[127.0.0.1]"),
        ("*", "Connection refused", "Failed to connect"),
        ("-", "", "Local"),
    ]


def test_a_long_reply_is_logged_in_part(sent, sink, lines):
    most = bounds.LOGGED_REPLY.octets
    sink.behave = lambda line, n: "550 5.7.1 " + "x" * most if line.startswith("RCPT") else None
    sent()
    assert max(len(line[7]) for line in lines() if line[6] == "<") == most


def test_a_disk_without_the_folder_holds_up_no_mail(sent, sink, home, monkeypatch, lines):
    (home / "file").touch()
    monkeypatch.setattr(send_log, "folder", lambda: home / "file" / "folder")
    sent()
    assert len(sink.arrived) == 1


def test_the_viewer_gets_sessions_of_both_directions(sent, sink, lines, home, database_url, query):
    sink.behave = lambda line, n: "550 5.1.1 Unknown" if "eve" in line else None
    sent("bob@far.test", "eve@far.test")
    lines()
    with psycopg.connect(database_url, autocommit=True) as connection:
        forwarder = LogForwarder(home)
        while forwarder.move(connection):
            pass
    columns = "direction, transport, connector, helo, sender, recipients, accepted, refused, ended_at IS NOT NULL"
    assert query(f"SELECT {columns} FROM tracking_session") == [
        ("send", "gw.test", "Out", "[127.0.0.1]", "ann@x.test", ["bob@far.test", "eve@far.test"], 1, 1, True)
    ]


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
@pytest.mark.parametrize("good", [True, False])
def test_no_secret_is_logged_also_when_the_host_repeats_it(
    queued, configure, deliver, sink, lines, credential, mechanism, good
):
    guard = Guard(sink, mechanism)
    guard.judge = lambda right: f"235 {PASSWORD}" if good else f"535 5.7.8 not {guard.heard[-1]}, {PASSWORD}"
    secure = SmartHostAuth.BasicAuth
    configure(smart_host_auth_mechanism=secure, authentication_credential=("mailbox",), **VERBOSE)
    queued("bob@far.test")
    deliver()
    text = "\n".join(",".join(line) for line in lines())
    assert f"AUTH {mechanism}" in text and "<authentication response>" in text
    secrets = [PASSWORD, escaped(PASSWORD), *(line.split()[-1] for line in guard.heard)]
    assert [each for each in secrets if each != mechanism and each in text] == []
