"""Signing in: what the core asks of the directory and of the mechanisms' acceptors, answered off the event loop."""

import asyncio
import logging

from transport.config import bounds
from transport.receive.auth import NOT_AVAILABLE, challenged, checked
from transport.receive.outcome import AnswerToken, CheckPassword, Outcome
from transport.receive.session import Session
from transport.shell.credentials import Talk
from transport.shell.reception import Reception

log = logging.getLogger(__name__)


async def signed_in(
    reception: Reception, session: Session, asked: CheckPassword | AnswerToken, talk: Talk
) -> Outcome:
    """The outcome of a password, or of one message of an exchange; `talk` is what lies between two of them.

    It comes within the bound of a sign-in, whatever fails: then the client is told to try again later.
    """
    try:
        async with asyncio.timeout(bounds.SIGN_IN.seconds):
            return await _signed_in(reception, session, asked, talk)
    except Exception as error:
        log.error("no sign-in from %s: %s: %s", session.remote_ip, type(error).__name__, " ".join(str(error).split()))
        return checked(session, NOT_AVAILABLE)


async def _signed_in(
    reception: Reception, session: Session, asked: CheckPassword | AnswerToken, talk: Talk
) -> Outcome:
    credentials, in_force = reception.credentials, reception.in_force
    if isinstance(asked, CheckPassword):
        return checked(session, await credentials.check(asked, session.remote_ip))
    assert in_force is not None
    answer = await credentials.answer(asked, session.remote_ip, talk, in_force.kerberos)
    if answer is None or isinstance(answer, bytes):
        return challenged(session, asked.mechanism, answer)
    return checked(session, answer)
