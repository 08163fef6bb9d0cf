"""A copy with mail in queue, journal and mailboxes is backed up; what becomes of it elsewhere."""

from __future__ import annotations

import os
import subprocess
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from errno import ENOSPC
from io import BytesIO

import psycopg
import pytest
from cryptography.fernet import Fernet
from django.contrib.sessions.models import Session
from django.utils import timezone
from psycopg.conninfo import make_conninfo

from console.actors import SYSTEM
from console.backups import files, postgres_tools, restoring, scheduled, scratch
from console.backups.key import WrongKey, fingerprint
from console.backups.manifest import About, Manifest
from console.backups.settling import settle
from console.backups.snapshot import Moment
from console.backups.taking import Busy, Source, _new, take
from console.processes import actions as processes
from console.processes.models import Node
from console.publishing import queries as publishing
from console.queues import actions as queues
from console.queues import queries
from console.queues.models import RESTORED, QueuedRecipient, Status
from tests.deliver.conftest import closed_pool, configure, deliver, forward, journal, query, sink
from transport.deliver import keeping, notices
from transport.held_body import HELD, mark

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["closed_pool", "configure", "deliver", "forward", "journal", "query", "sink"]
KEY = Fernet.generate_key().decode()
END_THE_NEWEST = """
SELECT pg_terminate_backend(pid, 5000) FROM (
    SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()
    ORDER BY backend_start DESC LIMIT 1) newest
"""
TAKEN = datetime.now(UTC) - timedelta(days=3)


@pytest.fixture
def source(home, database_url):
    return Source(home, database_url, KEY, "here")


@pytest.fixture
def backup(source, tmp_path):
    """Takes one, and opens it."""

    with ExitStack() as files:

        def backup():
            take(source, tmp_path / "backup")
            return restoring.opened(files.enter_context((tmp_path / "backup").open("rb")), KEY)

        yield backup


def about(taken=TAKEN):
    return About(version="1", taken_at=taken.isoformat(), node="here", key=fingerprint(KEY))


def test_mail_in_queue_journal_and_mailboxes_is_there_once_and_the_books_balance(
    backup, journal, forward, deliver, configure, query, home, database_url, monkeypatch
):
    """What was delivered, what waits, with a large body as a file; what is in the journal alone; and a segment that was
    copied, then loaded, deleted and forgotten before the database was looked at.
    """
    configure()
    journal.accept("bob@far.test")
    forward()
    deliver()
    configure(port=9)
    query("INSERT INTO queues_worker (number, name, home) VALUES (1, 'w', %s) RETURNING 1", mark(home))
    journal.accept_large("large@far.test", 3 << 20)
    forward()
    journal.accept("new@far.test", "newer@far.test")
    journal.segment()
    (home / "mailboxes" / "x.test" / "ann" / "new").mkdir(parents=True)
    (home / "mailboxes" / "x.test" / "ann" / "new" / "1.x.gatepost").write_text("mail")
    add_journals = files.add_journals

    def then_the_forwarder_works(*arguments):
        copied = add_journals(*arguments)
        forward()
        journal.accept("newest@far.test")
        return copied

    monkeypatch.setattr(files, "add_journals", then_the_forwarder_works)
    found = backup()
    assert found.manifest.recipients == {"delivered": 1, "ready": 3}
    assert len(found.manifest.loaded) == 1 and found.manifest.missing == 0
    assert found.manifest.parts["mailboxes"][0] == 1 and any("/held/" in each.name for each in found.members())
    assert not (home / "state" / "backup").exists()
    monkeypatch.setenv("DATABASE_URL", database_url)
    settled = restoring.check(found)
    assert (settled.accepted, settled.delivered, settled.held) == (4, 1, 3)
    left = "SELECT datname FROM pg_database WHERE datname LIKE 'gatepost_check_%'"
    assert query(left) == [], "the scratch database is gone"


def test_restored_mail_is_held_and_nothing_is_sent_by_itself(
    journal, forward, deliver, configure, sink, home, database_url
):
    configure()
    journal.accept("bob@far.test", accepted_at=TAKEN.timestamp())
    forward()
    journal.accept("ann@far.test", accepted_at=TAKEN.timestamp())
    settled = settle(home, database_url, about())
    assert settled.held == 2 and settled.ledger.balances
    deliver()
    while notices.send_due() or notices.send_put_off():
        pass
    assert sink.arrived == []
    assert {row.held_for for row in QueuedRecipient.objects.all()} == {RESTORED}


def test_released_mail_has_the_time_that_new_mail_has_and_leaves(
    journal, forward, deliver, configure, sink, home, database_url
):
    configure()
    journal.accept("bob@far.test", accepted_at=TAKEN.timestamp())
    journal.accept("ann@far.test", accepted_at=TAKEN.timestamp())
    settle(home, database_url, about())
    one, two = QueuedRecipient.objects.order_by("id")
    assert queues.resume_recipients(SYSTEM, [one.pk]) == 1
    assert notices.send_due() == 0, "it is not given up as too old"
    deliver()
    assert [each.recipients for each in sink.arrived] == [["bob@far.test"]]
    assert queues.remove_recipients(SYSTEM, [two.pk], with_ndr=False) == 1
    deliver()
    assert len(sink.arrived) == 1
    ledger = queries.ledger()
    assert ledger.balances and (ledger.delivered, ledger.removed, ledger.queued) == (1, 1, 0)


def test_what_was_suspended_for_a_while_does_not_go_on_by_itself(journal, forward, configure, home, database_url):
    configure()
    journal.accept("bob@far.test")
    forward()
    rows = QueuedRecipient.objects.all()
    queues.suspend_recipients(SYSTEM, [rows[0].pk], "a while", timezone.now() - timedelta(hours=1))
    settle(home, database_url, about())
    keeping.resume_ended()
    assert rows.get().status == Status.SUSPENDED


def test_the_mailboxes_of_a_machine_that_stays_behind_are_the_new_ones(configure, home, database_url, settings):
    configure()
    Node.objects.create(name="mx1", home="elsewhere", holds_mailboxes=True)
    settle(home, database_url, about())
    settings.GATEPOST_NODE = "new"
    processes.join()
    assert [(each.name, each.holds_mailboxes) for each in Node.objects.all()] == [("new", True)]


def test_the_revision_has_a_number_that_none_had_since(configure, home, database_url):
    configure()
    before = publishing.newest().number
    settle(home, database_url, about())
    assert publishing.newest().number == before + 1000
    assert publishing.saved().send_connectors[0].name == "Out"


def test_events_come_before_all_of_the_new_server(journal, forward, deliver, configure, query, home, database_url):
    """Whose transactions are counted from the beginning: what was read stays read, and what comes is read."""
    configure()
    journal.accept("bob@far.test")
    forward()
    query("UPDATE tracking_event SET transaction = transaction + 1000000000 RETURNING 1")
    newest = "SELECT 'x', max(transaction), max(id) FROM tracking_event"
    query(f"INSERT INTO tracking_reader (name, transaction, event) {newest} RETURNING 1")
    settle(home, database_url, about())
    assert query("SELECT max(transaction) FROM tracking_event") == [(0,)]
    assert query("SELECT transaction FROM tracking_reader WHERE name = 'x'") == [(0,)]


def test_what_postgresql_says_of_a_restored_database_is_told(home, database_url):
    """Of a standby, as of a full disk: not that a copy should be started, nor where in our code it was."""
    manifest = Manifest(
        about=about(), server=17, revision=1, messages=0, recipients={}, loaded=[], other_nodes=[], missing=0, parts={},
        sha256="",
    )  # fmt: skip
    found = restoring.Backup(BytesIO(), KEY, manifest)
    url = make_conninfo(database_url, options="-c default_transaction_read_only=on")
    with pytest.raises(restoring.Damaged, match=r"cannot be used: cannot execute [A-Z ]+ in a read-only transaction$"):
        restoring._settled(found, home, url)


@pytest.mark.parametrize("words", ["it says nothing", os.strerror(ENOSPC)])
def test_a_server_that_dies_or_is_full_says_nothing_about_the_backup(database_url, monkeypatch, words):
    def fill(*_, with_all):
        if words != os.strerror(ENOSPC):
            with psycopg.connect(database_url) as other:
                other.execute(END_THE_NEWEST)
        raise postgres_tools.ToolFailed(f"pg_restore failed: {words}")

    monkeypatch.setattr(restoring, "_fill", fill)
    with pytest.raises(restoring.Refused, match=f"or its disk is full: .*{words}"):
        restoring._tried(None, None, database_url)
    assert restoring.Refused not in scheduled.AMISS


def test_a_backup_that_a_server_cannot_take_is_amiss(database_url, monkeypatch):
    def fill(*_, with_all):
        raise postgres_tools.ToolFailed("pg_restore failed: syntax error")

    monkeypatch.setattr(restoring, "_fill", fill)
    with pytest.raises(scheduled.AMISS, match="syntax error"):
        restoring._tried(None, None, database_url)


def test_what_a_killed_check_left_goes_and_nothing_else(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left = tmp_path / "gatepost-check-left"
    for folder in (left, tmp_path / "else"):
        (folder / "copy").mkdir(parents=True)
    (tmp_path / "gatepost-check-elsewhere").symlink_to(tmp_path / "else")
    with scratch.of_check() as alive, scratch.of_check() as mine:
        assert alive.is_dir() and mine.is_dir() and not left.exists()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["else", "gatepost-check-elsewhere"]
    assert (tmp_path / "else" / "copy").is_dir()


def test_another_key_is_refused_before_anything_is_read():
    with pytest.raises(WrongKey, match="nothing in it could be opened"):
        restoring.check_key(about(), Fernet.generate_key().decode(), "here")


def test_whoever_is_signed_in_is_not_in_a_backup(backup, configure):
    configure()
    Session.objects.create(session_key="s" * 32, session_data="x", expire_date=timezone.now() + timedelta(days=1))
    found = backup()
    dump = b"".join(b"".join(each.pieces()) for each in found.members() if each.name.startswith("database/"))
    command = [postgres_tools.tool("pg_restore", found.manifest.server), "--data-only", "--file=-"]
    text = subprocess.run(command, input=dump, capture_output=True, check=True).stdout
    assert b"COPY public.queues_message" in text and b"s" * 32 not in text


def test_a_backup_takes_the_name_of_no_device_and_of_no_link(tmp_path):
    """`backup /dev/null` as root would leave the machine without it."""
    (tmp_path / "link").symlink_to("/dev/null")
    for target in (tmp_path / "link", tmp_path):
        with pytest.raises(FileExistsError, match="no plain file"), _new(target):
            pass
    assert (tmp_path / "link").is_symlink() and list(tmp_path.iterdir()) == [tmp_path / "link"]


def test_a_key_that_was_to_be_locked_in_is_not_left_out_for_an_empty_passphrase(source, tmp_path):
    with pytest.raises(WrongKey):
        take(source, tmp_path / "backup", "")
    assert list(tmp_path.glob("backup*")) == []


def test_two_backups_into_one_file_do_not_mix(source, tmp_path, configure):
    configure()
    target = tmp_path / "backup"
    with _new(target) as _file, pytest.raises(Busy):
        take(source, target)
    assert target.stat().st_mode & 0o777 == 0o600


def test_a_second_backup_of_a_copy_leaves_the_first_one_whole(source, tmp_path, configure, monkeypatch, home):
    """The bodies that the first one holds stay held, and it fails where one of them goes all the same."""
    configure()
    body = home / "journal" / "t" / HELD / "b.body"
    body.parent.mkdir(parents=True)
    body.write_bytes(b"large")

    def meanwhile(*_):
        body.unlink()
        with pytest.raises(Busy, match="of this copy"):
            take(source, tmp_path / "second")
        return iter([b"database"])

    monkeypatch.setattr(postgres_tools, "dump", meanwhile)
    monkeypatch.setattr(Moment, "held", lambda _: {"t/b.body"})
    assert take(source, tmp_path / "first").parts["journal"] == (1, 5)
    monkeypatch.setattr(Moment, "held", lambda _: {"t/none.body"})
    monkeypatch.setattr(files.Held, "keep", lambda *_: set())
    monkeypatch.setattr(postgres_tools, "dump", lambda *_: iter([b"database"]))
    with pytest.raises(FileNotFoundError, match="is gone"):
        take(source, tmp_path / "third")


def test_a_backup_that_fails_leaves_nothing_and_the_former_one_stays(source, tmp_path, configure, monkeypatch):
    configure()
    target = tmp_path / "backup"
    target.write_bytes(b"the former one")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "add_mailboxes", fail)
    with pytest.raises(OSError, match=f"No space left on device: .{target}"):
        take(source, target)
    assert [each.name for each in tmp_path.glob("backup*")] == ["backup"]
    assert target.read_bytes() == b"the former one"
