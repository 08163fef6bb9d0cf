from subprocess import CalledProcessError

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from console.queues import queries

LINES = """\
accepted    {0.accepted:>12,}   recipients of {0.messages:,} messages ({0.in_journal:,} still in the journal)
generated   {0.generated:>12,}   reports to senders
delivered   {0.delivered:>12,}
queued      {0.queued:>12,}
bounced     {0.failed:>12,}
removed     {0.removed:>12,}   by an administrator"""


class Command(BaseCommand):
    help = "Show that accepted + generated = delivered + queued + bounced + removed, counted in recipients."

    def handle(self, *args: object, **options: object) -> None:
        try:
            ledger = queries.ledger()
        except (OperationalError, CalledProcessError):
            home = settings.GATEPOST_HOME
            raise CommandError(f"PostgreSQL does not answer. Does {home} run? Start it with make run.") from None
        self.stdout.write(LINES.format(ledger))
        if not ledger.balances:
            missing = "are missing" if ledger.difference > 0 else "are too many"
            raise CommandError(f"The books do not balance: {abs(ledger.difference):,} recipients {missing}.")
        self.stdout.write("The books balance.")
