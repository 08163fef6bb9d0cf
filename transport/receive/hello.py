"""HELO and EHLO: RFC 5321 §4.1.1.1."""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from transport.receive import connection_filter
from transport.receive.outcome import Outcome
from transport.receive.refusals import close, refuse
from transport.receive.session import NO_TRANSACTION, Session, Stage
from transport.receive.xclient import KEYWORD, is_believed
from transport.smtp.reply import Reply, reply

_NAME = re.compile(r"[A-Za-z0-9_.:\[\]-]{0,255}")


def helo(session: Session, argument: str, now: float) -> Outcome:
    """`250 <fqdn> Hello [<client>]`."""
    return _hello(session, argument.strip(), now, extended=False)


def ehlo(session: Session, argument: str, now: float) -> Outcome:
    """The greeting with the extensions that this connector offers to this session."""
    return _hello(session, argument.strip(), now, extended=True)


def _hello(session: Session, name: str, now: float, *, extended: bool) -> Outcome:
    if _NAME.fullmatch(name) is None:
        return refuse(session, "invalid_domain_name")
    if session.connector.require_ehlo_domain and not name:
        return close(session, "ehlo_domain_missing")
    if session.via is not None and session.via.helo:
        name = session.via.helo
    session = msgspec.structs.replace(session, stage=Stage.GREETED, helo=name, extended=extended, **NO_TRANSACTION)
    greeted = Outcome(session, answer(session) if extended else _reply(_first_line(session)))
    return connection_filter.ask(greeted, now)


def answer(session: Session) -> Reply:
    """The answer to EHLO, keywords in Exchange's order (Exchange reference, section 5.2)."""
    tls = bool(session.tls)
    limit = session.size_limit or session.connector.max_message_size
    offered = session.policy.keywords(session.connector, limit, session.tls_available and not tls, tls)
    if session.connector.xclient_from and is_believed(session):
        offered = (*offered, KEYWORD)
    return _reply(_first_line(session), *offered)


@lru_cache(maxsize=4096)
def _reply(*lines: str) -> Reply:
    """Most clients come again, and hear the same."""
    return reply(250, "", *lines)


def _first_line(session: Session) -> str:
    return f"{session.server} Hello [{session.remote_ip}]"
