"""RCPT TO: RFC 5321 §4.1.1.3. Syntax, the limit, relay, then the filters."""

from __future__ import annotations

import msgspec

from transport.config.receive_connector import ReceiveConnector
from transport.receive import connection_filter, recipient_filter, relay
from transport.receive.client_lists import NEUTRAL
from transport.receive.mail import MALFORMED, malformed, read_path
from transport.receive.outcome import LookUpRecipient, Outcome, waiting
from transport.receive.refusals import hold, refuse
from transport.receive.session import EnvelopeRecipient, Recipients, Session, Stage
from transport.smtp import replies
from transport.smtp.parameters import RcptParameters, rcpt_parameters
from transport.smtp.path import Path, split_path

RESERVED_TOP_LEVEL = frozenset({"test", "example", "invalid", "localhost"})
RESERVED_SECOND_LEVEL = frozenset({"example.com", "example.net", "example.org"})


def rcpt(session: Session, argument: str, now: float) -> Outcome:
    """Adds a recipient, refuses it, or asks the directory first."""
    if argument[:3].upper() != "TO:":
        return refuse(session, "invalid_arguments")
    try:
        text, parameter_text = split_path(argument[3:])
        recipient = _recipient(session, text)
        offered = session.policy.rcpt_parameters[session.connector.name]
        wishes = rcpt_parameters(parameter_text, offered, session.mail.smtp_utf8)
    except MALFORMED as error:
        return malformed(session, error, replies.INVALID_RECIPIENT)
    if session.recipient_count >= session.connector.max_recipients_per_message:
        return refuse(session, "recipient_limit")
    return _decide(session, recipient, wishes, now)


def _recipient(session: Session, text: str) -> Path:
    """The mailbox. `postmaster` alone is always understood (RFC 5321 §4.5.1), another bare name with DefaultDomain."""
    if "@" not in text and (session.connector.default_domain or text.lower() == "postmaster"):
        text = f"{text}@{session.connector.default_domain or session.policy.default_domain}"
    return read_path(session, text, session.mail.smtp_utf8)


def _decide(session: Session, recipient: Path, wishes: RcptParameters, now: float) -> Outcome:
    domain = session.policy.accepted_domains.find(recipient.domain)
    reached = domain or session.policy.relayed_domains.find(recipient.domain)
    rule = relay.refusal(session, recipient, reached) or reserved(session.connector, recipient.domain)
    if rule:
        return refuse(session, rule)
    client = NEUTRAL
    if not session.policy.connection_lists.idle:
        client = connection_filter.verdict(session, now)
        if client.pending:
            return waiting(session)
        refusal = connection_filter.refuse_recipient(session, recipient, client)
        if refusal is not None:
            return refusal
    if not client.allowed and recipient_filter.is_on(session):
        if session.policy.blocked_recipients and recipient_filter.is_blocked(session, recipient):
            return refuse(session, "recipient_blocked", str(recipient).lower())
        if recipient_filter.needs_look_up(session, recipient, domain):
            return Outcome(session, None, (LookUpRecipient(recipient, wishes),))
    return _add(session, recipient, wishes, relay.allowance(session, reached))


def reserved(connector: ReceiveConnector, domain: str) -> str:
    """RejectReservedTopLevel-, RejectReservedSecondLevel- and RejectSingleLabelRecipientDomains (RFC 2606):
    the rule that refuses the domain, or an empty text.
    """
    if connector.reject_single_label_recipient_domains and "." not in domain and not domain.startswith("["):
        return "single_label_domain"
    if connector.reject_reserved_top_level_recipient_domains and domain.rpartition(".")[2] in RESERVED_TOP_LEVEL:
        return "reserved_top_level_domain"
    second_level = connector.reject_reserved_second_level_recipient_domains
    if second_level and ".".join(domain.rsplit(".", 2)[-2:]) in RESERVED_SECOND_LEVEL:
        return "reserved_second_level_domain"
    return ""


def looked_up(session: Session, asked: LookUpRecipient, found: bool | None, over_budget: bool = False) -> Outcome:
    """The directory's answer to a `LookUpRecipient`: listed, not listed, or None when it cannot tell.

    `over_budget`: the source has asked for too many unknown recipients, and waits for the known as for the unknown.
    """
    if found is None:
        return refuse(session, "directory_not_available")
    if not found:
        return refuse(session, "recipient_unknown")
    added = _add(session, asked.recipient, asked.wishes, "recipient_listed")
    return msgspec.structs.replace(added, actions=hold(session)) if over_budget else added


def _add(session: Session, recipient: Path, wishes: RcptParameters, rule: str) -> Outcome:
    added = EnvelopeRecipient(str(recipient), wishes.notify, wishes.orcpt)
    recipients = Recipients(added, session.recipient_count + 1, session.recipients)
    session = msgspec.structs.replace(session, stage=Stage.RCPT, recipients=recipients)
    return Outcome(session, replies.RECIPIENT_OK, (), rule)
