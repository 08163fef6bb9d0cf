import os
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Take the journal of a node in that is gone: each message once, large bodies and the protocol log as well."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "directory", type=Path, help="its data directory, the folder journal in it, or that of one transport"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Who reads journals is the transport's code."""
        environment = os.environ | {"DATABASE_URL": settings.DATABASE_URL, "GATEPOST_HOME": str(settings.GATEPOST_HOME)}
        command = [sys.executable, "-m", "transport", "forward", str(options["directory"].absolute())]
        os.chdir(settings.BASE_DIR)
        os.execve(sys.executable, command, environment)
