from collections.abc import Iterator

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from console.processes import queries as processes
from console.queues import queries

LINES = """\
accepted    {0.accepted:>12,}   recipients of {0.messages:,} messages ({0.in_journal:,} still in the journal)
generated   {0.generated:>12,}   reports to senders
delivered   {0.delivered:>12,}
queued      {0.queued:>12,}
bounced     {0.failed:>12,}
removed     {0.removed:>12,}   by an administrator"""


def doubts(journals: list[processes.Backlog]) -> Iterator[str]:
    """What nobody knows of the journals."""
    if not journals:
        yield "No forwarder has told what waits in the journals: that is not counted."
    for each in journals:
        if each.is_away:
            since = f"in the last {each.age:.0f} s"
            yield f"What came into the journal of {each.node} {since} is not known: its forwarder is away."
        elif not each.all_counted:
            yield f"The journal of {each.node} holds more than its forwarder has counted yet."


class Command(BaseCommand):
    help = "Show that accepted + generated = delivered + queued + bounced + removed, counted in recipients."

    def handle(self, *args: object, **options: object) -> None:
        try:
            journals = processes.backlogs()
            ledger = queries.ledger(journals)
        except OperationalError:
            home = settings.GATEPOST_HOME
            raise CommandError(f"PostgreSQL does not answer. Does {home} run? Start it with make run.") from None
        self.stdout.write(LINES.format(ledger))
        for doubt in doubts(journals):
            self.stdout.write(doubt)
        if not ledger.balances:
            missing = "are missing" if ledger.difference > 0 else "are too many"
            raise CommandError(f"The books do not balance: {abs(ledger.difference):,} recipients {missing}.")
        self.stdout.write("The books balance.")
