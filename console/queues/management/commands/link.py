import os
from getpass import getuser
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from console.actors import Actor, Role
from console.queues import actions, queries


class Command(BaseCommand):
    help = (
        "Say that a link of this machine is up or down, as a script in /etc/ppp/ip-up.d or a dispatcher does, or ask "
        "how it is. Mail that waits for it leaves at once."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("name", help="as in links.toml")
        parser.add_argument("what", choices=["up", "down", "status"])

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"]
        if options["what"] != "status":
            account = os.environ.get("SUDO_USER") or getuser()
            actor = Actor(f"{account} on {settings.GATEPOST_NODE}", frozenset({Role.ORGANIZATION_MANAGEMENT}))
            try:
                actions.tell_link(actor, name, options["what"] == "up")
            except ValidationError as error:
                raise CommandError(error.messages[0]) from None
        link = queries.link(name)
        if link is None:
            self.stdout.write(f"{name} is down; nobody has asked for it yet.")
            return
        self.stdout.write(f"{name} is {link.state} since {link.since:%Y-%m-%d %H:%M:%S} UTC. {link.words}".rstrip())
