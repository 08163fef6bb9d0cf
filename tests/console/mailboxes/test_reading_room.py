"""Strangers' messages are read in child processes: what one of them takes costs nobody else anything."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import threading
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from time import monotonic

import pytest

from console.mailboxes import reading_room, safe_html
from console.mailboxes.reading_room import NotRead, Places
from transport.config import bounds


@pytest.fixture
def stored(tmp_path: Path):
    def stored(raw: bytes | str, name: str = "message") -> Path:
        path = tmp_path / name
        path.write_bytes(raw.encode() if isinstance(raw, str) else raw)
        return path

    return stored


def formatting(opened: int, blocks: int) -> str:
    """HTML whose tree has opened × blocks nodes."""
    tags = "".join(f"<b title={number}>" for number in range(opened))
    return f"Content-Type: text/html\r\n\r\n<p>{tags}</p>" + "<p>x" * blocks


DEEP = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(90))
HOSTILE = {
    "formatting 26 KB": formatting(800, 4000),
    "formatting 45 KB": formatting(1000, 5000),
    "formatting 150 KB": formatting(3000, 18000),
    "nested blocks": "Content-Type: text/html\r\n\r\n" + "<div>" * 100_000,
    "nested parts": DEEP + b"\r\n" * 400_000,
    "attributes": "Content-Type: text/html\r\n\r\n<p " + "".join(f"a{n}=1 " for n in range(140_000)) + ">",
    "parts": b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 500_000,
    "short lines of uuencode": b"Content-Transfer-Encoding: uuencode\n\nbegin 644 x\n" + b"a\n" * 10_000_000,
}


def cost(path: Path) -> tuple[list[float], int, int]:
    """Seconds that each reader took, the most memory that one took, and what whoever asked grew by (both in KB)."""
    own, seconds = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, []
    for read in (reading_room.letter, reading_room.page):
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        with suppress(NotRead):
            assert read("anna", path)
        seconds.append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before)
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return seconds, largest, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - own


@pytest.fixture(scope="module")
def alone() -> Iterator[ProcessPoolExecutor]:
    """A fresh process for each question: the kernel keeps the largest of all children that a process ever had."""
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as pool:
        yield pool


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
def test_no_message_takes_more_than_its_child_may_take(stored, alone, raw):
    memory, allowed = bounds.MESSAGE_READER.octets, bounds.MESSAGE_READER.seconds
    seconds, largest, grown = alone.submit(cost, stored(raw)).result()
    assert len(seconds) == 2 and all(each < allowed + 1 for each in seconds)
    assert 0 < largest * 1024 < 1.2 * memory
    assert grown < 100 * 1024


@pytest.mark.parametrize("name", ["formatting 26 KB", "formatting 150 KB", "nested blocks", "attributes"])
def test_html_that_would_grow_is_seen_by_its_tags_before_it_is_parsed(stored, name):
    assert reading_room.page("anna", stored(HOSTILE[name])) == safe_html.TOO_COMPLEX


def test_a_large_report_is_not_taken_for_an_attack(stored):
    rows = "".join(f"<tr>{'<td><font color=red><b>x</b></font></td>' * 10}</tr>" for _ in range(2000))
    page = reading_room.page("anna", stored(f"Content-Type: text/html\n\n<div><table>{rows}</table></div>"))
    assert page.count("<td>") == 20_000


def test_the_text_of_html_that_is_too_complex_can_still_be_read(stored):
    assert reading_room.letter("anna", stored(formatting(3000, 18000) + "<p>the end")).text.endswith("the end")


def test_an_attachment_comes_whole_and_never_through_the_memory_of_the_console(stored):
    content = os.urandom(3_000_000)
    raw = b'Content-Type: a/b; name="../x.bin"\nContent-Transfer-Encoding: base64\n\n' + b64encode(content)
    name, file = reading_room.attachment("anna", stored(raw), 0)
    with file:
        assert (name, file.read()) == ("x.bin", content)
    assert reading_room.attachment("anna", stored(raw), 7) is None


def test_a_message_that_is_gone_is_gone(tmp_path):
    with pytest.raises(FileNotFoundError):
        reading_room.letter("anna", tmp_path / "none")


def test_the_child_knows_no_secret_of_the_console(stored, monkeypatch, tmp_path):
    monkeypatch.setenv("GATEPOST_SECRET_KEY", "very secret")
    tell = "import os, json; print(json.dumps({'headers': [], 'text': repr(dict(os.environ)), 'html': ''}))"
    monkeypatch.setattr(reading_room, "COMMAND", (sys.executable, "-c", tell))
    environment = reading_room.letter("anna", stored("x")).text
    assert "PATH" in environment and "secret" not in environment.lower()


def test_a_child_that_dies_costs_its_own_reader_an_answer_and_nobody_else(stored, monkeypatch):
    path = stored("Subject: x\n\nhello")
    whole = reading_room.COMMAND
    for death in ("import os; os.abort()", "import os; os.kill(os.getpid(), 9)", "x = [0] * 10**12", "1 / 0"):
        monkeypatch.setattr(reading_room, "COMMAND", (sys.executable, "-c", death))
        with pytest.raises(NotRead, match="too complex"):
            reading_room.letter("anna", path)
    monkeypatch.setattr(reading_room, "COMMAND", ("/no/such/python",))
    with pytest.raises(NotRead):
        reading_room.letter("anna", path)
    monkeypatch.setattr(reading_room, "COMMAND", whole)
    assert reading_room.letter("anna", path).text == "hello"


def test_a_disk_that_refuses_is_said_and_is_no_missing_message(stored, monkeypatch, tmp_path):
    path = stored("Subject: x\n\nhello")
    with monkeypatch.context() as patched:
        patched.setattr(tempfile, "tempdir", str(tmp_path / "none"))
        for read in (reading_room.letter, reading_room.page, lambda who, path: reading_room.attachment(who, path, 0)):
            with pytest.raises(NotRead, match="the disk refuses"):
                read("anna", path)
    with pytest.raises(NotRead, match="the disk refuses"):
        reading_room.letter("anna", tmp_path)
    full = Path("/dev/full")
    if full.exists():
        monkeypatch.setattr(reading_room, "TemporaryFile", lambda: full.open("w+b", buffering=0))
        with pytest.raises(NotRead, match="the disk refuses"):
            reading_room.letter("anna", path)


def test_one_reader_of_many_messages_leaves_places_for_others():
    places, inside, leave = Places(3, 2, patience=0.05), threading.Barrier(3), threading.Event()

    def hold() -> None:
        with places.one("mallory"):
            inside.wait(10)
            leave.wait(10)

    holders = [threading.Thread(target=hold) for _ in range(2)]
    for holder in holders:
        holder.start()
    inside.wait(10)
    with pytest.raises(NotRead, match="Too many"), places.one("mallory"):
        pass
    with places.one("anna"), pytest.raises(NotRead), places.one("bruno"):
        pass
    leave.set()
    for holder in holders:
        holder.join()
    with places.one("mallory"), places.one("mallory"), places.one("anna"):
        pass


def test_who_waits_gets_the_place_that_becomes_free():
    places, got = Places(1, 1, patience=10), []

    def read() -> None:
        with places.one("anna"):
            got.append(True)

    waiting = threading.Thread(target=read)
    with places.one("anna"):
        waiting.start()
    waiting.join(10)
    assert got == [True]


def test_many_threads_read_at_once(stored):
    path, found = stored("Subject: x\n\nhello"), []

    def read(number: int) -> None:
        found.append(reading_room.letter(f"user{number % 4}", path).text)

    threads = [threading.Thread(target=read, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["hello"] * 8


def test_a_search_passes_over_the_message_that_kills_its_child(stored, monkeypatch):
    paths = [stored(f"Subject: number {n}\n\nneedle", f"m{n}") for n in range(5)]
    lethal = "import sys; from console.mailboxes import reader, reading; matches = reading.matches\n"
    lethal += "def deadly(path, words):\n    if path.name == 'm2': raise MemoryError\n    return matches(path, words)\n"
    lethal += "reading.matches = deadly; sys.exit(reader.main())"
    monkeypatch.setattr(reading_room, "COMMAND", (sys.executable, "-c", lethal))
    assert reading_room.search("anna", paths, ["NEEDLE"], content=True) == [True, True, False, True, True]


def test_a_search_ends_in_time_and_says_how_far_it_came(stored, monkeypatch):
    paths = [stored("Subject: x\n\n" + "needle " * 70_000)] * 100_000
    monkeypatch.setattr(reading_room, "AT_ONCE", 50)
    started = monotonic()
    found = reading_room.search("anna", paths, ["needle"], content=True)
    assert 0 < len(found) < len(paths) and all(found)
    assert monotonic() - started < bounds.MAILBOX_SEARCH.seconds + 5


@pytest.mark.parametrize("most", [1, 3])
def test_a_search_with_less_to_do_than_its_time_allows_does_all_of_it(stored, most):
    paths = [stored("Subject: x\n\nneedle")] * most
    assert reading_room.search("anna", paths, ["needle"], content=True) == [True] * most
    assert bounds.MAILBOX_SEARCH.seconds


def test_a_search_never_builds_the_tree_of_html(stored, monkeypatch):
    """It would take gigabytes for this one."""
    paths = [stored(formatting(1500, 9000) + "<p>needle")] * 20
    assert reading_room.search("anna", paths, ["needle"], content=True) == [True] * 20


def test_the_child_starts_without_django_and_celery():
    code = "import sys, console.mailboxes.reader; print([m for m in ('django', 'celery') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_the_child_runs_for_an_unprivileged_account(stored, tmp_path):
    path = stored("Subject: x\n\nhello")
    for directory in (path, *tmp_path.parents, tmp_path):
        if str(directory).startswith("/tmp/"):
            directory.chmod(0o755)
    try:
        done = subprocess.run(
            reading_room.COMMAND, input=b'{"type": "ReadLetter", "path": "%s"}' % str(path).encode(), user=65534,
            capture_output=True, check=False,
        )  # fmt: skip
    except PermissionError:
        pytest.skip("this Python is out of reach for others")
    if b"Permission denied" in done.stderr:
        pytest.skip("this checkout is out of reach for others")
    assert b'"text":"hello"' in done.stdout
