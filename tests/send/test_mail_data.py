import re

from hypothesis import example, given
from hypothesis import strategies as st

from transport.send.mail_data import MailDataEncoder, crlf, is_text

nasty = st.text(alphabet="\r\n.a", max_size=40).map(str.encode)


def encode(*pieces: bytes) -> bytes:
    data = MailDataEncoder()
    return b"".join(map(data.encode, pieces)) + data.finish()


def decode(wire: bytes) -> bytes:
    """What a receiver stores (RFC 5321 §4.5.2)."""
    assert wire == b".\r\n" or wire.endswith(b"\r\n.\r\n")
    lines = wire[: -len(b".\r\n")].split(b"\r\n")[:-1]
    assert b"." not in lines, "the message would end in the middle"
    return b"".join(line.removeprefix(b".") + b"\r\n" for line in lines)


@given(st.text(alphabet="\r\n\0a", max_size=12).map(str.encode), st.integers(0, 12))
@example(b"a" * 998 + b"\r\n", 999)
@example(b"a" * 999 + b"\r\n", 5)
@example(b"a" * 999, 5)
def test_text_is_what_data_leaves_as_it_is(content, cut):
    good = content.replace(b"\r\n", b"")
    short = all(len(line) <= 998 for line in content.split(b"\r\n"))
    assert is_text([content[:cut], content[cut:]]) == (short and not set(good) & set(b"\r\n\0"))


def test_ordinary_mail_passes_unchanged():
    assert encode(b"Subject: x\r\n\r\ntext\r\n") == b"Subject: x\r\n\r\ntext\r\n.\r\n"


def test_leading_dots_are_doubled_at_the_start_too():
    assert encode(b".one\r\n.two\r\n..\r\n") == b"..one\r\n..two\r\n...\r\n.\r\n"


@given(nasty)
@example(b"x\n.\nMAIL FROM:<>")
@example(b"x\r.\r")
@example(b"x\r\n.\n")
def test_nothing_inside_ends_the_message(content):
    wire = encode(content)
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", wire), "a bare CR or LF is on the wire"
    stored = decode(wire)
    normal = crlf(content)
    assert stored in (normal, normal + b"\r\n")


@given(nasty, st.lists(st.integers(1, 5), max_size=20))
def test_it_does_not_matter_how_the_message_is_cut(content, sizes):
    pieces, rest = [], content
    for size in sizes:
        pieces.append(rest[:size])
        rest = rest[size:]
    assert encode(*pieces, rest) == encode(content)
