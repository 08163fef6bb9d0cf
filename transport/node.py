"""This machine, as the environment tells of it."""

import contextlib
import os
import socket
import tomllib
from collections.abc import Mapping
from pathlib import Path


def name(variables: Mapping[str, str] = os.environ) -> str:
    """GATEPOST_NODE, else the host's name: greeting, Received and EHLO say it where no connector says otherwise."""
    return variables.get("GATEPOST_NODE") or socket.gethostname()


def home(variables: Mapping[str, str] = os.environ) -> Path:
    """GATEPOST_HOME, else `var` below the current folder: the data directory."""
    return Path(variables.get("GATEPOST_HOME") or "var").absolute()


# Read at once: later root is dropped, and with it perhaps the way to the file.
_PROJECT = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8"))


def version() -> str:
    """Of the code that this process runs. No stranger is told it: the console, `manage.py` and metrics are."""
    return str(_PROJECT["project"]["version"])


def directories(home: Path, transport: str) -> tuple[Path, Path, Path, Path]:
    """Journal, protocol log, session records and state of a transport."""
    return (
        home / "journal" / transport,
        home / "protocol-log" / transport,
        home / "session-records" / transport,
        home / "state" / transport,
    )


MINIMUM_FREE = 500 << 20
"""Exchange's figure for the queue drive (reference, section 5.4)."""


def minimum_free(variables: Mapping[str, str] = os.environ) -> int:
    """GATEPOST_MINIMUM_FREE: octets of free disk below which no mail is accepted. Raises ValueError."""
    given = variables.get("GATEPOST_MINIMUM_FREE") or str(MINIMUM_FREE)
    if not given.isdecimal():
        raise ValueError(f"GATEPOST_MINIMUM_FREE={given}: write octets, such as {MINIMUM_FREE}")
    return int(given)


def secret(variables: Mapping[str, str] = os.environ) -> bytes:
    """GATEPOST_SECRET_KEY, else the content of secret.key in the data directory: the Fernet key of this copy, empty
    when it has none. Raises OSError when it has been lost.
    """
    if given := variables.get("GATEPOST_SECRET_KEY"):
        return given.encode()
    file = home(variables) / "secret.key"
    if not file.exists():
        return b""
    if kept := file.read_text().strip():
        return kept.encode()
    raise OSError(f"{file} is empty: put the key back from a backup")


MOST_TRANSPORTS, MOST_WORKERS = 64, 16
CPU_LIMIT = Path("/sys/fs/cgroup/cpu.max")


def transports(variables: Mapping[str, str] = os.environ, limit: Path = CPU_LIMIT) -> int:
    """GATEPOST_TRANSPORTS: how many this node runs. Else one for every two cores that the process may use, as many as
    may be: the other half is for forwarder, workers and console, which have as much to do with each message. Raises
    ValueError when it is not a number of them.
    """
    return _number("GATEPOST_TRANSPORTS", MOST_TRANSPORTS, variables, limit)


def workers(variables: Mapping[str, str] = os.environ, limit: Path = CPU_LIMIT) -> int:
    """GATEPOST_WORKERS: how many processes of this node deliver to mailboxes, and how many to other servers. Else as
    many as transports. Raises ValueError likewise.
    """
    return _number("GATEPOST_WORKERS", MOST_WORKERS, variables, limit)


def _number(name: str, most: int, variables: Mapping[str, str], limit: Path) -> int:
    given = variables.get(name)
    if not given:
        return min(most, max(1, cores(limit) // 2))
    if not given.isdecimal() or not 1 <= int(given) <= most:
        raise ValueError(f"{name}={given}: a node runs 1 to {most} of them")
    return int(given)


def cores(limit: Path = CPU_LIMIT) -> int:
    """Those that this process may use: by affinity, and by the limit of its control group (cgroup v2, cpu.max)."""
    usable = len(os.sched_getaffinity(0))
    with contextlib.suppress(OSError, ValueError):
        quota, period = limit.read_text().split()
        usable = min(usable, max(1, int(quota) // int(period)))
    return usable
