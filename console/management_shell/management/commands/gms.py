import os
import sys
from getpass import getuser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from console.actors import Actor, Role
from console.management_shell import prompt, terminal
from console.management_shell.history import is_secret
from console.management_shell.language.errors import ShellError
from console.management_shell.language.files import decoded
from console.management_shell.session import ShellSession


class Command(BaseCommand):
    help = (
        "The management shell. Without arguments it asks for commands; with -c, a file or standard input it runs a "
        "script and exits with 1 at the first error. Whoever may read this copy's data directory holds every key to it "
        "already: without --user you act as Organization Management, and the change history shows the name of your "
        "account on this machine."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file", nargs="?", help="a script; - is standard input")
        parser.add_argument("-c", dest="script", metavar="COMMANDS", help="the script itself")
        parser.add_argument("--user", help="act as this administrator of the console, with their roles")

    def handle(self, *args: Any, **options: Any) -> None:
        script = _script(options["script"], options["file"])
        connection.ensure_connection()
        host = terminal.standard_terminal(_actor(options["user"]), script is None)
        if script is not None:
            sys.exit(_run(ShellSession(host), host, script))
        _converse(host)


def _script(text: str | None, file: str | None) -> str | None:
    if text is not None and file is not None:
        raise CommandError("Give -c or a file, not both.")
    if text is not None:
        return text
    if file is None and sys.stdin.isatty():
        return None
    try:
        content = sys.stdin.buffer.read() if file in (None, "-") else Path(file or "").read_bytes()
    except OSError as error:
        raise CommandError(f"Cannot read {file}: {error.strerror}.") from None
    return decoded(content)


def _actor(name: str | None) -> Actor:
    if name is None:
        account = os.environ.get("SUDO_USER") or getuser()
        return Actor(f"{account} on {settings.GATEPOST_NODE}", frozenset({Role.ORGANIZATION_MANAGEMENT}))
    user = get_user_model().objects.filter(username__iexact=name, is_active=True).first()
    if user is None:
        raise CommandError(f"There is no administrator “{name}” of the console.")
    return Actor.of(user)


def _run(session: ShellSession, host: terminal.Terminal, script: str) -> int:
    host.forget_answers()
    try:
        session.run(script)
        host.tell_followed()
        host.out.flush()
    except ShellError as error:
        host.error(error.shown(script))
        return 1
    except BrokenPipeError:
        # Whoever read this has gone, as `| head` does: what Python would still flush at its end has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


def _converse(host: terminal.Terminal) -> None:
    session = ShellSession(host)
    lines = prompt.session(settings.GATEPOST_HOME / "shell-history" / getuser())
    host.typed = list(lines.history.load_history_strings())[::-1]
    host.output(f"Gatepost Management Shell. You are {host.actor.name}. Get-Command lists the cmdlets; exit leaves.")
    while True:
        try:
            script = lines.prompt([("class:prompt", f"[PS] {settings.GATEPOST_NODE}> ")])
        except KeyboardInterrupt:
            continue
        except EOFError:
            return
        if script.strip().lower() in ("exit", "quit"):
            return
        if script.strip() and not is_secret(script):
            host.typed.append(script)
        try:
            _run(session, host, script)
        except KeyboardInterrupt:
            host.warning("Interrupted.")
