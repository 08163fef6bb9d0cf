"""What an administrator writes, pastes or mistypes."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest

from console.management_shell.language import syntax
from console.management_shell.language.errors import ShellError
from console.management_shell.language.parser import is_complete, parse
from console.management_shell.language.syntax import Command, ListOf, Literal, Named, Positional, Text, Variable
from console.management_shell.language.values import Timespan


def command(text: str) -> Command:
    (statement,) = parse(text).statements
    assert isinstance(statement, syntax.Pipeline)
    (stage,) = statement.stages
    assert isinstance(stage, Command)
    return stage


def value(text: str) -> object:
    """The one value behind `X` in an argument."""
    (word,) = command(f"X {text}").words
    assert isinstance(word, Positional) and isinstance(word.value, Literal)
    return word.value.value


def problem(text: str) -> ShellError:
    with pytest.raises(ShellError) as caught:
        parse(text)
    return caught.value


SET = Command(
    "Set-ReceiveConnector",
    (
        Positional(Literal("Anonymous Relay")),
        Named("MaxRecipientsPerMessage", Literal(100)),
        Named("MaxMessageSize", Literal("5MB")),
    ),
)


@pytest.mark.parametrize(
    "text",
    [
        'Set-ReceiveConnector "Anonymous Relay" -MaxRecipientsPerMessage:100 -MaxMessageSize:5MB',
        "Set-ReceiveConnector “Anonymous Relay” –MaxRecipientsPerMessage:100 –MaxMessageSize:5MB",
        "Set-ReceiveConnector 'Anonymous Relay' —MaxRecipientsPerMessage: 100 ―MaxMessageSize: 5MB",
        'Set–ReceiveConnector"Anonymous Relay" -MaxRecipientsPerMessage:100 -MaxMessageSize:5MB',
        "[PS] C:\\>Set-ReceiveConnector ‘Anonymous Relay’ `\n  -MaxRecipientsPerMessage:100 `\n  -MaxMessageSize:5MB",
        'Set-ReceiveConnector\u00a0"Anonymous Relay"\u00a0-MaxRecipientsPerMessage:100 -MaxMessageSize:5MB # so',
    ],
    ids=["plain", "typographic", "long dashes", "no space", "pasted with the prompt", "from a web page"],
)
def test_a_command_reads_the_same_however_a_document_prints_it(text: str) -> None:
    assert command(text) == SET


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("10.2.3.4:25", "10.2.3.4:25"),
        ("[::]:25", "[::]:25"),
        ("192.168.0.0/16", "192.168.0.0/16"),
        ("2001:db8::-2001:db8::ff", "2001:db8::-2001:db8::ff"),
        ("00:10:00", "00:10:00"),
        ("1.00:00:00", "1.00:00:00"),
        ("*tls*", "*tls*"),
        ("EX1\\Default", "EX1\\Default"),
        ("C:\\temp\\a.csv", "C:\\temp\\a.csv"),
        ("a@contoso.com", "a@contoso.com"),
        ("007", "007"),
        ("5", 5),
        ("-5", -5),
        ("1.5", 1.5),
        ("5MB", "5MB"),
        ("$true", True),
        ("$NULL", None),
        ("'it''s'", "it's"),
        ('"a `"b`" ""c"" `$x `n"', 'a "b" "c" $x \n'),
        ("a`,b", "a,b"),
        ("@'\n$x 'y'\n'@", "$x 'y'"),
        ('@"\na\n\nb\n"@', "a\n\nb"),
        ('""', ""),
        ('"5 $ 6"', "5 $ 6"),
        ("'''quoted'''", "'quoted'"),
        ("''''''", "''"),
        ("‘it’’s’", "it’s"),
        ('"""a"""', '"a"'),
        ("@'\n@' is 'no end'\n\n'@", "@' is 'no end'\n"),
        ("5 <# a # b ## > c #>", 5),
        ("a`,`;b`|", "a,;b|"),
    ],
)
def test_words_and_quoted_texts(written: str, meant: object) -> None:
    assert value(written) == meant and type(value(written)) is type(meant)


def test_lists_go_on_behind_a_comma_also_on_the_next_line() -> None:
    wanted = Positional(ListOf((Literal("a"), Literal("b c"), Literal(5))))
    assert command("X a,'b c',5").words == (wanted,)
    assert command("X a, 'b c' ,\n   5").words == (wanted,)


def test_what_is_inside_a_text_is_looked_up() -> None:
    text = command('X "$a and ${b c} and $($d)!"').words[0].value
    assert isinstance(text, Text)
    assert text.parts[:4] == (Variable("a"), " and ", Variable("b c"), " and ")
    assert isinstance(text.parts[4], syntax.Sub) and text.parts[5] == "!"


def test_texts_stand_in_commands_that_stand_in_texts() -> None:
    assert command('X "a $(Y "b $(Z "c")")"') == command("X  “a $(Y “b $(Z “c”)”)”")


@pytest.mark.parametrize(
    "text",
    [
        "Get-X|Set-X",
        "Get-X | Set-X",
        "Get-X |\n  Set-X",
        "Get-X\n  | Set-X",
        "Get-X | # a remark\n Set-X",
        "Get-X <# a\nb #> | Set-X",
    ],
)
def test_a_pipeline_may_be_broken_at_the_pipe(text: str) -> None:
    assert parse(text) == parse("Get-X | Set-X") and len(parse(text).statements) == 1


def test_statements_end_at_a_line_or_a_semicolon() -> None:
    assert len(parse("Get-X; Get-Y\r\nGet-Z\n;;\n# end\n").statements) == 3


def test_operators_bind_as_in_powershell() -> None:
    tree = parse("1 + 2 * 3 -eq 7 -and -not $x").statements[0].stages[0]
    assert tree.operator == "and" and tree.left.operator == "eq" and tree.left.left.operator == "+"
    assert tree.left.left.right.operator == "*" and tree.right.operator == "not"


def test_a_time_span_is_a_value_in_an_expression() -> None:
    tree = parse("$_.Timeout -eq 00:10:00").statements[0].stages[0]
    assert tree.right == Literal(Timespan(600))


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        ("Get-X &", 1, 7, "not part of this shell"),
        ("Get-X\nGet-Y | 5", 2, 9, "after | comes a cmdlet"),
        ("Set-X <Name>", 1, 7, "placeholder"),
        ("$_.Name -like *foo*", 1, 15, "Put texts into quotes"),
        ("Get-X > a.txt", 1, 7, "Out-File"),
        ("@{a=1; A=2}", 1, 1, "twice"),
        ("Get-X (1", 1, 9, ") is missing"),
        ("Get-X {\n 5", 2, 3, "} is missing"),
        ('Get-X "abc', 1, 11, '" is missing'),
        ("Get-X 'abc", 1, 7, "does not end"),
        ("5 = 6", 1, 1, "Only a variable, a property or a key"),
        (")", 1, 1, "')'"),
        ("$x::y", 1, 3, ""),
        ("1kb + 00:99:00", 1, 7, "go to 59"),
    ],
)
def test_an_error_says_where_and_what(text: str, line: int, column: int, says: str) -> None:
    error = problem(text)
    assert (error.line, error.column) == (line, column), error
    assert says in str(error)
    source, caret = error.shown(text).splitlines()[-2:]
    assert caret.index("^") == error.column + 1 and source == "+ " + text.splitlines()[line - 1]


@pytest.mark.parametrize(
    "text", ["Get-X |", "Get-X {", "foreach ($x in 1..3) {", "Get-X `", '"abc', "Get-X a,", "@'\nx", "1 +", "Set-X 'a"]
)
def test_an_unfinished_line_asks_for_more(text: str) -> None:
    assert not is_complete(text)


@pytest.mark.parametrize("text", ["", "Get-X", "Get-X | fl", "Get-X )", "Get-X &", 'Set-X "a"', "5 5"])
def test_a_finished_or_hopeless_line_does_not(text: str) -> None:
    assert is_complete(text)


def test_a_script_has_a_largest_size() -> None:
    assert "at most" in str(problem("#" * 4_000_001))
    assert parse("#" * 4_000_000).statements == ()


@pytest.mark.parametrize(
    "text",
    [
        "Set-X " + "'" * 100_001,
        "Set-X '" + "a''" * 50_000,
        'Set-X "' + "a`" * 100_001,
        'Set-X "' + '""' * 50_000,
        "Set-X @'\n" + "a\n" * 50_000,
        'Set-X @"\n' + "a\n" * 50_000,
        "Get-X <#" + "#" * 100_000,
        "Get-X <#" + "a#" * 50_000,
        "Get-X a" + "$b" * 50_000,
        "Get-X a" + "``" * 50_000,
        "Get-X a," + "#\n" * 50_000,
    ],
    ids=range(11),
)
def test_what_does_not_end_is_read_in_linear_time(text: str) -> None:
    few, many = (min(_seconds(each) for _ in range(3)) for each in (text[: len(text) // 10], text))
    assert many < 40 * few + 0.1, (few, many)


def _seconds(text: str) -> float:
    begun = time.thread_time()
    with suppress(ShellError):
        parse(text)
    is_complete(text)
    return time.thread_time() - begun
