"""The end of a message: the core decides, the journal stores, and only then is there an answer."""

from collections.abc import Callable

import msgspec

from transport import identity
from transport.receive.data import not_stored, received
from transport.receive.outcome import Accept, Outcome
from transport.receive.session import Session
from transport.shell import clock
from transport.shell.clients.incoming import IncomingMessage
from transport.shell.clients.reception import Reception


def accept(
    reception: Reception,
    session: Session,
    session_id: str,
    message: IncomingMessage,
    answer: Callable[[Outcome], None],
) -> None:
    """Calls `answer` with the outcome: at once for a refusal, else when the message is on disk or cannot be stored."""
    now = clock.now()
    outcome = received(session, message.mail_data(), identity.message_id(now).hex(), now)
    accepted = outcome.actions[0] if outcome.actions else None
    if not isinstance(accepted, Accept):
        message.discard()
        reception.traffic.refused += 1
        answer(outcome)
        return

    def stored(error: OSError | None) -> None:
        if error is None:
            reception.traffic.accepted += 1
            reception.names.accepted(session.connector.name, session.remote_ip, accepted.envelope.sender)
            answer(Outcome(outcome.session, outcome.reply, (), outcome.decided_by, outcome.matched, outcome.facts))
        else:
            reception.traffic.refused += 1
            answer(msgspec.structs.replace(not_stored(outcome.session), facts=outcome.facts))

    head = accepted.trace + accepted.header
    size, file = len(head) + message.body_size, message.body_file
    envelope = msgspec.structs.replace(
        accepted.envelope, transport=reception.name, session_id=session_id, size=size, body_file=file
    )
    message.store(envelope, head, stored)
