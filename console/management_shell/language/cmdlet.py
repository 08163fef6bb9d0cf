"""What can be run: the declaration of a cmdlet, one call of it, and whom it runs for.

A cmdlet is a function and a declaration:

    def run(call: Call) -> Iterable[object]:
        connector = call.arguments["Identity"]
        if call.should_process(connector.name, "Removing Receive connector"):
            actions.remove(call.host.actor, …)
        return ()

    IDENTITY = Parameter("Identity", read, mandatory=True, position=0, from_pipeline=True)
    REMOVE = Cmdlet("Remove-ReceiveConnector", run, (IDENTITY,), "Removes …", changes=True)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from console.management_shell.language.values import one_of, read_any, text


@dataclass(frozen=True)
class Parameter:
    """`read` makes the value of the language (str int float bool None list dict Record ScriptBlock …) the one that
    `run` wants; its ValueError says what to write instead. A switch's value is always a bool, and `read` is not asked.

    `from_pipeline` takes the piped object; `from_property` takes this property of it, if it has one and the parameter
    was not given. `also`: other spelling → remark that is printed as a warning, "" for a plain alias.
    """

    name: str
    read: Callable[[object], object] = read_any
    mandatory: bool = False
    position: int | None = None
    switch: bool = False
    from_pipeline: bool = False
    takes: frozenset[str] = frozenset()
    """Only objects of these types come through the pipe; empty: of any."""
    from_property: str = ""
    help: str = ""
    choices: tuple[str, ...] = ()
    also: Mapping[str, str] = field(default_factory=dict)
    values: Callable[[], Iterable[str]] | None = None
    """What completion offers, where it must be looked up: names of connectors."""
    many: bool = False
    """Takes all positional words that are left, as a list."""
    keeps: bool = False
    """Is emptied only by `$null` or `@()` themselves, not by a variable in which nothing is."""


@dataclass(frozen=True)
class Cmdlet:
    """`run` is called once for each piped object, as PowerShell's process block, or once without a pipe. `stream`
    instead sees all of them: for Sort-Object and its kin. What it puts out goes down the pipe.

    `changes` adds -WhatIf and -Confirm.
    """

    name: str
    run: Callable[[Call], Iterable[object]] | None = None
    parameters: tuple[Parameter, ...] = ()
    synopsis: str = ""
    examples: Mapping[str, str] = field(default_factory=dict)
    """Command → what it shows."""
    changes: bool = False
    stream: Callable[[Call, Iterator[Any]], Iterable[object]] | None = None
    is_function: bool = False
    """The script declares it."""
    takes_any: bool = False
    """Does nothing, whatever its parameters are called."""

    @property
    def asks(self) -> bool:
        """Whether it asks unless -Confirm:$false, as Exchange's Remove-, Disable- and Suspend- do."""
        return not self.is_function and self.name.startswith(("Remove-", "Disable-", "Suspend-"))

    def all_parameters(self) -> tuple[Parameter, ...]:
        """Its own, -WhatIf and -Confirm where it changes something, and the common ones."""
        return self.parameters + (CHANGING if self.changes else ()) + COMMON


class Host(Protocol):
    """The terminal, the page or a test: where a script's words go and where answers come from.

    `confirm` and what follows raise ShellError where nobody can be asked; the text says what to write in the script
    instead.
    """

    actor: Any
    computer: str
    """The name of this server."""
    begun: str
    """A line that Write-Host -NoNewline has begun; whoever runs the script prints it at its end."""

    @property
    def width(self) -> int:
        """Columns of the output."""

    def output(self, lines: str) -> None:
        """Finished text, one or more lines without the last line end."""

    def warning(self, message: str) -> None: ...

    def verbose(self, message: str) -> None: ...

    def what_if(self, message: str) -> None: ...

    def follow(self, look: Callable[[], tuple[str, bool]], address: str) -> None:
        """Tell at the script's end what comes of something that goes on behind it: `look` says how it stands, and
        whether it has ended; a page asks `address` instead.
        """

    def confirm(self, question: str) -> bool:
        """Yes or no. The question says what is about to happen."""

    def type_name(self, danger: str, name: str) -> bool:
        """Whether the administrator typed exactly `name`, after having read what is dangerous."""

    def read_secret(self, prompt: str) -> str: ...

    def read_file(self, path: str) -> bytes: ...

    def has_file(self, path: str) -> bool:
        """Whether `read_file` would find something. A page has the files that the same script wrote."""

    def write_file(self, path: str, content: bytes, append: bool = False) -> None:
        """The terminal writes a file, the page offers a download."""

    def sleep(self, seconds: float) -> None: ...

    def now(self) -> datetime:
        """The time, in UTC."""

    def clear(self) -> None:
        """Takes away what stands on the screen."""

    def history(self) -> list[str]:
        """The scripts that were run before, the oldest first."""

    def tick(self) -> None:
        """Called often; raises Stop when the run time is over."""


@dataclass
class Call:
    """One call: `arguments` has only what was given, by declared name, read; `item` is the piped object or None."""

    cmdlet: Cmdlet
    host: Host
    arguments: dict[str, Any]
    item: object = None
    what_if: bool = False
    confirm: bool = False
    verbose_wanted: bool = False
    quiet: bool = False
    piped: bool = False
    """Whether it stands behind a pipe."""

    def get(self, name: str, default: Any = None) -> Any:
        """An argument, or the default."""
        return self.arguments.get(name, default)

    def should_process(self, target: object, action: str) -> bool:
        """Whether to go ahead. With -WhatIf it prints what would happen and says no; with -Confirm it asks."""
        if self.what_if:
            self.host.what_if(f'Performing the operation "{action}" on target "{text(target)}".')
            return False
        if self.confirm and not self.host.confirm(f'Performing the operation "{action}" on target "{text(target)}".'):
            return False
        self.verbose(f'Performing the operation "{action}" on target "{text(target)}".')
        return True

    def verbose(self, message: str) -> None:
        """Printed with -Verbose only."""
        if self.verbose_wanted:
            self.host.verbose(message)

    def warning(self, message: str) -> None:
        """Printed unless -WarningAction SilentlyContinue."""
        if not self.quiet:
            self.host.warning(message)


ERROR_ACTIONS = ("Stop", "Continue", "SilentlyContinue", "Ignore")
WARNING_ACTIONS = ("Continue", "SilentlyContinue", "Ignore")
NUMBERED_ACTIONS = {0: "SilentlyContinue", 1: "Stop", 2: "Continue", 4: "Ignore"}
"""`-ErrorAction 0`, as many scripts write it."""


def _action(*names: str) -> Callable[[object], str]:
    read = one_of(*names)
    return lambda value: read(NUMBERED_ACTIONS.get(value, value) if type(value) is int else value)


CHANGING = (
    Parameter("WhatIf", switch=True, help="Shows what would happen, and changes nothing."),
    Parameter("Confirm", switch=True, help="Asks first. -Confirm:$false does not ask where the cmdlet asks by itself."),
)
COMMON = (
    Parameter("Verbose", switch=True, help="Says what it does.", also={"vb": ""}),
    Parameter(
        "ErrorAction",
        _action(*ERROR_ACTIONS),
        help="Continue goes on after an error, SilentlyContinue and Ignore without a word.",
        choices=ERROR_ACTIONS,
        also={"ea": ""},
    ),
    Parameter(
        "WarningAction",
        _action(*WARNING_ACTIONS),
        help="SilentlyContinue and Ignore print no warnings.",
        choices=WARNING_ACTIONS,
        also={"wa": ""},
    ),
    Parameter(
        "ErrorVariable", text, help="A variable for the errors, without $; with + they are added.", also={"ev": ""}
    ),
    Parameter(
        "OutVariable", text, help="A variable for what is put out, without $; with + it is added.", also={"ov": ""}
    ),
)
