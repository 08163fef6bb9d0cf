"""Where the embedded servers listen: sockets that nobody else on this machine can reach."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from tempfile import mkdtemp

from console.processes.account import Account

# A socket's whole name has at most 107 octets (unix(7)); one that needs no quoting is the same in every address.
USABLE = re.compile(r"[A-Za-z0-9_./-]{1,90}")


def directory(home: Path, account: Account) -> Path:
    """A directory of `account` alone: in `home`, or elsewhere when that name is too long; then a link leads there."""
    inside = home / "sockets"
    if USABLE.fullmatch(str(inside)):
        return account.own(inside)
    if inside.is_symlink() and _is_private(found := inside.readlink(), account):
        return found
    found = account.own(Path(mkdtemp(prefix="gatepost-", dir="/run" if os.access("/run", os.W_OK) else "/tmp")))
    inside.unlink(missing_ok=True)
    inside.symlink_to(found)
    return found


def _is_private(path: Path, account: Account) -> bool:
    """A link may have been laid by anybody who can write in the data directory; /run is empty after a restart."""
    try:
        found = path.lstat()
    except OSError:
        return False
    mine = stat.S_ISDIR(found.st_mode) and found.st_uid == account.uid and stat.S_IMODE(found.st_mode) == 0o700
    return mine and bool(USABLE.fullmatch(str(path)))
