"""One text is judged and sent: what the firewall and the filters saw of a header is what every next hop reads."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from transport.config import bounds
from transport.send.mail_data import MailDataEncoder
from transport.smtp.header import Header, header
from transport.smtp.header_firewall import HeaderKind, without
from transport.smtp.originators import from_addresses

LIMIT = 256 * 1024
FIREWALL = frozenset(HeaderKind)
TRACE = b"Received: from a by b\r\n id c\r\nX-MS-Exchange-Organization-AuthAs: Anonymous\r\n"
LINES = [
    b"Subject: hello", b"From: bad@evil.example", b"X-MS-Exchange-Organization-SCL: -1", b"Received: from forged by x",
    b"resent-from\t: a@b.example", b"X-MS-Exchange-Forest-A:", b" folded", b"\tX-MS-Exchange-Organization-B: Internal",
    b"", b"", b" ", b"From someone@b.example Mon Nov 30 10:00:00 2026", b">From someone@b.example Mon", b"plain text",
    b"\0", b"X-MS-Exchange-Organization\0-SCL: 9", b": no name", b".", b"From", "Betreff-ü: x".encode(),
]  # fmt: skip
ENDS = [b"\r\n", b"\n", b"\r", b"\r\r\n", b"\n\r", b"\r\r", b"\r\n\r", b""]
contents = st.lists(st.tuples(st.sampled_from(LINES), st.sampled_from(ENDS)), max_size=12).map(
    lambda pairs: b"".join(line + end for line, end in pairs)
)


def stored(content: bytes) -> bytes:
    """What becomes of what a client sends after DATA, behind the trace."""
    found = header(content, LIMIT)
    assert found.complete
    return without(found.text, FIREWALL) + content[found.octets :]


def sent(message: bytes) -> bytes:
    """What a next hop has after it took away the dots (RFC 5321 §4.5.2)."""
    data = MailDataEncoder()
    wire = data.encode(message) + data.finish()
    return re.sub(rb"(?m)^\.", b"", wire.removesuffix(b".\r\n"))


def read_by_next_hop(text: bytes, drops_mbox_lines: bool, goes_on_until_empty: bool) -> list[bytes]:
    """The fields, unfolded, as a server reads them that takes CRLF, LF and CR each for a line end."""
    lines = re.split(rb"\r\n|\n|\r", text)
    while drops_mbox_lines and lines and re.match(rb">*From ", lines[0]):
        del lines[0]
    fields: list[bytes] = []
    for line in lines:
        if not line:
            break
        if line[:1] in (b" ", b"\t") and fields:
            fields[-1] += line
        elif re.match(rb"[!-9;-~]+[ \t]*:", line):
            fields.append(line)
        elif not goes_on_until_empty:
            break
    return fields


def seen_by_firewall(head: bytes) -> list[bytes]:
    return re.sub(rb"\r\n(?=[ \t])", b"", head).split(b"\r\n")[:-1]


@pytest.mark.parametrize("goes_on_until_empty", [False, True])
@pytest.mark.parametrize("drops_mbox_lines", [False, True])
@given(content=contents)
@example(content=b"Subject: cr\rX-MS-Exchange-Organization-SCL: -1\rReceived: from forged\r\n\r\nbody")
@example(content=b"Subject: x\r\rX-MS-Exchange-Organization-SCL: -1\r\n\r\nbody")
@example(content=b"\tAuthAs-injected\r\nSubject: x\r\n\r\nbody")
@example(content=b"From someone@b.example Mon Nov 30 10:00:00 2026\r\nX-MS-Exchange-Organization-SCL: -1\r\n\r\nbody")
@example(content=b"Subject: x\n\nX-MS-Exchange-Organization-SCL: -1\n")
@example(content=b"just a body\r\nX-MS-Exchange-Organization-SCL: -1\r\n")
def test_the_next_hop_reads_the_fields_that_were_judged(
    content: bytes, drops_mbox_lines: bool, goes_on_until_empty: bool
) -> None:
    found = header(content, LIMIT)
    judged = without(found.text, FIREWALL)
    fields = read_by_next_hop(sent(TRACE + stored(content)), drops_mbox_lines, goes_on_until_empty)
    ours, theirs = fields[:2], [field for field in fields[2:] if field]
    assert ours == seen_by_firewall(TRACE)
    expected = [field for field in seen_by_firewall(judged) if field]
    assert theirs[: len(expected)] == expected
    assert theirs[len(expected) :] == []
    assert not any(re.match(rb"(?i)received|resent-|x-ms-exchange-(organization|forest)-", field) for field in theirs)
    senders = [address for field in theirs for address in from_addresses(field + b"\r\n")]
    assert from_addresses(judged) == senders


@given(contents)
def test_no_stray_line_end_and_no_nul_of_a_header_survives(content: bytes) -> None:
    text = header(content, LIMIT).text
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n|\0", text)
    assert header(text, LIMIT).text == text


FIELDS = [b"Subject: a\r\n", b"To: x\r\n\ty\r\n", b"X-Y :z\r\n", b"Received: from a\r\n by b\r\n"]
fields = st.lists(st.sampled_from(FIELDS), min_size=1).map(b"".join)


@given(fields, st.binary(max_size=60))
def test_what_is_well_formed_stays_octet_for_octet(head: bytes, body: bytes) -> None:
    content = head + b"\r\n" + body
    found = header(content, LIMIT)
    assert (found.text, content[found.octets :]) == (head + b"\r\n", body)
    assert header(head, LIMIT) == Header(head, len(head))


@pytest.mark.parametrize(
    ("content", "head", "body"),
    [
        (b"just a body\r\n", b"\r\n", b"just a body\r\n"),
        (b"Alarm! Tank 3 is full: 99 %\r\n\r\nmore", b"\r\n", b"Alarm! Tank 3 is full: 99 %\r\n\r\nmore"),
        (b"\r\nSubject: in the text\r\n", b"\r\n", b"Subject: in the text\r\n"),
        (b"  indented\r\nSubject: x\r\n\r\n", b"Comments:  indented\r\nSubject: x\r\n\r\n", b""),
        (b" one\n\ttwo\rSubject: x\n\nbody", b"Comments: one\r\n\ttwo\r\nSubject: x\r\n\r\n", b"body"),
        (b"  indented\r\ntext\r\n", b"\r\n", b"  indented\r\ntext\r\n"),
        (b"From a@b.c Mon Nov 30\r\nSubject: x\r\n\r\nbody", b"Subject: x\r\n\r\n", b"body"),
        (b">From a@b.c Mon\nSubject: x\n\nbody", b"Subject: x\r\n\r\n", b"body"),
        (b"From the tank: it is full\r\n", b"\r\n", b"From the tank: it is full\r\n"),
        (b"Subject: x\r\nno field\r\nTo: y\r\n\r\n", b"Subject: x\r\n\r\n", b"no field\r\nTo: y\r\n\r\n"),
        (b"Subject: one\rtwo\r\nTo: y\r\n\r\n", b"Subject: one\r\n two\r\nTo: y\r\n\r\n", b""),
        (b"Subject: x\r\r\nTo: y\r\r\n\r\r\nbody\r\r\n", b"Subject: x\r\nTo: y\r\n\r\n", b"body\r\r\n"),
        (b"Subject: x\rTo: y\r\rbody\r", b"Subject: x\r\nTo: y\r\n\r\n", b"body\r"),
        (b"Sub\0ject: x\r\n\r\n\0", b"Subject: x\r\n\r\n", b"\0"),
        (b"Subject: x\r\n", b"Subject: x\r\n", b""),
        (b"Subject: x", b"Subject: x\r\n", b""),
        (b"", b"", b""),
    ],
)
def test_what_is_malformed_keeps_as_much_as_can_be_kept(content: bytes, head: bytes, body: bytes) -> None:
    found = header(content, LIMIT)
    assert (found.text, content[found.octets :], found.complete) == (head, body, True)


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r"])
@pytest.mark.parametrize(("more", "complete"), [(-1, True), (0, True), (1, False)])
def test_a_header_of_too_many_lines_is_too_large(end: bytes, more: int, complete: bool) -> None:
    assert bounds.HEADER.lines is not None
    content = (b"A: b" + end) * (bounds.HEADER.lines + more) + end + b"body"
    assert header(content, LIMIT).complete is complete


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
@pytest.mark.parametrize(("limit", "complete"), [(29, False), (30, True), (31, True)])
def test_a_header_may_be_as_large_as_the_limit_says(end: bytes, limit: int, complete: bool) -> None:
    content = b"X: " + b"a" * (27 - 2 * len(end)) + end + end + b"body"
    assert header(content, limit).complete is complete


def test_a_line_that_the_limit_cuts_is_no_text() -> None:
    assert not header(b"Subject: " + b"a" * 100, 50).complete
    assert not header(b"To: x\r\nSubject-of-the-mess" + b"a" * 100, 20).complete


def test_a_limit_that_cuts_the_first_name_makes_no_text_of_a_header() -> None:
    """With MaxHeaderSize 4 every message passed as one without a header."""
    content = b"Received: x\r\nSubject: y\r\n\r\nbody"
    assert not any(header(content, limit).complete for limit in range(1, len(content) - 4))
    assert {header(content, limit) for content in (b"Received" * 200, b"no field, " * 20) for limit in (1, 4, 100)} == {
        Header(b"\r\n", 0)
    }
    assert not header(b"\r\nbody", 1).complete and header(b"\r\nbody", 2) == Header(b"\r\n", 2)
