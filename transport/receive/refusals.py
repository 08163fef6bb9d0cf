"""How a refusal becomes an outcome, and when protocol errors end the connection."""

from __future__ import annotations

import msgspec

from transport.receive.outcome import CLOSE, Action, Outcome, Tarpit
from transport.receive.rules import RULES, answer_of
from transport.receive.session import Session
from transport.smtp.reply import Reply


def refuse(session: Session, rule: str, matched: str = "", answer: Reply | None = None) -> Outcome:
    """The refusal by a rule, with another answer than its usual one where that is given; a protocol error is counted,
    and the one that reaches MaxProtocolErrors closes (document 001).
    """
    known = RULES[rule]
    answer = answer or known.replies[0]
    if not known.protocol_error:
        return Outcome(session, answer, tarpit(session, answer), rule, matched)
    session = msgspec.structs.replace(session, protocol_errors=session.protocol_errors + 1)
    limit = session.connector.max_protocol_errors
    if limit is None or session.protocol_errors < limit:
        return Outcome(session, answer, tarpit(session, answer), rule)
    return one_too_many(session, answer, tarpit(session, answer), "too_many_errors", rule)


def close(session: Session, rule: str, matched: str = "", answer: Reply | None = None) -> Outcome:
    """The refusal that ends the connection."""
    answer = answer or answer_of(rule)
    return Outcome(session, answer, (*tarpit(session, answer), *CLOSE), rule, matched)


def close_at_once(session: Session, rule: str) -> Outcome:
    """The same, without the tarpit."""
    return Outcome(session, answer_of(rule), CLOSE, rule)


def one_too_many(session: Session, answer: Reply, held: tuple[Action, ...], limit: str, rule: str) -> Outcome:
    """The refusal by a rule that reaches a limit: its answer, held as it is, and behind it that of the limit's rule."""
    last = answer_of(limit)
    both = Reply(last.code, last.status, last.lines, answer.wire + last.wire)
    return Outcome(session, both, (*held, *CLOSE), limit, rule)


def referring(outcome: Outcome, words: str) -> Outcome:
    """A refusal whose last line ends with these words, where they have room."""
    return msgspec.structs.replace(outcome, reply=outcome.reply.ending_with(words)) if outcome.reply else outcome


def tarpit(session: Session, answer: Reply) -> tuple[Action, ...]:
    """TarpitInterval holds each 5.x.x reply to an anonymous client (documents 000 and 001)."""
    return hold(session) if answer.status.startswith("5.") else ()


def hold(session: Session) -> tuple[Action, ...]:
    """The tarpit of an anonymous session, whatever the reply."""
    seconds = session.connector.tarpit_interval
    return (Tarpit(seconds),) if seconds and session.is_anonymous else ()
