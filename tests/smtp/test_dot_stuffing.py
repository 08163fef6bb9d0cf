from hypothesis import given
from hypothesis import strategies as st

from transport.smtp.dot_stuffing import MailDataReader

PART = st.sampled_from([b"\r", b"\n", b".", b"\r\n", b"a", b"\r\n.", b"\r\n..", b"\n.\n", b"\r.\r"])


def read(data: bytes, sizes: list[int]) -> tuple[bytes, bytes]:
    reader, content, at = MailDataReader(), b"", 0
    for size in [*sizes, len(data) + 1]:
        if reader.finished:
            break
        piece, rest = reader.feed(data[at : at + size])
        content += piece
        at += size
    assert reader.finished
    return content, rest + data[at:]


@given(st.lists(PART, max_size=20), st.lists(st.integers(1, 7), max_size=60))
def test_any_chunks_give_what_one_chunk_gives(parts: list[bytes], sizes: list[int]) -> None:
    data = b"".join(parts) + b"\r\n.\r\nQUIT\r\n"
    whole = b"\r\n" + data
    end = whole.find(b"\r\n.\r\n")
    expected = whole[: end + 2].replace(b"\r\n.", b"\r\n")[2:], whole[end + 5 :]
    assert read(data, sizes) == expected


def test_only_crlf_dot_crlf_ends_a_message() -> None:
    for fake in (b"\n.\n", b"\r\n.\n", b"\n.\r\n", b"\r.\r", b"\r\n.\r", b"\r\n\x00.\r\n", b"\r\n.\r\r\n"):
        content, rest = read(b"a" + fake + b"b\r\n.\r\nNOOP\r\n", [])
        assert (content, rest) == (b"a" + fake.replace(b"\r\n.", b"\r\n") + b"b\r\n", b"NOOP\r\n")


def test_the_first_dot_of_a_line_is_removed_whatever_follows() -> None:
    assert read(b".a\r\n..b\r\nc.\r\n...\r\n.\r\n", [])[0] == b"a\r\n.b\r\nc.\r\n..\r\n"


def test_empty_message() -> None:
    assert read(b".\r\n", []) == (b"", b"")
    assert read(b".\r\n", [1, 1]) == (b"", b"")
