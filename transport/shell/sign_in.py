"""Signing in: what the core asks of the directory and of the mechanisms' acceptors, answered off the event loop."""

from transport.receive.auth import challenged, checked
from transport.receive.outcome import AnswerToken, CheckPassword, Outcome
from transport.receive.session import Session
from transport.shell.credentials import Talk
from transport.shell.reception import Reception


async def signed_in(
    reception: Reception, session: Session, asked: CheckPassword | AnswerToken, talk: Talk
) -> Outcome:
    """The outcome of a password, or of one message of an exchange; `talk` is what lies between two of them."""
    credentials, in_force = reception.credentials, reception.in_force
    if isinstance(asked, CheckPassword):
        return checked(session, await credentials.check(asked, session.remote_ip))
    assert in_force is not None
    answer = await credentials.answer(asked, session.remote_ip, talk, in_force.kerberos)
    if answer is None or isinstance(answer, bytes):
        return challenged(session, asked.mechanism, answer)
    return checked(session, answer)
