"""What is not understood is an error that names it, at its place; nothing is passed over without a word."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.management_shell.language import formats, statics
from console.management_shell.language.builtin import BUILTIN
from console.management_shell.language.cmdlet import Cmdlet
from console.management_shell.language.errors import ShellError
from console.management_shell.language.making import NOT_NEEDED
from console.management_shell.language.methods import METHODS, OF_RECORDS
from console.management_shell.language.values import (
    GenericList,
    Growing,
    Pattern,
    Record,
    ScriptBlock,
    Size,
    Timespan,
)
from tests.console.management_shell.language.orchard import Orchard

NOON = datetime(2027, 1, 31, 12, 0, tzinfo=UTC)
RECEIVERS: dict[type, object] = {
    str: "text",
    Pattern: Pattern("a"),
    int: Size(5),
    datetime: NOON,
    list: [1],
    Growing: Growing([1]),
    GenericList: GenericList([1]),
    dict: {"a": 1},
    ScriptBlock: ScriptBlock(lambda item: []),
    object: "text",
}


@pytest.fixture
def orchard() -> Orchard:
    return Orchard()


@pytest.mark.parametrize(
    "cmdlet", [each for each in BUILTIN.values() if each.name not in NOT_NEEDED], ids=lambda each: each.name
)
def test_a_parameter_that_a_cmdlet_does_not_have_is_named(orchard: Orchard, cmdlet: Cmdlet) -> None:
    error = orchard.error(f"'a' | {cmdlet.name} -Nonsense 5")
    assert "'Nonsense'" in str(error) and (error.line, error.column) == (1, 8 + len(cmdlet.name))


@pytest.mark.parametrize("name", NOT_NEEDED)
def test_a_cmdlet_without_use_says_so(orchard: Orchard, name: str) -> None:
    assert orchard.run(f"{name} -Version Latest whatever -Name x") == []
    assert orchard.warnings and name in orchard.warnings[0]


EVERY_METHOD = [(kind, name) for kind, table in METHODS.items() for name in table]


@pytest.mark.parametrize(("kind", "name"), EVERY_METHOD, ids=lambda each: getattr(each, "__name__", each))
def test_a_method_takes_no_more_arguments_than_it_knows(orchard: Orchard, kind: type, name: str) -> None:
    orchard.interpreter.variables["it"] = RECEIVERS[kind]
    most = METHODS[kind][name].most
    many = (METHODS[kind][name].least if most is None else most) + 1
    error = orchard.error(f"$it.{name}({','.join(['1'] * many)})")
    assert name in str(error) and f"not {many}" in str(error)


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, table in OF_RECORDS.items() for name in table])
def test_nor_does_one_of_an_object(orchard: Orchard, kind: str, name: str) -> None:
    orchard.interpreter.variables["it"] = Record(kind, {"Name": "utf-8"})
    assert name in str(orchard.error(f"$it.{name}(1,2,3,4)"))


EVERY_FUNCTION = [(kind, name) for kind, table in statics.FUNCTIONS.items() for name in table]


@pytest.mark.parametrize(("kind", "name"), EVERY_FUNCTION)
def test_a_static_method_takes_no_more_arguments_than_it_knows(orchard: Orchard, kind: str, name: str) -> None:
    shown = "Collections.Generic.List[string]" if kind == "list" else kind
    error = orchard.error(f"[{shown}]::{name}({','.join(['1'] * 51)})")
    assert name in str(error) and "not 51" in str(error)


@pytest.mark.parametrize(
    ("script", "named"),
    [
        ("[string]::Nonsense('a')", "Nonsense()"),
        ("[string]::Nonsense", "Nonsense"),
        ("[System.Net.Dns]::GetHostEntry('a')", "System.Net.Dns"),
        ("[Nonsense]5", "[Nonsense]"),
        ("5 -as [Nonsense]", "[Nonsense]"),
        ("5 -is [Nonsense]", "[Nonsense]"),
        ("'a'.Nonsense()", "Nonsense"),
        ("(Get-Date).ToString('QQQ')", "QQQ"),
        ("Get-Date -Format 'wwww'", "wwww"),
        ("'{0:Q5}' -f 5", "Q5"),
        ("'{0:hhh}' -f 00:10:00", "hhh"),
        ("'{x}' -f 5", "brace"),
        ("'a b' -split ' ',2,'Nonsense'", "SimpleMatch"),
        ("'a' -replace 'a','b','c'", "no more"),
        ("switch -Nonsense (1) { 1 { 2 } }", "-Nonsense"),
        ("try { 1 } catch [System.Net.WebException] { 2 }", "System.Net.WebException"),
        ("function f { param([ValidateScript({$true})]$x) $x }; f 1", "ValidateScript"),
        ("function f { param([Parameter(Nonsense=$true)]$x) $x }; f 1", "Nonsense"),
        ("function f { param([Nonsense]$x) $x }; f 1", "Nonsense"),
        ("function f { param($x) $x }; f 1 2", "'2'"),
        ("function f { param($x) $x }; f -y 2", "'y'"),
        ("function Get-Fruit { 1 }", "Get-Fruit"),
        ("[Nonsense()]param($x)", "Nonsense"),
        ("Get-Fruit | select @{n='a';e='Name';Width=5}", "'Width'"),
        ("Get-Fruit | select -ExpandProperty Nonsense", "Nonsense"),
        ("'a' | Out-File x.txt -Encoding Nonsense", "Nonsense"),
        ("Set-Fruit @nothing", "@nothing"),
        ("Set-Fruit Apple @{}; $p = @{Nonsense=1}; Set-Fruit @p", "'System.Collections.Hashtable'"),
        ("$p = @{Identity='a'; Nonsense=1}; Set-Fruit @p", "Nonsense"),
        ("$ErrorActionPreference = 'Nonsense'", "Nonsense"),
        ("$NonsensePreference = 'Stop'", "nonsensepreference"),
        ("$env:Nonsense", "env:nonsense"),
        ("$PSVersionTable.PSVersion", "psversiontable"),
        ("(1,2)[5]", "Index 5"),
        ("(Get-Fruit Apple)[1]", "Index 1"),
        ("New-Object Nonsense", "Nonsense"),
        ("1 | % $null {2}", "-Process: Of several, each is a script block"),
        ("1 | % {2} Name", "-Process: Of several, each is a script block"),
        ("Get-Fruit > x.txt", "Out-File"),
    ],
)
def test_what_is_not_understood_is_named_at_its_place(orchard: Orchard, script: str, named: str) -> None:
    error = orchard.error(script)
    assert named in str(error), error
    assert error.line == 1 and error.column >= 1


def test_a_property_that_objects_do_not_have_is_said_once(orchard: Orchard) -> None:
    assert orchard.got("Get-Fruit | % { $_.Wieght }; 1") == [1]
    assert orchard.warnings == ["A Fruit has no property 'Wieght': it counts as nothing."]
    assert orchard.value("[pscustomobject]@{a=1} | % { $_.b }") is None and len(orchard.warnings) == 1


LETTERS = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0#.,%:;-/ \\'\""), max_size=8)
KNOWN = set("yMdHhmstfzKTZ")


@given(LETTERS, st.sampled_from([NOON, 5, -1234.567, Timespan(3661), 0]))
def test_a_format_is_understood_or_named(form: str, value: Any) -> None:
    said = ""
    try:
        shown = formats.formatted(value, form)
    except ShellError as error:
        shown, said = "", str(error)
    if said:
        assert form.removeprefix("%") in said
        return
    assert isinstance(shown, str)
    if isinstance(value, datetime) and len(form) > 1 and not set("'\"\\%") & set(form):
        assert {sign for sign in form if sign.isalpha()} <= KNOWN, f"{form!r} gave {shown!r}"


@pytest.mark.parametrize(
    ("value", "form", "shown"),
    [
        (NOON, "yyyyMMdd_HHmmss", "20270131_120000"),
        (NOON, "dddd, d. MMMM yy", "Sunday, 31. January 27"),
        (NOON, "h:mm tt", "12:00 PM"),
        (NOON, "s", "2027-01-31T12:00:00"),
        (NOON, "o", "2027-01-31T12:00:00.0000000Z"),
        (NOON, "d", "1/31/2027"),
        (NOON, "R", "Sun, 31 Jan 2027 12:00:00 GMT"),
        (NOON, "yyyy-MM-ddTHH:mm:ssZ", "2027-01-31T12:00:00Z"),
        (NOON, "'at' HH", "at 12"),
        (1234.5, "N0", "1,235"),
        (1234.567, "#,##0.00", "1,234.57"),
        (7, "000", "007"),
        (0.256, "0.0%", "25.6%"),
        (0.256, "P1", "25.6 %"),
        (255, "X4", "00FF"),
        (-5, "0.##", "-5"),
        (12345.678, "E2", "1.23E+004"),
        (5, "C", "$5.00"),
        (Timespan(3661), r"hh\:mm\:ss", "01:01:01"),
        (Timespan(90061), r"d\.hh\:mm", "1.01:01"),
    ],
)
def test_formats_are_those_of_net(value: object, form: str, shown: str) -> None:
    assert formats.formatted(value, form) == shown
