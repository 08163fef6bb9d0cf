"""Mail that waits for us on another server: what is asked there, when, and what the answers mean (RFC 1985). Source:
Sending mail outward, sections 3.1 to 3.3.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from transport.config import timetable
from transport.config.delivery_host import DeliveryHost, parse
from transport.config.send_connector import RequestMail, SendConnector
from transport.config.snapshot import Snapshot
from transport.send import remote_reply

SLOT = 60 * timetable.STEP
"""Seconds."""
STARTED = {250, 252, 253}
NOTHING_WAITS = 251
LATER = 458
TURNED, NO_MAIL, TRY_LATER = 250, 453, 451


class Heard(msgspec.Struct, frozen=True):
    """What came of a request, for people. `is_refused`: somebody has to mend something."""

    words: str
    is_refused: bool = False


def is_due(connector: SendConnector, minute: int) -> bool:
    """Whether its timetable asks for mail in the quarter of an hour that a minute of the week lies in."""
    asks = connector.enabled and connector.request_mail is not RequestMail.None_
    return asks and timetable.is_open(connector.request_mail_times, minute)


def servers(connector: SendConnector) -> list[DeliveryHost]:
    """Which to ask, in their order: another one than the smart hosts where that is set."""
    if connector.request_mail_server:
        return [parse(connector.request_mail_server)]
    return [DeliveryHost(name) for name in connector.smart_hosts]


def domains(connector: SendConnector, snapshot: Snapshot) -> list[str]:
    """For which to ask, each as ETRN names it: with @ for all below."""
    return list(connector.request_mail_domains) or list(_accepted(snapshot))


def _accepted(snapshot: Snapshot) -> Iterator[str]:
    for accepted in snapshot.accepted_domains:
        name = accepted.domain_name
        if name == "*":
            continue
        yield f"@{name[2:]}" if name.startswith("*.") else f"@{name}" if accepted.match_subdomains else name


def meaning(domain: str, code: int, text: str) -> Heard:
    """Of an answer to ETRN (RFC 1985 §5.1)."""
    heard = remote_reply.one_line(code, text)
    if code in STARTED:
        return Heard(f"{domain}: mail is on its way ({heard})")
    if code == NOTHING_WAITS:
        return Heard(f"{domain}: no mail waits")
    if code == LATER:
        return Heard(f"{domain}: the server cannot send it now ({heard})")
    return Heard(f"{domain}: refused ({heard})", is_refused=True)


def turning(connector: SendConnector, wanted: list[str]) -> str:
    """The command that turns the connection round (RFC 2645 §5.2.1; RFC 821 §3.8). Subdomains cannot be asked for."""
    if connector.request_mail is RequestMail.Turn:
        return "TURN"
    return f"ATRN {','.join(name.removeprefix('@') for name in wanted)}".rstrip()


def refused(code: int, text: str) -> Heard:
    """Of an answer to it that is not 250."""
    heard = remote_reply.one_line(code, text)
    if code == NO_MAIL:
        return Heard("no mail waits")
    if code == TRY_LATER:
        return Heard(f"the server cannot hand it over now ({heard})")
    return Heard(f"refused ({heard})", is_refused=True)


def together(found: list[Heard]) -> Heard:
    """What came of a request for several domains: what was refused comes first."""
    ordered = sorted(found, key=lambda each: not each.is_refused)
    words = "; ".join(each.words for each in ordered[:10])
    more = f"; and {len(found) - 10} more" if len(found) > 10 else ""
    return Heard(words + more, any(each.is_refused for each in found))
