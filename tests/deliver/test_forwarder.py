import signal
import struct
import threading
import time
import zlib

import msgspec
import psycopg
import pytest

from console.processes.queries import health
from tests.conftest import wait_for
from tests.deliver.conftest import HEADER, Journal
from transport.shell.forward import forwarder as forwarder_module
from transport.shell.forward.forwarder import Forwarder
from transport.shell.journal.durable_end import DurableEnd
from transport.shell.journal.segment import BODIES, mark_of
from transport.trace.series import RECEIVE
from transport.trace.session_record import RECORD, SessionRecord, Step, read, written

pytestmark = pytest.mark.django_db(transaction=True)
COUNT = "SELECT (SELECT count(*) FROM queues_message), (SELECT count(*) FROM queues_recipient)"


def test_a_message_arrives_with_its_recipients_each_with_its_next_hop(journal, forward, configure, query):
    configure()
    identity = journal.accept("bob@gatepost.test", "eve@far.test", content=HEADER + b"hello\r\n")
    assert forward() == 1
    assert query("SELECT id, sender, subject, recipient_count, origin FROM queues_message") == [
        (identity, "ann@x.test", "Figures", 2, "received")
    ]
    assert query("SELECT address, next_hop, status FROM queues_recipient ORDER BY id") == [
        ("bob@gatepost.test", "mailbox", "ready"),
        ("eve@far.test", "smarthost:Out", "ready"),
    ]
    assert query("SELECT number, chunk FROM queues_content") == [(0, HEADER + b"hello\r\n")]
    assert {row[0] for row in query("SELECT key FROM queues_nexthop")} == {"mailbox", "smarthost:Out"}


def test_what_a_client_wants_of_reports_goes_along(journal, forward, configure, query):
    configure()
    journal.accept(
        "bob@far.test", "eve@far.test", body_type="BINARYMIME", smtp_utf8=True, ret="HDRS", envid="QQ314159",
        notify=["NEVER", ""], orcpt=["", "rfc822;Eve@far.test"],
    )  # fmt: skip
    journal.accept("ann@far.test", body_type="8BITMIME")
    forward()
    assert query("SELECT body_type, smtp_utf8, ret, envid FROM queues_message ORDER BY accepted_at") == [
        ("BINARYMIME", True, "HDRS", "QQ314159"),
        ("8BITMIME", False, "", ""),
    ]
    assert query("SELECT address, notify, orcpt FROM queues_recipient ORDER BY id") == [
        ("bob@far.test", "NEVER", ""),
        ("eve@far.test", "", "rfc822;Eve@far.test"),
        ("ann@far.test", "", ""),
    ]


def test_nothing_is_moved_twice(journal, forward, configure, query):
    configure()
    journal.accept("a@far.test")
    assert forward() == 1
    assert forward() == 0
    journal.accept("b@far.test")
    assert forward() == 1
    assert query(COUNT) == [(2, 2)]


def test_a_finished_segment_is_deleted_and_stays_in_the_sum(journal, forward, configure, query):
    configure()
    journal.accept("a@far.test", "b@far.test")
    first = journal.paths[0]
    forward()
    assert first.exists(), "the transport still writes to it"
    journal.segment()
    forward()
    assert not first.exists()
    assert query("SELECT segment, messages, recipients FROM queues_position") == [("", 1, 2)]


def test_an_unfinished_record_waits_and_is_set_aside_when_its_writer_is_gone(journal, forward, configure, query):
    configure()
    journal.accept("a@far.test")
    path = journal.paths[0]
    whole = path.read_bytes()
    journal.accept("b@far.test")
    finished = path.read_bytes()
    path.write_bytes(finished[:-3])
    assert forward() == 1
    path.write_bytes(finished)
    assert forward() == 1
    path.write_bytes(finished + whole[:40])
    journal.segment()
    assert forward() == 0
    assert not path.exists()
    assert (journal.directory / "set-aside" / path.name).read_bytes() == finished + whole[:40]
    assert query(COUNT) == [(2, 2)]


def test_damage_is_set_aside_and_what_stands_around_it_is_loaded(journal, forward, configure, query, caplog):
    configure()
    journal.accept("before@far.test")
    start = journal.paths[0].stat().st_size
    journal.accept("damaged@far.test")
    journal.accept("after@far.test")
    path = journal.paths[0]
    content = bytearray(path.read_bytes())
    content[start + 30] ^= 0xFF
    path.write_bytes(content)
    journal.segment()
    assert forward() == 2
    assert {row[0] for row in query("SELECT address FROM queues_recipient")} == {"before@far.test", "after@far.test"}
    assert (journal.directory / "set-aside" / path.name).read_bytes() == content
    assert "set-aside" in caplog.text


@pytest.mark.parametrize("name", ["odd.journal", "odd-0123456789abcdef.journal", "zz-zzzzzzzzzzzzzzzz.journal"])
def test_a_file_that_is_no_segment_is_set_aside(journal, forward, configure, name):
    configure()
    (journal.directory / name).write_bytes(b"?")
    journal.accept("a@far.test")
    assert forward() == 1
    assert (journal.directory / "set-aside" / name).exists()
    assert journal.paths[0].exists(), "the transport still writes to it"


def test_a_large_message_is_moved_in_pieces_and_its_file_removed(journal, forward, configure, query):
    configure()
    content = journal.accept_large("a@far.test", 5 << 20)
    forward()
    pieces = [row[0] for row in query("SELECT chunk FROM queues_content ORDER BY number")]
    assert b"".join(pieces) == content
    assert max(map(len, pieces)) <= 1 << 20
    assert not list((journal.directory / BODIES).iterdir())


def test_a_message_whose_body_file_is_missing_does_not_hold_up_the_rest(journal, forward, configure, query):
    configure()
    journal.accept("lost@far.test", body_file="gone.body", size=99)
    journal.accept("a@far.test")
    assert forward() == 1
    assert (journal.directory / "set-aside" / journal.paths[0].name).exists()


def test_hostile_text_is_stored(journal, forward, configure, query):
    configure()
    journal.accept("a@far.test", sender="\0ü@x.test")
    assert forward() == 1
    assert query("SELECT sender FROM queues_message") == [("?ü@x.test",)]


def test_only_some_of_an_internal_relay_domain_are_here(journal, forward, configure, query, database_url):
    from transport.config.accepted_domain import AcceptedDomain, DomainType

    snapshot = configure()
    shared = AcceptedDomain(name="s", domain_name="shared.test", domain_type=DomainType.InternalRelay)
    publish(database_url, snapshot, accepted_domains=(shared,))
    query("INSERT INTO directory_recipient (address) VALUES ('here@shared.test') RETURNING id")
    journal.accept("Here@shared.test", "away@shared.test")
    forward()
    assert query("SELECT next_hop FROM queues_recipient ORDER BY id") == [("mailbox",), ("smarthost:Out",)]


def publish(database_url, snapshot, **changes):
    import msgspec

    from transport.config import document

    newer = msgspec.structs.replace(snapshot, revision=snapshot.revision + 1, **changes)
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO publishing_configrevision (number, document, checksum, author, comment) "
            "VALUES (%s, %s, %s, '', '')",
            [newer.revision, document.encode(newer).decode(), document.checksum(document.encode(newer))],
        )


def test_killed_again_and_again_it_moves_everything_once(journal, process, configure, query):
    configure()
    accepted = set()

    def write() -> None:
        for number in range(30):
            if number % 10 == 0:
                journal.segment()
            for _ in range(100):
                accepted.add(journal.accept("a@far.test", "b@gatepost.test"))
            time.sleep(0.02)

    writer = threading.Thread(target=write)
    writer.start()
    while writer.is_alive():
        forwarder = process("-m", "transport", "forwarder")
        before = query(COUNT)[0][0]
        wait_for(lambda: query(COUNT)[0][0] > before or not writer.is_alive(), "nothing is moved")  # noqa: B023
        forwarder.send_signal(signal.SIGKILL)
        forwarder.wait()
    process("-m", "transport", "forwarder")
    wait_for(lambda: query(COUNT)[0][0] >= 3000, "mail is missing")
    assert query(COUNT) == [(3000, 6000)]
    assert {row[0] for row in query("SELECT id FROM queues_message")} == accepted
    assert query("SELECT sum(messages), sum(recipients) FROM queues_position") == [(3000, 6000)]


def test_two_at_once_move_everything_once(journal, home, configure, query, database_url):
    """A second one is refused; should it run all the same (another machine's view of the disk), it does no harm."""
    configure()
    journal.accept_large("a@far.test", 2 << 20)
    with psycopg.connect(database_url, autocommit=True) as one, psycopg.connect(database_url, autocommit=True) as two:
        slow, quick = Forwarder(home, database_url), Forwarder(home, database_url)
        assert slow._all_readers(one)  # knows the positions, and is late
        assert quick.move_mail(two) == 1
        journal.accept("b@far.test")
        assert quick.move_mail(two) == 1
        with pytest.raises(psycopg.Error):
            slow.move_mail(one)
    assert query(COUNT) == [(2, 2)]
    assert query('SELECT sum(messages), max("offset") FROM queues_position') == [(2, journal.paths[0].stat().st_size)]


def test_a_second_one_on_the_same_directory_is_refused(home, process):
    first = process("-m", "transport", "forwarder")
    wait_for((home / "state" / "forwarder.lock").exists, "the first one does not start")
    wait_for(lambda: b"connected" in (home / "process-0.log").read_bytes(), "the first one does not start")
    assert process("-m", "transport", "forwarder").wait(20) == 1
    assert b"another forwarder is running" in (home / "process-1.log").read_bytes()
    assert first.poll() is None


def test_a_damaged_configuration_holds_up_no_mail(journal, forward, configure, query, caplog):
    configure()
    query(
        "INSERT INTO publishing_configrevision (number, document, checksum, author, comment) "
        "VALUES (2000000000, '{\"revision\": ', '', '', '') RETURNING number"
    )
    journal.accept("a@far.test")
    assert forward() == 1
    assert query("SELECT next_hop FROM queues_recipient") == [("smarthost:Out",)]
    assert "revision 2000000000 cannot be used" in caplog.text


def test_it_goes_on_when_postgresql_comes_back(journal, home, configure, query, database_url):
    """The connections are cut, as a restart of PostgreSQL does."""
    configure()
    forwarder = Forwarder(home, database_url)
    runner = threading.Thread(target=forwarder.run)
    runner.start()
    try:
        for _ in range(5):
            journal.accept("a@far.test")
            query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        wait_for(lambda: query(COUNT)[0][0] == 5, "mail is missing")
    finally:
        forwarder.stopping.set()
        runner.join()


def test_protocol_log_lines_become_sessions_once(home, database_url, query):
    log = home / "protocol-log" / "t1" / "RECV20261122-0001.LOG"
    log.parent.mkdir(parents=True)
    head = "2026-11-22T03:55:05.263Z,vm\\Default,D100B25757E7E000,{},127.0.0.1:25,[2001:db8::1]:999,"
    lines = ["+,,", "<,ehlo client,", "<,MAIL FROM:<a@x.test>,", '>,"550 5.7.1 Unable, to relay",relay; revision 7']
    columns = "date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context"
    text = f"#Software: Gatepost\r\n#Fields: {columns}\r\n" + "".join(
        f"{head.format(n)}{line}\r\n" for n, line in enumerate(lines)
    )
    log.write_text(text + head.format(4)[:20])
    forwarder = Forwarder(home, database_url)
    with psycopg.connect(database_url, autocommit=True) as connection:
        for _ in range(3):
            forwarder._logs.move(connection)
        log.write_text(text + head.format(4) + "-,,Remote\r\n")
        forwarder._logs.move(connection)
    assert query(
        "SELECT connector, remote_address, helo, sender, refused, revision, ended_at IS NOT NULL, "
        "jsonb_array_length(events) FROM tracking_session"
    ) == [("Default", "2001:db8::1", "client", "a@x.test", 1, 7, True, 5)]


def test_the_protocol_log_is_read_while_mail_trickles_in_without_a_pause(
    journal, home, configure, database_url, query, monkeypatch
):
    """Who looks for a session of today must not have to wait for a quiet moment."""
    monkeypatch.setattr(forwarder_module, "GATHER", 0.0)
    configure()
    log = home / "protocol-log" / "t1" / "RECV20261122-0001.LOG"
    log.parent.mkdir(parents=True)
    columns = "date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context"
    line = "2026-11-22T03:55:05.263Z,vm\\Default,D100B25757E7E000,0,127.0.0.1:25,192.0.2.1:999,<,EHLO client,\r\n"
    log.write_text(f"#Fields: {columns}\r\n{line}")
    moved = []

    class Busy(Forwarder):
        def move_mail(self, connection):
            journal.accept("a@far.test")
            moved.append(super().move_mail(connection))
            return moved[-1]

    busy = Busy(home, database_url)
    runner = threading.Thread(target=busy.run)
    runner.start()
    try:
        wait_for(lambda: query("SELECT helo FROM tracking_session") == [("client",)], "it is not read")
    finally:
        busy.stopping.set()
        runner.join()
    assert all(moved)


@pytest.mark.parametrize("ahead", [-300, 300])
def test_how_long_mail_waits_is_told_by_the_clock_of_postgresql(
    journal, home, configure, database_url, query, monkeypatch, ahead
):
    """Of a node whose clock is minutes behind, `status` would say for each message that it waits for minutes."""
    configure()
    now = time.time() + ahead
    monkeypatch.setattr(forwarder_module, "time", lambda: now)
    journal.accept("a@far.test", accepted_at=now - 20)
    telling = Forwarder(home, database_url)
    with psycopg.connect(database_url, autocommit=True) as connection:
        for reader in telling._all_readers(connection):
            reader.waiting_since = now - 20
        telling._tell(connection)
        assert query("SELECT round(extract(epoch FROM at - waiting_since)) FROM processes_turn") == [(20,)]
        telling.move_mail(connection)
        telling.move_mail(connection)
        telling._tell(connection)
    assert query("SELECT waiting_since FROM processes_turn") == [(None,)]


def test_a_file_with_other_columns_is_read_by_their_names_from_wherever_reading_goes_on(home, database_url, query):
    """It was begun by a former or a later revision; files of before that are still in the folder too."""
    folder = home / "protocol-log" / "t1"
    folder.mkdir(parents=True)
    columns = "session-id,remote-endpoint,date-time,connector-id,local-endpoint,event,of-a-later-revision,data"
    begun = f"#Software: Gatepost\r\n#Fields: {columns}\r\n"
    line = "D100B25757E7E00{},192.0.2.1:999,2026-11-22T03:55:05.263Z,vm\\Default,127.0.0.1:25,<,AES,{}\r\n"
    (folder / "RECV20261122-0001.LOG").write_text(begun + line.format(1, "EHLO one"))
    (folder / "RECV20261122-0002.LOG").write_text(begun + line.format(2, "EHLO two"))
    forwarder = Forwarder(home, database_url)
    with psycopg.connect(database_url, autocommit=True) as connection:
        for _ in range(3):
            forwarder._logs.move(connection)
        with (folder / "RECV20261122-0002.LOG").open("a") as file:
            file.write(line.format(3, "EHLO three"))
        forwarder._logs.move(connection)
    assert query("SELECT helo FROM tracking_session ORDER BY session_id") == [("one",), ("two",), ("three",)]


def test_a_file_of_a_later_format_is_left_and_the_others_are_read(home, database_url, query, caplog):
    """As after an upgrade that was taken back. A file without a number is of a release that had none."""
    folder = home / "protocol-log" / "t1"
    folder.mkdir(parents=True)
    line = "2026-11-22T03:55:05.263Z,vm\\Default,D100B25757E7E00{},0,127.0.0.1:25,192.0.2.1:999,<,EHLO {},\r\n"
    header = RECEIVE.header(0)
    for number, (form, name) in enumerate([("", "former"), (", format 1", "ours"), (", format 2", "later")], 1):
        text = header.replace(", format 1", form) + line.format(number, name)
        (folder / f"RECV20261122-000{number}.LOG").write_text(text)
    forwarder = Forwarder(home, database_url)
    with psycopg.connect(database_url, autocommit=True) as connection:
        for _ in range(3):
            forwarder._logs.move(connection)
    assert query("SELECT helo FROM tracking_session ORDER BY session_id") == [("former",), ("ours",)]
    assert [path.name for path in folder.iterdir() if path.name in caplog.text] == ["RECV20261122-0003.LOG"]
    assert query("SELECT count(*) FROM tracking_position") == [(2,)]


def test_mail_of_a_later_version_waits_for_it_and_holds_up_neither_what_came_before_nor_another_journal(
    journal, home, database_url, configure, query
):
    """As after an upgrade that was taken back: who looks at the node is told what it waits for."""
    configure()
    journal.accept("a@far.test")
    path = journal.paths[0]
    _add_later(path)
    other = home / "journal" / "t2"
    (other / BODIES).mkdir(parents=True)
    Journal(other).accept("b@far.test")
    forwarder = Forwarder(home, database_url, "n1")
    with psycopg.connect(database_url, autocommit=True) as connection:
        assert [forwarder.move_mail(connection) for _ in range(2)] == [2, 0]
        forwarder._tell(connection)
    assert "The journal of n1 holds mail of a later version, which waits for it: upgrade this node." in health().missing
    assert path.exists()


def test_what_is_broken_before_mail_of_a_later_version_is_told_once(journal, home, database_url, configure, caplog):
    """Not twenty times a second until somebody upgrades the node."""
    configure()
    journal.accept("a@far.test", body_file="gone.body")
    _add_later(journal.paths[0])
    forwarder = Forwarder(home, database_url)
    with psycopg.connect(database_url, autocommit=True) as connection:
        for _ in range(3):
            forwarder.move_mail(connection)
    assert caplog.text.count("is missing") == 1


def _add_later(path):
    later = msgspec.msgpack.encode({"id": bytes(16), "promised_by_a_later_version": True})
    with path.open("ab") as file:
        file.write(struct.pack("<8sIII", mark_of(path), len(later), 0, zlib.crc32(later)) + later)


def test_session_records_are_packed_into_rows_once(home, database_url, query):
    file = home / "session-records" / "t1" / "SESS20261122-0001.LOG"
    file.parent.mkdir(parents=True)
    step = Step("EHLO \u00fc", 250)
    records = [SessionRecord(at, at - 1, "D1", "C", ("10.0.0.1", 25), "10.0.0.7", 3, [step]) for at in (50.0, 20.0)]
    file.write_text(RECORD.header(0) + "".join(map(written, records)) + written(records[0])[:9])
    forwarder = Forwarder(home, database_url)
    with psycopg.connect(database_url, autocommit=True) as connection:
        assert [forwarder._logs.move(connection) for _ in range(2)] == [2, 0]
    ((transport, first, last, sessions, lines),) = query(
        "SELECT transport, extract(epoch FROM first_ended), extract(epoch FROM last_ended), sessions, lines "
        "FROM replay_records"
    )
    assert (transport, first, last, sessions) == ("t1", 20, 50, 2)
    assert list(read(zlib.decompress(lines).splitlines())) == records


def test_what_is_not_durable_yet_waits_and_what_never_was_goes_with_its_segment(
    journal, forward, configure, query, home
):
    """A refused batch that could not be cut off is not moved, and keeps nothing from being deleted."""
    configure()
    journal.accept("a@far.test")
    path = journal.paths[0]
    end = path.stat().st_size
    journal.accept("b@far.test")
    durable = DurableEnd(path.parent)
    durable.begin(path.name)
    assert forward() == 0
    durable.advance(end)
    assert forward() == 1
    assert forward() == 0
    journal.segment()
    durable.begin(journal.paths[1].name)
    durable.close()
    assert forward() == 0
    assert not path.exists()
    assert not list(home.glob("journal/*/set-aside/*"))
    assert query("SELECT address FROM queues_recipient") == [("a@far.test",)]
