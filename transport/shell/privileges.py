"""Root, only to get at ports below 1024: drop it at once, keep nothing but CAP_NET_BIND_SERVICE.

The capability stays because an administrator may add a binding to port 25 at any time. The master of the transports
has it, and the sockets; they have neither.
"""

import ctypes
import logging
import os
import pwd
import resource
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

_PR_SET_PDEATHSIG, _PR_GET_PDEATHSIG, _PR_SET_KEEPCAPS = 1, 2, 8
_CAPABILITY_VERSION_3 = 0x20080522
_CAP_NET_BIND_SERVICE = 1 << 10
log = logging.getLogger(__name__)


class _Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _Sets(ctypes.Structure):
    _fields_ = [("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32)]


def drop(user: str, directories: Iterable[Path]) -> None:
    """Become `user`, who is given those of `directories` that do not exist yet. Does nothing when we are not root.

    Raises LookupError when there is no such user. For the start, before there is any other thread: Linux keeps
    capabilities per thread.
    """
    if os.geteuid() != 0:
        return
    entry = _account(user)
    for directory in directories:
        _give(directory, entry.pw_uid, entry.pw_gid)
    libc = ctypes.CDLL(None, use_errno=True)
    kept = libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0
    with _death_signal_kept():
        os.setgroups([])
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)
    header, sets = _Header(_CAPABILITY_VERSION_3, 0), (_Sets * 2)()
    sets[0] = _Sets(_CAP_NET_BIND_SERVICE, _CAP_NET_BIND_SERVICE, 0)
    if not kept or libc.capset(ctypes.byref(header), ctypes.byref(sets)) != 0:
        log.warning("ports below 1024 can no longer be opened: %s", os.strerror(ctypes.get_errno()))
    log.info("running as %s", user)


def can_read(user: str, paths: Iterable[str]) -> bool:
    """Whether `user` can read these files, where we are root. Raises LookupError when there is no such user."""
    entry = _account(user)
    with _death_signal_kept():
        os.setgroups([])
        os.setegid(entry.pw_gid)
        os.seteuid(entry.pw_uid)
        try:
            return all(os.access(path, os.R_OK, effective_ids=True) for path in paths)
        finally:
            os.seteuid(0)
            os.setegid(0)


@contextmanager
def _death_signal_kept() -> Iterator[None]:
    """Who becomes another user is forgotten by the kernel as one that must not outlive its parent."""
    libc, death_signal = ctypes.CDLL(None), ctypes.c_int(0)
    libc.prctl(_PR_GET_PDEATHSIG, ctypes.byref(death_signal), 0, 0, 0)
    try:
        yield
    finally:
        libc.prctl(_PR_SET_PDEATHSIG, death_signal.value, 0, 0, 0)


def _account(user: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(user)
    except KeyError:
        raise LookupError(f"There is no user {user}: set GATEPOST_USER to one that exists.") from None


def _give(directory: Path, uid: int, gid: int) -> None:
    """Only what is made here: what lies there already could be a link that the user has laid."""
    for path in (*reversed(directory.parents), directory):
        try:
            path.mkdir(mode=0o700)
        except FileExistsError:
            continue
        os.chown(path, uid, gid, follow_symlinks=False)


def end_with(parent: int) -> None:
    """The kernel kills this process when its parent ends, `parent`, which may have ended already."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit(1)


def raise_open_files() -> int:
    """As many sockets as the system lets us have; returns how many."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard
