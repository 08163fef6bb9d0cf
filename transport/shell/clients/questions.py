"""What the core asks and this process can answer at once: counts, and the directory's index in memory."""

from transport.receive.admission import admitted
from transport.receive.mail import counted
from transport.receive.outcome import CountAnew, CountConnection, CountMessage, LookUpRecipient, Outcome
from transport.receive.rcpt import looked_up
from transport.receive.session import Session
from transport.shell import clock
from transport.shell.clients.reception import Reception


def settled(reception: Reception, outcome: Outcome) -> Outcome:
    """The outcome once nothing more is asked: it has a reply, or something to do that takes its time."""
    while outcome.reply is None:
        session = outcome.session
        match outcome.actions[0]:
            case LookUpRecipient() as asked:
                outcome = _look_up(reception, session, asked)
            case CountConnection():
                outcome = _admit(reception, session)
            case CountAnew(connector, source):
                reception.load.closed(connector, source)
                outcome = _admit(reception, session, always=True)
            case CountMessage(key, limit):
                count = reception.load.message(session.connector, key, clock.now())
                outcome = counted(session, count <= limit)
            case _:
                break
    return outcome


def _admit(reception: Reception, session: Session, always: bool = False) -> Outcome:
    """Whom there is room for counts from now on; `always`: until it has gone, also who is refused."""
    load = reception.load
    with load.alone():
        outcome = admitted(session, load.of(session.connector, session.source), clock.now())
        if always or not outcome.actions:
            load.opened(session.connector.name, session.source)
    return outcome


def _look_up(reception: Reception, session: Session, asked: LookUpRecipient) -> Outcome:
    """Ask the index, and put an unknown recipient on the account of its source."""
    found = reception.recipients.index.find(str(asked.recipient))
    settings = session.policy.snapshot.recipient_filter
    limit, interval = settings.unknown_recipient_limit, settings.unknown_recipient_interval
    over = reception.unknown_recipients.over(session.source, limit, interval, clock.now(), counts=found is False)
    return looked_up(session, asked, found, over)
