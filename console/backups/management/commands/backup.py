import os
import socket
from argparse import SUPPRESS
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from console.backups import servers
from console.backups.key import WrongKey
from console.backups.models import Run
from console.backups.passphrase import passphrase
from console.backups.postgres_tools import ToolFailed
from console.backups.scheduled import check, make
from console.backups.taking import Busy, Source, take
from console.backups.words import contents, failure
from console.processes.home import Home, HomeError

NICENESS = 10


class Command(BaseCommand):
    help = (
        "Write everything that this copy keeps into one file: settings, queue, journal, mailboxes. It may run all the "
        "while. The key (secret.key) stays apart, unless a passphrase locks it in. docs/backup.md tells more."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file", nargs="?", help="one that is there is replaced once the new one is whole")
        parser.add_argument("--with-key", action="store_true", help="lock the key in with a passphrase, which is asked")
        parser.add_argument("--passphrase-file", help="the same, with the first line of this file as the passphrase")
        parser.add_argument("--run", type=int, help=SUPPRESS)
        parser.add_argument("--check-run", type=int, help=SUPPRESS)
        parser.add_argument("--logs", action="store_true", help="with the protocol and message tracking log files")

    def handle(self, *args: Any, **options: Any) -> None:
        if number := options["run"] or options["check_run"]:
            _scheduled(number, make if options["run"] else check)
            return
        if not options["file"]:
            raise CommandError("Say where to: manage.py backup FILE.")
        home, target = settings.HOME, Path(options["file"]).absolute()
        try:
            key = _key_of(home)
            locks = options["with_key"] or options["passphrase_file"] is not None
            given = passphrase(options["passphrase_file"], is_new=True) if locks else None
            with servers.of_copy(home) as url:
                node = os.environ.get("GATEPOST_NODE") or home.running().get("node") or socket.gethostname()
                manifest = take(Source(home.path, url, key, node), target, given, options["logs"])
        except (HomeError, ToolFailed, WrongKey, Busy) as error:
            raise CommandError(str(error)) from None
        except (OSError, psycopg.Error) as error:
            raise CommandError(f"{failure(error, target)}. Nothing was written.") from None
        self.stdout.write(f"{target} is written, {target.stat().st_size:,} octets.")
        for line in contents(manifest):
            self.stdout.write(line)


def _scheduled(number: int, work: Callable[[Source, Run], None]) -> None:
    """What a worker asks for; what comes of it stands in the row."""
    os.nice(NICENESS)
    key = settings.GATEPOST_SECRET_KEY
    source = Source(settings.GATEPOST_HOME, settings.DATABASE_URL, key, settings.GATEPOST_NODE)
    work(source, Run.objects.get(pk=number))


def _key_of(home: Home) -> str:
    if not os.environ.get("GATEPOST_SECRET_KEY") and not home.secret_file.exists():
        raise HomeError(f"There is no copy in {home.path}: it has no secret.key. Set GATEPOST_HOME.")
    return home.secret_key()
