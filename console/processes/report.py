"""What the administrator reads at the terminal."""

from __future__ import annotations

import json
import os
import pwd
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from console.processes.address import Address
from console.processes.home import Home

Facts = Mapping[str, Any]
LONGEST_ANSWER = 6.0
"""Seconds; twice what the console takes when PostgreSQL hangs."""

READY = """
{headline}

  Console     http://{console}/
  Sign in as  admin, {password}
  SMTP        {smtp}
  First mail  {first_mail}

Ctrl-C stops everything. Logs: {logs}
"""


def facts(console: Address) -> Facts | None:
    """What the console's /healthz says, good or bad (queries.Health has the form); None when it does not answer."""
    request = urllib.request.Request(
        f"http://{console.from_here}/healthz", headers={"Host": f"localhost:{console.port}"}
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=LONGEST_ANSWER) as answer:
            return dict(json.load(answer))
    except urllib.error.HTTPError as answer:
        return _json_or_none(answer)
    except OSError:
        return None


def _json_or_none(answer: urllib.error.HTTPError) -> Facts | None:
    try:
        return dict(json.load(answer))
    except ValueError:
        return None


def ready(home: Home, console: Address, facts: Facts, first_start: bool) -> str:
    """The block at the end of a start."""
    missing = facts.get("missing", ["The console does not answer."])
    headline = "Gatepost is ready." if not missing else "Not everything is up yet:\n  " + "\n  ".join(missing)
    listening = facts.get("smtp", [])
    warnings = [f"  Attention   {problem}" for problem in facts.get("problems", [])]
    block = READY.format(
        headline=headline,
        console=console.from_here,
        password=_password(home, first_start),
        smtp=", ".join(listening) or "nowhere: no enabled Receive connector",
        first_mail=first_mail(listening),
        logs=home.logs,
    )
    return block.replace("\n\nCtrl-C", "\n".join(["", *warnings, "", "Ctrl-C"])) if warnings else block


def _password(home: Home, first_start: bool) -> str:
    if os.environ.get("GATEPOST_ADMIN_PASSWORD"):
        return "with the password of GATEPOST_ADMIN_PASSWORD (set at the first start)"
    kept = home.admin_password_file.read_text().strip() if home.admin_password_file.exists() else ""
    if not kept:
        return "with the password given at the first start"
    if not first_start:
        return f"with the password of the first start (in {home.admin_password_file})"
    return f"password {kept} (kept in {home.admin_password_file})"


def first_mail(listening: list[str]) -> str:
    """A line that sends a mail from any machine with Python."""
    domain = os.environ.get("GATEPOST_DOMAIN") or "gatepost.test"
    address = Address.parse(listening[0], "GATEPOST_SMTP") if listening else Address("127.0.0.1", 2525)
    server = f'"{address.from_here.host}", {address.port}'
    mail = f'"you@example.com", "postmaster@{domain}", "Subject: Hello\\n\\nThe first mail."'
    return f"python3 -c 'import smtplib; smtplib.SMTP({server}).sendmail({mail})'"


def accounts(pids: Mapping[str, int]) -> str:
    """Who runs the processes of a copy on this machine: `nobody runs transport, worker; root runs supervisor`."""
    found: dict[str, list[str]] = {}
    for name, pid in pids.items():
        with suppress(OSError):
            found.setdefault(_runs_as(pid), []).append(name)
    return "; ".join(f"{account} runs {', '.join(names)}" for account, names in sorted(found.items()))


def _runs_as(pid: int) -> str:
    """The effective user. Raises OSError when there is no such process."""
    (line,) = (line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("Uid:"))
    uid = int(line.split()[2])
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def tail(log: Path, lines: int = 5) -> str:
    return "\n".join(log.read_text(errors="replace").rstrip().split("\n")[-lines:])
