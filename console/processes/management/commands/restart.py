import os
import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from console.processes.home import Home, HomeError


class Command(BaseCommand):
    help = (
        "Restart every process of the running copy, one after the other, from the code on disk; no client is refused."
    )
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        home: Home = settings.HOME
        try:
            os.kill(home.running()["pids"]["supervisor"], signal.SIGUSR1)
        except (HomeError, OSError, KeyError) as error:
            raise CommandError(f"No copy runs in {home.path}: start it with manage.py up.") from error
        self.stdout.write("Restarting. `manage.py status --wait 120` tells when everything is in order again.")
