"""Which word goes to which parameter, and PowerShell's own words where that is unclear."""

from __future__ import annotations

import pytest

from tests.console.management_shell.language.orchard import Orchard


@pytest.fixture
def orchard() -> Orchard:
    return Orchard()


@pytest.mark.parametrize(
    "script",
    [
        "Set-Fruit Pear -Weight 5 -Quick",
        "SET-FRUIT -identity Pear -weight:5 -quick",
        "set-fruit -weig 5 -q Pear",
        "Set-Fruit –Weight: 5 –Quick:$true Pear",
        "'Pear' | Set-Fruit -Weight '5' -Quick:1",
        "Set-Fruit -w8 5 Pear -Quick",
    ],
)
def test_names_in_any_case_prefixes_colons_switches_and_positions(orchard: Orchard, script: str) -> None:
    orchard.run(script)
    assert orchard.calls == [{"Identity": "Pear", "Weight": 5, "Quick": True}]


def test_a_switch_takes_no_value_unless_by_colon(orchard: Orchard) -> None:
    orchard.run("Set-Fruit -Quick Pear; Set-Fruit Pear -Quick:$false")
    assert [each["Quick"] for each in orchard.calls] == [True, False]


def test_a_wrong_name_of_the_documents_is_understood_with_a_remark(orchard: Orchard) -> None:
    orchard.run("Set-Fruit Pear -Mass 5")
    assert orchard.calls[0]["Weight"] == 5
    assert orchard.warnings == ["A Weight is called Weight."]


@pytest.mark.parametrize(
    ("script", "column", "says"),
    [
        ("Set-Fruit Pear -x 1", 16, "A parameter cannot be found that matches parameter name 'x'."),
        ("Set-Fruit My Pear", 14, "A positional parameter cannot be found that accepts argument 'Pear'."),
        (
            "Set-Fruit Pear -We 1",
            16,
            "Parameter cannot be processed because the parameter name 'We' is ambiguous. "
            "Possible matches include: -Weight -Weather.",
        ),
        ("Set-Fruit Pear -Weight", 16, "Missing an argument for parameter 'Weight'."),
        ("Set-Fruit Pear -Weight -Quick", 16, "Missing an argument for parameter 'Weight'."),
        (
            "Set-Fruit -Weight 1",
            1,
            "Cannot process command because of one or more missing mandatory parameters: Identity.",
        ),
        (
            "Set-Fruit Pear -Weight 1 -Weight 2",
            34,
            "Cannot bind parameter because parameter 'Weight' is specified more than once.",
        ),
        (
            "Set-Fruit Pear -Weight heavy",
            24,
            "Cannot process argument transformation on parameter 'Weight'. Write a whole number.",
        ),
        (
            "Set-Fruit Pear -Ripe maybe",
            22,
            "Cannot process argument transformation on parameter 'Ripe'. Write $true or $false.",
        ),
        ("Set-Fruit Pear -Name 'a','b'", 22, "parameter 'Name'. Write one text here, not a list."),
        ('Set-Fruit Pear -Name "a`nb"', 22, "parameter 'Name'. Write one line."),
        ("'a' | Get-Weather", 7, "The input object cannot be bound to any parameters for the command"),
        ("'a' | Set-Fruit Pear", 7, "The input object cannot be bound to any parameters for the command"),
    ],
)
def test_powershells_words_for_what_does_not_fit(orchard: Orchard, script: str, column: int, says: str) -> None:
    error = orchard.error(script)
    assert says in str(error)
    assert (error.line, error.column) == (1, column)
    assert orchard.calls == []


def test_a_piped_object_gives_itself_and_its_properties(orchard: Orchard) -> None:
    orchard.run("Get-Fruit Pear | Set-Fruit; Get-Fruit Pear | Set-Fruit -Name other")
    assert [each["Name"] for each in orchard.calls] == ["Pear", "other"]
    assert {each["Identity"] for each in orchard.calls} == {"ORCHARD\\Pear"}


def test_what_if_changes_nothing_and_says_what_would_happen(orchard: Orchard) -> None:
    orchard.run("Get-Fruit | Set-Fruit -WhatIf")
    assert orchard.calls == []
    assert orchard.notes[0] == 'Performing the operation "Set-Fruit" on target "ORCHARD\\Apple".'


def test_confirm_asks_and_removal_asks_by_itself(orchard: Orchard) -> None:
    orchard.run("Set-Fruit Pear; Remove-Fruit Pear -Confirm:$false")
    assert orchard.questions == [] and len(orchard.calls) == 2
    orchard.run("Set-Fruit Pear -Confirm; Remove-Fruit Pear")
    assert len(orchard.questions) == 2 and len(orchard.calls) == 4
    refusing = Orchard(answer=False)
    refusing.run("Set-Fruit Pear -Confirm; Remove-Fruit Pear")
    assert refusing.calls == []


def test_verbose_and_quiet(orchard: Orchard) -> None:
    orchard.run("Set-Fruit Pear -Verbose")
    assert orchard.notes == ['Performing the operation "Set-Fruit" on target "Pear".']
    orchard.run("Get-Weather -WarningAction silentlycontinue; Get-Weather -wa Ignore")
    assert orchard.warnings == []
    assert "Write one of Stop, Continue, SilentlyContinue, Ignore." in str(orchard.error("Get-Weather -ErrorAction No"))


def test_a_table_and_a_list_reach_the_cmdlet_as_they_are(orchard: Orchard) -> None:
    orchard.run("Set-Fruit Pear -Anything @{Add='a','b'; Remove='c'} -Kinds 10.0.0.1,x")
    assert orchard.calls[0]["Anything"] == {"Add": ["a", "b"], "Remove": "c"}
    assert orchard.calls[0]["Kinds"] == ["10.0.0.1", "x"]
