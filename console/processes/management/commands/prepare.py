import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.utils import OperationalError

from console.processes import first_start


class Command(BaseCommand):
    help = "Bring the database up to date and give a new installation its first objects. May be run at any time."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "--wait", type=float, default=0, metavar="SECONDS", help="how long the database may be away"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self._await_database(options["wait"])
        self._refuse_newer_database()
        call_command("migrate", interactive=False, verbosity=0)
        if settings.STATIC_ROOT:  # not where tests prepare within their own process
            # One that a power failure left empty could not be read, and is written anew whatever it says.
            (Path(settings.STATIC_ROOT) / "staticfiles.json").unlink(missing_ok=True)
            call_command("collectstatic", interactive=False, verbosity=0, clear=True)
        try:
            first_start.run(settings.HOME)
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

    def _refuse_newer_database(self) -> None:
        loader = MigrationLoader(connection)
        ours = {app for app, _ in loader.disk_migrations}
        unknown = sorted(
            f"{app}.{name}"
            for app, name in loader.applied_migrations
            if app in ours and (app, name) not in loader.disk_migrations
        )
        if unknown:
            raise CommandError(
                f"A newer Gatepost has changed this database ({', '.join(unknown)}). Run that one, or use another."
            )
