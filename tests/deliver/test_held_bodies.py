"""Large bodies stay files while most mail is delivered, where every worker reads them: nothing is lost or cut."""

from __future__ import annotations

import signal
from collections import Counter
from functools import partial

import psycopg
import pytest

from console.queues import queries
from tests import conftest
from tests.deliver.conftest import HEADER
from tests.send.parcels import parcel
from transport.deliver.smtp_relay import LOOKED_AT, Letter, handful
from transport.held_body import HELD, mark
from transport.shell.forward import held_bodies
from transport.shell.forward.held_bodies import WORTHWHILE, HeldBodies
from transport.shell.journal.segment import BODIES

pytestmark = pytest.mark.django_db(transaction=True)
wait_for = partial(conftest.wait_for, seconds=60)
SIZE = 3 << 20
PIECES = "SELECT string_agg(chunk, '' ORDER BY number) FROM queues_content WHERE message_id = %s"
NAMED = "SELECT count(*) FROM queues_content WHERE held IS NOT NULL"


@pytest.fixture
def reads(query, home):
    """A worker is there that reads so marked a data directory: this one, if nothing else is said."""

    def reads(its_home: str = "", number: int = 1) -> None:
        query(
            "INSERT INTO queues_worker (number, name, home) VALUES (%s, 'w', %s) RETURNING number",
            number,
            its_home or mark(home),
        )

    return reads


@pytest.fixture
def held(journal):
    """Names of the files that wait."""
    return lambda: sorted(path.name for path in (journal.directory / HELD).glob("*"))


@pytest.fixture
def tend(home, database_url, monkeypatch):
    """What the forwarder does now and then; `late`: as if all had waited long."""

    def tend(late: bool = False) -> None:
        monkeypatch.setattr(held_bodies, "LEFT_ALONE", -1.0 if late else 10.0)
        with psycopg.connect(database_url, autocommit=True) as connection:
            HeldBodies(home).tend(connection)

    return tend


def test_a_large_body_is_delivered_from_its_file_which_then_goes(
    journal, forward, deliver, configure, sink, reads, held, tend, query
):
    configure()
    reads()
    content = journal.accept_large("bob@far.test", SIZE)
    forward()
    assert query("SELECT sum(length(chunk)) FROM queues_content") == [(len(HEADER),)]
    assert len(held()) == 1 and not list((journal.directory / BODIES).iterdir())
    tend()
    assert len(held()) == 1, "somebody waits for it"
    deliver()
    assert sink.contents() == [content]
    tend()
    assert held() == [] and query("SELECT count(*) FROM queues_content") == [(0,)]


@pytest.mark.parametrize(("more", "files"), [(-1, 0), (0, 0), (1, 1)])
def test_a_body_stays_a_file_beyond_a_megabyte(journal, forward, configure, reads, held, home, more, files):
    configure()
    reads()
    (journal.directory / BODIES / "x.body").write_bytes(b"x" * 99)
    journal.accept("bob@far.test", content=HEADER, body_file="x.body", size=WORTHWHILE + more)
    forward()
    assert len(held()) == files


def test_where_a_worker_reads_another_data_directory_all_is_in_postgresql(
    journal, forward, configure, reads, held, query
):
    configure()
    reads()
    reads("another", 2)
    content = journal.accept_large("bob@far.test", SIZE)
    forward()
    assert held() == [] and query("SELECT string_agg(chunk, '' ORDER BY number) FROM queues_content") == [(content,)]


def test_what_waits_long_goes_into_postgresql(journal, forward, deliver, configure, sink, reads, held, tend, query):
    configure()
    reads()
    content = journal.accept_large("bob@far.test", SIZE)
    forward()
    tend(late=True)
    assert held() == [] and query(NAMED) == [(0,)]
    assert max(row[0] for row in query("SELECT length(chunk) FROM queues_content")) <= 1 << 20
    deliver()
    assert sink.contents() == [content] and query("SELECT count(*) FROM queues_content") == [(0,)]


def test_what_is_under_way_stays_a_file(journal, forward, configure, reads, held, tend, query, database_url):
    configure()
    reads()
    journal.accept_large("bob@far.test", SIZE)
    forward()
    query("UPDATE queues_recipient SET claimed_by = 1 RETURNING id")
    tend(late=True)
    assert len(held()) == 1
    query("UPDATE queues_recipient SET claimed_by = NULL RETURNING id")
    for table in ("queues_message", "queues_recipient"):
        with psycopg.connect(database_url) as other:
            other.execute(f"SELECT FROM {table} FOR UPDATE")
            tend(late=True)
        assert len(held()) == 1, f"whoever holds a row of {table} waits for nobody"
    tend(late=True)
    assert held() == [] and query(NAMED) == [(0,)]


def test_a_report_that_gives_a_large_message_back_names_the_same_file(
    journal, forward, deliver, configure, sink, reads, held, tend, query, home
):
    configure()
    reads()
    sink.behave = lambda line, n: "550 5.1.1 unknown" if line.startswith("RCPT") else None
    content = journal.accept_large("bob@far.test", SIZE, ret="FULL")
    forward()
    deliver()
    (report,) = query("SELECT id FROM queues_message WHERE origin = 'generated'")
    assert query(NAMED) == [(1,)] and len(held()) == 1
    before = b"".join(queries.content(report[0]))
    assert content.partition(b"\r\n\r\n")[2] in before and before.endswith(b"--\r\n")
    assert len(before) == query("SELECT size FROM queues_message WHERE id = %s", report[0])[0][0]
    tend(late=True)
    assert held() == [] and query(PIECES, report[0]) == [(before,)]
    deliver("mailbox")
    (box,) = (home / "mailboxes" / "x.test" / "ann" / "new").iterdir()
    assert box.read_bytes().endswith(before)


def test_a_handful_is_looked_at_before_the_first_is_sent_and_all_go_on_one_connection(
    journal, forward, deliver, configure, sink, reads
):
    configure()
    reads()
    contents = [journal.accept_large("bob@far.test", 9 * 1024 * 1024 + 4096 * number) for number in range(3)]
    forward()
    deliver()
    assert sink.contents() == contents and sink.connections == 1


@pytest.mark.parametrize(
    ("sizes", "most", "taken"),
    [((), 5, 0), ((99 << 20, 1), 5, 1), ((LOOKED_AT - 1, 1, 1), 5, 2), ((LOOKED_AT, 1), 5, 1), ((1,) * 9, 5, 5)],
)
def test_a_handful_has_at_least_one_message(sizes, most, taken):
    letters = [Letter(parcel("bob@far.test", size=size)) for size in sizes]
    assert handful(letters, most) == letters[:taken]


def test_the_console_reads_it_from_the_file(journal, forward, configure, reads, query):
    configure()
    reads()
    content = journal.accept_large("bob@far.test", SIZE)
    forward()
    assert b"".join(queries.content(query("SELECT id FROM queues_message")[0][0])) == content


def test_a_body_on_another_machine_is_waited_for(journal, forward, deliver, configure, sink, reads, held, tend, query):
    configure()
    reads()
    content = journal.accept_large("bob@far.test", SIZE)
    forward()
    file = journal.directory / HELD / held()[0]
    away = file.rename(journal.directory / "away")
    deliver()
    assert sink.contents() == []
    words = "451 4.3.0 The body of the message still lies on the machine that accepted it"
    assert query("SELECT status, last_error, cut_short FROM queues_recipient") == [("ready", words, 0)]
    away.rename(file)
    tend(late=True)
    query("UPDATE queues_recipient SET due_at = now() RETURNING id")
    deliver()
    assert sink.contents() == [content]


@pytest.mark.parametrize("swept_first", [True, False])
def test_killed_before_the_queue_knows_of_it_a_forwarder_begins_anew(
    journal, forward, deliver, configure, sink, reads, held, tend, swept_first
):
    """It has its second name already."""
    configure()
    reads()
    content = journal.accept_large("bob@far.test", SIZE)
    (first,) = (journal.directory / BODIES).iterdir()
    (journal.directory / HELD).mkdir()
    (journal.directory / HELD / first.name).hardlink_to(first)
    if swept_first:
        tend()
        assert held() == []
    forward()
    deliver()
    assert sink.contents() == [content]


def test_killed_before_it_removes_the_first_name_a_forwarder_loses_nothing(
    journal, forward, deliver, configure, sink, reads, held, tend
):
    configure()
    reads()
    content = journal.accept_large("bob@far.test", SIZE)
    forward()
    (journal.directory / BODIES / held()[0]).hardlink_to(journal.directory / HELD / held()[0])
    assert forward() == 0
    deliver()
    tend()
    assert sink.contents() == [content] and held() == []


def test_killed_before_it_removes_what_is_in_postgresql_a_forwarder_removes_it_later(
    journal, forward, deliver, configure, sink, reads, held, tend
):
    configure()
    reads()
    content = journal.accept_large("bob@far.test", SIZE)
    forward()
    (name,) = held()
    kept = journal.directory / "kept"
    kept.hardlink_to(journal.directory / HELD / name)
    tend(late=True)
    kept.rename(journal.directory / HELD / name)
    tend()
    deliver()
    assert sink.contents() == [content] and held() == []


def test_forwarders_and_workers_that_are_killed_lose_nothing(journal, configure, sink, process, query, held):
    configure()
    worker = ("-m", "celery", "--app", "console", "--quiet", "worker", "--pool", "threads", "--concurrency", "4",
              "--without-gossip", "--without-mingle")  # fmt: skip
    beat = ("-m", "celery", "--app", "console", "--quiet", "beat", "--schedule", str(journal.directory / "beat"))
    process(*beat)
    wanted: list[bytes] = []
    for turn in (1, 2):
        running = [process("-m", "transport", "forwarder"), process(*worker)]
        for number in range(8):
            wanted.append(journal.accept_large("bob@far.test", (1 << 20) + 4096 * (10 * turn + number)))
        wait_for(lambda: len(sink.arrived) >= 8 * turn - 5, "nothing is delivered")  # noqa: B023
        if turn == 1:
            for each in running:
                each.send_signal(signal.SIGKILL)
                each.wait()
    wait_for(lambda: query("SELECT count(*) FROM queues_recipient WHERE status = 'delivered'") == [(16,)], "mail waits")
    arrived = Counter(sink.contents())
    assert set(arrived) == set(wanted) and max(arrived.values()) <= 2
    wait_for(lambda: held() == [], "files stay")
    assert query("SELECT count(*) FROM queues_content") == [(0,)]
