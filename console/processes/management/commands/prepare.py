import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.utils import OperationalError, ProgrammingError
from psycopg.errors import LockNotAvailable

from console.processes import actions, first_start
from console.processes.models import Schema
from console.processes.release import OLDEST, works_with
from transport.node import version

LOCK = 0x67707570
"""The advisory lock of who prepares: "gpup"."""
LOCK_TIMEOUT, TRIES = 5, 12
"""Seconds that a migration may wait for a table that is in use, since all others wait behind it; and how often it is
tried."""


class Command(BaseCommand):
    help = "Bring the database up to date and give a new installation its first objects. May be run at any time."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "--wait", type=float, default=0, metavar="SECONDS", help="how long the database may be away"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self._await_database(options["wait"])
        with _one_at_a_time():
            self._prepare()

    def _prepare(self) -> None:
        if newer := self._newer():
            self._accept_newer(newer)
        else:
            _migrate()
            Schema.objects.update_or_create(pk=1, defaults={"oldest": OLDEST})
        if settings.STATIC_ROOT:  # not where tests prepare within their own process
            # One that a power failure left empty could not be read, and is written anew whatever it says.
            (Path(settings.STATIC_ROOT) / "staticfiles.json").unlink(missing_ok=True)
            call_command("collectstatic", interactive=False, verbosity=0, clear=True)
        try:
            first_start.run(settings.HOME)
            actions.join()
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None

    def _await_database(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while True:
            try:
                return connection.ensure_connection()
            except OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)

    def _newer(self) -> list[str]:
        """Migrations that only a newer version knows."""
        loader = MigrationLoader(connection)
        ours = {app for app, _ in loader.disk_migrations}
        return sorted(
            f"{app}.{name}"
            for app, name in loader.applied_migrations
            if app in ours and (app, name) not in loader.disk_migrations
        )

    def _accept_newer(self, newer: list[str]) -> None:
        """While nodes are upgraded one after the other, those that are not yet must be able to start again."""
        try:
            oldest = Schema.objects.values_list("oldest", flat=True).first() or ""
        except ProgrammingError:
            oldest = ""
        if not works_with(version(), oldest):
            raise CommandError(
                f"A newer Gatepost has changed this database ({', '.join(newer)}). Run that one, or use another."
            )
        self.stderr.write("A newer Gatepost has changed this database, on which this one still works: upgrade it soon.")


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Another node may prepare at this moment."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def _migrate() -> None:
    """What was migrated stays so: another try goes on with the migration that had to wait."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [f"{LOCK_TIMEOUT}s"])
        try:
            _try_to_migrate()
        finally:
            cursor.execute("RESET lock_timeout")


def _try_to_migrate() -> None:
    for left in reversed(range(TRIES)):
        try:
            call_command("migrate", interactive=False, verbosity=0)
            return
        except OperationalError as error:
            if not (left and isinstance(error.__cause__, LockNotAvailable)):
                raise
