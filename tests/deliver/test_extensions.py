"""What a next hop offers decides how mail is sent there, and who tells the sender."""

import pytest

from console.queues import queries
from tests.deliver.conftest import HEADER
from tests.deliver.test_delivery import STATUS

pytestmark = pytest.mark.django_db(transaction=True)
REPORTS = """
SELECT subject, convert_from(c.chunk, 'UTF8') FROM queues_message m JOIN queues_content c ON c.message_id = m.id
WHERE origin = 'generated' AND number = 0 ORDER BY subject
"""
ALL = ("PIPELINING", "SIZE 20000000", "8BITMIME", "DSN", "SMTPUTF8", "CHUNKING", "BINARYMIME")
WISHES = {
    "ret": "HDRS",
    "envid": "QQ+2B1",
    "notify": ["SUCCESS,DELAY", "NEVER", ""],
    "orcpt": ["rfc822;Bob@a.test", "", ""],
}
THREE = ("bob@far.test", "eve@far.test", "zoe@far.test")


@pytest.mark.parametrize("pipelining", [True, False])
def test_wishes_are_passed_on_and_the_next_hop_answers_for_them(sent, sink, query, pipelining):
    sink.extensions = ("DSN", "PIPELINING") if pipelining else ("DSN",)
    sent(*THREE, **WISHES)
    commands = [command for command in sink.commands if command[:4] in ("MAIL", "RCPT")]
    assert commands == [
        "MAIL FROM:<ann@x.test> RET=HDRS ENVID=QQ+2B1",
        "RCPT TO:<bob@far.test> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;Bob@a.test",
        "RCPT TO:<eve@far.test> NOTIFY=NEVER",
        "RCPT TO:<zoe@far.test>",
    ]
    assert query(REPORTS) == []


def test_a_next_hop_that_does_not_report_makes_us_say_relayed(sent, sink, query):
    sent(*THREE, **WISHES)
    assert not any("NOTIFY" in command or "ENVID" in command for command in sink.commands)
    ((subject, text),) = query(REPORTS)
    assert subject == "Relayed: Figures"
    for line in (
        "Original-Envelope-Id: QQ+1",
        "Original-Recipient: rfc822;Bob@a.test",
        "Final-Recipient: rfc822;bob@far.test",
        "Action: relayed",
        "Status: 2.0.0",
        "Remote-MTA: dns;[127.0.0.1]",
    ):
        assert f"{line}\r\n" in text
    assert "eve@far.test" not in text
    assert [row[1] for row in query(STATUS)] == ["delivered"] * 3
    books = queries.ledger()
    assert books.balances
    assert (books.accepted, books.generated) == (3, 1)


def test_a_mailbox_confirms_delivery(journal, forward, deliver, configure, sink, query):
    configure()
    journal.accept("bob@x.test", "eve@x.test", sender="ann@far.test", notify=["SUCCESS", ""], orcpt=["", ""])
    journal.accept("bob@x.test", sender="ann@far.test", notify=["SUCCESS"], orcpt=[""])
    journal.accept("bob@x.test", sender="", notify=["SUCCESS"], orcpt=[""])
    forward()
    deliver("mailbox")
    ((subject, text), (_, other)) = query(REPORTS)
    assert subject == "Delivered: Figures"
    assert "Final-Recipient: rfc822;bob@x.test\r\nAction: delivered\r\nStatus: 2.1.5\r\n" in text
    assert "eve@x.test" not in text + other
    assert "Remote-MTA" not in text, "no other server had a part in it"
    deliver()
    assert {one.sender for one in sink.arrived} == {""}
    assert query("SELECT count(*) FROM queues_message WHERE origin = 'generated'") == [(2,)]
    assert query("SELECT DISTINCT status FROM queues_recipient") == [("delivered",)]
    assert query("SELECT count(*) FROM queues_content") == [(0,)]


@pytest.mark.parametrize(
    ("notify", "told"), [("", True), ("FAILURE", True), ("SUCCESS,DELAY", False), ("NEVER", False)]
)
def test_a_refusal_is_told_to_who_wants_to_know(sent, sink, query, notify, told):
    sink.behave = lambda line, n: "550 5.1.1 no" if line.startswith("RCPT") else None
    sent(notify=[notify], orcpt=["rfc822;b@a.test"], ret="HDRS")
    assert query(STATUS)[0][1] == "failed"
    reports = query(REPORTS)
    assert len(reports) == told
    if told:
        assert "Content-Type: text/rfc822-headers\r\n" in reports[0][1]
        assert "Original-Recipient: rfc822;b@a.test\r\n" in reports[0][1]


@pytest.mark.parametrize("sender", ["ann@x.test", "ännchen@x.test"])
def test_addresses_in_other_scripts_pass_where_they_may(sent, sink, query, sender):
    sink.extensions = ALL
    sent("josé@far.test", sender=sender, smtp_utf8=True, body_type="8BITMIME")
    (arrived,) = sink.arrived
    assert (arrived.sender, arrived.recipients) == (sender, ["josé@far.test"])
    assert arrived.mail.endswith(" BODY=8BITMIME SMTPUTF8")


def test_addresses_in_other_scripts_come_back_where_they_may_not_pass(sent, sink, query, deliver, home):
    sent("josé@far.test", "bob@other.test", sender="ännchen@x.test", smtp_utf8=True)
    assert not sink.arrived
    assert query("SELECT DISTINCT status, left(last_error, 9) FROM queues_recipient WHERE address LIKE '%o%'") == [
        ("failed", "550 5.6.7")
    ]
    deliver("mailbox")
    (report,) = (home / "mailboxes" / "x.test" / "%C3%A4nnchen" / "new").iterdir()
    assert b"Final-Recipient: utf-8;jos\\x{E9}@far.test\r\n" in report.read_bytes()


def test_a_mailbox_has_any_name(journal, forward, deliver, configure, query, home):
    configure()
    query("INSERT INTO directory_recipient (address) VALUES ('jörg@gatepost.test') RETURNING id")
    journal.accept("Jörg@gatepost.test", "änne@gatepost.test", sender="ännchen@x.test", smtp_utf8=True)
    forward()
    deliver("mailbox")
    (mail,) = (home / "mailboxes" / "gatepost.test" / "j%C3%B6rg" / "new").iterdir()
    assert mail.read_bytes() == "Return-Path: <ännchen@x.test>\r\n".encode() + HEADER + b"body\r\n"
    assert query("SELECT address, status FROM queues_recipient WHERE address LIKE '%gatepost.test' ORDER BY id") == [
        ("Jörg@gatepost.test", "delivered"),
        ("änne@gatepost.test", "failed"),
    ]


def test_without_smtputf8_only_a_header_in_ascii_goes_on(sent, sink, query):
    sent("bob@far.test", smtp_utf8=True)
    assert not sink.arrived[0].mail.endswith("SMTPUTF8")
    sent("eve@far.test", smtp_utf8=True, content="Subject: Größen\r\n\r\nx\r\n".encode(), body_type="8BITMIME")
    assert len(sink.arrived) == 1
    assert query(STATUS)[1][3].startswith("550 5.6.9")


BINARY = HEADER + b"\0\r\n.\r\n\n.\nx" + b"y" * 2000


@pytest.mark.parametrize("extensions", [ALL, ALL[1:]])
def test_binary_content_arrives_octet_by_octet(journal, forward, deliver, configure, sink, query, extensions):
    configure()
    sink.extensions = extensions
    sink.behave = lambda line, n: "550 5.1.1 no" if "nobody" in line else "550 5.7.1 no" if "bad@" in line else None
    for sender, recipients in (
        ("ann@x.test", ["u1@far.test"]),
        ("ann@x.test", ["u2@far.test", "nobody@far.test"]),
        ("bad@x.test", ["u3@far.test", "u4@far.test"]),
        ("ann@x.test", ["nobody@far.test"]),
        ("ann@x.test", ["u5@far.test"]),
    ):
        journal.accept(*recipients, sender=sender, content=BINARY, body_type="BINARYMIME")
        journal.accept("plain@far.test")
    forward()
    deliver()
    assert [one.recipients[0][:2] for one in sink.arrived] == ["u1", "pl", "u2", "pl", "pl", "pl", "u5", "pl"]
    assert {one.content for one in sink.arrived if one.recipients[0] != "plain@far.test"} == {BINARY}
    assert all(("BODY=BINARYMIME" in one.mail) == (one.content == BINARY) for one in sink.arrived)
    assert sink.connections == 1


def test_large_binary_content_goes_in_chunks(journal, forward, deliver, configure, sink):
    configure()
    sink.extensions = ALL
    content = journal.accept_large("bob@far.test", 3 << 20, body_type="BINARYMIME")
    journal.accept("eve@far.test")
    forward()
    deliver()
    assert sink.contents() == [content, HEADER + b"body\r\n"]
    assert sink.verbs["BDAT"] > 3


def test_a_chunk_that_is_refused_ends_the_message_only(journal, forward, deliver, configure, sink, query):
    configure()
    sink.extensions = ALL
    sink.behave = lambda line, n: "552 5.3.4 too large" if line.startswith("BDAT") and n == 2 else None
    journal.accept_large("bob@far.test", 3 << 20, body_type="BINARYMIME")
    journal.accept("eve@far.test")
    forward()
    deliver()
    assert [one.recipients for one in sink.arrived] == [["eve@far.test"]]
    assert [row[1] for row in query(STATUS)] == ["failed", "delivered"]
    assert sink.connections == 1


def test_binary_content_comes_back_where_it_may_not_pass_unless_it_is_text(sent, sink, query):
    sent("bob@far.test", content=BINARY, body_type="BINARYMIME")
    assert not sink.arrived
    assert query(STATUS)[0][3].startswith("550 5.6.3")
    sent("eve@far.test", body_type="BINARYMIME")
    assert sink.arrived[0].mail.endswith(" BODY=8BITMIME")
