"""A shell without a terminal: what scripts print, warn and ask is kept for the test."""

from __future__ import annotations

from console.actors import Actor
from console.management_shell.language.errors import ShellError
from console.management_shell.session import ShellSession
from tests.console.builders import ADMIN
from tests.console.management_shell.recorder import Recorder


class Shell(Recorder):
    """`run(text)` → what it printed. `answers`: name typed to confirm, secrets; without one nobody can be asked."""

    def __init__(self, actor: Actor = ADMIN, width: int = 160):
        super().__init__()
        self.actor, self.width = actor, width
        self.typed: str | None = None
        self.secret: str | None = None
        self.session = ShellSession(self)

    def run(self, text: str) -> str:
        self.printed, self.warnings = [], []
        self.session.run(text)
        return "\n".join(self.printed)

    def refused(self, text: str) -> ShellError:
        """The error with which a script ends."""
        try:
            self.run(text)
        except ShellError as error:
            return error
        raise AssertionError(f"{text} was not refused; it printed {self.printed}")

    def confirm(self, question: str) -> bool:
        self.questions.append(question)
        raise ShellError("Nobody can be asked here: write -Confirm:$false.")

    def type_name(self, danger: str, name: str) -> bool:
        self.questions.append(danger)
        if self.typed is None:
            raise ShellError("Nobody can be asked here.")
        return self.typed == name

    def read_secret(self, prompt: str) -> str:
        if self.secret is None:
            raise ShellError("Nobody can be asked here: write -Password.")
        return self.secret
