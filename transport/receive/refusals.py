"""How a refusal becomes an outcome, and when protocol errors end the connection."""

from __future__ import annotations

import msgspec

from transport.receive.outcome import CLOSE, Action, Outcome, Tarpit
from transport.receive.rules import RULES
from transport.receive.session import Session
from transport.smtp import replies
from transport.smtp.reply import Reply

PROTOCOL_ERRORS = frozenset(name for name, rule in RULES.items() if rule.protocol_error)


def refuse(session: Session, answer: Reply, rule: str, matched: str = "") -> Outcome:
    """The refusal; a protocol error is counted, and the one that reaches MaxProtocolErrors closes (document 001)."""
    if rule not in PROTOCOL_ERRORS:
        return Outcome(session, answer, tarpit(session, answer), rule, matched)
    session = msgspec.structs.replace(session, protocol_errors=session.protocol_errors + 1)
    limit = session.connector.max_protocol_errors
    if limit is None or session.protocol_errors < limit:
        return Outcome(session, answer, tarpit(session, answer), rule)
    both = Reply(421, "4.7.0", replies.TOO_MANY_ERRORS.lines, answer.wire + replies.TOO_MANY_ERRORS.wire)
    return Outcome(session, both, (*tarpit(session, answer), *CLOSE), "too_many_errors", rule)


def close(session: Session, answer: Reply, rule: str, matched: str = "") -> Outcome:
    """The refusal that ends the connection."""
    return Outcome(session, answer, (*tarpit(session, answer), *CLOSE), rule, matched)


def tarpit(session: Session, answer: Reply) -> tuple[Action, ...]:
    """TarpitInterval holds each 5.x.x reply to an anonymous client (documents 000 and 001)."""
    return hold(session) if answer.status.startswith("5.") else ()


def hold(session: Session) -> tuple[Action, ...]:
    """The tarpit of an anonymous session, whatever the reply."""
    seconds = session.connector.tarpit_interval
    return (Tarpit(seconds),) if seconds and session.is_anonymous else ()
