"""What is written in a command is read again as the same value, whatever it is."""

from __future__ import annotations

from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from console.commands.wording import argument, quoted
from console.management_shell.cmdlets.settings import parameters
from console.management_shell.language.cmdlet import Call, Cmdlet
from console.management_shell.language.evaluation import Interpreter
from console.management_shell.language.parser import parse
from tests.config.test_document import objects
from tests.config.test_settings import TABLES
from tests.console.management_shell.shell import Shell
from transport.config import kinds
from transport.config.kinds import Kind
from transport.config.receive_connector import ReceiveConnector
from transport.config.setting import settings

ANYTHING = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\t`$\"'“”„‘’–;|#{}()@%,"), max_size=40
)
"""Any character, and often those that mean something in a script."""


def understood(struct: type, command: str) -> dict[str, Any]:
    """The arguments that a cmdlet with a struct's settings gets from a command."""
    seen: dict[str, Any] = {}

    def run(call: Call) -> tuple[()]:
        seen.update(call.arguments)
        return ()

    interpreter = Interpreter({"Set-It": Cmdlet("Set-It", run, parameters(struct))}, {}, Shell())
    for statement in parse(f"Set-It {command}").statements:
        list(interpreter.run(statement))
    return seen


@given(st.one_of(map(objects, TABLES)))
def test_every_setting(thing: object):
    table = {field: each for field, each in settings(type(thing)).items() if each.kind is not Kind.GRANTS}
    words = [f"-{each.name} {argument(each, getattr(thing, field))}" for field, each in table.items()]
    seen = understood(type(thing), " ".join(words))
    for field, each in table.items():
        assert seen[each.name] == getattr(thing, field), each.name


@given(ANYTHING)
def test_any_text(text: str):
    setting = settings(ReceiveConnector)["comment"]
    try:
        wanted = kinds.parse(setting, text)
    except ValueError:
        assume(False)
    assert understood(ReceiveConnector, f"-Comment {argument(setting, wanted)}")["Comment"] == wanted


@given(ANYTHING)
def test_a_quoted_text_is_one_word(text: str):
    (statement,) = parse(f"Write-Output {quoted(text)}").statements
    shell = Shell()
    assert list(shell.session.interpreter.run(statement)) == [text]
