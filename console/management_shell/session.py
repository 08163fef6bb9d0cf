"""Runs a script for somebody: in the terminal, on the page, in a test."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseError
from redis import RedisError

from console.audit.actions import together
from console.management_shell.cmdlets import TABLE
from console.management_shell.language import syntax
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


class ShellSession:
    """Variables live as long as the session; each `run` is one script. `around` is entered for each statement."""

    def __init__(self, host: Host, around: Callable[[], AbstractContextManager[Any]] = nullcontext):
        self.host, self.around = host, around
        self.interpreter = Interpreter(commands(), ALIASES, host)
        self.interpreter.variables["env:computername"] = settings.GATEPOST_NODE

    def run(self, text: str) -> None:
        """Runs a script; what it prints goes to the host. Raises ShellError, with its place, at the first error."""
        self.interpreter.begin()
        try:
            with together():
                self._run(parse(text))
        finally:
            if self.host.begun:
                self.host.output(self.host.begun)
                self.host.begun = ""

    def _run(self, script: syntax.Script) -> None:
        for statement in script.statements:
            with _only_shell_errors(), self.around():
                for line in printed(self.interpreter.run(statement), self.host.width):
                    self.host.output(line)
            if self.interpreter.left:
                return


@contextmanager
def _only_shell_errors() -> Iterator[None]:
    """What a command did not foresee. A host's own exceptions (Question, Ctrl-C, a closed pipe) pass."""
    try:
        yield
    except (DatabaseError, RedisError) as error:
        logger.warning("a command of the management shell: %s", error)
        raise ShellError("The database did not answer, or not in time. What this command began is undone.") from None
    except RecursionError:
        raise Stop("What this command prints is nested too deeply.") from None
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RuntimeError, OSError) as error:
        if isinstance(error, BrokenPipeError):
            raise
        logger.exception("a command of the management shell failed")
        raise Stop("This command failed inside of Gatepost; the log says more.") from None
