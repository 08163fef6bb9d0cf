"""What a client hands in is judged as it is stored and sent on: firewall, filter and trace see one text."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.shell.running_transport import RunningTransport
from transport.config.filters import SenderFilter
from transport.config.permissions import ANONYMOUS, Grant, Right

DENIES_ROUTING = "127.0.2.1"


@pytest.fixture(scope="module")
def serving() -> Iterator[RunningTransport]:
    """The anonymous connector, and one for a neighbour who may hand in no routing headers."""
    running = RunningTransport()
    denied = (Grant(ANONYMOUS, Right.ACCEPT_HEADERS_ROUTING.value, deny=True),)
    running.publish(
        running.connector("Default"),
        running.connector("No routing headers", ranges=DENIES_ROUTING, grants=denied),
        sender_filter=SenderFilter(blocked_senders=("blocked@partner.example",)),
    )
    running.start()
    yield running
    running.remove()


def handed_in(running: RunningTransport, content: bytes, source: str = "127.0.0.1") -> tuple[str, bytes]:
    """The reply to a message, and the message as it is stored (b"" when it was refused)."""
    before = {record.envelope.id for record in running.records()}
    client = running.client(source)
    client.line()
    client.say("EHLO client.test")
    reply = client.message(content)
    client.close()
    return reply, b"".join(one.body for one in running.records() if one.envelope.id not in before)


def header_of(stored: bytes) -> tuple[bytes, bytes]:
    """What stands behind our trace, up to the empty line, and what stands behind that."""
    trace, _, rest = stored.partition(b"X-MS-Exchange-Organization-AuthSource: gateway.test\r\n")
    assert trace.startswith(b"Received: ")
    head, _, body = (b"\r\n" + rest).partition(b"\r\n\r\n")
    return head[2:], body


NAMED = b"Message-ID: <1@x>\r\nDate: Sun, 29 Nov 2026 10:00:00 +0000\r\n"


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\r", b"\r\r\n", b"\n\r"], ids=repr)
@pytest.mark.parametrize("name", [b"X-MS-Exchange-Organization-SCL", b"x-ms-exchange-forest-a\t"])
def test_a_line_end_of_any_kind_brings_no_field_past_the_firewall(
    serving: RunningTransport, name: bytes, end: bytes
) -> None:
    reply, stored = handed_in(serving, NAMED + b"Subject: cr" + end + name + b": -1" + end + b"To: y\r\n\r\nbody")
    head, _ = header_of(stored)
    assert reply.startswith("250 ")
    assert head.startswith(NAMED + b"Subject: cr")
    assert name.lower() not in head.lower()
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", head)


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"], ids=repr)
def test_a_blocked_sender_is_found_behind_any_line_end(serving: RunningTransport, end: bytes) -> None:
    reply, stored = handed_in(serving, b"X: y" + end + b"From: blocked@partner.example\r\n\r\nbody")
    assert (reply[:3], stored) == ("554", b"")


def test_what_begins_with_a_blank_does_not_go_on_with_our_trace(serving: RunningTransport) -> None:
    _, stored = handed_in(serving, b"\tinjected\r\n" + NAMED + b"\r\nbody")
    assert header_of(stored) == (b"Comments:\tinjected\r\n" + NAMED.removesuffix(b"\r\n"), b"body\r\n")


@pytest.mark.parametrize("text", [b"just a body\r\n", b"one\r\ntwo: 3\r\n\r\nfour\r\n", b"\r\nX: text\r\n", b" a\r\n"])
def test_text_without_a_header_becomes_the_body(serving: RunningTransport, text: bytes) -> None:
    _, stored = handed_in(serving, text)
    head, body = header_of(stored)
    assert re.fullmatch(rb"Message-ID: <\S+>\r\nDate: [^\r\n]+", head)
    assert body == text.removeprefix(b"\r\n") + b"\r\n"


def test_a_mbox_line_in_front_is_no_part_of_the_message(serving: RunningTransport) -> None:
    _, stored = handed_in(serving, b"From scan@x Mon Nov 30 10:00:00 2026\r\n" + NAMED + b"Subject: s\r\n\r\nbody")
    assert header_of(stored) == (NAMED + b"Subject: s", b"body\r\n")


@pytest.mark.parametrize(
    "given", [b"12345@printer", b"<1 2@printer>", b"", b"<a@b> and more", b"<a@b>\r\nMessage-ID: <c@d>"], ids=repr
)
def test_a_message_has_one_message_id(serving: RunningTransport, given: bytes) -> None:
    """`12345@printer` is what printers send; large receivers refuse two fields, and one without brackets too."""
    reply, stored = handed_in(serving, b"Subject: s\r\nMessage-ID: " + given + b"\r\nDate: \r\n\r\nbody")
    (identifier,) = re.findall(rb"(?im)^message-id: (<[^<> ]+>)\r$", stored)
    assert stored.lower().count(b"message-id:") == 1
    assert stored.count(b"Date: ") == 1
    assert identifier.decode() in reply


@pytest.mark.parametrize("source", ["127.0.0.1", DENIES_ROUTING])
def test_a_loop_ends_whatever_rights_are_denied(serving: RunningTransport, source: str) -> None:
    """The message comes back as it left, again and again."""
    content, passes = NAMED + b"Subject: loop\r\n\r\nbody", 0
    while True:
        reply, stored = handed_in(serving, content, source)
        if not reply.startswith("250 "):
            break
        passes, content = passes + 1, stored.removesuffix(b"\r\n")
    assert reply.startswith("554 5.4.6 ")
    assert passes == 8  # MaxLocalHopCount


def test_a_denied_routing_header_does_not_arrive(serving: RunningTransport) -> None:
    received = b"Received: from secret.inside (10.9.8.7)\r\n\tby relay.example with SMTP; today\r\nResent-To: x@y\r\n"
    _, stored = handed_in(serving, received + NAMED + b"\r\nbody", DENIES_ROUTING)
    head, _ = header_of(stored)
    assert head == b"X-Gatepost-Hop: by relay.example\r\n" + NAMED.removesuffix(b"\r\n")
    _, stored = handed_in(serving, received + NAMED + b"\r\nbody")
    assert received in stored


@pytest.mark.parametrize("size", [1, 3 << 20], ids=["in-memory", "in-a-file"])
def test_what_needs_no_change_is_stored_octet_for_octet(serving: RunningTransport, size: int) -> None:
    content = NAMED + b"From: a@b\r\nSubject :folded\r\n\t and =?x?q?=FC?= \r\n\r\na.\n\r\0\xff\x80 text" + b"x" * size
    before = {record.envelope.id for record in serving.records()}
    client = serving.greeted()
    assert client.message(content).startswith("250 ")
    client.close()
    (record,) = [record for record in serving.records() if record.envelope.id not in before]
    body = record.body
    if record.envelope.body_file:
        body += (serving.home / "journal" / serving.name / "bodies" / record.envelope.body_file).read_bytes()
    assert body.endswith(b"AuthSource: gateway.test\r\n" + content + b"\r\n")
    assert record.envelope.size == len(body)
