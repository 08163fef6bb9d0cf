"""Runs a script for somebody: in the terminal, on the page, in a test."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import Error as DatabaseError

from console.management_shell.cmdlets import TABLE
from console.management_shell.language.builtin import ALIASES, BUILTIN
from console.management_shell.language.cmdlet import Cmdlet, Host
from console.management_shell.language.errors import ShellError, Stop
from console.management_shell.language.evaluation import Interpreter
from console.management_shell.language.help import helping
from console.management_shell.language.parser import parse
from console.management_shell.language.printing import printed

logger = logging.getLogger(__name__)


@cache
def commands() -> dict[str, Cmdlet]:
    """Everything that can be run, by name."""
    table = {**BUILTIN, **TABLE}
    table |= helping(table, ALIASES)
    return table


class Session:
    """Variables live as long as the session; each `run` is one script."""

    def __init__(self, host: Host):
        self.host = host
        self.interpreter = Interpreter(commands(), ALIASES, host)

    def run(self, text: str) -> None:
        """Runs a script; what it prints goes to the host. Raises ShellError, with its place, at the first error."""
        for statement in parse(text).statements:
            with _only_shell_errors():
                for line in printed(self.interpreter.run(statement), self.host.width):
                    self.host.output(line)


@contextmanager
def _only_shell_errors() -> Iterator[None]:
    try:
        yield
    except ShellError:
        raise
    except PermissionDenied as error:
        raise ShellError(str(error) or "Your role does not allow this.") from None
    except ValidationError as error:
        raise ShellError(" ".join(error.messages)) from None
    except (DatabaseError, OSError) as error:
        raise ShellError(f"The database or a file does not answer: {str(error).strip()}") from None
    except Exception:
        logger.exception("a command of the management shell failed")
        raise Stop("This command failed inside of Gatepost. The console's log says more.") from None
