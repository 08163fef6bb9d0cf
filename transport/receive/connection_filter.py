"""The connection filter: allow list, block list, then providers; enforced at RCPT (Exchange reference, section 6.4)."""

from __future__ import annotations

from transport.receive.client_lists import NEUTRAL, PENDING, Verdict
from transport.receive.facts import NO_FACTS, ListsOf, NameOf
from transport.receive.filters import looks_at
from transport.receive.outcome import Outcome, asking
from transport.receive.refusals import close, refuse
from transport.receive.session import Session
from transport.smtp.path import Path


def verdict(session: Session, now: float) -> Verdict:
    """What the filter makes of the session's client at `now` (Unix seconds)."""
    lists = session.policy.connection_lists
    if lists.idle or not looks_at(session, session.policy.snapshot.connection_filter):
        return NEUTRAL
    known = lists.listed(session.remote_ip, now)
    if known is not None or session.facts is NO_FACTS:
        return known or NEUTRAL
    question = _lists_of(session)
    found = session.facts.of(question)
    if found is None and session.facts.is_open(question):
        return PENDING
    return lists.provided(session.remote_ip, found or {})


def _lists_of(session: Session) -> ListsOf:
    return ListsOf(session.remote_ip, session.policy.connection_lists.lookup_domains)


def refuse_recipient(session: Session, recipient: Path, found: Verdict) -> Outcome | None:
    """The refusal of a recipient, None when there is none. It closes, unless a recipient may be exempt from it."""
    if found.refusal is None or str(recipient).lower() in session.policy.connection_lists.bypassed:
        return None
    may_go_on = session.policy.connection_lists.bypassed or session.recipient_count
    return (refuse if may_go_on else close)(session, found.rule, found.by, found.refusal)


def ask(outcome: Outcome, now: float) -> Outcome:
    """The outcome of a hello, with the questions about this client that DNS is to answer meanwhile."""
    session = outcome.session
    lists, settings = session.policy.connection_lists, session.policy.snapshot.connection_filter
    if session.is_health_check:
        return outcome
    if settings.reverse_dns_lookup_enabled:
        outcome = asking(outcome, NameOf(session.remote_ip))
    if not lists.lookup_domains or lists.listed(session.remote_ip, now):
        return outcome
    # Who is anonymous now may sign in before the first recipient.
    concerned = looks_at(session, settings) or settings.internal_mail_enabled
    return asking(outcome, _lists_of(session)) if concerned else outcome


def client_in_words(session: Session) -> str:
    """The client as the Received header names it: its address, and with reverse DNS lookup its name (document 002)."""
    address = session.remote_ip
    name = session.facts.of(NameOf(address)) if session.facts is not NO_FACTS else None
    if name is None:
        return address
    if not name.host_name:
        return f"[{address}] RDNS failed"
    if not name.confirmed:
        return f"{name.host_name} [{address}] RDNS not confirmed"
    matched = name.host_name.lower() == session.helo.lower().rstrip(".")
    return f"{name.host_name} [{address}]" + ("" if matched else " RDNS differs")
