"""Signing in: what the core asks of the directory and of the mechanisms' acceptors, answered off the event loop."""

import asyncio
import logging

from transport.config import bounds
from transport.receive.auth import NOT_AVAILABLE, Denied, told
from transport.receive.outcome import AnswerToken, CheckPassword, Outcome
from transport.receive.session import Session, User
from transport.shell.clients.reception import Reception
from transport.shell.people.credentials import Talk

log = logging.getLogger(__name__)


async def signed_in(reception: Reception, session: Session, asked: CheckPassword | AnswerToken, talk: Talk) -> Outcome:
    """The outcome of a password, or of one message of an exchange; `talk` is what lies between two of them.

    It comes within the bound of a sign-in, whatever fails: then the client is told to try again later.
    """
    answer: bytes | User | Denied | None
    try:
        async with asyncio.timeout(bounds.SIGN_IN.seconds):
            answer = await _answer(reception, session.remote_ip, asked, talk)
    except Exception as error:
        log.error("no sign-in from %s: %s: %s", session.remote_ip, type(error).__name__, " ".join(str(error).split()))
        answer = NOT_AVAILABLE
    return told(session, asked, answer)


async def _answer(
    reception: Reception, remote_ip: str, asked: CheckPassword | AnswerToken, talk: Talk
) -> bytes | User | Denied | None:
    if isinstance(asked, CheckPassword):
        return await reception.credentials.check(asked, remote_ip)
    assert reception.in_force is not None
    return await reception.credentials.answer(asked, remote_ip, talk, reception.in_force.kerberos)
