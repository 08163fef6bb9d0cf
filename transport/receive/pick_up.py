"""A client asks for the mail that is kept for its domains: ETRN (RFC 1985), and over its own connection ATRN (RFC 2645)
and TURN, which only who has signed in may say. Sending mail outward, section 3.3.

Who may not ask hears the same of every domain, whether it is here or not.
"""

from __future__ import annotations

from transport.config.accepted_domain import AcceptedDomain, DeliverTo, PickUp
from transport.config.domains import parent
from transport.config.endpoint import client_key
from transport.config.host_name import host_name
from transport.receive.outcome import FindKept, Outcome, ReleaseKept, SwapRoles
from transport.receive.refusals import refuse
from transport.receive.session import Session
from transport.smtp import replies

QUEUE, BELOW, LITERAL = "#", "@", "["
TOO_OFTEN, AWAY = "pick_up_too_often", "pick_up_not_available"
"""The rules by which the queue may answer instead of a number."""


def etrn(session: Session, argument: str, now: float) -> Outcome:
    """Asks for the mail of `domain`, or with `@domain` for that of all domains below as well."""
    if not _is_offered(session, PickUp.Etrn):
        return refuse(session, "pick_up_not_offered")
    name = argument.strip()
    if name.startswith((QUEUE, LITERAL)) and " " not in name and len(name) > 1:
        return refuse(session, "pick_up_not_allowed")
    try:
        domain = host_name(name.removeprefix(BELOW))
    except ValueError:
        return refuse(session, "invalid_arguments")
    below = name.startswith(BELOW)
    asked = (domain, f"any.{domain}") if below else (domain,)
    if not any(may_ask(session, each, PickUp.Etrn) for each in asked):
        return refuse(session, "pick_up_not_allowed")
    return Outcome(session, None, (ReleaseKept(domain, below),))


def released(session: Session, messages: int | str) -> Outcome:
    """The answer to `ReleaseKept`: how many messages leave now, or the rule by which none does. Only who has signed in
    hears the number.
    """
    if isinstance(messages, str):
        return refuse(session, messages)
    if session.user is None:
        answer = replies.QUEUING_STARTED
    else:
        answer = replies.pending(messages) if messages else replies.NOTHING_WAITS
    return Outcome(session, answer, (), "picked_up")


def atrn(session: Session, argument: str, now: float) -> Outcome:
    """Asks for the mail of domains with commas between them, without any for that of all domains of the login."""
    return _turn(session, PickUp.Atrn, [name.strip() for name in argument.split(",")] if argument.strip() else [])


def turn(session: Session, argument: str, now: float) -> Outcome:
    """The same without domains. RFC 821 §3.8 lets everybody say it; here it is ATRN under another name."""
    if argument.strip():
        return refuse(session, "invalid_arguments")
    return _turn(session, PickUp.Turn, [])


def _turn(session: Session, by: PickUp, names: list[str]) -> Outcome:
    if not _is_offered(session, by):
        return refuse(session, "pick_up_not_offered")
    if session.user is None:
        return refuse(session, "pick_up_without_sign_in")
    try:
        asked = tuple(map(host_name, names))
    except ValueError:
        return refuse(session, "invalid_arguments")
    if asked:
        may = all(may_ask(session, domain, by) for domain in asked)
        return Outcome(session, None, (FindKept(by, asked),)) if may else _turn_refused(session)
    owned = [each for each in session.policy.snapshot.accepted_domains if _may(session, each, by)]
    if not owned:
        return _turn_refused(session)
    exact = tuple(parent(each) for each in owned if not each.domain_name.startswith("*"))
    below = tuple(parent(each) for each in owned if each.match_subdomains or each.domain_name.startswith("*"))
    return Outcome(session, None, (FindKept(by, exact, below),))


def _turn_refused(session: Session) -> Outcome:
    return refuse(session, "pick_up_not_allowed", answer=replies.TURN_REFUSED)


def turned(session: Session, domains: tuple[str, ...] | None) -> Outcome:
    """The answer to `FindKept`: the domains that have mail; None when that cannot be told now."""
    if domains is None:
        return refuse(session, AWAY, answer=replies.CANNOT_TURN)
    if not domains:
        return refuse(session, "pick_up_nothing_waits")
    return Outcome(session, replies.REVERSING, (SwapRoles(domains),), "turned_round", ", ".join(domains[:10]))


def may_ask(session: Session, domain: str, by: PickUp) -> bool:
    """Whether this client may ask for the mail of this domain (lower case, A-labels)."""
    accepted = session.policy.accepted_domains.find(domain)
    return accepted is not None and _may(session, accepted, by)


def _may(session: Session, accepted: AcceptedDomain, by: PickUp) -> bool:
    if accepted.deliver_to is not DeliverTo.PickUp or by not in accepted.pick_up_methods:
        return False
    return _is_owner(session, accepted) or (by is PickUp.Etrn and _is_near(session, accepted))


def _is_offered(session: Session, by: PickUp) -> bool:
    return session.connector.pick_up_enabled and by in session.policy.pick_up_methods


def _is_owner(session: Session, accepted: AcceptedDomain) -> bool:
    if session.user is None:
        return False
    names = {name.casefold() for name in (session.user.name, *session.user.groups)}
    return any(name.casefold() in names for name in accepted.pick_up_principals)


def _is_near(session: Session, accepted: AcceptedDomain) -> bool:
    version, address = client_key(session.remote_ip)
    return any(entry.holds(version, address) for entry in accepted.pick_up_ranges)
