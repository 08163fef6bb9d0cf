"""What systemd is told of a process that it runs (sd_notify(3)). Where it did not start us, nobody is told anything."""

import os
import socket
from contextlib import suppress


def ready() -> None:
    """The process is at work: what waits for it may start."""
    _tell("READY=1")


def alive() -> None:
    """It has gone round its loop. One that hangs does not say so within WatchdogSec; it is killed and started again."""
    _tell("WATCHDOG=1")


def stopping() -> None:
    """It ends by itself."""
    _tell("STOPPING=1")


def _tell(state: str) -> None:
    """One datagram; systemd away, or its buffer full, holds nobody."""
    if not (address := os.environ.get("NOTIFY_SOCKET")):
        return
    if address.startswith("@"):  # a name that is in no file system
        address = "\0" + address[1:]
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.sendto(state.encode(), socket.MSG_DONTWAIT, address)
