"""What a sender may make the console read: each row of the table at its limit, below it, and above."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from console.mailboxes import reading, safe_html
from console.mailboxes.reading import Attachment
from transport.config import bounds


@pytest.fixture
def read(tmp_path: Path):
    def read(raw: bytes) -> reading.Letter:
        read.path = tmp_path / "message"
        read.path.write_bytes(raw)
        return reading.letter(read.path)

    return read


LONG_LINES = (b"X: " + b"x" * 1000 + b"\n") * 400


@pytest.mark.parametrize(("more", "whole"), [(-1, True), (0, True), (1, False)])
def test_a_header_of_more_octets_counts_as_text_from_there_on(read, more: int, whole: bool) -> None:
    last = b"\nSubject: last\n\n"
    found = read(LONG_LINES[: bounds.MESSAGE_HEADER.octets - len(last) + more] + last + b"body")
    assert (found.text == "body") == whole
    assert "body" in found.text


def test_a_list_does_not_look_for_fields_behind_that(read) -> None:
    read(LONG_LINES + b"Subject: last\n\nbody")
    assert reading.envelope(read.path).subject == ""


@pytest.mark.parametrize(("more", "seen"), [(-1, True), (0, True), (1, False)])
def test_fields_in_more_lines_are_not_shown_and_the_text_is(read, more: int, seen: bool) -> None:
    found = read(b"X: x\n" * (bounds.MESSAGE_HEADER.lines - 1 + more) + b"Subject: last\n\nbody")
    assert (found.header("subject") == "last") == seen
    assert found.text == "body"


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_a_longer_field_is_cut(read, more: int) -> None:
    most = bounds.MESSAGE_FIELD.octets
    found = read(b"Subject: " + b"x" * (most + more) + b"\nTo: next\n\n")
    assert len(found.header("subject")) == min(most, most + more)
    assert found.header("to") == "next"


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_of_a_larger_message_the_first_part_is_shown_and_it_is_said(read, more: int) -> None:
    head = b"Subject: x\n\n"
    found = read(head + b"x" * (bounds.MESSAGE_SHOWN.octets - len(head) + more))
    assert found.truncated == (more > 0)
    assert found.text


@pytest.mark.parametrize(("more", "found"), [(-1, True), (0, True), (1, False)])
def test_a_search_looks_at_the_first_part_of_a_message(read, more: int, found: bool) -> None:
    head, word = b"Subject: x\n\n", b"\nneedle"
    read(head + b"x" * (bounds.MESSAGE_SEARCHED.octets - len(head) - len(word) + more) + word)
    assert reading.matches(read.path, ["NEEDLE"]) == found


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_of_more_parts_the_first_ones_are_shown(read, more: int) -> None:
    most = bounds.MESSAGE_PARTS.lines
    found = read(b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * (most - 1 + more) + b"--b--\n")
    assert found.text.count("x") == most - 1 + min(more, 0)


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_parts_that_lie_deeper_are_one_attachment(read, more: int) -> None:
    deep = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (level, level)
        for level in range(bounds.MESSAGE_LEVELS.lines + more)
    )
    found = read(deep + b"\nthe text")
    assert (found.text == "the text") == (more <= 0)
    assert [each.content_type for each in found.attachments] == ["multipart/mixed"] * max(more, 0)


@pytest.mark.parametrize("kind", [b"plain", b"html"])
@pytest.mark.parametrize("more", [-1, 0, 1])
def test_a_longer_text_is_cut(read, more: int, kind: bytes) -> None:
    most = bounds.MESSAGE_TEXT.octets
    found = read(b"Content-Type: text/" + kind + b"\n\n" + b"x" * (most + more))
    assert len(found.text) == min(most, most + more)


@pytest.mark.parametrize(("more", "shown"), [(-1, 8), (0, 8), (1, 7)])
def test_more_pictures_are_left_out_of_the_page(more: int, shown: int) -> None:
    size = bounds.MESSAGE_PICTURES.octets // 8 + more
    assert size - more == safe_html.LARGEST_IMAGE
    pictures = [Attachment(1, "a.png", "image/png", min(size, safe_html.LARGEST_IMAGE), "a")]
    pictures.append(Attachment(2, "b.png", "image/png", max(more, 0), "b"))
    page = safe_html.page('<img src="cid:b">' + '<img src="cid:a">' * 10, pictures, lambda number: b"x")
    assert page.count('src="data:image/png') == shown + 1


LIMITED = "from console.mailboxes.reader import limit; limit(); "


def ended(code: str) -> int:
    return subprocess.run([sys.executable, "-c", LIMITED + code], stderr=subprocess.DEVNULL, check=False).returncode


@pytest.mark.parametrize(("share", "lives"), [(0.5, True), (0.8, True), (1.0, False), (1.5, False)])
def test_a_reader_that_takes_more_memory_is_refused_it(share: float, lives: bool) -> None:
    assert (ended(f"x = bytearray({int(bounds.MESSAGE_READER.octets * share)})") == 0) == lives


def test_a_reader_that_takes_more_time_is_killed_by_the_kernel() -> None:
    limits = ended(
        f"import resource; assert resource.getrlimit(resource.RLIMIT_CPU)[1] == {int(bounds.MESSAGE_READER.seconds)};"
        "resource.setrlimit(resource.RLIMIT_CPU, (1, 1)); exec('while True: pass')"
    )
    assert limits < 0
    assert ended("sum(range(1000))") == 0


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "filling", ["\r", "\n", "a: b\n", "=?a?q?x", "=?a?q?x?= ", "--", "a,", '"', '"\\', "; a=b", "; a*1=", "(<"]
)
@pytest.mark.parametrize("field", ["From: ", "Content-Type: multipart/mixed; boundary=", "Subject: a\n\n", ""])
def test_no_message_keeps_its_reader_busy_for_longer_than_its_length_deserves(read, field: str, filling: str) -> None:
    """Work that grows with the square of the length would take hours here."""
    read((field + filling * (4_000_000 // len(filling))).encode())
    for _ in range(5):
        reading.envelope(read.path)
