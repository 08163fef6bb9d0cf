"""Where-Object and its kin, and what is printed."""

from __future__ import annotations

import json

import pytest

from console.management_shell.language.parser import parse
from console.management_shell.language.values import Record, Size
from tests.console.management_shell.language.orchard import Orchard


@pytest.fixture
def orchard() -> Orchard:
    return Orchard()


def test_the_default_table(orchard: Orchard) -> None:
    assert orchard.run("Get-Fruit") == [
        "",
        "Identity      Weight                   Ripe",
        "--------      ------                   ----",
        "ORCHARD\\Apple 36 MB (37,748,736 bytes) True",
        "ORCHARD\\Pear  1 KB (1,024 bytes)       False",
        "ORCHARD\\Plum  5 B (5 bytes)            True",
        "",
    ]


def test_format_list_prints_every_kind_of_value_as_exchange_does(orchard: Orchard) -> None:
    assert orchard.run("Get-Fruit Apple | fl") == [
        "",
        "Identity : ORCHARD\\Apple",
        "Name     : Apple",
        "Weight   : 36 MB (37,748,736 bytes)",
        "Keeps    : 00:10:00",
        "Limit    : Unlimited",
        "Ripe     : True",
        "Kinds    : {old, new}",
        "Uses     : Cake, Juice",
        "Count    : 3",
        "Comment  :",
        "",
    ]


def test_format_list_takes_wildcards_in_any_case_and_in_the_order_given(orchard: Orchard) -> None:
    lines = orchard.run("get-fruit pear | fl identity,*e*,Nothing")
    assert [line.partition(" ")[0] for line in lines[1:-1]] == [
        "Identity", "Name", "Weight", "Keeps", "Ripe", "Uses", "Comment", "Nothing",
    ]  # fmt: skip


def test_several_objects_are_listed_with_one_empty_line_between(orchard: Orchard) -> None:
    assert orchard.run("Get-Fruit | fl Name") == ["", "Name : Apple", "", "Name : Pear", "", "Name : Plum", ""]


def test_a_long_value_goes_on_below_itself(orchard: Orchard) -> None:
    lines = orchard.run("Get-Fruit Apple | select @{n='Long';e={'x' * 150}} | fl")
    assert lines[1:-1] == ["Long : " + "x" * 93, "       " + "x" * 57]


def test_a_table_fits_the_width_and_numbers_stand_right(orchard: Orchard) -> None:
    orchard.width = 30
    orchard.run("Get-Fruit | ft Name,Count,Kinds,@{n='Long';e={'y' * 60}}")
    assert max(map(len, orchard.printed)) <= 30
    assert any("..." in line for line in orchard.printed)
    apple = next(line for line in orchard.printed if line.startswith("Apple"))
    assert apple.split()[1] == "3" and apple.index("3") == orchard.printed[1].index("Count") + 4


def test_wrap_shows_all_of_it(orchard: Orchard) -> None:
    orchard.width = 30
    lines = orchard.run("Get-Fruit Apple | ft Name,@{n='Words';e={'one two three four five six'}} -Wrap")
    assert " ".join(lines).split()[-6:] == ["one", "two", "three", "four", "five", "six"]


def test_plain_values_stand_on_lines_of_their_own(orchard: Orchard) -> None:
    assert orchard.run("1; 'a'; $true; $null; (Get-Fruit Apple).Kinds; ,5") == ["1", "a", "True", "old", "new", "5"]
    assert orchard.run("@{a=1}") == ["", "Name Value", "---- -----", "a        1", ""]


@pytest.mark.parametrize(
    ("script", "names"),
    [
        ("Get-Fruit | where {$_.Ripe -and $_.Weight -gt 1KB}", ["Apple"]),
        ("Get-Fruit | ? Name -like P*", ["Pear", "Plum"]),
        ("Get-Fruit | ? Ripe", ["Apple", "Plum"]),
        ("Get-Fruit | ? -Not Ripe", ["Pear"]),
        ("Get-Fruit | ? Kinds -contains new | ? Ripe -eq $false", ["Pear"]),
        ("Get-Fruit | ? Weight -ge 1KB", ["Apple", "Pear"]),
        ("Get-Fruit | sort Weight", ["Plum", "Pear", "Apple"]),
        ("Get-Fruit | sort Name -Descending", ["Plum", "Pear", "Apple"]),
        ("Get-Fruit | sort Ripe,Name", ["Pear", "Apple", "Plum"]),
        ("Get-Fruit | sort {$_.Name.Length},Name", ["Pear", "Plum", "Apple"]),
        ("Get-Fruit | sort @{Expression='Name'; Descending=$true}", ["Plum", "Pear", "Apple"]),
        ("Get-Fruit | sort Ripe,@{e={$_.Name};ascending=$false}", ["Pear", "Plum", "Apple"]),
        ("Get-Fruit | sort Ripe,@{Expression='Name';Descending=$false} -Descending", ["Apple", "Plum", "Pear"]),
        ("Get-Fruit | sort Ripe -Unique", ["Pear", "Apple"]),
        ("Get-Fruit | select -First 1", ["Apple"]),
        ("Get-Fruit | select -Last 2", ["Pear", "Plum"]),
        ("Get-Fruit | select -Skip 1 -First 1", ["Pear"]),
        ("Get-Fruit | select Name,Weight -Last 1", ["Plum"]),
    ],
)
def test_choosing_and_sorting(orchard: Orchard, script: str, names: list[str]) -> None:
    found = orchard.got(script)
    assert [each.get("Name") for each in found if isinstance(each, Record)] == names


def test_calculated_properties(orchard: Orchard) -> None:
    script = "Get-Fruit Apple | select Name,@{Name='MB';Expression={$_.Weight.ToMB()}},@{l='W';e='Weight'}"
    (found,) = orchard.got(f"{script} -ExcludeProperty N*")
    assert isinstance(found, Record) and found.properties == {"MB": 36, "W": Size(37748736)}
    assert orchard.got("Get-Fruit | select -ExpandProperty Kinds -Unique") == ["old", "new"]
    assert "calculated property" in str(orchard.error("Get-Fruit | select @{n='a'}"))


def test_for_each(orchard: Orchard) -> None:
    assert orchard.got("Get-Fruit | % Name") == ["Apple", "Pear", "Plum"]
    assert orchard.got("1..3 | ForEach-Object -Begin {$s=0} -Process {$s += $_} -End {$s}") == [6]
    assert orchard.got('Get-Fruit | foreach {"$($_.Name) $($_.Weight)"}')[2] == "Plum 5 B (5 bytes)"


def test_measuring_and_grouping(orchard: Orchard) -> None:
    (found,) = orchard.got("Get-Fruit | measure Weight -Sum -Maximum -Minimum -Average")
    assert isinstance(found, Record)
    assert str(found.get("Sum")) == "36 MB (37,749,765 bytes)" and found.get("Minimum") == 5 and found.get("Count") == 3
    assert orchard.value("(Get-Fruit | measure).Count") == 3
    assert orchard.value("(@() | measure -Sum).Sum") == 0
    groups = orchard.got("Get-Fruit | group Ripe -NoElement")
    assert [(each.get("Name"), each.get("Count")) for each in groups if isinstance(each, Record)] == [
        ("True", 2),
        ("False", 1),
    ]


def test_csv_is_a_file_and_keeps_quotes(orchard: Orchard) -> None:
    orchard.run("Get-Fruit | select Name,Weight,Comment | Export-Csv -Path fruit.csv -NoTypeInformation")
    assert orchard.files["fruit.csv"].decode("utf-8-sig").splitlines()[:2] == [
        '"Name","Weight","Comment"',
        '"Apple","36 MB (37,748,736 bytes)",',
    ]
    assert orchard.got("'a\"b' | select @{n='x';e={$_}} | ConvertTo-Csv -NoTypeInformation") == ['"x"', '"a""b"']
    assert orchard.got("Get-Fruit Pear | ConvertTo-Csv -Delimiter ';'")[0] == "#TYPE Fruit"


def test_csv_and_text_files_are_read_back(orchard: Orchard) -> None:
    orchard.run("Get-Fruit | select Name,Ripe | Export-Csv fruit.csv")
    assert orchard.got("Import-Csv fruit.csv | where Ripe -eq 'False' | % Name") == ["Pear"]
    orchard.run("Import-Csv -Path fruit.csv | % {Set-Fruit $_.Name -Ripe $_.Ripe}")
    assert [(each["Identity"], each["Ripe"]) for each in orchard.calls] == [
        ("Apple", True),
        ("Pear", False),
        ("Plum", True),
    ]
    assert orchard.got("'a;b','1;\"x;y\"' | ConvertFrom-Csv -Delimiter ';' | % b") == ["x;y"]
    assert orchard.got("Get-Content fruit.csv | select -First 1") == ["#TYPE Selected"]
    assert "There is no none.csv" in str(orchard.error("Import-Csv none.csv"))
    orchard.files["long.csv"] = b"a\n" + b"x" * 200_000
    assert "no CSV" in str(orchard.error("Import-Csv long.csv"))


def test_json(orchard: Orchard) -> None:
    one = json.loads(str(orchard.value("Get-Fruit Apple | ConvertTo-Json")))
    assert one["Weight"] == "36 MB (37,748,736 bytes)" and one["Kinds"] == ["old", "new"] and one["Count"] == 3
    assert one["Ripe"] is True and one["Comment"] is None
    assert len(json.loads(str(orchard.value("Get-Fruit | ConvertTo-Json -Compress")))) == 3
    deep = orchard.value("@{a=@{b=@{c=@{d=1}}}} | ConvertTo-Json -Depth 1 -Compress")
    assert deep == '{"a":{"b":"System.Collections.Hashtable"}}'


def test_texts_out_of_objects(orchard: Orchard) -> None:
    assert "Apple" in str(orchard.value("Get-Fruit | Out-String"))
    assert orchard.run("Get-Fruit | Out-Null") == []
    orchard.run("Get-Fruit | fl Name | Out-File -FilePath x.txt")
    assert "Name : Pear" in orchard.files["x.txt"].decode()
    assert orchard.run("Write-Host 'Hello' -ForegroundColor Green; echo 1 | % {$_ + 1}") == ["Hello", "2"]
    orchard.run("Write-Warning 'Careful'")
    assert orchard.warnings == ["Careful"]


def test_get_member_shows_what_there_is(orchard: Orchard) -> None:
    assert "Weight" in orchard.got("(Get-Fruit | Get-Member).Name")


def test_help_of_a_cmdlet_comes_from_its_declaration(orchard: Orchard) -> None:
    text = "\n".join(orchard.run("Get-Help set-fruit"))
    assert "Set-Fruit [-Identity] <value> [-Name <value>]" in text and "Changes fruit." in text
    assert "Allowed: Sun, Rain." in text and "-WhatIf" in text and "Mandatory." in text
    assert orchard.run("Set-Fruit -?") == orchard.run("help Set-Fruit")
    assert orchard.run("Get-Help Get-Fruit -Examples")[2:4] == ["    Get-Fruit Apple", "        One of them."]
    assert "-Name" not in "\n".join(orchard.run("Get-Help Set-Fruit -Parameter we*"))
    assert "no cmdlet like" in str(orchard.error("Get-Help Nonsense"))


def test_every_builtin_says_what_it_does(orchard: Orchard) -> None:
    for name, cmdlet in orchard.interpreter.table.items():
        assert cmdlet.synopsis.endswith("."), name
        assert (cmdlet.run is None) != (cmdlet.stream is None), name
        assert "\n".join(orchard.run(f"Get-Help {name}")).count(name) >= 2
    assert "Get-Fruit" in orchard.got("(Get-Command *fruit).Name")


def test_examples_of_builtins_can_be_read_by_the_shell_itself(orchard: Orchard) -> None:
    for cmdlet in orchard.interpreter.table.values():
        for command, meaning in cmdlet.examples.items():
            parse(command)
            assert meaning.endswith("."), command


TABLE = "Name,Größe\r\nRelay – Köln,5 €\r\n"


@pytest.mark.parametrize(
    ("octets", "more"),
    [
        (TABLE.encode("utf-8"), ""),
        (TABLE.encode("utf-8-sig"), ""),
        (b"\xff\xfe" + TABLE.encode("utf-16-le"), ""),
        (b"\xfe\xff" + TABLE.encode("utf-16-be"), ""),
        (TABLE.encode("utf-16-le"), "-Encoding Unicode"),
        (TABLE.encode("utf-16-be"), "-Encoding BigEndianUnicode"),
        (TABLE.encode("utf-16-le"), ""),
        (TABLE.encode("cp1252"), "-Encoding Default"),
        (TABLE.encode("cp1252"), ""),
        (b"\xff\xfe" + TABLE.encode("utf-16-le"), "-Encoding UTF8"),
    ],
)
def test_files_are_read_in_the_encodings_of_windows(orchard: Orchard, octets: bytes, more: str) -> None:
    orchard.files["w.csv"] = octets
    (row,) = orchard.got(f"Import-Csv w.csv {more}")
    assert isinstance(row, Record) and row.properties == {"Name": "Relay – Köln", "Größe": "5 €"}
    assert orchard.got(f"Get-Content w.csv {more} | select -Skip 1") == ["Relay – Köln,5 €"]


def test_an_encoding_that_does_not_fit_the_file_is_said(orchard: Orchard) -> None:
    orchard.files["w.csv"] = TABLE.encode("cp1252")
    assert "utf-8" in str(orchard.error("Import-Csv w.csv -Encoding UTF8"))
    assert "-Encoding" in str(orchard.error("'€' | Out-File w.txt -Encoding ASCII"))


@pytest.mark.parametrize(
    ("encoding", "octets"),
    [
        ("Unicode", b"\xff\xfeK\0\xf6\0\n\0l\0\n\0"),
        ("UTF8", "Kö\nl\n".encode()),
        ("Default", b"K\xf6\nl\n"),
        ("BigEndianUnicode", b"\xfe\xff\0K\0\xf6\0\n\0l\0\n"),
    ],
)
def test_files_are_written_in_them_too_and_one_mark_is_enough(orchard: Orchard, encoding: str, octets: bytes) -> None:
    orchard.run(f"'Kö' | Out-File w.txt -Encoding {encoding}; 'l' | Add-Content w.txt -Encoding {encoding}")
    assert orchard.files["w.txt"] == octets


def test_a_csv_grows_under_its_heading(orchard: Orchard) -> None:
    orchard.run(
        "Get-Fruit Apple | select Name | Export-Csv f.csv; Get-Fruit Pear | select Name | Export-Csv f.csv -Append"
    )
    assert orchard.got("(Import-Csv f.csv).Name") == ["Apple", "Pear"]
    assert "already exists" in str(orchard.error("Get-Fruit | Export-Csv f.csv -NoClobber"))


@pytest.mark.parametrize("sign", ["=", "+", "-", "@"])
def test_no_cell_of_a_csv_is_a_formula(orchard: Orchard, sign: str) -> None:
    orchard.run(f"[pscustomobject]@{{Sender='{sign}cmd|x'; Size=-5}} | Export-Csv f.csv -NoTypeInformation")
    assert orchard.files["f.csv"].decode("utf-8-sig").splitlines()[1] == f'" {sign}cmd|x","-5"'


def test_messages_call_things_as_powershell_does(orchard: Orchard) -> None:
    assert str(orchard.error("@{a=1}.Nonsense()")).startswith("A hashtable has no method named 'Nonsense'.")
    assert str(orchard.error("(Get-Date).Nonsense()")).startswith("A datetime has no")
    assert str(orchard.error("(Get-Fruit Apple).Nonsense()")).startswith("A Fruit has no")
    assert str(orchard.error("(5.5).Nonsense()")).startswith("A double has no")
    assert "It is a property" in str(orchard.error("(Get-Fruit Apple).Name.Length()"))
    assert orchard.got("5 | ConvertTo-Csv")[0] == "#TYPE int"


def test_reading_json(orchard: Orchard) -> None:
    assert orchard.got('\'{"a": [1, {"b": null}]}\' | ConvertFrom-Json | % { $_.a[0] }') == [1]
    assert "no JSON" in str(orchard.error("'{' | ConvertFrom-Json"))
