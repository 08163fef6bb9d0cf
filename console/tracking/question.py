"""From a session to the What-if: the address of that page with the session's facts filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from django.urls import reverse

from console.tracking.conversation import Line
from console.tracking.models import Session
from transport.trace.line import BY_XCLIENT, TLS, introduction

MOST = 20
"""Recipients that an address holds: of more, the last ones, which come nearest to what was refused."""
LONGEST = 320
_PATH = re.compile(r"(?:MAIL FROM|RCPT TO):\s*<([^>]*)>", re.IGNORECASE)
_SIZE = re.compile(r" SIZE=(\d{1,19})\b", re.IGNORECASE)


def question(session: Session, lines: Sequence[Line], at: Line | None = None) -> str:
    """What the client did, until it said what the line `at` answers; without it, all of its last message. Empty for a
    session with a next hop.
    """
    if session.sends:
        return ""
    said = lines if at is None else lines[: at.number + 1]
    given = {
        "client": session.remote_address,
        "local": session.local_endpoint,
        "helo": session.helo,
        "tls": "on" if any(line.event == "*" and line.data.startswith(TLS) for line in said) else "",
        **_named_by(lines),
        "user": next((line.data for line in said if line.context == "authenticated"), ""),
    }
    return of_commands(given, [line.data for line in said if line.is_command])


def _named_by(lines: Sequence[Line]) -> dict[str, str]:
    """The load balancer that has named the client, and where it has connected. A mail server has named it as if it had
    connected there itself.
    """
    named = [(line.context, each) for line in lines if line.event == "*" and (each := introduction(line.data))]
    if not named:
        return {}
    context, (speaker, place) = named[-1]
    return {"local": place} if context == BY_XCLIENT else {"front_end": speaker, "local": place}


def of_commands(given: Mapping[str, object], commands: Sequence[str]) -> str:
    """The same of a client who said these commands; `given` are the fields of the What-if that are known besides."""
    hello = {"hello": "HELO"} if any(each[:4].upper() == "HELO" for each in commands) else {}
    asked = {**given, **hello, **_message(commands)}
    return f"{reverse('what_if:page')}?{urlencode({name: value for name, value in asked.items() if value})}"


def _message(commands: Sequence[str]) -> dict[str, str]:
    """The last one."""
    begun = [place for place, each in enumerate(commands) if each[:5].upper() == "MAIL "]
    last = commands[begun[-1] :] if begun else []
    size = _SIZE.search(last[0]) if last else None
    recipients = [path for each in last if each[:5].upper() == "RCPT " and (path := _path(each))]
    return {
        "sender": _path(last[0]) if last else "",
        "recipients": "\n".join(recipients[-MOST:]),
        "size": size[1] if size else "",
    }


def _path(command: str) -> str:
    found = _PATH.search(command)
    return found[1][:LONGEST] if found else ""
