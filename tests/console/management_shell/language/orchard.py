"""A shell over a few pieces of fruit: what the language does, without Gatepost around it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from console.management_shell.language.builtin import ALIASES, BUILTIN
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.errors import ShellError, Stop
from console.management_shell.language.evaluation import Interpreter
from console.management_shell.language.help import helping
from console.management_shell.language.parser import parse
from console.management_shell.language.printing import printed
from console.management_shell.language.values import (
    UNLIMITED,
    Flags,
    Record,
    Size,
    Timespan,
    read_count,
    read_flag,
    read_text,
    read_texts,
    text,
)
from tests.console.management_shell.recorder import Recorder

STEPS = 200_000


def fruit(name: str, weight: int, **changes: object) -> Record:
    row: dict[str, object] = {
        "Identity": f"ORCHARD\\{name}",
        "Name": name,
        "Weight": Size(weight),
        "Keeps": Timespan(600),
        "Limit": UNLIMITED,
        "Ripe": True,
        "Kinds": ["old", "new"],
        "Uses": Flags(("Cake", "Juice")),
        "Count": 3,
        "Comment": None,
    }
    return Record("Fruit", row | changes, ("Identity", "Weight", "Ripe"), name=f"ORCHARD\\{name}")


def fruits() -> tuple[Record, ...]:
    """New ones each time, as rows are: a script may change its objects."""
    return fruit("Apple", 36 * 1024**2), fruit("Pear", 1024, Ripe=False, Count=12), fruit("Plum", 5, Comment="sour")


class Orchard(Recorder):
    """`run(text)` → the printed lines; `got(text)` → the objects of the last statement."""

    width = 100
    actor = None

    def __init__(self, answer: bool = True):
        super().__init__()
        self.answer = answer
        self.calls: list[dict[str, Any]] = []
        self.steps = 0
        table = BUILTIN | {each.name: each for each in self._cmdlets()}
        table |= helping(table, ALIASES)
        self.interpreter = Interpreter(table, ALIASES, self)

    def got(self, script: str) -> list[object]:
        found: list[object] = []
        for statement in parse(script).statements:
            found = list(self.interpreter.run(statement))
        return found

    def value(self, script: str) -> object:
        found = self.got(script)
        return found[0] if len(found) == 1 else found

    def run(self, script: str) -> list[str]:
        self.printed = []
        for statement in parse(script).statements:
            for line in printed(self.interpreter.run(statement), self.width):
                self.output(line)
        return self.printed

    def error(self, script: str) -> ShellError:
        """What a script ends with; every one of these tests expects an error."""
        try:
            found = self.run(script)
        except ShellError as error:
            return error
        raise AssertionError(f"{script!r} should have failed; it printed {found}")

    def outcome(self, script: str) -> list[object] | str:
        """What a script puts out, or "refused"."""
        try:
            return self.got(script)
        except ShellError:
            return "refused"

    def confirm(self, question: str) -> bool:
        self.questions.append(question)
        return self.answer

    def type_name(self, danger: str, name: str) -> bool:
        return self.answer

    def read_secret(self, prompt: str) -> str:
        return "secret"

    def tick(self) -> None:
        self.steps += 1
        if self.steps > STEPS:
            raise Stop("The script ran too long.")

    def _cmdlets(self) -> Iterable[Cmdlet]:
        identity = Parameter(
            "Identity",
            text,
            position=0,
            from_pipeline=True,
            values=lambda: [text(each.get("Name")) for each in fruits()],
        )
        rest = (
            Parameter("Name", read_text, from_property="Name"),
            Parameter("Weight", read_count, also={"Mass": "A Weight is called Weight.", "w8": ""}),
            Parameter("Weather", read_text, choices=("Sun", "Rain")),
            Parameter("Ripe", read_flag),
            Parameter("Kinds", read_texts),
            Parameter("Anything"),
            Parameter("Quick", switch=True),
        )
        required = Parameter("Identity", text, mandatory=True, position=0, from_pipeline=True)
        yield Cmdlet("Get-Fruit", self._get, (identity,), "Shows fruit.", {"Get-Fruit Apple": "One of them."})
        yield Cmdlet("Set-Fruit", self._change, (required, *rest), "Changes fruit.", changes=True)
        yield Cmdlet("Remove-Fruit", self._change, (required,), "Removes fruit.", changes=True)
        yield Cmdlet("Get-Weather", self._weather, (Parameter("Day", read_text, position=0),), "The weather.")

    def _get(self, call: Call) -> Iterable[object]:
        wanted = call.get("Identity")
        found = [
            each
            for each in fruits()
            if wanted is None or wanted.lower() in (each.name.lower(), text(each.get("Name")).lower())
        ]
        if wanted is not None and not found:
            raise ShellError(f"There is no fruit '{wanted}'.", "Identity")
        return found

    def _change(self, call: Call) -> Iterable[object]:
        if call.should_process(call.arguments["Identity"], call.cmdlet.name):
            self.calls.append(call.arguments)
        return ()

    def _weather(self, call: Call) -> Iterable[object]:
        call.warning("It may rain.")
        return [Record("Weather", {"Day": call.get("Day", "today"), "Sky": "grey"})]
