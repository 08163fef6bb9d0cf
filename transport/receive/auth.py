"""AUTH: RFC 4954 §4. LOGIN, PLAIN (RFC 4616), NTLM (MS-SMTPNTLM), GSSAPI (RFC 4752); the directory says who it is.

What is asked next stands in `Session.exchange`; passwords stand nowhere but in the `CheckPassword` that asks.
"""

from __future__ import annotations

import base64
import binascii
from contextlib import suppress

import msgspec

from transport.config.permissions import Right
from transport.config.receive_connector import ExtendedProtectionPolicy
from transport.receive.extensions import mechanisms, must_be_bound
from transport.receive.outcome import Action, AnswerToken, CheckPassword, LogonName, Outcome, Tarpit
from transport.receive.refusals import one_too_many, refuse
from transport.receive.rules import answer_of
from transport.receive.session import Exchange, Session, User
from transport.smtp import replies

MASK = b"<authentication response>"
"""What the protocol log shows instead of what a client sends to prove itself (Exchange reference, section 5.3)."""


class Denied(msgspec.Struct, frozen=True):
    """Why the directory did not vouch for a client: the rule that says so."""

    rule: str


PROMPTS = {
    "GSSAPI": replies.GO_ON,
    "LOGIN": replies.USER_NAME,
    "NTLM": replies.NTLM_SUPPORTED,
    "PLAIN": replies.GO_ON,
}
WRONG, TOO_OFTEN, NOT_AVAILABLE = Denied("sign_in_failed"), Denied("sign_in_too_often"), Denied("sign_in_not_available")
NOT_BOUND, NO_TICKET = Denied("sign_in_not_bound"), Denied("sign_in_ticket_refused")


def auth(session: Session, argument: str, now: float) -> Outcome:
    """Starts an exchange; an initial response counts as its first answer."""
    name, _, initial = argument.strip().partition(" ")
    mechanism = name.upper()
    if session.is_health_check:
        return refuse(session, "health_check")
    if session.user is not None:
        return refuse(session, "out_of_order", answer=replies.ALREADY_AUTHENTICATED)
    if not mechanism:
        return refuse(session, "invalid_arguments")
    if mechanism not in mechanisms(session.connector, bool(session.tls), session.policy.kerberos):
        return refuse(session, "sign_in_not_offered")
    asking = msgspec.structs.replace(session, exchange=Exchange(mechanism))
    if initial:
        return answered(asking, b"" if initial == "=" else initial.encode("latin-1"))
    return Outcome(asking, PROMPTS[mechanism])


def answered(session: Session, line: bytes) -> Outcome:
    """The next line of an exchange: base64, or `*` to give up."""
    exchange = session.exchange
    over = msgspec.structs.replace(session, exchange=None)
    if exchange is None or line == b"*":
        return refuse(over, "sign_in_cancelled")
    try:
        octets = base64.b64decode(line, validate=True)
        if exchange.mechanism in ("GSSAPI", "NTLM"):
            return Outcome(over, None, (_token(session, exchange, octets),))
        text = _text(octets)
        if exchange.mechanism == "LOGIN":
            return _login(over, exchange, text)
        return _plain(over, text)
    except binascii.Error:
        return refuse(over, "sign_in_malformed")


def _text(octets: bytes) -> str:
    """UTF-8 (RFC 4616 §2), or what older clients send for it: an octet a character, as Windows or ISO 8859-1 has it."""
    for encoding in ("utf-8", "cp1252"):
        with suppress(UnicodeDecodeError):
            return octets.decode(encoding)
    return octets.decode("latin-1")


def _token(session: Session, exchange: Exchange, octets: bytes) -> AnswerToken:
    connector = session.connector
    bound = connector.extended_protection_policy is not ExtendedProtectionPolicy.None_
    channel = session.channel if bound else b""
    return AnswerToken(
        exchange.mechanism,
        octets,
        connector.default_logon_domain,
        channel,
        must_be_bound(connector),
        begins=not exchange.challenged,
    )


def _login(over: Session, exchange: Exchange, text: str) -> Outcome:
    if "\0" in text:  # no name or password has it (RFC 4616 §2), and PostgreSQL takes it for a fault of ours
        return refuse(over, "sign_in_malformed")
    if exchange.user_name is None:
        asking = msgspec.structs.replace(over, exchange=Exchange("LOGIN", text))
        return Outcome(asking, replies.PASSWORD)
    return _check(over, exchange.user_name, text)


def _plain(over: Session, text: str) -> Outcome:
    parts = text.split("\0")
    if len(parts) != 3:
        return refuse(over, "sign_in_malformed")
    on_behalf, name, password = parts
    if on_behalf and on_behalf.casefold() != name.casefold():
        return _denied(over, WRONG)
    return _check(over, name, password)


def _check(session: Session, name: str, password: str) -> Outcome:
    logon = logon_name(name, session.connector.default_logon_domain)
    return Outcome(session, None, (CheckPassword(logon, password),))


def logon_name(text: str, default_domain: str) -> LogonName:
    r"""`user`, `DOMAIN\user` or `user@domain`; a user without a domain is one of the default logon domain."""
    text = text.strip().casefold()
    domain, backslash, user = text.partition("\\")
    if backslash:
        return LogonName(user, domain)
    user, at, domain = text.rpartition("@")
    if at:
        return LogonName(user, domain, text)
    return LogonName(text, default_domain.casefold())


def told(session: Session, asked: CheckPassword | AnswerToken, answer: bytes | User | Denied | None) -> Outcome:
    """The answer to what a sign-in asked: who it is, why not, or what the mechanism's acceptor wants next."""
    if isinstance(answer, User | Denied):
        return checked(session, answer)
    assert isinstance(asked, AnswerToken)
    return challenged(session, asked.mechanism, answer)


def challenged(session: Session, mechanism: str, token: bytes | None) -> Outcome:
    """The acceptor's challenge, which the client answers next; None for a message that is none of the mechanism."""
    if token is None:
        return refuse(session, "sign_in_malformed")
    asking = msgspec.structs.replace(session, exchange=Exchange(mechanism, challenged=True))
    return Outcome(asking, replies.challenge(token))


def checked(session: Session, answer: User | Denied) -> Outcome:
    """The directory's answer. A user without the right Submit cannot sign in (Exchange reference, section 2.2)."""
    if isinstance(answer, Denied):
        return _denied(session, answer)
    held = session.policy.rights_of_user(session.connector, answer.principals)
    if Right.SUBMIT not in held:
        return _denied(session, Denied("sign_in_without_submit"), answer.name)
    known = msgspec.structs.replace(session, user=answer, principal=answer.name, rights=held, logon_failures=0)
    return Outcome(known, replies.AUTHENTICATED, (), "signed_in")


def _denied(session: Session, why: Denied, who: str = "") -> Outcome:
    """Held back for AuthTarpitInterval; the failure that reaches MaxLogonFailures closes. `who` proved to be that."""
    if why == NOT_AVAILABLE:
        return refuse(session, why.rule)
    connector, failures = session.connector, session.logon_failures + 1
    session = msgspec.structs.replace(session, logon_failures=failures)
    answer = answer_of(why.rule)
    seconds = connector.auth_tarpit_interval
    held: tuple[Action, ...] = (Tarpit(seconds, "AuthTarpitInterval"),) if seconds else ()
    if not connector.max_logon_failures or failures < connector.max_logon_failures:
        return Outcome(session, answer, held, why.rule, who)
    return one_too_many(session, answer, held, "too_many_logon_failures", why.rule)


def shown(exchange: Exchange | None, line: bytes) -> bytes:
    """A line as the protocol log may have it: nothing of what a client says to prove itself, whatever we answered."""
    if exchange is not None:
        return MASK
    words = line.split(None, 2)
    if len(words) == 3 and words[0].upper() == b"AUTH":
        return b" ".join((*words[:2], MASK))
    return line
