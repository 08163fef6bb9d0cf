"""250 means on disk: what is answered can be read again, what cannot be stored is never answered."""

import asyncio
import os
import resource
import signal
import subprocess
import sys
import threading
import uuid
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from tests.conftest import wait_for
from transport.shell.journal import body_file
from transport.shell.journal.body_file import BodyFile
from transport.shell.journal.journal import Journal
from transport.shell.journal.segment import Damage, Newer, Record, content, encode_head, mark_of, read_segment, segments
from transport.smtp.envelope import Envelope

FORMER = Path(__file__).parents[1] / "fixtures" / "20261129T080000000000-00112233445566ff.journal"


def envelope(mark: str, body_file: str = "") -> Envelope:
    return Envelope(
        uuid.uuid4().bytes,
        1.5,
        "node-1",
        "Default",
        7,
        "08D675E58CA1DA38",
        "192.0.2.7",
        "client.test",
        False,
        "Anonymous",
        False,
        "a@example.test",
        ("b@gatepost.test", "c@gatepost.test"),
        "Grüße",
        f"<{mark}@x>",
        5,
        "7BIT",
        body_file,
    )


async def store(journal: Journal, mark: str, body: bytes = b"x" * 100, body_file: str = "") -> OSError | None:
    answer: asyncio.Future[OSError | None] = asyncio.get_running_loop().create_future()
    journal.append(envelope(mark, body_file), (b"Trace: 1\r\n", body), answer.set_result)
    return await answer


def opened(directory: Path, **limits: float) -> Journal:
    return Journal(directory, asyncio.get_running_loop(), **limits)  # type: ignore[arg-type]


def found(directory: Path) -> list[Record | Damage]:
    return [one for path in segments(directory) for one in read_segment(path)]


def marks(directory: Path) -> list[str]:
    return [one.envelope.message_id for one in found(directory) if isinstance(one, Record)]


def written(directory: Path, count: int) -> Path:
    """One segment with so many records."""

    async def write() -> None:
        journal = opened(directory)
        for number in range(count):
            assert await store(journal, str(number)) is None
        journal.close()

    asyncio.run(write())
    return segments(directory)[0]


def test_many_at_once_are_read_back_in_order(tmp_path: Path) -> None:
    async def write() -> None:
        journal = opened(tmp_path)
        answers = await asyncio.gather(*(store(journal, str(number)) for number in range(1000)))
        assert set(answers) == {None}
        journal.close()

    asyncio.run(write())
    assert marks(tmp_path) == [f"<{number}@x>" for number in range(1000)]
    record = found(tmp_path)[0]
    assert isinstance(record, Record)
    assert record.body == b"Trace: 1\r\n" + b"x" * 100
    assert record.envelope.subject == "Grüße"


def test_what_comes_in_the_same_turns_of_the_loop_is_answered_together(tmp_path: Path) -> None:
    """Twenty clients at a time: their messages share one sync, and the loop is not taken from its work for each."""
    answered: list[int] = []

    async def write() -> None:
        journal = opened(tmp_path, gathering=60.0)
        for turn in range(20):
            journal.append(envelope(str(turn)), (b"x",), lambda error: answered.append(len(marks(tmp_path))))
            await asyncio.sleep(0)
        assert await store(journal, "last") is None
        journal.close()

    asyncio.run(write())
    assert answered == [21] * 20


def test_a_message_alone_waits_for_no_other(tmp_path: Path) -> None:
    async def write() -> None:
        journal = opened(tmp_path, gathering=60.0)
        assert await asyncio.wait_for(store(journal, "alone"), 30) is None
        journal.close()

    asyncio.run(write())
    assert marks(tmp_path) == ["<alone@x>"]


def test_a_journal_that_closes_writes_what_has_just_come(tmp_path: Path) -> None:
    async def write() -> None:
        journal = opened(tmp_path)
        journal.append(envelope("just come"), (b"x",), lambda error: None)
        journal.close()

    asyncio.run(write())
    assert marks(tmp_path) == ["<just come@x>"]


def test_reading_goes_on_where_it_stopped(tmp_path: Path) -> None:
    path = written(tmp_path, 5)
    ends = [one.end for one in read_segment(path)]
    assert [one.offset for one in read_segment(path, ends[2])] == ends[2:4]


def test_torn_tail_is_dropped_wherever_it_is_torn(tmp_path: Path) -> None:
    path = written(tmp_path, 3)
    data = path.read_bytes()
    second = list(read_segment(path))[1].end
    for length in range(second, len(data)):
        path.write_bytes(data[:length])
        assert len(list(read_segment(path))) == 2


def test_damage_in_the_middle_is_said_and_the_rest_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, 4)
    records = list(read_segment(path))
    data = bytearray(path.read_bytes())
    data[records[1].end + 40] ^= 0xFF
    path.write_bytes(data)
    first, second, damage, last = read_segment(path)
    assert isinstance(damage, Damage)
    assert (damage.offset, damage.end) == (records[2].offset, records[2].end)
    assert (first, second, last) == (records[0], records[1], records[3])


def test_a_message_cannot_contain_a_record(tmp_path: Path) -> None:
    """A forged record inside a body is found neither in a sound segment nor behind damage."""
    other = written(tmp_path / "other", 1).read_bytes()

    async def write() -> None:
        journal = opened(tmp_path / "journal")
        assert await store(journal, "holds another", other) is None
        assert await store(journal, "after it") is None
        journal.close()

    asyncio.run(write())
    path = segments(tmp_path / "journal")[0]
    data = bytearray(path.read_bytes())
    data[10] ^= 0xFF
    path.write_bytes(data)
    damage, record = read_segment(path)
    assert isinstance(damage, Damage)
    assert isinstance(record, Record)
    assert record.envelope.message_id == "<after it@x>"


def test_segments_rotate_by_size_and_sort_by_age(tmp_path: Path) -> None:
    async def write() -> None:
        journal = opened(tmp_path, segment_bytes=1000)
        for number in range(30):
            assert await store(journal, str(number)) is None
        journal.close()

    asyncio.run(write())
    asyncio.run(write())
    assert len(segments(tmp_path)) > 6
    assert marks(tmp_path) == 2 * [f"<{number}@x>" for number in range(30)]


def test_a_segment_is_closed_when_it_is_old(tmp_path: Path) -> None:
    async def write() -> None:
        journal = opened(tmp_path, segment_age=0.05)
        assert await store(journal, "old") is None
        async with asyncio.timeout(5):
            while len(segments(tmp_path)) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        journal.close()

    asyncio.run(write())


def test_every_start_opens_a_new_segment(tmp_path: Path) -> None:
    written(tmp_path, 1)
    written(tmp_path, 1)
    assert len(segments(tmp_path)) == 2


WRITER = """
import asyncio, sys
from pathlib import Path
from tests.shell.test_journal import opened, store

async def sender(journal, number):
    count = 0
    while True:
        count += 1
        error = await store(journal, f"{number}-{count}", b"y" * 3000)
        print("refused" if error else f"<{number}-{count}@x>", flush=True)

async def main():
    journal = opened(Path(sys.argv[1]), segment_bytes=1 << 20)
    await asyncio.gather(*(sender(journal, number) for number in range(20)))

asyncio.run(main())
"""


def run_writer(directory: Path, **options: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(directory)],
        stdout=subprocess.PIPE,
        text=True,
        **options,  # type: ignore[call-overload]
    )


def test_kill_9_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    answered: list[str] = []
    for _ in range(3):
        with run_writer(tmp_path) as process:
            assert process.stdout is not None
            answered += [process.stdout.readline().strip() for _ in range(2000)]
            process.send_signal(signal.SIGKILL)
            answered += [line.strip() for line in process.stdout.read().splitlines() if line.endswith("@x>")]
    assert len(answered) >= 6000
    kept = marks(tmp_path)
    assert not set(answered) - set(kept)
    assert all(isinstance(one, Record) for one in found(tmp_path))


def test_what_cannot_be_written_is_refused_and_nothing_of_it_is_read(tmp_path: Path) -> None:
    """The kernel refuses to let files grow beyond 100,000 bytes, as a full disk would."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    with run_writer(tmp_path, preexec_fn=limit) as process:
        assert process.stdout is not None
        answers = [process.stdout.readline().strip() for _ in range(300)]
        process.kill()
        answers += process.stdout.read().splitlines()
    assert "refused" in answers
    stored = marks(tmp_path)
    assert len(stored) > 60  # it went on in new segments
    assert set(answers) - {"refused"} <= set(stored)


def test_a_large_body_lies_in_a_file_of_its_own(tmp_path: Path) -> None:
    pieces = [os.urandom(100_000) for _ in range(30)]

    async def write() -> None:
        journal = opened(tmp_path)
        done: asyncio.Future[OSError | None] = asyncio.get_running_loop().create_future()
        body = journal.new_body(lambda: None)
        for piece in pieces:
            body.write(piece)
        body.finish(done.set_result)
        assert await done is None
        assert await store(journal, "large", b"", body.name) is None
        journal.close()

    asyncio.run(write())
    (record,) = found(tmp_path)
    assert isinstance(record, Record)
    assert b"".join(content(record, tmp_path)) == b"Trace: 1\r\n" + b"".join(pieces)
    assert max(map(len, content(record, tmp_path, 65536))) == 65536


def test_bodies_that_no_record_names_go_at_the_next_start(tmp_path: Path) -> None:
    async def write(name: str) -> None:
        journal = opened(tmp_path)
        bodies: list[BodyFile] = []
        for _ in range(3):
            bodies.append(journal.new_body(lambda: None))
            bodies[-1].write(b"z" * 10)
        done: asyncio.Future[OSError | None] = asyncio.get_running_loop().create_future()
        bodies[0].finish(done.set_result)
        assert await done is None
        assert await store(journal, name, b"", bodies[0].name) is None
        done = asyncio.get_running_loop().create_future()
        bodies[1].finish(done.set_result)
        assert await done is None
        journal.close()

    asyncio.run(write("first"))
    assert len(list((tmp_path / "bodies").iterdir())) == 3
    written(tmp_path, 1)
    wait_for(lambda: len(list((tmp_path / "bodies").iterdir())) == 1, "the others are still there")
    (left,) = (tmp_path / "bodies").iterdir()
    records = [one for one in found(tmp_path) if isinstance(one, Record)]
    assert left.name == records[0].envelope.body_file


def test_bodies_stay_while_a_damaged_segment_may_name_them(tmp_path: Path) -> None:
    path = written(tmp_path, 3)
    data = bytearray(path.read_bytes())
    data[40] ^= 0xFF
    (tmp_path / "set-aside").mkdir()
    (tmp_path / "set-aside" / path.name).write_bytes(data)
    path.unlink()
    body = tmp_path / "bodies" / "1-x.body"
    body.write_bytes(b"x")
    body_file.remove_orphans(tmp_path)
    for thread in threading.enumerate():
        if thread.name == "orphans":
            thread.join()
    assert body.exists()


def test_a_discarded_body_leaves_nothing(tmp_path: Path) -> None:
    async def write() -> None:
        journal = opened(tmp_path)
        body = journal.new_body(lambda: None)
        body.write(b"z" * 1_000_000)
        body.discard()
        async with asyncio.timeout(5):
            while list((tmp_path / "bodies").iterdir()):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        journal.close()

    asyncio.run(write())


def test_room_is_a_question_of_free_space(tmp_path: Path) -> None:
    async def ask() -> tuple[str, str]:
        plenty, none = opened(tmp_path / "a"), opened(tmp_path / "b", minimum_free=1 << 60)
        answers = plenty.shortage("mx1"), none.shortage("mx1")
        plenty.close()
        none.close()
        return answers

    assert asyncio.run(ask()) == ("", "The disk of mx1 is nearly full: no mail is accepted.")


@pytest.mark.parametrize(
    ("disk", "words"),
    [
        ({"f_files": 1000, "f_favail": 0}, "holds as many files as it can (no inodes are left)"),
        ({"f_files": 1000, "f_favail": 1}, ""),
        ({"f_files": 0, "f_favail": 0}, ""),
        ({"f_bavail": 0}, "is nearly full"),
        (OSError(5, "Input/output error"), "does not answer (Input/output error)"),
    ],
)
def test_what_the_disk_lacks_is_said_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, disk: dict[str, int] | OSError, words: str
) -> None:
    """No inodes were called "nearly full", on a disk with terabytes of room; btrfs counts none at all."""

    def answer(path: Path) -> SimpleNamespace:
        if isinstance(disk, OSError):
            raise disk
        return SimpleNamespace(**{"f_bavail": 1 << 40, "f_frsize": 4096, "f_files": 0, "f_favail": 0} | disk)

    async def ask() -> str:
        journal = opened(tmp_path)
        monkeypatch.setattr(os, "statvfs", answer)
        found = journal.shortage("mx1")
        monkeypatch.undo()
        journal.close()
        return found

    said = asyncio.run(ask())
    assert (words in said) if words else not said


@pytest.mark.parametrize("size", [0, 1, 19, 20, 300])
def test_garbage_is_no_segment(tmp_path: Path, size: int) -> None:
    path = tmp_path / "20260101T000000000000-00112233445566ff.journal"
    path.write_bytes(os.urandom(size))
    assert list(read_segment(path)) == []


def test_a_foreign_file_in_the_directory_changes_nothing(tmp_path: Path) -> None:
    """A name that cannot be read as a segment's used to end the writer, and with it all answers."""
    (tmp_path / "notes.journal").write_bytes(b"?")

    async def write() -> None:
        journal = opened(tmp_path, segment_bytes=1)
        (tmp_path / "zz-0123456789abcdef.journal").write_bytes(b"?")
        for number in range(3):
            assert await store(journal, str(number)) is None
        journal.close()

    asyncio.run(write())
    assert marks(tmp_path) == ["<0@x>", "<1@x>", "<2@x>"]


def test_what_the_disk_may_have_lost_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client was told to try again: delivering it as well would deliver it twice."""
    sync = os.fdatasync

    def failing(handle: int) -> None:
        monkeypatch.setattr(os, "fdatasync", sync)
        raise OSError("I/O error")

    async def write() -> None:
        journal = opened(tmp_path)
        assert await store(journal, "before") is None
        monkeypatch.setattr(os, "fdatasync", failing)
        assert await store(journal, "lost") is not None
        assert await store(journal, "after") is None
        journal.close()

    asyncio.run(write())
    assert marks(tmp_path) == ["<before@x>", "<after@x>"]


def test_as_many_recipients_as_a_connector_may_allow_are_read_back(tmp_path: Path) -> None:
    """512,000 of the longest addresses; what was answered with 250 must never count as damage."""
    address = '"' + 62 * r"\"" + '"@' + 255 * "d"
    many = msgspec.structs.replace(envelope("many"), recipients=[address] * 512_000)

    async def write() -> None:
        journal = opened(tmp_path)
        answer: asyncio.Future[OSError | None] = asyncio.get_running_loop().create_future()
        journal.append(many, (b"x",), answer.set_result)
        assert await answer is None
        journal.close()

    asyncio.run(write())
    assert marks(tmp_path) == ["<many@x>"]


def test_a_record_is_read_by_the_names_of_its_facts(tmp_path: Path) -> None:
    """Of another revision: facts that were unknown to it get what they have by default; what it says that is unknown
    here, is no promise that could be kept, and waits."""
    path = tmp_path / FORMER.name
    stored = envelope("x")
    facts = dict(sorted(msgspec.structs.asdict(stored).items()))
    for name in ("smtp_utf8", "ret", "envid", "notify", "orcpt"):
        del facts[name]
    former: Any = facts
    path.write_bytes(encode_head(mark_of(path), former, ()))
    (found,) = read_segment(path)
    assert isinstance(found, Record) and found.envelope == stored
    later: Any = facts | {"of_a_later_revision": [1, "x"]}
    path.write_bytes(encode_head(mark_of(path), later, ()))
    with pytest.raises(Newer, match="of_a_later_revision"):
        list(read_segment(path))


def test_the_journal_of_the_former_revision_is_read() -> None:
    """Its records had no names, but an order."""
    plain, full = (found for found in read_segment(FORMER) if isinstance(found, Record))
    assert plain.envelope == Envelope(
        id=bytes(range(16)), accepted_at=1764403200.25, transport="node-1", connector="Default Frontend node-1",
        revision=7, session_id="08D675E58CA1DA38", client_address="192.0.2.7", helo="client.example.org", tls=False,
        principal="", authenticated=False, sender="sender@example.org", recipients=("anna@gatepost.test",),
        subject="Figures", message_id="<1@example.org>", size=27, body_type="7BIT",
    )  # fmt: skip
    assert full.envelope == Envelope(
        id=bytes(range(16, 32)), accepted_at=1764403201.5, transport="node-1", connector="Client Frontend node-1",
        revision=8, session_id="08D675E58CA1DA39", client_address="2001:db8::7", helo="[2001:db8::7]", tls=True,
        principal="CONTOSO\\büro", authenticated=True, sender="büro@gatepost.test",
        recipients=("a@gatepost.test", "b@far.test"), subject="Grüße", message_id="<2@example.org>", size=27,
        body_type="8BITMIME", smtp_utf8=True, ret="HDRS", envid="QQ314159", notify=("SUCCESS,FAILURE", ""),
        orcpt=("rfc822;a@gatepost.test", ""),
    )  # fmt: skip
    assert (plain.body, full.body) == (b"Subject: Figures\r\n\r\nHello\r\n", "Subject: Grüße\r\n\r\nHallo\r\n".encode())
    assert full.end == FORMER.stat().st_size
