"""Whatever system call fails whenever: what was answered is read once, what was refused never; nothing is left over.

The calls of the journal's own threads fail, those of the test do not; a forwarder looks at every moment, also just
before a call fails.
"""

from __future__ import annotations

import asyncio
import errno
import mmap
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.shell.test_journal import envelope, opened, store, written
from transport.receive.outcome import ReadMailData
from transport.shell.clients.incoming import IncomingMessage
from transport.shell.journal.durable_end import durable_ends
from transport.shell.journal.journal import Journal
from transport.shell.journal.segment import Damage, Record, read_segment, segments

CALLS = ["open", "write", "writev", "pwrite", "fdatasync", "fsync", "rename", "ftruncate", "unlink", "close"]
ERRORS = [errno.EIO, errno.ENOSPC, errno.EMFILE]


class Reader:
    """What the forwarder reads, and how it deletes."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.positions, self.read = directory, dict[str, int](), list[str]()
        self.lock = threading.Lock()

    def look(self) -> None:
        with self.lock:
            found = segments(self.directory)
            ends = durable_ends(self.directory)
            for path in found:
                for one in read_segment(path, self.positions.get(path.name, 0), ends.of(path.name)):
                    assert isinstance(one, Record)
                    self.positions[path.name] = one.end
                    self.read.append(one.envelope.message_id)
                if path is not found[-1]:
                    path.unlink()


class Fault:
    """Calls of one kind fail in the threads of a name: the `nth`, or all from there on until it is mended."""

    def __init__(self, call: str, nth: int, error: int, lasting: bool, before: Callable[[], None], thread: str) -> None:
        self.real = getattr(os, call)
        self.call, self.nth, self.error, self.lasting, self.before = call, nth, error, lasting, before
        self.thread, self.count, self.mended = thread, 0, False

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        if self.mended or not threading.current_thread().name.startswith(self.thread):
            return self.real(*arguments, **named)
        self.count += 1
        if self.count < self.nth or (self.count > self.nth and not self.lasting):
            return self.real(*arguments, **named)
        if self.call == "close":  # Linux gives the descriptor back even then
            self.real(*arguments)
        if self.call in ("write", "writev", "pwrite"):
            self._write_a_part(*arguments)
        if self.call != "unlink":
            self.before()
        raise OSError(self.error, os.strerror(self.error))

    def _write_a_part(self, handle: int, data: Any, *offset: int) -> None:
        if self.call == "writev":
            os.write(handle, b"".join(data)[:-1])
        elif self.call == "write":
            self.real(handle, data[: len(data) // 2])


@contextmanager
def failing(
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    nth: int,
    error: int,
    lasting: bool,
    before: Callable[[], None] = lambda: None,
    thread: str = "journal",
) -> Iterator[Fault]:
    fault = Fault(call, nth, error, lasting, before, thread)
    with monkeypatch.context() as patch:
        patch.setattr(os, call, fault)
        yield fault


def map_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """As some filesystems do; the durable end is written by a system call then."""

    def refuse(*arguments: Any) -> None:
        raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))

    monkeypatch.setattr(mmap, "mmap", refuse)


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "lasting"])
@pytest.mark.parametrize("call", CALLS)
def test_what_was_answered_is_read_once_and_what_was_refused_never(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, lasting: bool
) -> None:
    happened = 0
    if call == "pwrite":
        map_nothing(monkeypatch)

    async def live_through(directory: Path, nth: int, error: int) -> None:
        nonlocal happened
        before = descriptors()
        reader = Reader(directory)
        journal = opened(directory, segment_bytes=700)
        answered = []
        with failing(monkeypatch, call, nth, error, lasting, reader.look) as fault:
            for number in range(8):
                if await store(journal, str(number)) is None:
                    answered.append(f"<{number}@x>")
                reader.look()
            happened += fault.count >= nth
            fault.mended = True
            assert await store(journal, "afterwards") is None
        journal.close()
        reader.look()
        assert reader.read == [*answered, "<afterwards@x>"]
        assert descriptors() == before
        assert not [path for path in segments(directory)[:-1] if not path.stat().st_size]
        assert journal.problem == ""

    for nth in range(1, 6):
        for error in ERRORS:
            asyncio.run(live_through(tmp_path / f"{nth}-{error}", nth, error))
    # The rest of a short write, the cutting of a tail and the removal of an empty file follow another fault only.
    assert happened or call in ("write", "ftruncate", "unlink")


@pytest.mark.parametrize("second", ["ftruncate", "unlink", "open", "close", "rename", "fsync"])
@pytest.mark.parametrize("first", ["writev", "fdatasync", "pwrite"])
def test_a_fault_while_one_is_dealt_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str, second: str
) -> None:
    """The batch cannot be stored, and neither can its remains be cut off, nor another segment be opened."""
    if first == "pwrite":
        map_nothing(monkeypatch)

    async def live_through() -> None:
        before = descriptors()
        reader = Reader(tmp_path)
        journal = opened(tmp_path)
        answered = []
        assert await store(journal, "before") is None
        with (
            failing(monkeypatch, first, 1, errno.EIO, True, reader.look) as one,
            failing(monkeypatch, second, 1, errno.EIO, True, reader.look) as other,
        ):
            for number in range(5):
                assert await store(journal, str(number)) is not None
            assert "Mail cannot be stored" in journal.problem
            one.mended = True
            for number in range(5, 10):
                if await store(journal, str(number)) is None:
                    answered.append(f"<{number}@x>")
            other.mended = True
            assert await store(journal, "afterwards") is None
        journal.close()
        reader.look()
        assert reader.read == ["<before@x>", *answered, "<afterwards@x>"]
        assert descriptors() == before
        assert len(segments(tmp_path)) == 1

    asyncio.run(live_through())


def test_the_durable_end_is_said_without_a_system_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One would cost each message a change of threads."""

    async def live_through() -> None:
        journal, reader = opened(tmp_path), Reader(tmp_path)
        with failing(monkeypatch, "pwrite", 1, errno.EIO, True):
            for number in range(3):
                assert await store(journal, str(number)) is None
                reader.look()
        journal.close()
        assert reader.read == ["<0@x>", "<1@x>", "<2@x>"]

    asyncio.run(live_through())


def test_without_a_segment_every_message_is_refused_and_none_goes_into_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def live_through() -> None:
        journal = opened(tmp_path)
        assert await store(journal, "before") is None
        (old,) = segments(tmp_path)
        size = old.stat().st_size
        with failing(monkeypatch, "fdatasync", 1, errno.EIO, False), failing(monkeypatch, "open", 1, errno.EIO, True):
            for number in range(4):
                assert await store(journal, str(number)) is not None
        assert (segments(tmp_path), old.stat().st_size) == ([old], size)
        assert await store(journal, "after") is None
        assert old.stat().st_size == size
        journal.close()

    asyncio.run(live_through())


def test_what_a_transport_wrote_and_did_not_live_to_answer_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its clients try again. The next transport knows of the tail as well."""
    path = written(tmp_path, 2)
    whole = path.read_bytes()
    records = [one for one in read_segment(path) if isinstance(one, Record)]
    with path.open("ab") as file:
        file.write(whole[records[0].offset : records[0].end])
    reader = Reader(tmp_path)
    reader.look()
    written(tmp_path, 1)
    written(tmp_path, 1)
    reader.look()
    assert reader.read == ["<0@x>", "<1@x>", "<0@x>", "<0@x>"]


@pytest.mark.parametrize("said", [None, b"", b"\0" * 60, b"another boot"])
def test_after_a_crash_of_the_machine_every_segment_is_read_to_its_end(tmp_path: Path, said: bytes | None) -> None:
    """The file that says how far it is durable may be gone, empty, or of another boot."""
    path = written(tmp_path, 3)
    file = tmp_path / "durable"
    boot = Path("/proc/sys/kernel/random/boot_id").read_bytes().strip()
    if said is None:
        file.unlink()
    elif said == b"another boot":
        file.write_bytes((bytes(8) + b"\xff" * 8 + file.read_bytes()[16:]).replace(boot, boot[::-1]))
    else:
        file.write_bytes(said)
    assert durable_ends(tmp_path).of(path.name) is None
    reader = Reader(tmp_path)
    reader.look()
    assert len(reader.read) == 3


def test_a_reader_in_the_middle_of_a_write_reads_nothing_now(tmp_path: Path) -> None:
    path = written(tmp_path, 3)
    file = tmp_path / "durable"
    file.write_bytes(b"\x01" + file.read_bytes()[1:])
    assert durable_ends(tmp_path).of(path.name) == 0


def test_a_start_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def begin() -> None:
        before = descriptors()
        with failing(monkeypatch, "fsync", 1, errno.EIO, True, thread="Main"), pytest.raises(OSError, match="Input"):
            opened(tmp_path)
        assert descriptors() == before
        assert segments(tmp_path) == []

    asyncio.run(begin())


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("call", ["write", "fdatasync", "rename", "fsync", "close", "unlink"])
def test_a_large_message_whose_file_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, error: int
) -> None:
    """It is refused, or whole; and no file and no descriptor is left over."""

    async def live_through() -> None:
        journal = opened(tmp_path)
        before = descriptors()
        with failing(monkeypatch, call, 1, error, True, thread="body"):
            refused = await large(journal)
        expected = [] if refused else ["<large@x>"]
        assert (refused is None) == (call in ("close", "unlink"))
        assert descriptors() == before
        assert len(list((tmp_path / "bodies").iterdir())) == len(expected)
        assert await large(journal) is None
        journal.close()
        reader = Reader(tmp_path)
        reader.look()
        assert reader.read == [*expected, "<large@x>"]

    asyncio.run(live_through())


def test_a_large_message_whose_record_fails_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def live_through() -> None:
        journal = opened(tmp_path)
        with failing(monkeypatch, "fdatasync", 1, errno.EIO, True):
            assert await large(journal) is not None
        journal.close()
        assert list((tmp_path / "bodies").iterdir()) == []

    asyncio.run(live_through())


async def large(journal: Journal) -> OSError | None:
    answer: asyncio.Future[OSError | None] = asyncio.get_running_loop().create_future()
    message = IncomingMessage(journal, ReadMailData(None, 262144, frozenset()), lambda: None)
    message.take(b"Subject: x\r\n\r\n" + b"x" * 2_000_000)
    message.mail_data()
    message.store(envelope("large", message.body_file), b"Trace: 1\r\n", answer.set_result)
    return await answer


def test_damage_before_the_durable_end_is_still_said(tmp_path: Path) -> None:
    path = written(tmp_path, 3)
    data = bytearray(path.read_bytes())
    records = list(read_segment(path))
    data[records[1].offset + 40] ^= 0xFF
    path.write_bytes(data)
    kinds = [type(one) for one in read_segment(path, 0, durable_ends(tmp_path).of(path.name))]
    assert kinds == [Record, Damage, Record]
