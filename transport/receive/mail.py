"""MAIL FROM: RFC 5321 §4.1.1.2. Syntax, then who may send, as whom, how much."""

from __future__ import annotations

import msgspec

from transport.config.permissions import Right
from transport.config.receive_connector import MessageRateSource
from transport.receive import connection_filter, sender_filter
from transport.receive.outcome import CountMessage, Outcome, waiting
from transport.receive.partner import vouched_by_certificate, within
from transport.receive.refusals import close, refuse
from transport.receive.session import Session, Stage, reset
from transport.smtp import replies
from transport.smtp.parameters import MailParameters, ParameterError, UnknownParameter, mail_parameters
from transport.smtp.path import (
    LONG_PATH_LIMIT,
    NULL_PATH,
    PATH_LIMIT,
    DomainError,
    NotAsciiError,
    Path,
    PathError,
    parse_mailbox,
    split_path,
)
from transport.smtp.reply import Reply

_RULES: dict[type[Exception], str] = {
    PathError: "invalid_address",
    NotAsciiError: "address_not_ascii",
    DomainError: "domain_not_clear",
    ParameterError: "invalid_arguments",
    UnknownParameter: "unknown_parameter",
}
MALFORMED = tuple(_RULES)
"""What reading an address or parameters may raise."""


def mail(session: Session, argument: str, now: float) -> Outcome:
    """Starts a transaction, or says why not."""
    if argument[:5].upper() != "FROM:":
        return refuse(session, "invalid_arguments")
    try:
        text, parameter_text = split_path(argument[5:])
        offered = session.policy.mail_parameters[session.connector.name, bool(session.tls)]
        parameters = mail_parameters(parameter_text, offered)
        sender = read_path(session, text, parameters.smtp_utf8) if text else NULL_PATH
    except MALFORMED as error:
        return malformed(session, error, replies.INVALID_SENDER)
    rule = _refusal(session, sender, parameters)
    if rule:
        return refuse(session, rule)
    filtered = _filtered(session, sender, now) if sender_filter.is_on(session) else None
    if filtered is not None:
        return filtered
    session = msgspec.structs.replace(session, stage=Stage.MAIL, sender=sender, mail=parameters, too_large="")
    rate = session.connector.message_rate_limit
    return Outcome(session, replies.SENDER_OK) if rate is None else _rated(session, rate)


def _filtered(session: Session, sender: Path, now: float) -> Outcome | None:
    """The sender filter, unless the client is on an allow list."""
    blocked = sender_filter.blocked(session, sender)
    if blocked is None or not sender_filter.rejects(session):
        return None
    client = connection_filter.verdict(session, now)
    if client.pending:
        return waiting(session)
    return None if client.allowed else close(session, blocked.rule, blocked.entry)


def _rated(session: Session, limit: int) -> Outcome:
    """Asks for the count of this minute where a rate is set (MessageRateLimit, documents 000 and 001)."""
    connector = session.connector
    source = connector.message_rate_source
    if source is MessageRateSource.None_:
        return Outcome(session, replies.SENDER_OK)
    address = "" if source is MessageRateSource.User else session.source
    user = "" if source is MessageRateSource.IPAddress else str(session.sender).lower()
    return Outcome(session, None, (CountMessage(f"{connector.name}|{address}|{user}", limit),))


def counted(session: Session, within: bool) -> Outcome:
    """The answer to `CountMessage`: whether the limit is kept with this message."""
    if within:
        return Outcome(session, replies.SENDER_OK)
    return close(reset(session), "message_rate")


def read_path(session: Session, text: str, smtp_utf8: bool) -> Path:
    """A mailbox under the connector's rules for long and international addresses. Raises PathError."""
    limit = LONG_PATH_LIMIT if session.connector.long_addresses_enabled else PATH_LIMIT
    return parse_mailbox(text, limit, smtp_utf8)


def malformed(session: Session, error: Exception, invalid: Reply) -> Outcome:
    """The refusal of an address or a parameter that cannot be read; `invalid` says it of an address."""
    rule = _RULES[type(error)]
    return refuse(session, rule, answer=invalid if rule == "invalid_address" else None)


def _refusal(session: Session, sender: Path, parameters: MailParameters) -> str:
    """The rule that refuses the sender, or an empty text."""
    if session.connector.require_tls and not session.tls:
        return "tls_required"
    rule = _sender_refusal(session, sender)
    if rule:
        return rule
    limit = session.size_limit
    return session.size_rule if limit is not None and parameters.size > limit else ""


def _sender_refusal(session: Session, sender: Path) -> str:
    """Submit, own addresses, Accept any sender, Accept authoritative domain sender (Exchange reference, 2.2)."""
    if Right.SUBMIT not in session.rights:
        return "health_check" if session.is_health_check else "submit_denied"
    if not sender.domain:
        return ""
    if session.user is not None:
        if str(sender).lower() in session.user.addresses:
            return ""
        if Right.ACCEPT_ANY_SENDER not in session.rights:
            return "sender_not_own"
    if session.partner_domains and any(within(sender.domain, domain) for domain in session.partner_domains):
        return ""
    if session.user is None and vouched_by_certificate(session.connector, sender.domain):
        return "partner_not_proved"
    if session.policy.is_authoritative(sender.domain):
        if Right.ACCEPT_AUTHORITATIVE_DOMAIN_SENDER not in session.rights:
            return "authoritative_sender_denied"
    elif Right.ACCEPT_ANY_SENDER not in session.rights:
        return "any_sender_denied"
    return ""
