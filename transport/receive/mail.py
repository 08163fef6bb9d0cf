"""MAIL FROM: RFC 5321 §4.1.1.2. Syntax, then who may send, as whom, how much."""

from __future__ import annotations

import msgspec

from transport.config.permissions import Right
from transport.receive.outcome import Outcome
from transport.receive.refusals import refuse
from transport.receive.session import Session, Stage
from transport.smtp import replies
from transport.smtp.parameters import ParameterError, UnknownParameter, mail_parameters
from transport.smtp.path import NULL_PATH, Path, PathError, parse_mailbox, split_path


def mail(session: Session, argument: str, now: float) -> Outcome:
    """Starts a transaction, or says why not."""
    if argument[:5].upper() != "FROM:":
        return refuse(session, replies.INVALID_ARGUMENTS, "invalid_arguments")
    try:
        text, parameter_text = split_path(argument[5:])
        sender = parse_mailbox(text) if text else NULL_PATH
    except PathError:
        return _malformed(session, argument)
    try:
        parameters = mail_parameters(parameter_text)
    except ParameterError:
        return refuse(session, replies.INVALID_ARGUMENTS, "invalid_arguments")
    except UnknownParameter:
        return refuse(session, replies.UNKNOWN_PARAMETER, "unknown_parameter")
    refusal = _sender_refusal(session, sender)
    if refusal is not None:
        return refusal
    if parameters.size > session.connector.max_message_size and Right.BYPASS_MESSAGE_SIZE_LIMIT not in session.rights:
        return refuse(session, replies.MESSAGE_TOO_LARGE, "message_size")
    session = msgspec.structs.replace(session, stage=Stage.MAIL, sender=sender, body=parameters.body)
    return Outcome(session, replies.SENDER_OK)


def _malformed(session: Session, argument: str) -> Outcome:
    if not argument.isascii():
        return refuse(session, replies.ADDRESS_NOT_ASCII, "address_not_ascii")
    return refuse(session, replies.INVALID_SENDER, "invalid_address")


def _sender_refusal(session: Session, sender: Path) -> Outcome | None:
    """Submit, Accept any sender, Accept authoritative domain sender (Exchange reference, section 2.2)."""
    if Right.SUBMIT not in session.rights:
        return refuse(session, replies.NOT_AUTHENTICATED, "submit_denied")
    if not sender.domain:
        return None
    if session.policy.is_authoritative(sender.domain):
        if Right.ACCEPT_AUTHORITATIVE_DOMAIN_SENDER not in session.rights:
            return refuse(session, replies.SEND_AS_DENIED, "authoritative_sender_denied")
    elif Right.ACCEPT_ANY_SENDER not in session.rights:
        return refuse(session, replies.SEND_AS_DENIED, "any_sender_denied")
    return None
