"""The file of a backup, and what a stranger may hand over in its place."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from console.backups import archive
from console.backups.archive import ABOUT, Damaged, Writer
from console.backups.key import WrongKey, fingerprint, locked, unlocked
from console.backups.manifest import About, Manifest, encode
from console.backups.passphrase import passphrase
from transport.config import bounds

KEY = "k" * 43 + "="
LONG = f"mailboxes/{'d' * 200}/{'l' * 200}/new/1.x.gatepost"
FILES = {"journal/t/s.journal": b"abc", "database/000001": b"x" * 3000, LONG: b"\0" * 512, "journal/t/empty": b""}


def about(**changes: object) -> About:
    return About(**({"version": "1", "taken_at": "2026-01-01T00:00:00+00:00", "node": "n", "key": "f"} | changes))


def manifest(writer: Writer) -> Manifest:
    return Manifest(
        about=about(), server=180006, revision=1, messages=0, recipients={}, loaded=[], other_nodes=[], missing=0,
        parts=writer.parts, sha256=writer.digest.hexdigest(),
    )  # fmt: skip


@pytest.fixture
def made() -> bytes:
    file = io.BytesIO()
    writer = Writer(file)
    writer.text(ABOUT, encode(about()))
    for name, content in FILES.items():
        writer.text(name, content)
    writer.close(manifest(writer), KEY)
    return file.getvalue()


def test_what_was_written_is_read_and_any_tar_reads_it(made: bytes) -> None:
    found = {each.name: b"".join(each.pieces()) for each in archive.members(io.BytesIO(made))}
    assert FILES.items() <= found.items()
    assert archive.verified(io.BytesIO(made), KEY).parts["journal"] == (2, 3)
    with tarfile.open(fileobj=io.BytesIO(made)) as tar:
        assert {each.name for each in tar} == found.keys()


def test_a_file_that_is_cut_is_not_all_there(made: bytes) -> None:
    for end in range(0, len(made) - 2048, 256):
        with pytest.raises(Damaged):
            archive.verified(io.BytesIO(made[:end]), KEY)


def test_a_changed_octet_and_another_key_are_found(made: bytes) -> None:
    at = made.index(b"x" * 3000)
    with pytest.raises(Damaged, match="not what was written"):
        archive.verified(io.BytesIO(made[:at] + b"y" + made[at + 1 :]), KEY)
    with pytest.raises(Damaged, match="with this key"):
        archive.verified(io.BytesIO(made), "other")
    with pytest.raises(Damaged, match="with this key"):
        archive.verified(io.BytesIO(made.replace(b'"missing": 0', b'"missing": 1')), KEY)


def hostile(name: str, kind: bytes = tarfile.REGTYPE, size: int = 0) -> bytes:
    head = tarfile.TarInfo(name)
    head.type, head.size, head.linkname = (
        kind,
        size,
        "/etc/passwd" if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else "",
    )
    return head.tobuf(tarfile.GNU_FORMAT)


@pytest.mark.parametrize(
    "name",
    ["../x", "/etc/passwd", "journal/../../x", "secret.key", "journal//x", "journal/./x", "journal", "state/x",
     "journal/" + "a/" * 9 + "b"],
)  # fmt: skip
def test_a_name_that_no_backup_has_is_refused(name: str) -> None:
    with pytest.raises(Damaged):
        list(archive.members(io.BytesIO(hostile(name) + bytes(1024))))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE,
                                  tarfile.GNUTYPE_SPARSE, tarfile.GNUTYPE_LONGNAME])  # fmt: skip
def test_what_is_no_plain_file_is_refused(kind: bytes) -> None:
    with pytest.raises(Damaged, match="no plain file"):
        list(archive.members(io.BytesIO(hostile("journal/t/x", kind) + bytes(1024))))


def test_no_member_is_read_into_memory_whatever_length_it_names() -> None:
    """What a backup says of itself has a bound (bounds.BACKUP_TEXT), and so has a name."""
    much = (bounds.BACKUP_TEXT.octets or 0) + 1
    with pytest.raises(Damaged, match="larger"):
        archive.about(io.BytesIO(hostile(ABOUT, size=much) + bytes(much)))
    with pytest.raises(Damaged, match="longer"):
        archive.about(io.BytesIO(hostile("pax", tarfile.XHDTYPE, 1 << 40)))
    with pytest.raises(Damaged, match="not all there"):
        list(archive.members(io.BytesIO(hostile("journal/t/x", size=1 << 40))))


@pytest.mark.parametrize("content", [b"", b"\0" * 512, b"PK\3\4" * 400, b"a" * 511])
def test_what_is_no_backup_is_said_to_be_none(content: bytes) -> None:
    with pytest.raises(Damaged):
        archive.about(io.BytesIO(content))


@pytest.mark.parametrize(
    "text",
    [
        b"{}",
        b"[]",
        b"\xff",
        encode(about()).replace(b"2026", b"2\xff26"),
        encode(about(key="\x1b[2J")),
        encode(about(format=2)),
    ],
)
def test_what_cannot_be_understood_is_refused(text: bytes) -> None:
    file = io.BytesIO()
    Writer(file).text(ABOUT, text)
    file.seek(0)
    with pytest.raises(Damaged):
        archive.about(file)


def test_a_file_that_shrinks_meanwhile_is_no_member() -> None:
    with pytest.raises(OSError, match="shorter"):
        Writer(io.BytesIO()).add("journal/t/x", 5, [b"abc"])


def test_a_passphrase_locks_the_key_and_another_one_does_not_open_it() -> None:
    kept = locked(KEY, "correct horse battery")
    assert KEY not in repr(kept) and fingerprint(KEY) not in repr(kept)
    assert unlocked(kept, "correct horse battery") == KEY
    refuse(lambda: unlocked(kept, "correct horse batterx"))
    refuse(lambda: locked(KEY, "short"))


def test_a_passphrase_in_another_encoding_than_a_terminals_is_refused_while_there_is_time(tmp_path: Path) -> None:
    (tmp_path / "passphrase").write_bytes("k\u00fcrzer als lang".encode("latin-1"))
    refuse(lambda: passphrase(str(tmp_path / "passphrase"), is_new=True))


def test_a_passphrase_that_notepad_wrote_is_the_one_that_is_typed(tmp_path: Path) -> None:
    (tmp_path / "passphrase").write_bytes(b"\xef\xbb\xbfcorrect horse b\xc3\xa4ttery\r\n")
    assert passphrase(str(tmp_path / "passphrase")) == "correct horse b\u00e4ttery"


def refuse(act: Callable[[], object]) -> None:
    with pytest.raises(WrongKey):
        act()
