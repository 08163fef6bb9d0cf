"""Which connections there were to next hops, and how much mail each carried, as Exchange's connectivity log has it."""

import csv

import pytest

from console.processes.address import free_port
from tests.conftest import wait_for
from tests.deliver.test_lmtp import Mailboxes, Unix, serve, take
from transport.deliver import connectivity
from transport.trace.connectivity_line import CONNECTIVITY

__all__ = ["serve", "take"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lines(home, monkeypatch):
    """Every line of the log, once so many connections have ended; the log is that of this test alone."""
    folder = home / "connectivity-log" / "gw.test"
    monkeypatch.setattr(connectivity, "folder", lambda: folder)
    connectivity.writer.cache_clear()

    def read():
        text = b"".join(path.read_bytes() for path in sorted(folder.glob("CONNECTLOG*.LOG"))).decode("ascii")
        return list(csv.reader(line for line in text.split("\r\n") if line and line[0] != "#"))

    def lines(ended=1):
        wait_for(
            lambda: sum(line[4] == "-" for line in read()) == ended, f"the connections are not in the log: {read()}"
        )
        return read()

    yield lines
    if writer := connectivity.writer():
        writer.close()
    connectivity.writer.cache_clear()


def test_a_connection_tells_to_whom_it_was_and_what_it_carried(sent, sink, lines, query, home):
    sent("bob@far.test", content=b"Subject: Figures\r\n\r\nhello\r\n")
    found = lines()
    ((size,),) = query("SELECT size FROM queues_message WHERE origin = 'received'")
    ((session,),) = query("SELECT session_id FROM tracking_event WHERE event = 'SEND'")
    assert [line[1:] for line in found] == [
        [session, "SMTP", "[127.0.0.1]", "+", "Send connector: Out"],
        [session, "SMTP", "[127.0.0.1]", ">", f"Connected to [127.0.0.1]:{sink.port}"],
        [session, "SMTP", "[127.0.0.1]", "-", f"Messages: 1 Bytes: {size}"],
    ]
    (file,) = (home / "connectivity-log" / "gw.test").iterdir()
    head = file.read_text().splitlines()[:5]
    assert head[2] == "#Log-type: Transport Connectivity Log"
    assert head[4] == "#Fields: " + ",".join(CONNECTIVITY.columns)


def test_a_refused_message_is_not_counted(sent, sink, lines):
    sink.behave = lambda line, n: "550 5.1.1 Unknown" if line.startswith("RCPT") else None
    sent()
    assert lines()[-1][5] == "Messages: 0 Bytes: 0"


def test_a_next_hop_that_hangs_up_is_told(sent, sink, lines):
    sink.behave = lambda line, n: "drop" if line.startswith("MAIL") else None
    sent()
    assert {line[5] for line in lines(sink.connections) if line[4] == "-"} == {
        "Messages: 0 Bytes: 0 (the next hop hung up)"
    }


def test_a_host_that_does_not_answer_is_told(journal, forward, deliver, configure, lines):
    port = free_port()
    configure(port=port)
    journal.accept("bob@far.test")
    forward()
    deliver()
    assert [line[4] for line in lines()] == ["+", "-"]
    words = f"Failed to connect to [127.0.0.1]:{port}: Connection refused"
    assert lines()[-1][5] == f"Messages: 0 Bytes: 0 ({words})"


def test_a_connection_to_the_host_of_an_accepted_domain_names_the_domain(take, serve, tmp_path, lines):
    path = str(tmp_path / "lmtp")
    serve(Unix(Mailboxes(), path))
    take([path], "anna@boxes.test", "nobody@boxes.test")
    assert [line[2:6] for line in lines()][:2] == [
        ["SMTP", "boxes.test", "+", "Send connector: Accepted domain boxes.test"],
        ["SMTP", "boxes.test", ">", f"Connected to {path}"],
    ]
    assert lines()[-1][5].startswith("Messages: 1 Bytes: ")


def test_a_batch_for_mailboxes_is_a_connection_too(journal, forward, deliver, configure, lines):
    configure()
    journal.accept("postmaster@gatepost.test")
    forward()
    deliver("mailbox")
    (begun, ended) = lines()
    assert begun[1] == ended[1] and begun[2:] == ["MapiDelivery", "mailbox", "+", ""]
    assert ended[4] == "-" and ended[5].startswith("Messages: 1 Bytes: ")


def test_a_disk_without_the_folder_holds_up_no_mail(sent, sink, home, monkeypatch, lines):
    (home / "file").touch()
    monkeypatch.setattr(connectivity, "folder", lambda: home / "file" / "folder")
    sent()
    assert len(sink.arrived) == 1
