"""What a script may meet that no cmdlet foresaw."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import pytest
from django.db import OperationalError

from console.management_shell.language.cmdlet import Call, Cmdlet
from console.management_shell.language.errors import ShellError, Stop
from console.management_shell.language.parser import parse
from console.management_shell.page import Question
from console.management_shell.session import commands
from tests.console.management_shell.shell import Shell


def shell(raises: Exception) -> Shell:
    def run(call: Call) -> Iterable[object]:
        raise raises

    found = Shell()
    found.session.interpreter.table = commands() | {"Get-Trouble": Cmdlet("Get-Trouble", run)}
    return found


def test_a_database_that_is_away_is_said_in_words() -> None:
    error = shell(OperationalError("connection refused")).refused("Get-Trouble")
    assert "database did not answer" in str(error)


@pytest.mark.parametrize("trouble", [KeyError("x"), ZeroDivisionError(), AttributeError("x"), UnicodeError("x")])
def test_a_mistake_of_ours_ends_the_script_and_goes_to_the_log(
    trouble: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    error = shell(trouble).refused("Get-Trouble -ErrorAction SilentlyContinue; 'not reached'")
    assert isinstance(error, Stop) and "the log says more" in str(error)
    assert type(trouble).__name__ in caplog.text


@pytest.mark.parametrize("signal", [KeyboardInterrupt, lambda: Question("confirm", "Sure?"), BrokenPipeError])
def test_what_the_host_raises_passes(signal: Callable[[], BaseException]) -> None:
    raised = signal()
    with pytest.raises(type(raised)):
        shell(raised).run("Get-Trouble")  # type: ignore[arg-type]


def test_an_object_that_holds_itself_cannot_be_printed_and_is_said_in_words() -> None:
    assert "nested too deeply" in str(Shell().refused("$table = @{}; $table.self = $table; $table"))


def test_variables_last_as_long_as_the_session() -> None:
    found = Shell()
    found.run("$x = 5")
    assert found.run("$x + 1") == "6"


def test_every_cmdlet_has_help_and_examples_that_can_be_read() -> None:
    for name, cmdlet in commands().items():
        assert cmdlet.synopsis.endswith("."), name
        assert name == cmdlet.name
        for command, meaning in cmdlet.examples.items():
            parse(command)
            named = re.findall(r"\b[A-Z][a-z]+-[A-Z]\w+", re.sub(r"\"[^\"]*\"|\S+-Exch-\S+", "", command))
            assert set(named) <= set(commands()), command
            assert meaning, command


def test_an_unknown_cmdlet_is_an_error_with_a_hint() -> None:
    with pytest.raises(ShellError, match="Did you mean Get-ReceiveConnector"):
        Shell().run("Get-RecieveConnector")
