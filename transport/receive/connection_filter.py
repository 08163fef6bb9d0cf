"""The connection filter: allow list, block list, then providers; enforced at RCPT (Exchange reference, section 6.4)."""

from __future__ import annotations

import msgspec

from transport.receive.client_lists import NEUTRAL, Verdict
from transport.receive.dns import PENDING, DnsAnswers
from transport.receive.filters import looks_at
from transport.receive.outcome import LookUpClient, Outcome
from transport.receive.refusals import close, refuse
from transport.receive.session import Session
from transport.smtp.path import Path


def verdict(session: Session, now: float) -> Verdict:
    """What the filter makes of the session's client at `now` (Unix seconds)."""
    lists = session.policy.connection_lists
    if lists.idle or not looks_at(session, session.policy.snapshot.connection_filter):
        return NEUTRAL
    return lists.verdict(session.remote_ip, session.dns, now)


def refuse_recipient(session: Session, recipient: Path, found: Verdict) -> Outcome | None:
    """The refusal of a recipient, None when there is none. It closes, unless a recipient may be exempt from it."""
    if found.refusal is None or str(recipient).lower() in session.policy.connection_lists.bypassed:
        return None
    may_go_on = session.policy.connection_lists.bypassed or session.recipient_count
    return (refuse if may_go_on else close)(session, found.refusal, found.rule, found.by)


def ask(outcome: Outcome, now: float) -> Outcome:
    """The outcome of a hello, with the questions about this client that DNS is to answer meanwhile."""
    session = outcome.session
    lists, settings = session.policy.connection_lists, session.policy.snapshot.connection_filter
    reverse = settings.reverse_dns_lookup_enabled
    if session.dns is not None or not (reverse or lists.lookup_domains):
        return outcome
    domains = _domains_to_ask(session, now)
    if not domains and not reverse:
        return outcome
    question = LookUpClient(session.remote_ip, domains, reverse)
    session = msgspec.structs.replace(session, dns=PENDING)
    return msgspec.structs.replace(outcome, session=session, actions=(*outcome.actions, question))


def _domains_to_ask(session: Session, now: float) -> tuple[str, ...]:
    """The lists to ask: none about a client that the filter leaves alone, or that our own lists decide about."""
    lists, settings = session.policy.connection_lists, session.policy.snapshot.connection_filter
    # Who is anonymous now may sign in before the first recipient.
    concerned = lists.lookup_domains and (looks_at(session, settings) or settings.internal_mail_enabled)
    return lists.lookup_domains if concerned and not lists.listed(session.remote_ip, now) else ()


def answered(session: Session, answers: DnsAnswers) -> Session:
    """The session once DNS has answered a `LookUpClient`, or the time for it is over."""
    return msgspec.structs.replace(session, dns=answers) if session.dns is PENDING else session


def client_in_words(session: Session, answers: DnsAnswers) -> str:
    """The client as the Received header names it: its address, and with reverse DNS lookup its name (document 002)."""
    address = session.remote_ip
    if not session.policy.snapshot.connection_filter.reverse_dns_lookup_enabled:
        return address
    if not answers.host_name:
        return f"[{address}] RDNS failed"
    if not answers.confirmed:
        return f"{answers.host_name} [{address}] RDNS not confirmed"
    matched = answers.host_name.lower() == session.helo.lower().rstrip(".")
    return f"{answers.host_name} [{address}]" + ("" if matched else " RDNS differs")
