"""Signing in: what the core asks of the directory and of the mechanisms' acceptors, answered off the event loop."""

import asyncio
import logging

from transport.config import bounds
from transport.receive.auth import NOT_AVAILABLE, Denied
from transport.receive.outcome import AnswerToken, CheckPassword
from transport.receive.session import Session, User
from transport.shell.clients.reception import Reception
from transport.shell.people.credentials import Talk

log = logging.getLogger(__name__)


async def proved(
    reception: Reception, session: Session, asked: CheckPassword | AnswerToken, talk: Talk
) -> bytes | User | Denied | None:
    """What a password, or one message of an exchange, proves; `talk` is what lies between two of them.

    It comes within the bound of a sign-in, whatever fails: then the client is told to try again later.
    """
    try:
        async with asyncio.timeout(bounds.SIGN_IN.seconds):
            return await _answer(reception, session.remote_ip, asked, talk)
    except Exception as error:
        log.error("no sign-in from %s: %s: %s", session.remote_ip, type(error).__name__, " ".join(str(error).split()))
        return NOT_AVAILABLE


async def _answer(
    reception: Reception, remote_ip: str, asked: CheckPassword | AnswerToken, talk: Talk
) -> bytes | User | Denied | None:
    if isinstance(asked, CheckPassword):
        return await reception.credentials.check(asked, remote_ip)
    assert reception.in_force is not None
    return await reception.credentials.answer(asked, remote_ip, talk, reception.in_force.kerberos)
