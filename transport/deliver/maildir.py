"""Mail into mailboxes: `mailboxes/<domain>/<local part>/{tmp,new,cur}` (https://cr.yp.to/proto/maildir.html).

A message for a recipient always has the same file name. Delivered again after a crash it is the same file, so that it
stands in the mailbox once.
"""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

from transport.durable_file import sync_directory, write_all

FOLDERS = ("tmp", "new", "cur")
LONGEST_NAME = 200
_SAFE = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789-_+=@")


def mailbox(root: Path, address: str) -> Path:
    """The directory of an address, in lower case, always two levels below `root` whatever the address holds."""
    local, _, domain = address.lower().rpartition("@")
    return root / encoded(domain) / encoded(local)


def encoded(part: str) -> str:
    """`part` as a file name: other bytes than letters, digits and `-_+=@` become %XX; a dot stays unless it leads."""
    name = "".join(
        chr(byte) if byte in _SAFE or (byte == 0x2E and place) else f"%{byte:02X}"
        for place, byte in enumerate(part.encode("utf-8", "surrogateescape"))
    )
    if len(name) > LONGEST_NAME:
        return f"{name[: LONGEST_NAME - 65].rstrip('%')}%{hashlib.sha256(part.encode('utf-8', 'replace')).hexdigest()}"
    return name or "%"


class Store:
    """Writes a batch of messages, then makes all of them durable with few syncs: `write` any number, then `sync`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._changed: set[Path] = set()

    def write(self, address: str, name: str, pieces: Iterable[bytes]) -> None:
        """Put a message into the mailbox of `address`. Raises OSError; then nothing of it is to be seen there."""
        box = self._opened(mailbox(self.root, address))
        if _present(box, name):
            return
        temporary = box / "tmp" / name
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640)
        try:
            for piece in pieces:
                write_all(handle, piece)
            os.fsync(handle)
        finally:
            os.close(handle)
        os.rename(temporary, box / "new" / name)
        self._changed.add(box / "new")

    def sync(self) -> None:
        """Returns when everything written is durable."""
        changed, self._changed = self._changed, set()
        for directory in changed:
            sync_directory(directory)

    def _opened(self, box: Path) -> Path:
        if not (box / "cur").is_dir():
            for folder in FOLDERS:
                (box / folder).mkdir(mode=0o750, parents=True, exist_ok=True)
            for directory in (box, box.parent, box.parent.parent):
                sync_directory(directory)
        return box


def file_name(accepted_at: float, message_id: UUID, address: str) -> str:
    """The same name each time for the same message and recipient."""
    recipient = hashlib.blake2b(address.lower().encode("utf-8", "replace"), digest_size=8).hexdigest()
    return f"{int(accepted_at)}.{message_id.hex}{recipient}.gatepost"


def _present(box: Path, name: str) -> bool:
    """Whether it was delivered before: still new, or seen by a reader that set the usual flags."""
    return any((box / place).exists() for place in (f"new/{name}", f"cur/{name}:2,", f"cur/{name}:2,S"))
