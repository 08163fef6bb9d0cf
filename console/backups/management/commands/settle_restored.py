from typing import Any

import msgspec
import psycopg
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import Error

from console.backups.manifest import About
from console.backups.restoring import Settled
from console.backups.settling import Unbalanced, settle


class Command(BaseCommand):
    help = "The part of manage.py restore that works on the restored database, which the environment names."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("about", help="what the backup says of itself, as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        about = msgspec.json.decode(options["about"], type=About)
        try:
            call_command("prepare", wait=10)
            found = settle(settings.GATEPOST_HOME, settings.DATABASE_URL, about)
        except (Unbalanced, OSError, Error, psycopg.Error) as error:
            raise CommandError(str(error)) from error
        told = Settled(
            held=found.held, relay=found.relay, accepted=found.ledger.accepted, delivered=found.ledger.delivered,
            failed=found.ledger.failed, removed=found.ledger.removed,
        )  # fmt: skip
        self.stdout.write(msgspec.json.encode(told).decode())
