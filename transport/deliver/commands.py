"""Commands that only root names, in a TOML file that nobody else writes: whoever may change a setting in the console
gains no shell by it.
"""

import os
import select
import signal
import stat
import subprocess
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import TypeVar

import msgspec

from transport.config.bounds import Bound
from transport.send.link import Command

LOOK_EVERY = 0.05
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
T = TypeVar("T")


class Refused(Exception):
    """The file cannot be used; the text says why, for people."""


def entry(file: Path, bound: Bound, kind: type[T], noun: str, name: str) -> T:
    """What a file says under a name; `noun` is what people call a `kind`. Raises Refused."""
    try:
        _only_roots(os.stat(file.parent), file.parent)
        found = tomllib.loads(_read(file, bound.octets or 0).decode())
        if name not in found:
            raise Refused(f"{file} has no {noun} “{name}”.")
        return msgspec.convert(found[name], kind)
    except FileNotFoundError:
        raise Refused(f"There is no {file} on this machine, which would say what the {noun} “{name}” is.") from None
    except (OSError, ValueError, msgspec.ValidationError) as error:  # TOML and UTF-8 raise subclasses of ValueError
        raise Refused(f"{file} cannot be used: {error}.") from None


def _read(file: Path, largest: int) -> bytes:
    handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as opened:
        _only_roots(os.fstat(handle), file)
        content = opened.read(largest + 1)
    if len(content) > largest:
        raise Refused(f"{file} is larger than {largest} bytes.")
    return content


def _only_roots(facts: os.stat_result, path: Path) -> None:
    if facts.st_uid != 0 or facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise Refused(f"{path} must belong to root, and nobody else may write it: it says what programs are run.")


def execute(command: Command, seconds: float, bound: Bound, given: Mapping[str, str] | None = None) -> str:
    """Run a program, with what is `given` in its environment; why it failed, or nothing. What it leaves running in the
    background is left alone, unless it took too long.
    """
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd="/",
            env={**ENVIRONMENT, **(given or {})}, start_new_session=True, bufsize=0,
        )  # fmt: skip
    except OSError as error:
        return f"{command[0]}: {error.strerror}."
    output = _output(process, monotonic() + seconds, bound.octets or 0)
    if output is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return f"{command[0]} did not end within {seconds:.0f} seconds."
    if process.returncode == 0:
        return ""
    lines = "".join(each if each.isprintable() else "\n" for each in output.decode(errors="replace")).split("\n")
    said = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return f"{command[0]} ended with {process.returncode}" + (f": {said[:200]}" if said else ".")


def _output(process: "subprocess.Popen[bytes]", ends: float, most: int) -> bytes | None:
    """The beginning of what it said, once it has ended; None where it has not in time."""
    assert process.stdout is not None  # a pipe was asked for
    kept = b""
    with process.stdout as pipe:
        while monotonic() < ends:
            over = process.poll() is not None
            while select.select([pipe], [], [], 0 if over else LOOK_EVERY)[0] and monotonic() < ends:
                if not (said := pipe.read(65536)):
                    break
                kept += said[: most - len(kept)]
            if over:
                return kept
            with suppress(subprocess.TimeoutExpired):
                process.wait(LOOK_EVERY)
    return None
