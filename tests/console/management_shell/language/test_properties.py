"""Whatever is written: it is read as it was meant, or refused in words; nothing breaks and nothing hangs."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from console.management_shell.language import syntax
from console.management_shell.language.builtin import ALIASES
from console.management_shell.language.completion import complete
from console.management_shell.language.errors import ShellError
from console.management_shell.language.parser import is_complete, parse
from console.management_shell.language.quoting import quoted
from console.management_shell.language.values import text
from tests.console.management_shell.language.orchard import Orchard
from tests.console.management_shell.language.writer import TEXTS, scripts, write

WORDS = """
    Get-Fruit Set-Fruit | fl ft where % ? { } ( ) $( @( @{ , ; = += $x $_ $_.Name .Count [0] ' " ` -Name -Weight: -eq
    -like -f -join -not ! + - * / % .. 1 5MB 00:10:00 *a* if foreach in else "a" 'b' "$x" "$($x)" # <# #> @' '@ $null
    $true 1..9 select sort measure Identity,Name @{n='a';e={$_}} ConvertTo-Json Export-Csv group -Confirm -WhatIf -?
    Get-Help
"""
SOUP = st.lists(st.one_of(st.sampled_from([*WORDS.split(), "\n"]), st.text(max_size=3)), max_size=14).map(" ".join)


@given(scripts())
def test_a_tree_that_is_written_down_is_read_back(tree: syntax.Script) -> None:
    assert parse(write(tree)) == tree, write(tree)


@given(TEXTS)
@example("220 Mail Server")
@example("-Name")
@example("$x `y “z”")
@example("a\r\nb")
@example("5")
def test_a_quoted_text_means_itself(wanted: str) -> None:
    (word,) = parse(f"Write-Output {quoted(wanted)}").statements[0].stages[0].words
    assert text(word.value.value) == wanted


@given(st.one_of(st.text(max_size=60), SOUP))
def test_any_text_is_run_or_refused_in_words(script: str) -> None:
    error = _ended(script)
    if error is not None:
        assert str(error) and error.line >= 1 and error.column >= 1, script
        assert error.shown(script).endswith("^")
    is_complete(script)


def _ended(script: str) -> ShellError | None:
    try:
        Orchard().run(script)
    except ShellError as error:
        return error
    return None


@given(SOUP)
def test_completion_offers_something_for_any_text(line: str) -> None:
    orchard = Orchard()
    for found in complete(orchard.interpreter.table, ALIASES, line):
        assert 0 <= found.start <= len(line) and found.text
