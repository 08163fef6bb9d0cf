"""What scripts do: variables, operators, pipelines, limits."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from console.management_shell.language.errors import Stop
from console.management_shell.language.values import UNLIMITED, Size, Timespan
from tests.console.management_shell.language.orchard import Orchard
from tests.console.management_shell.recorder import NOON


@pytest.fixture
def orchard() -> Orchard:
    return Orchard()


@pytest.mark.parametrize(
    ("script", "value"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("10 / 4", 2.5),
        ("10 / 5", 2),
        ("-7 % 3", -1),
        ("10MB - 1KB", 10 * 1024**2 - 1024),
        ("'a' + 1 + 2", "a12"),
        ("1 + '2'", 3),
        ("'ab' * 3", "ababab"),
        ("1..4", [1, 2, 3, 4]),
        ("3..1", [3, 2, 1]),
        ("(1,2) + 3", [1, 2, 3]),
        ("'{0,-4}|{1,5}|{0:N0} {{}}' -f 5000, 'x'", "5000|    x|5,000 {}"),
        ("'{0:D3} {1:P0} {2:F2}' -f 7, 0.5, 1.005", "007 50 % 1.00"),
        ("-join ('a','b')", "ab"),
        ("'a','b' -join '+'", "a+b"),
        ("'a-b_c' -split '[-_]'", ["a", "b", "c"]),
        ("'Mail One' -replace '(\\w+) one','$1 Two'", "Mail Two"),
        ("-not $true", False),
        ("$true -and !$false", True),
        ("$false -or 0", False),
        ("$true -xor $true", False),
        ("$undefined", None),
        ("$_", None),
        ("'abc'.Length", 3),
        ("'abc'[-1]", "c"),
        ("(1..9)[2,-1]", [3, 9]),
        ("@{a=1;b=2}.b", 2),
        ("@{a=1}['A']", 1),
        ("@(5).Count", 1),
        ("@().Count", 0),
        ("'a b'.ToUpper().Split(' ')", ["A", "B"]),
        ("'contoso.com'.EndsWith('.com')", True),
        ("$x = 5; $x += 2; $X", 7),
        ("$a = Get-Fruit Apple; $a.kinds += 'late', 'wild'; $a.Kinds", ["old", "new", "late", "wild"]),
        ("$h = @{One = 1}; $h.one += 1; $h['two'] = 5; $h.One, $h.Two", [2, 5]),
        ("$l = @(); $l += 1; $l += 'b'; $l", [1, "b"]),
        ("if (1 -gt 2) {'a'} elseif ($null) {'b'} else {'c'}", "c"),
        ("foreach ($n in 1..3) { $n * 2 }", [2, 4, 6]),
        ("$(1;2).Count", 2),
        ("$n = 7; Write-Output 10.0.0.$n:$(20 + 5)/x$n", "10.0.0.7:25/x7"),
        ("$n = 'EX1'; Write-Output $n\\Default", "EX1\\Default"),
        ('"$(1 + 1) of $((1,2,3).Count)"', "2 of 3"),
        ("'relay;'.Substring(0, 'relay;'.Length - 1)", "relay"),
        ("[math]::Round(10 / 3, 1 + 1)", 3.33),
        ("[string]::Join(',', ('a','b' | Sort-Object -Descending))", "b,a"),
        ("'a-b'.Replace('-', '+' * 2)", "a++b"),
        ("function f($n = 2 * 3) { $n }; f", 6),
    ],
)
def test_expressions_mean_what_they_mean_in_powershell(orchard: Orchard, script: str, value: object) -> None:
    assert orchard.value(script) == value


@pytest.mark.parametrize(
    "condition",
    [
        "$f.Weight -gt 10MB",
        "$f.Weight -eq '36 MB (37,748,736 bytes)'",
        "$f.Weight -lt '1GB'",
        "$f.Keeps -eq 00:10:00",
        "$f.Keeps -ge '00:09:59'",
        "$f.Keeps -lt 1.00:00:00",
        "$f.Limit -eq 'unlimited'",
        "$f.Limit -gt 1TB",
        "5 -lt $f.Limit",
        "$f.Ripe -eq $true",
        "$f.Ripe -eq 'true'",
        "$f.Name -eq 'APPLE'",
        "$f.Name -cne 'APPLE'",
        "$f.Name -like 'a*l?'",
        "$f.Name -notlike '[b-z]*'",
        "$f.Name -clike 'A*'",
        "$f.Name -match '^app'",
        "$f.Kinds -contains 'NEW'",
        "$f.Kinds -notcontains 'other'",
        "'old' -in $f.Kinds",
        "$f.Uses -contains 'juice'",
        "$f.Uses -like '*Cake*'",
        "$f.Uses -eq 'Cake, Juice'",
        "$f.Comment -eq $null",
        "$null -eq $f.Nothing",
        "-not $f.Comment",
        "(1,5,9 -gt 4).Count -eq 2",
        "$f.Weight.ToMB() -eq 36",
        "$f.Weight.Value.ToBytes() -eq 37748736",
        "$f.Keeps.TotalMinutes -eq 10",
        "$f.Limit.IsUnlimited",
        "(Get-Date) -gt '2027-01-31 11:59'",
        "(Get-Date) -lt '01/31/2027 12:01 PM'",
    ],
)
def test_properties_are_compared_by_what_they_measure(orchard: Orchard, condition: str) -> None:
    assert orchard.value(f"$f = Get-Fruit Apple; {condition}") is True, condition


def test_sizes_and_time_spans_stay_what_they_are_when_they_are_reckoned_with(orchard: Orchard) -> None:
    assert type(orchard.value("(Get-Fruit Apple).Weight * 2")) is Size
    assert type(orchard.value("(Get-Fruit Apple).Keeps + 60")) is Timespan
    assert orchard.value("(Get-Date).AddDays(-1)") == datetime(2027, 1, 30, 12, 0, tzinfo=UTC)
    assert orchard.value("(Get-Date) - (Get-Date).AddHours(-2)") == Timespan(7200)
    assert orchard.value("Get-Date") == NOON


def test_a_property_of_a_list_is_that_of_each(orchard: Orchard) -> None:
    assert orchard.value("(Get-Fruit).Name") == ["Apple", "Pear", "Plum"]
    assert orchard.value("(Get-Fruit)[0].limit") is UNLIMITED


def test_what_is_found_goes_down_the_pipe_one_by_one(orchard: Orchard) -> None:
    orchard.run("Get-Fruit | Where-Object {$_.Ripe} | Set-Fruit -Weight 7")
    assert [each["Identity"] for each in orchard.calls] == ["ORCHARD\\Apple", "ORCHARD\\Plum"]
    assert {each["Weight"] for each in orchard.calls} == {7}


def test_a_pipe_inside_of_a_block_keeps_its_own_current_object(orchard: Orchard) -> None:
    script = "1..2 | % { $n = $_; 'a','b' | % { \"$n$_\" }; $_ }"
    assert orchard.got(script) == ["1a", "1b", 1, "2a", "2b", 2]


def test_nothing_outside_the_table_can_be_run(orchard: Orchard) -> None:
    for script in ("cmd.exe /c dir", "Invoke-Expression '1'", "iex 1", "Invoke-Command {1}", "python"):
        assert "is not recognized" in str(orchard.error(script)), script
    assert "no type that this shell makes" in str(orchard.error("New-Object System.Net.WebClient"))
    assert str(orchard.error("Get-Fruits")).endswith("Did you mean Get-Fruit?")


@pytest.mark.parametrize(
    "script",
    [
        "[System.IO.File]::ReadAllText('/etc/passwd')",
        "$x.GetType()",
        "'a'.__class__",
        "$env:PATH",
        "& {1}",
        ". ./x.ps1",
        "$x=1 && 2",
    ],
)
def test_there_is_nothing_behind_the_language(orchard: Orchard, script: str) -> None:
    assert orchard.outcome(script) in ([None], "refused")


def test_an_error_names_the_cmdlet_the_parameter_and_the_place(orchard: Orchard) -> None:
    error = orchard.error("Get-Fruit |\n  Set-Fruit -Weight much")
    assert (error.line, error.column, error.cmdlet) == (2, 21, "Set-Fruit")
    error = orchard.error("$x = 1\n Get-Fruit Kiwi")
    assert str(error) == "Get-Fruit: -Identity: There is no fruit 'Kiwi'."
    assert (error.line, error.column) == (2, 12)


def test_a_script_ends_at_its_first_error(orchard: Orchard) -> None:
    orchard.error("Set-Fruit a -Weight 1; Get-Fruit Kiwi; Set-Fruit b")
    assert len(orchard.calls) == 1
    orchard.run("Get-Fruit Kiwi -ErrorAction SilentlyContinue; Set-Fruit b")
    assert len(orchard.calls) == 2 and orchard.warnings == []
    orchard.run("'Kiwi','Pear' | Get-Fruit -ea Continue | Set-Fruit")
    assert len(orchard.calls) == 3 and "no fruit 'Kiwi'" in orchard.warnings[0]


@pytest.mark.parametrize(
    "script",
    [
        "1..100000000",
        "1..99999 | % { $_; $_ }",
        "1..30 | % { $s += 'abcdefgh' } ; 1..30 | % { $s = \"$s$s\" }",
        "'a' * 1000000000",
        "$l = 1..60000; $l + $l",
        "1..1000 | % { 1..1000 | % { $_ } }",
        "$s = 'x' * 4000000; -join (1..500 | % { $s })",
        "$s = 'x' * 4000000; 1..500 | % { \"$s$_\" }",
        "$s = 'x' * 4000000; \"$(1..500 | % { $s })\"",
        "$s = 'x' * 4000000; ('{0}' * 500) -f $s",
        "$s = 'x' * 4000000; 'a'.Replace('a', $s); ('a' * 500).Replace('a', $s)",
        "$s = 'x' * 4000000; 1..500 | % { $s } | ConvertTo-Json",
        "$s = 'x' * 4000000; 1..500 | % { $s } | Export-Csv a.csv",
        "$s = 'x' * 4000000; 1..500 | % { $s } | Out-String",
        "('x' * 4000) -replace '','" + "b" * 3000 + "'",
        "('ab' * 500000) -match '(?:a?b?){300}c'",
        "'" + "a" * 3000 + "' -replace 'a','" + "b" * 3000 + "'",
    ],
)
def test_a_greedy_script_is_stopped(orchard: Orchard, script: str) -> None:
    assert isinstance(orchard.error(script), Stop)
    assert isinstance(orchard.error(script.replace("1..100000000", "1..100000000 | % {}")), Stop)


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|a)*b", "(a|aa)+$", "a*a*a*a*b", "(.*)(.*)(.*)x", "(?:a?){40}a{40}", "a.*a$"]
)
def test_no_regular_expression_takes_forever(orchard: Orchard, pattern: str) -> None:
    assert orchard.value(f"('a' * 2000) -match '{pattern}'") is pattern.endswith(("$", "}"))


@pytest.mark.parametrize("pattern", ["(?=a)", "(?!a)", "(?<=a)b", "(?<!a)b", r"(a)\1", r"(?<x>a)\k<x>", "(?>a)"])
def test_what_looks_around_or_back_is_refused_and_said(orchard: Orchard, pattern: str) -> None:
    assert "Look-ahead, look-behind and references back" in str(orchard.error(f"'ab' -match '{pattern}'"))


@pytest.mark.parametrize("pattern", ["(a", "a{2000}", r"\w{900}", "[char]0xD800", "'a' + [char]0xD800", "*"])
def test_what_is_no_regular_expression_is_said(orchard: Orchard, pattern: str) -> None:
    written = pattern if "char" in pattern else f"'{pattern}'"
    assert "is no regular expression here" in str(orchard.error(f"'ab' -match {written}"))


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [(r"^\w+$", "Müller"), (r"^[\w ]+$", "Ωmega ñ"), (r"^\d\d$", "٤٢"), (r"^a\sb$", "a\xa0b"), (r"^\S$", "ü"),
     (r"^\W\D$", "-ü"), (r"^[^\w]$", "§"), (r"^[]a]+\Z$", "a]"), ("MÜLLER", "müller")],
)  # fmt: skip
def test_letters_and_digits_of_every_script_count(orchard: Orchard, pattern: str, fits: str) -> None:
    assert orchard.value(f"'{fits}' -match '{pattern}'") is True
    assert orchard.value(f"'{fits}' -replace '{pattern}','→$&'") == f"→{fits}"


def test_half_of_a_character_is_no_text_to_look_in(orchard: Orchard) -> None:
    assert "half of a character" in str(orchard.error("[string][char]0xD800 -match 'a'"))


def test_wildcards_never_take_long(orchard: Orchard) -> None:
    assert "too long" in str(orchard.error("('a' * 2000000) -like ('*a' * 400)"))
    assert orchard.value(f"('a' * 20000) -like '{'*a' * 12}b'") is False


def test_deep_nesting_is_refused_and_wide_is_not(orchard: Orchard) -> None:
    assert orchard.value("+".join(["1"] * 1000)) == 1000
    for script in (
        "(" * 3000 + "1" + ")" * 3000,
        "-not " * 3000 + "1",
        "$(" * 60 + "1" + ")" * 60,
        "@(" * 2000 + ")" * 2000,
    ):
        assert "deep" in str(orchard.error(script))


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("1 / 0", "divide by zero"),
        ("5 -gt 'abc'", "'abc' is no number"),
        ("$null.ToString()", "null-valued"),
        ("$null[0]", "null array"),
        ("'a'.GetType()", "no method named 'GetType'"),
        ("9223372036854775807 + 1", "too large"),
        ("'{1}' -f 1", "Index (zero based)"),
        ("(Get-Date).AddDays(99999999)", "out of range"),
        ("'x' -match '('", "no regular expression"),
        ("(Get-Fruit Apple).Limit + 1", "Unlimited is no number"),
        ("(Get-Date) -gt 'soon'", "no time"),
        ("$_ = 5", "cannot be given a value"),
        ("$a = Get-Fruit Apple; $a.Wieght = 5", "The property 'Wieght' cannot be found"),
        ("$a = 5; $a.Value = 6", "The property 'Value' cannot be found"),
    ],
)
def test_what_makes_no_sense_is_said_in_words(orchard: Orchard, script: str, says: str) -> None:
    assert says in str(orchard.error(script))
