"""A reply cannot contradict itself, and everything in the catalogue is one."""

from __future__ import annotations

import pytest

from transport.smtp import replies
from transport.smtp.reply import Reply, reply

CATALOGUE = {name: value for name, value in vars(replies).items() if isinstance(value, Reply)}


def test_class_of_code_and_status_must_agree() -> None:
    with pytest.raises(ValueError, match="cannot go with"):
        reply(550, "4.7.0", "no")


@pytest.mark.parametrize("text", ["a\r\n250 b", "a\x00", "é"])
def test_a_line_is_printable_ascii(text: str) -> None:
    with pytest.raises(ValueError, match="printable"):
        reply(250, "2.0.0", text)


def test_every_line_of_a_long_reply_carries_the_code() -> None:
    assert reply(214, "2.0.0", "a", "b").wire == b"214-2.0.0 a\r\n214 2.0.0 b\r\n"


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_reply_fits_a_line_and_has_a_status_where_the_rfc_wants_one(name: str) -> None:
    found = CATALOGUE[name]
    assert all(len(line) <= 512 for line in found.wire.split(b"\r\n"))
    assert found.status or found.code in (214, 220, 334, 354)
