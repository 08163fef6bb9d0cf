"""RCPT TO: RFC 5321 §4.1.1.3. Syntax, the limit, relay, then the recipient filter."""

from __future__ import annotations

import msgspec

from transport.receive import relay
from transport.receive.outcome import LookUpRecipient, Outcome
from transport.receive.refusals import refuse
from transport.receive.session import Recipients, Session, Stage
from transport.smtp import replies
from transport.smtp.parameters import UnknownParameter, no_parameters
from transport.smtp.path import Path, PathError, parse_mailbox, split_path


def rcpt(session: Session, argument: str, now: float) -> Outcome:
    """Adds a recipient, refuses it, or asks the directory first."""
    if argument[:3].upper() != "TO:":
        return refuse(session, replies.INVALID_ARGUMENTS, "invalid_arguments")
    try:
        text, parameters = split_path(argument[3:])
        recipient = _recipient(session, text)
        no_parameters(parameters)
    except PathError:
        return _malformed(session, argument)
    except UnknownParameter:
        return refuse(session, replies.UNKNOWN_PARAMETER, "unknown_parameter")
    if session.recipient_count >= session.connector.max_recipients_per_message:
        return refuse(session, replies.TOO_MANY_RECIPIENTS, "recipient_limit")
    return _decide(session, recipient)


def _recipient(session: Session, text: str) -> Path:
    """The mailbox; `postmaster` alone means that of the default domain (RFC 5321 §4.5.1)."""
    if text.lower() == "postmaster":
        return Path("postmaster", session.policy.default_domain)
    return parse_mailbox(text)


def _malformed(session: Session, argument: str) -> Outcome:
    if not argument.isascii():
        return refuse(session, replies.ADDRESS_NOT_ASCII, "address_not_ascii")
    return refuse(session, replies.INVALID_RECIPIENT, "invalid_address")


def _decide(session: Session, recipient: Path) -> Outcome:
    domain = session.policy.accepted_domain(recipient.domain)
    rule = relay.refusal(session, recipient, domain)
    if rule:
        return refuse(session, replies.UNABLE_TO_RELAY, rule)
    if recipient.local_part.lower() != "postmaster" and relay.needs_look_up(session, domain):
        return Outcome(session, None, (LookUpRecipient(recipient),))
    return _add(session, recipient, "accepted_domain" if domain is not None else "relay_allowed")


def looked_up(session: Session, recipient: Path, found: bool | None) -> Outcome:
    """The directory's answer to a `LookUpRecipient`: listed, not listed, or None when it cannot tell."""
    if found is None:
        return refuse(session, replies.DIRECTORY_NOT_AVAILABLE, "directory_not_available")
    if not found:
        return refuse(session, replies.USER_UNKNOWN, "recipient_unknown")
    return _add(session, recipient, "recipient_listed")


def _add(session: Session, recipient: Path, rule: str) -> Outcome:
    recipients = Recipients(str(recipient), session.recipient_count + 1, session.recipients)
    session = msgspec.structs.replace(session, stage=Stage.RCPT, recipients=recipients)
    return Outcome(session, replies.RECIPIENT_OK, (), rule)
