import errno
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transport.deliver import maildir
from transport.deliver.maildir import Store, encoded, file_name, mailbox

ID = uuid.UUID("0190163d-8694-739b-aea5-966c26f8ad91")


@given(st.text(max_size=300))
def test_a_name_is_one_harmless_path_component(part):
    name = encoded(part)
    assert name not in ("", ".", "..")
    assert not name.startswith(".")
    assert not set(name) - set("abcdefghijklmnopqrstuvwxyz0123456789-_+=@.%ABCDEF")
    assert len(name) <= 255


@given(st.text(max_size=300), st.text(max_size=300))
def test_two_parts_never_share_a_name(one, other):
    assert (encoded(one) == encoded(other)) == (one == other)


@given(st.text(max_size=80))
def test_every_mailbox_lies_two_levels_below_the_root(address):
    from pathlib import Path

    path = mailbox(Path("/root"), address)
    assert path.parent.parent == Path("/root")
    assert len(path.parts) == 4


@pytest.mark.parametrize("address", ["../../etc@x.test", "a/b@x.test", "..@..", "@", "a\0b@x.test", ".@."])
def test_traversal_stays_inside(address, tmp_path):
    store = Store(tmp_path / "mailboxes")
    store.write(address, "name", [b"x"])
    store.sync()
    assert [path.name for path in tmp_path.iterdir()] == ["mailboxes"]
    assert len(list(tmp_path.glob("mailboxes/*/*/new/name"))) == 1


def test_upper_and_lower_case_are_one_mailbox(tmp_path):
    assert mailbox(tmp_path, "Ann@X.Test") == mailbox(tmp_path, "ann@x.test")
    assert file_name(1.0, ID, "Ann@X.Test") == file_name(1.0, ID, "ann@x.test")


@pytest.mark.parametrize("read", [None, "cur/{}:2,", "cur/{}:2,S"])
def test_delivered_twice_it_stands_there_once(tmp_path, read):
    store, name = Store(tmp_path), file_name(1.0, ID, "a@x.test")
    store.write("a@x.test", name, [b"one"])
    store.sync()
    box = mailbox(tmp_path, "a@x.test")
    if read:
        (box / "new" / name).rename(box / read.format(name))
    store.write("a@x.test", name, [b"one"])
    store.sync()
    assert len([path for path in box.rglob("*") if path.is_file()]) == 1


def test_what_a_crash_left_in_tmp_is_no_mail(tmp_path):
    store, name = Store(tmp_path), file_name(1.0, ID, "a@x.test")
    box = mailbox(tmp_path, "a@x.test")
    store.write("a@x.test", "other", [b"x"])
    store.sync()
    (box / "tmp" / f"7.{name}").write_bytes(b"half of i")
    store.write("a@x.test", name, [b"all", b" of it"], row=7)
    store.sync()
    assert (box / "new" / name).read_bytes() == b"all of it"
    assert not list((box / "tmp").iterdir())


def test_what_did_not_fit_on_a_full_disk_takes_no_room_there(tmp_path):
    store = Store(tmp_path)

    def pieces():
        yield b"half of i"
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        store.write("a@x.test", "one", pieces())
    store.write("a@x.test", "two", [b"given up"])
    store.close()
    assert store.sync() == {}
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_twice_in_one_batch_it_stands_there_once(tmp_path):
    """A client named a recipient twice, once in upper case."""
    store, name = Store(tmp_path), file_name(1.0, ID, "a@x.test")
    store.write("a@x.test", name, [b"one"])
    store.write("A@x.test", name, [b"one"])
    assert store.sync() == {}
    assert [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()] == [b"one"]


def test_twice_at_the_same_time_nobody_ever_sees_half_of_it(tmp_path):
    """Two threads have one of the two each."""
    one, other, name = Store(tmp_path), Store(tmp_path), file_name(1.0, ID, "a@x.test")
    there = mailbox(tmp_path, "a@x.test") / "new" / name
    seen = []

    def pieces():
        yield b"all"
        one.sync()
        seen.append(there.read_bytes())
        yield b" of it"

    one.write("a@x.test", name, [b"all of it"], row=1)
    other.write("A@x.test", name, pieces(), row=2)
    assert other.sync() == {}
    assert seen == [b"all of it"] == [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]


def test_a_directory_that_cannot_be_made_durable_holds_up_its_own_mail_alone(tmp_path, monkeypatch):
    store = Store(tmp_path)
    for address in ("a@x.test", "b@x.test"):
        store.write(address, file_name(1.0, ID, address), [b"one"])
    broken = mailbox(tmp_path, "b@x.test") / "new"
    sync = maildir.sync_directory

    def refuse(directory):
        if str(directory) == str(broken):
            raise OSError(errno.EIO, "Input/output error")
        sync(directory)

    monkeypatch.setattr(maildir, "sync_directory", refuse)
    assert [*store.sync()] == [file_name(1.0, ID, "b@x.test")]


def test_what_the_disk_refuses_at_last_is_told_by_its_name_and_the_rest_is_there(tmp_path):
    store, good, bad = Store(tmp_path), file_name(1.0, ID, "a@x.test"), file_name(1.0, ID, "b@x.test")
    store.write("a@x.test", good, [b"one"])
    store.write("b@x.test", bad, [b"one"])
    (mailbox(tmp_path, "b@x.test") / "new").rmdir()
    assert [*store.sync()] == [bad]
    assert (mailbox(tmp_path, "a@x.test") / "new" / good).exists()


def test_a_mailbox_that_was_half_made_when_the_power_failed_is_made_whole(tmp_path):
    store, box = Store(tmp_path), mailbox(tmp_path, "a@x.test")
    (box / "new").mkdir(parents=True)
    store.write("a@x.test", "name", [b"x"])
    assert store.sync() == {}
    assert (box / "new" / "name").exists()
    assert (box / "cur").is_dir()
