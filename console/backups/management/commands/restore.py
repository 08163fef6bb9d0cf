from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from console.backups import archive, restoring
from console.backups.archive import Damaged
from console.backups.key import WrongKey
from console.backups.passphrase import key_for
from console.backups.postgres_tools import ToolFailed
from console.backups.restoring import Backup, Refused, Settled
from console.backups.words import contents, failure, outcome
from console.processes.account import Account
from console.processes.home import HomeError


class Command(BaseCommand):
    help = (
        "Make a copy of a backup, in an empty data directory. Its mail is held until somebody releases it. With --check"
        " it is made elsewhere, looked at, and thrown away. docs/backup.md tells more."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file")
        parser.add_argument("--check", action="store_true", help="only say whether it can be restored")
        parser.add_argument("--key-file", help="the secret.key of the copy that was backed up")
        parser.add_argument("--passphrase-file", help="its first line is the passphrase that locked the key in")
        parser.add_argument("--replace", action="store_true", help="put aside what lies in the data directory")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with Path(options["file"]).open("rb") as file:
                about = archive.about(file)
                key = key_for(about, settings.HOME, options["key_file"], options["passphrase_file"])
                backup = restoring.opened(file, key)
                settled = _done(backup, options)
        except (Damaged, Refused, WrongKey, HomeError, ToolFailed) as error:
            raise CommandError(str(error)) from None
        except (OSError, psycopg.Error) as error:
            raise CommandError(f"{failure(error, options['file'])}. Nothing was changed.") from None
        for line in (*contents(backup.manifest), *outcome(settled)):
            self.stdout.write(line)
        if options["check"]:
            self.stdout.write("The backup is whole and can be restored.")
            return
        start = "make run, or systemctl start gatepost.target"
        self.stdout.write(f"Restored into {settings.HOME.path}. Start it: {start}; then release or drop its mail.")


def _done(backup: Backup, options: dict[str, Any]) -> Settled:
    if options["check"]:
        return restoring.check(backup)
    return restoring.restore(backup, settings.HOME, Account.unprivileged(settings.HOME.path), options["replace"])
