"""What systemd is told of a process that it runs (sd_notify(3)). Where it did not start us, nobody is told anything."""

import array
import os
import socket
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic_ns


def ready() -> None:
    """The process is at work: what waits for it may start."""
    _tell("READY=1")


def reloading() -> None:
    """It takes up what is on disk, until it is `ready` again."""
    _tell(f"RELOADING=1\nMONOTONIC_USEC={monotonic_ns() // 1000}")


def alive() -> None:
    """It has gone round its loop. One that hangs does not say so within WatchdogSec; it is killed and started again."""
    _tell("WATCHDOG=1")


def stopping() -> None:
    """It ends by itself."""
    _tell("STOPPING=1")


def hold(name: str, opened: socket.socket) -> None:
    """Keep this socket open when the process ends, and give it to the next one under its name (ASCII, no colon)."""
    _tell(f"FDSTORE=1\nFDNAME={name}", [opened.fileno()])


def let_go(name: str) -> None:
    """Close what is held under this name."""
    _tell(f"FDSTOREREMOVE=1\nFDNAME={name}")


def _tell(state: str, handles: Sequence[int] = ()) -> None:
    """One datagram; systemd away, or its buffer full, holds nobody."""
    if not (address := os.environ.get("NOTIFY_SOCKET")):
        return
    if address.startswith("@"):  # a name that is in no file system
        address = "\0" + address[1:]
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", handles))] if handles else []
        told.sendmsg([state.encode()], rights, socket.MSG_DONTWAIT, address)
