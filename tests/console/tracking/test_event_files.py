"""Message tracking as files: each event once, whatever is killed when."""

import pytest
from django.db import connection, transaction

from console.tracking import event_files
from console.tracking.models import Event, Reader
from tests.console.management_shell.waiting_mail import happened, message
from transport.log_files import Limits
from transport.trace.tracking_line import read

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(event_files, "folder", lambda: tmp_path / "log")
    return tmp_path / "log"


def written(folder):
    return [event for path in sorted(folder.iterdir()) for event in read(path.read_bytes().decode("ascii"))]


def test_what_happened_is_in_the_files_in_order(folder):
    found = message(subject="Büro; =1+1")
    for event in ("RECEIVE", "DEFER", "SEND"):
        happened(found, event)
    assert (event_files.write(), event_files.write()) == (3, 0)
    happened(found, "DSN")
    assert event_files.write() == 1
    assert [each.event_id for each in written(folder)] == ["RECEIVE", "DEFER", "SEND", "DSN"]
    (path,) = folder.iterdir()
    assert path.name.startswith("MSGTRK") and path.name.endswith("-1.LOG")
    assert path.read_text("ascii").splitlines()[2] == "#Log-type: Message Tracking Log"


@pytest.mark.parametrize("begun", [False, True])
def test_a_run_that_is_cut_off_leaves_no_line_twice_and_none_torn(folder, begun, monkeypatch):
    """Killed before it told how far it had come, in the middle of a line or in a new file."""
    found = message()
    if begun:
        happened(found, "RECEIVE")
        event_files.write()
    happened(found, "SEND")
    with transaction.atomic():
        assert event_files.write() == 1
        transaction.set_rollback(True)
    for path in folder.iterdir():
        path.write_bytes(path.read_bytes()[:-7])
    happened(found, "FAIL")
    (folder / "MSGTRK2099010100-1.LOG").write_text("of a run that was killed")
    assert event_files.write() == 2
    assert [each.event_id for each in written(folder)] == [*["RECEIVE"] * begun, "SEND", "FAIL"]


def test_files_rotate_by_size_and_the_oldest_go(folder, monkeypatch):
    monkeypatch.setattr(event_files, "LIMITS", Limits(file_bytes=2000, directory_bytes=5000))
    found = message()
    for _ in range(20):
        happened(found, "DEFER")
        event_files.write()
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 5000
    assert written(folder)[-1].internal_message_id == str(Event.objects.latest("pk").pk)


def test_a_file_that_somebody_removed_is_followed_by_a_new_one(folder):
    found = message()
    happened(found, "RECEIVE")
    event_files.write()
    for path in folder.iterdir():
        path.unlink()
    happened(found, "SEND")
    event_files.write()
    assert [each.event_id for each in written(folder)] == ["SEND"]


def test_a_disk_without_room_is_asked_again(folder):
    happened(message(), "RECEIVE")
    folder.parent.mkdir(exist_ok=True)
    folder.touch()
    with pytest.raises(FileExistsError):
        event_files.write()
    folder.unlink()
    assert event_files.write() == 1
    assert Reader.objects.get().event == Event.objects.get().pk


def test_what_was_written_while_postgresql_went_away_is_written_once(folder):
    happened(message(), "RECEIVE")
    with transaction.atomic():
        assert event_files.write() == 1
        connection.connection.close()
        transaction.set_rollback(True)
    connection.close()
    assert event_files.write() == 1
    assert len(written(folder)) == 1
