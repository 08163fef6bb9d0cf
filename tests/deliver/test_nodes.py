"""Several machines on one PostgreSQL: who delivers what, and what becomes of the journal of one that is gone."""

from __future__ import annotations

import shutil
from pathlib import Path

import psycopg
import pytest

from transport import held_body
from transport.durable_file import only_one
from transport.shell.forward.taking_in import find, take_in

HOLDER = "INSERT INTO processes_node (name, home, holds_mailboxes) VALUES ('mx2', %s, true) RETURNING name"


def test_a_mailbox_gets_its_mail_on_the_node_that_has_it(configure, queued, deliver, query, home):
    configure()
    queued("ann@x.test")
    query(HOLDER, "another data directory")
    deliver("mailbox")
    assert query("SELECT status FROM queues_recipient") == [("ready",)]
    assert not (home / "mailboxes").exists() or not list((home / "mailboxes").glob("*/*"))
    query("UPDATE processes_node SET home = %s RETURNING name", held_body.mark(home))
    deliver("mailbox")
    assert query("SELECT status FROM queues_recipient") == [("delivered",)]


@pytest.fixture
def take(database_url):
    return lambda directory: take_in(find(directory), database_url)


def test_the_journal_of_a_dead_node_comes_in_once(configure, journal, home, take, query):
    configure()
    journal.accept("ann@x.test", "bob@far.test")
    whole = journal.accept_large("carl@far.test", 3 << 20)
    assert take(home).messages == {"t1": 2}
    assert query("SELECT count(*) FROM queues_recipient") == [(3,)]
    pieces = query("SELECT chunk FROM queues_content c JOIN queues_message m ON m.id = c.message_id "
                   "WHERE m.size > 1000000 ORDER BY number")  # fmt: skip
    assert b"".join(bytes(chunk) for (chunk,) in pieces) == whole
    assert take(home).messages == {"t1": 0}, "it was taken in before"


def test_a_copy_of_it_under_another_name_brings_nothing_twice(configure, journal, forward, home, take, query, tmp_path):
    configure()
    journal.accept("ann@x.test")
    shutil.copytree(journal.directory, tmp_path / "rescued")
    forward()
    query("DELETE FROM queues_position RETURNING transport")  # of another installation, or of a backup
    with (tmp_path / "rescued" / "x").open("w"):
        pass
    taken = take(tmp_path / "rescued")
    assert (taken.messages, taken.known) == ({"t1": 0}, 1)
    assert query("SELECT count(*) FROM queues_message") == [(1,)]


def test_what_is_damaged_is_named_and_kept_and_the_rest_comes_in(configure, journal, home, take, query):
    configure()
    for _ in range(3):
        journal.accept("ann@x.test")
    path = journal.paths[-1]
    octets = bytearray(path.read_bytes())
    octets[len(octets) // 2] ^= 0xFF
    path.write_bytes(octets)
    taken = take(home)
    assert taken.messages == {"t1": 2}
    assert [each.name for each in taken.set_aside] == [path.name]
    assert any("Not all of" in line for line in taken.lines())


def test_a_directory_that_is_in_use_is_left_alone(configure, journal, home, take):
    configure()
    journal.accept("ann@x.test")
    lock = only_one(home / "state" / "t1" / "lock", "taken")
    with pytest.raises(OSError, match="still runs"):
        take(home)
    assert lock


def test_a_directory_without_a_journal_is_refused(take, tmp_path: Path):
    with pytest.raises(LookupError, match="holds no journal"):
        take(tmp_path)


def test_what_the_dead_node_held_is_nobodys_any_more(configure, journal, home, take, query, database_url):
    configure()
    journal.accept("ann@x.test")
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("INSERT INTO publishing_transport (name, node, started_at) VALUES ('t1', 'mx1', now())")
        connection.execute(
            "INSERT INTO processes_turn (process, node, at, waiting_messages) VALUES ('forwarder', 'mx1', now(), 1)"
        )
    take(home)
    assert query("SELECT waiting_messages FROM processes_turn WHERE node = 'mx1'") == [(0,)]
