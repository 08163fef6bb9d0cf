import pytest
from hypothesis import given
from hypothesis import strategies as st

from transport.config import bounds
from transport.send.reply_reader import NoReply, ReplyReader

OCTETS, LINES = bounds.NEXT_HOP_REPLY.octets or 0, bounds.NEXT_HOP_REPLY.lines or 0


def read(*octets: bytes) -> list[tuple[int, str]]:
    reader, found = ReplyReader(), []
    for each in octets:
        reader.feed(each)
        while reply := reader.next():
            found.append(reply)
    return found


def test_replies_of_one_line_and_of_several() -> None:
    assert read(b"220 hi\r\n250-mx.test\r\n250 SIZE 10\r\n") == [(220, "hi"), (250, "mx.test\nSIZE 10")]
    assert read(b"250\n") == [(250, "")]


@given(st.lists(st.integers(1, 10)))
def test_it_does_not_matter_how_they_come(lengths: list[int]) -> None:
    whole, parts = b"250-a\r\n250 b\r\n354 go\r\n550 5.1.1 no\r\n", []
    for length in lengths:
        parts.append(whole[:length])
        whole = whole[length:]
    assert read(*parts, whole) == [(250, "a\nb"), (354, "go"), (550, "5.1.1 no")]


def test_what_came_too_early_is_seen() -> None:
    reader = ReplyReader()
    assert reader.is_empty
    reader.feed(b"220 hi\r\n421")
    assert reader.next() == (220, "hi") and reader.next() is None
    assert not reader.is_empty


@pytest.mark.parametrize("nonsense", [b"hello\r\n", b"199 low\r\n", b"600 high\r\n", b"\r\n", b"25x-\r\n"])
def test_what_is_no_reply_is_said(nonsense: bytes) -> None:
    with pytest.raises(NoReply, match="no reply"):
        read(nonsense)


def test_no_reply_is_longer_than_its_bound() -> None:
    """`bounds.NEXT_HOP_REPLY`, with lines that end and with one that does not."""
    with pytest.raises(NoReply, match=f"more than {LINES} lines"):
        read(b"250-x\r\n" * (LINES + 1))
    with pytest.raises(NoReply, match=f"more than {OCTETS:,} octets"):
        read(b"250 " + b"x" * OCTETS)
    line = b"250-" + b"x" * (OCTETS // LINES + 10) + b"\r\n"
    with pytest.raises(NoReply, match="octets"):
        read(line * LINES)
