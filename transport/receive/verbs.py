"""READ FIRST. The verb table: which commands exist, when each may come, and which file answers it.

Whether a verb may come now stands here and nowhere else (RFC 5321 §4.1.4).
"""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from transport.receive.auth import answered, auth
from transport.receive.data import bdat, data
from transport.receive.hello import ehlo, helo
from transport.receive.mail import mail
from transport.receive.outcome import CLOSE, Action, Outcome
from transport.receive.pick_up import atrn, etrn, turn
from transport.receive.rcpt import rcpt
from transport.receive.refusals import close, close_at_once, refuse
from transport.receive.session import Session, Stage, reset
from transport.receive.starttls import starttls
from transport.receive.xclient import xclient
from transport.smtp import replies
from transport.smtp.reply import Reply

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
TLS_RECORD = b"\x16\x03"
"""How a handshake of TLS begins (RFC 8446 §5.1), and no command."""
HTTP = frozenset({"CONNECT", "GET", "HEAD", "OPTIONS", "POST", "PUT"})
"""A browser that a web page made talk to us: the body of its request could be commands."""


class Verb(msgspec.Struct, frozen=True):
    """`too_early[stage]` is the refusal in a stage in which the verb may not come."""

    answer: Callable[[Session, str, float], Outcome]
    too_early: dict[int, Reply] = {}


def rset(session: Session, argument: str, now: float) -> Outcome:
    """Forgets the transaction: RFC 5321 §4.1.1.5."""
    return Outcome(reset(session), replies.RESETTING)


def always(reply: Reply, actions: tuple[Action, ...] = ()) -> Callable[[Session, str, float], Outcome]:
    """What hears the same whoever says it: RFC 5321 §4.1.1.8 to §4.1.1.10; VRFY, which never tells who exists: §7.3."""
    return lambda session, argument, now: Outcome(session, reply, actions)


BETWEEN_MESSAGES: dict[int, Reply] = {
    Stage.CONNECTED: replies.SEND_HELLO_FIRST,
    Stage.MAIL: replies.IN_TRANSACTION,
    Stage.RCPT: replies.IN_TRANSACTION,
}
VERBS: dict[str, Verb] = {
    "HELO": Verb(helo),
    "EHLO": Verb(ehlo),
    "STARTTLS": Verb(starttls),
    "AUTH": Verb(
        auth,
        {
            Stage.CONNECTED: replies.SEND_HELLO_FIRST,
            Stage.MAIL: replies.AUTH_IN_TRANSACTION,
            Stage.RCPT: replies.AUTH_IN_TRANSACTION,
        },
    ),
    "MAIL": Verb(
        mail,
        {
            Stage.CONNECTED: replies.SEND_HELLO_FIRST,
            Stage.MAIL: replies.SENDER_ALREADY_SPECIFIED,
            Stage.RCPT: replies.SENDER_ALREADY_SPECIFIED,
        },
    ),
    "RCPT": Verb(rcpt, {Stage.CONNECTED: replies.SEND_HELLO_FIRST, Stage.GREETED: replies.NEED_MAIL_COMMAND}),
    "DATA": Verb(
        data,
        {
            Stage.CONNECTED: replies.SEND_HELLO_FIRST,
            Stage.GREETED: replies.NEED_MAIL_COMMAND,
            Stage.MAIL: replies.NEED_RCPT_COMMAND,
        },
    ),
    "BDAT": Verb(bdat),
    "ETRN": Verb(etrn, BETWEEN_MESSAGES),
    "ATRN": Verb(atrn, BETWEEN_MESSAGES),
    "TURN": Verb(turn, BETWEEN_MESSAGES),
    "XCLIENT": Verb(xclient),
    "RSET": Verb(rset),
    "NOOP": Verb(always(replies.OK)),
    "HELP": Verb(always(replies.HELP)),
    "VRFY": Verb(always(replies.CANNOT_VERIFY)),
    "QUIT": Verb(always(replies.CLOSING, CLOSE)),
}


def respond(session: Session, line: bytes, now: float, resources_low: bool = False) -> Outcome:
    """The outcome of one command line without its CRLF; `now` in Unix seconds. Never raises because of the line."""
    if session.exchange is not None:
        return answered(session, line)
    text = line.decode("latin-1")
    if not text.isprintable():
        text = text.replace("\t", " ")
        if _CONTROL.search(text):
            return refuse(session, "invalid_arguments")
    name, _, argument = text.partition(" ")
    name = name.upper()
    verb = VERBS.get(name)
    if verb is None:
        if name in HTTP:
            return close(session, "unrecognized_command")
        return refuse(session, "unrecognized_command")
    out_of_order = verb.too_early.get(session.stage)
    if out_of_order is not None:
        return refuse(session, "out_of_order", answer=out_of_order)
    if resources_low and name == "MAIL":
        return refuse(session, "insufficient_resources")
    return verb.answer(session, argument, now)


def line_too_long(session: Session) -> Outcome:
    """A command line beyond what the shell reads: RFC 5321 §4.5.3.1.4."""
    if session.exchange is not None:
        session = msgspec.structs.replace(session, exchange=None)
        return refuse(session, "line_too_long", answer=replies.RESPONSE_TOO_LONG)
    return refuse(session, "line_too_long")


def bare_line_feed(session: Session) -> Outcome:
    """A command that ended with LF alone: RFC 5321 §2.3.8."""
    session = msgspec.structs.replace(session, exchange=None)
    return refuse(session, "bare_line_feed")


def spoke_early(session: Session, octets: bytes) -> Outcome | None:
    """The client said this before the greeting (RFC 5321 §4.3.1): the refusal, None where the connector lets it."""
    if octets.startswith(TLS_RECORD):
        return tls_at_once(session)
    if not session.connector.early_talker_rejection_enabled:
        return None
    return close(session, "early_talker")


def tls_at_once(session: Session) -> Outcome:
    """The client began TLS where commands are spoken. Its user hears of it at once, not after the tarpit."""
    return close_at_once(session, "tls_at_once")


def idle(session: Session) -> Outcome:
    """ConnectionInactivityTimeout has passed."""
    return close(session, "inactivity_timeout")


def expired(session: Session) -> Outcome:
    """ConnectionTimeout has passed."""
    return close(session, "connection_timeout")


def stopping(session: Session) -> Outcome:
    """The transport is going down: RFC 5321 §3.8."""
    return close(session, "stopping")


def ended(session: Session) -> Outcome:
    """An administrator has ended the session: RFC 5321 §3.8. At once, whatever the tarpit."""
    return close_at_once(session, "ended_by_administrator")


def failed(session: Session) -> Outcome:
    """A fault of our own; the client learns nothing of it."""
    return close(session, "internal_fault")
