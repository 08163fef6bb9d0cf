"""Mail into mailboxes: `mailboxes/<domain>/<local part>/{tmp,new,cur}` (https://cr.yp.to/proto/maildir.html).

A message for a recipient always has the same file name. Delivered again after a crash it is the same file, so that it
stands in the mailbox once.
"""

import contextlib
import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

from transport.durable_file import close, sync_directory, write_all

LONGEST_NAME = 200
_USUAL = re.compile(r"[a-z0-9_+=@-][a-z0-9_+=@.-]*")
_SAFE = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789-_+=@")


def mailbox(root: Path, address: str) -> Path:
    """The directory of an address, in lower case, always two levels below `root` whatever the address holds."""
    return Path(_mailbox(root, address))


def _mailbox(root: Path, address: str) -> str:
    """The same as text: paths of their own for every message cost more than to write it."""
    local, _, domain = address.lower().rpartition("@")
    return f"{root}/{encoded(domain)}/{encoded(local)}"


def encoded(part: str) -> str:
    """`part` as a file name: other bytes than letters, digits and `-_+=@` become %XX; a dot stays unless it leads."""
    if len(part) <= LONGEST_NAME and _USUAL.fullmatch(part):
        return part
    name = "".join(
        chr(byte) if byte in _SAFE or (byte == 0x2E and place) else f"%{byte:02X}"
        for place, byte in enumerate(part.encode("utf-8", "surrogateescape"))
    )
    if len(name) > LONGEST_NAME:
        return f"{name[: LONGEST_NAME - 65].rstrip('%')}%{hashlib.sha256(part.encode('utf-8', 'replace')).hexdigest()}"
    return name or "%"


class Store:
    """Writes a batch of messages: `write` any number, then `sync`, which makes them durable together. A filesystem with
    a journal then writes that twice for the batch, not twice for each message.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._written: dict[str, tuple[int, str, str]] = {}
        """Name → descriptor, mailbox, and the path where it stands meanwhile."""
        self._changed: dict[str, list[str]] = {}
        """Directory → names that it has."""

    def write(self, address: str, name: str, pieces: Iterable[bytes], row: int = 0) -> None:
        """A message for the mailbox of `address`, where `sync` puts it. Raises OSError; then it will not be there.
        `row`: the recipient's. Another one of the same address may be written by another thread at this moment.
        """
        box = _mailbox(self.root, address)
        if name in self._written:
            return
        if folder := _present(box, name):
            # Whoever put it there may have died before it was durable.
            self._changed.setdefault(folder, []).append(name)
            return
        temporary = f"{box}/tmp/{row}.{name}"
        handle = _created(box, temporary)
        try:
            for piece in pieces:
                write_all(handle, piece)
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)  # the disk begins, and nobody waits for it yet
        except BaseException:
            _give_up(handle, temporary)
            raise
        self._written[name] = handle, box, temporary

    def sync(self) -> dict[str, OSError]:
        """Returns when everything written is durable and to be seen; by their names, what is not, and why."""
        failed: dict[str, OSError] = {}
        for name, (handle, _, _) in self._written.items():
            try:
                os.fsync(handle)
            except OSError as error:
                failed[name] = error
        for name in [name for name in self._written if name not in failed]:
            handle, box, temporary = self._written[name]
            try:
                os.rename(temporary, f"{box}/new/{name}")
            except OSError as error:
                failed[name] = error
                continue
            self._changed.setdefault(f"{box}/new", []).append(name)
            close(handle)
            del self._written[name]
        self.close()
        changed, self._changed = self._changed, {}
        for directory, names in changed.items():
            try:
                sync_directory(directory)
            except OSError as error:
                failed |= dict.fromkeys(names, error)
        return failed

    def close(self) -> None:
        """Give up what was written and not put into its mailbox."""
        written, self._written = self._written, {}
        for handle, _, temporary in written.values():
            _give_up(handle, temporary)


def _give_up(handle: int, temporary: str) -> None:
    """Halves must not keep a full disk full."""
    close(handle)
    with contextlib.suppress(OSError):
        os.unlink(temporary)


def _created(box: str, temporary: str) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
    try:
        return os.open(temporary, flags, 0o640)
    except FileNotFoundError:
        _make(Path(box))
        return os.open(temporary, flags, 0o640)


def _make(box: Path) -> None:
    """`tmp` comes last: a mailbox that has it has the others, durably, whoever makes it at the same time."""
    for folder in ("new", "cur"):
        (box / folder).mkdir(mode=0o750, parents=True, exist_ok=True)
    for directory in (box, box.parent, box.parent.parent):
        sync_directory(directory)
    (box / "tmp").mkdir(mode=0o750, exist_ok=True)


def file_name(accepted_at: float, message_id: UUID, address: str) -> str:
    """The same name each time for the same message and recipient."""
    recipient = hashlib.blake2b(address.lower().encode("utf-8", "replace"), digest_size=8).hexdigest()
    return f"{int(accepted_at)}.{message_id.hex}{recipient}.gatepost"


def _present(box: str, name: str) -> str:
    """The folder in which it stands, delivered before: still new, or seen by a reader that set the usual flags."""
    if os.access(f"{box}/new/{name}", os.F_OK):
        return f"{box}/new"
    seen = f"{box}/cur/{name}:2,"
    return f"{box}/cur" if os.access(seen, os.F_OK) or os.access(f"{seen}S", os.F_OK) else ""
