import os
import sys
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from psycopg.conninfo import conninfo_to_dict

from console.overview.attention import concerns
from console.processes import report
from console.processes.address import Address
from transport import node

PLACE = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
"""Django's words for where a database is, and libpq's."""


class Command(BaseCommand):
    help = "Say whether this copy is in order; exit code 1 when it is not."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "--wait", type=float, default=0, metavar="SECONDS", help="how long it may take to become so"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        begun_before = not settings.HOME.running()
        deadline = time.monotonic() + options["wait"]
        while not (facts := _facts())["ok"]:
            if time.monotonic() > deadline:
                raise CommandError("\n".join(facts["missing"]))
            time.sleep(0.2)
        if begun_before and settings.HOME.running():  # where its servers are, only a process that begins now knows
            os.execv(sys.executable, [sys.executable, *sys.argv])
        in_force = f"revision {facts['revision']} on {', '.join(facts['transports'])}"
        self.stdout.write(f"In order: {in_force}; every process works, and mail moves.")
        self.stdout.write(f"Version: {node.version()}.")
        if accounts := report.accounts(settings.HOME.running().get("pids", {})):
            self.stdout.write(f"Accounts: {accounts}.")
        _ask_the_database_of_this_copy()
        for concern in concerns():
            self.stdout.write(f"Attention: {concern.name}: {concern.text}")


def _ask_the_database_of_this_copy() -> None:
    """Where it is may have been said after this command started, as the console's address."""
    if url := settings.HOME.running().get("database_url"):
        connection.close()
        found = conninfo_to_dict(url)
        connection.settings_dict.update({name: str(found.get(part) or "") for name, part in PLACE.items()})


def _facts() -> report.Facts:
    """Of the console that runs now: its address may have come after this command started."""
    text = settings.HOME.running().get("console") or settings.GATEPOST_CONSOLE
    console = Address.parse(text, "GATEPOST_CONSOLE")
    return report.facts(console) or {"ok": False, "missing": [_no_answer(console)]}


def _no_answer(console: Address) -> str:
    running = settings.HOME.running() or "DATABASE_URL" in os.environ
    hint = "" if running else f" Nothing runs with the data of {settings.HOME.path}: start it with make run."
    return f"The console does not answer at http://{console.from_here}.{hint}"
