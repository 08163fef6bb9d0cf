"""The record of a session: whatever stands in it comes back, and what is no record is left out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from transport.trace.session_record import SessionRecord, Step, ended, read, written

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)


@given(TEXT, TEXT)
def test_every_text_comes_back_from_a_line_in_ascii(said: str, user: str) -> None:
    record = SessionRecord(2.5, 1.25, "D1", "C", ("::1", 25), "::2", 7, [Step(said, 250)], users=[user])
    line = written(record).encode("ascii")
    assert line.endswith(b"\r\n")
    assert line.count(b"\n") == 1
    assert (ended(line), list(read([line]))) == (2.5, [record])


@given(st.binary(max_size=40))
def test_nonsense_is_no_record(line: bytes) -> None:
    assert list(read([line, b"[" + line])) == []
    assert ended(b"x" + line) is None
    ended(b"[" + line)
