"""What Tab offers."""

from __future__ import annotations

import pytest

from console.management_shell.language.builtin import ALIASES
from console.management_shell.language.completion import complete
from tests.console.management_shell.language.orchard import Orchard


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("get-fr", ["Get-Fruit"]),
        ("Get-Fruit | Set-F", ["Set-Fruit"]),
        ("Get-Fruit|Set-F", ["Set-Fruit"]),
        ("$x = Get-W", ["Get-Weather"]),
        ("Get-Fruit | % { Get-W", ["Get-Weather"]),
        ("Set-Fruit -we", ["-Weight", "-Weather"]),
        ("Set-Fruit –Qu", ["-Quick"]),
        ("Set-Fruit -Weight 5 -we", ["-Weather"]),
        ("Set-Fruit -Weather ", ["Sun", "Rain"]),
        ("Set-Fruit -Weather s", ["Sun"]),
        ("Set-Fruit -Weather Sun,", ["Sun", "Rain"]),
        ("Get-Fruit ", ["Apple", "Pear", "Plum"]),
        ("Get-Fruit p", ["Pear", "Plum"]),
        ("Get-Fruit 'p", ["Pear", "Plum"]),
        ("Get-Fruit Pear ", []),
        ("Get-Fruit -Identity p", ["Pear", "Plum"]),
        ("Nonsense -", []),
        ("Get-Fruit | fl we", ["Weight", "Weather"]),
        ("Get-Fruit | where Ripe | select Name,ki", ["Kinds"]),
        ("fl we", []),
        ("Set-Fruit -Weather", ["-Weather"]),
    ],
)
def test_candidates(line: str, offered: list[str]) -> None:
    found = complete(Orchard().interpreter.table, ALIASES, line)
    assert [each.text for each in found] == offered


def test_a_candidate_replaces_the_unfinished_word() -> None:
    line = "Get-Fruit | Set-Fruit -Weath"
    (found,) = complete(Orchard().interpreter.table, ALIASES, line)
    assert line[: found.start] + found.text == "Get-Fruit | Set-Fruit -Weather"
