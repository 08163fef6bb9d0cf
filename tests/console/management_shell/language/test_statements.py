"""Statements, functions, types and objects, as PowerShell has them: each script with the lines that it prints."""

from __future__ import annotations

import pytest

from console.management_shell.language.errors import Stop
from tests.console.management_shell.language.orchard import Orchard

SCRIPTS: list[tuple[str, list[str]]] = [
    ("$x = if ($true) { 'a' } else { 'b' }; $x", ["a"]),
    ("$x = switch (3) { 3 { 'three' } }; $x", ["three"]),
    ("$x = foreach ($i in 1..3) { $i * 2 }; $x -join ','", ["2,4,6"]),
    ("$x = try { throw 'q' } catch { 'caught' }; $x", ["caught"]),
    ("if ($f = Get-Fruit Apple) { $f.Name }", ["Apple"]),
    ("while (($i += 1) -lt 3) { $i }", ["1", "2"]),
    ("1..5 | ForEach-Object { if ($_ -eq 3) { return }; $_ }", ["1", "2", "4", "5"]),
    ("1..3 | % {'b'} {$_} {'e'}", ["b", "1", "2", "3", "e"]),
    ("$a = @{}; $a['x'] = 1; $a.y = 2; $a.Count; $a.Keys | sort", ["2", "x", "y"]),
    ("foreach ($k in @{a=1}.Keys) { $k }", ["a"]),
    ("$l = @('a','b'); $l[0] = 'z'; $l -join ','", ["z,b"]),
    ('$s = "abc"; $s.Substring(1,1); $s[0]; $s[-1]', ["b", "a", "c"]),
    ('"Total: {0}" -f (1..3 | Measure-Object -Sum).Sum', ["Total: 6"]),
    ('"$(1+1) and ${s}x and $($null)"', ["2 and x and "]),
    ("'a,b;c'.Split(',;') -join '|'", ["a|b|c"]),
    ("'a  b'.Split(' ',[StringSplitOptions]::RemoveEmptyEntries).Count", ["2"]),
    ("('a','b').Contains('a')", ["True"]),
    ("[int]::MaxValue", ["2147483647"]),
    ("[datetime]'2027-01-31' -lt (Get-Date)", ["True"]),
    ("(Get-Date '2027-02-01') - (Get-Date) | % TotalHours", ["12"]),
    ("(New-TimeSpan -Start '2027-01-30' -End '2027-01-31').TotalDays", ["1"]),
    ("$d = [DateTime]::ParseExact('31.01.2027','dd.MM.yyyy',$null); $d.ToString('yyyyMMdd')", ["20270131"]),
    ("$p = 'a','b','c'; $p[1..2] -join ''", ["bc"]),
    (",1 | % { $_ }", ["1"]),
    ("!$true", ["False"]),
    ("-not (1 -eq 2)", ["True"]),
    ("'abc' -replace '(?<x>b)','[${x}]'", ["a[b]c"]),
    ("'2027-01-31' -match '(?<y>\\d{4})-(?<m>\\d\\d)' | Out-Null; $Matches.y + $Matches['m']", ["202701"]),
    ("'a' * 3", ["aaa"]),
    ("@(1,2,3) | Where-Object { $_ -gt 1 } | Select-Object -First 1", ["2"]),
    ("function Add($a, $b = 2) { $a + $b }; Add 1; Add -b 5 -a 1; Add 1 1", ["3", "6", "2"]),
    (
        "function T { param([switch]$On) if ($On) { 'on' } else { 'off' } }; T; T -On; T -On:$false",
        ["off", "on", "off"],
    ),
    (
        "function G { [CmdletBinding()] param([Parameter(ValueFromPipeline=$true)]$In) "
        "process { \"<$In>\" } }; 'a','b' | G",
        ["<a>", "<b>"],
    ),
    ("function A { $args.Count; $args[0] }; A 5 6", ["2", "5"]),
    ("function I { $input | % { $_ * 2 } }; 1,2 | I", ["2", "4"]),
    ("function S { $script:c = 5; $d = 7 }; S; $c; $d", ["5"]),
    ("Get-Fruit | Sort-Object Weight -Descending | Select-Object -ExpandProperty Name -First 1", ["Apple"]),
    ('Get-Fruit | Group-Object Ripe | % { "$($_.Name)=$($_.Count)" }', ["True=2", "False=1"]),
    ("Get-Fruit | Where-Object { $_.Name -in @('Apple') } | % { $_.Kinds[0] }", ["old"]),
    ("1..3 -contains 2", ["True"]),
    ("$i = 5; $i -= 2; $i /= 3; $i", ["1"]),
    ("$i = 0; do { $i++; if ($i -eq 2) { continue } ; $i } while ($i -lt 4)", ["1", "3", "4"]),
    ('for ($i=0;$i -lt 2;$i++) { for ($j=0;$j -lt 2;$j++) { if ($j -eq 1) { break }; "$i$j" } }', ["00", "10"]),
    ("for (;;) { break }; 'out'", ["out"]),
    ("switch (1,2,3) { {$_ -gt 2} { 'big' } 1 { 'one' } default { 'd' } }", ["one", "d", "big"]),
    ("switch -CaseSensitive ('A') { 'a' { 1 } 'A' { 2 } }", ["2"]),
    ("switch ('x') { 'x' { 'first' } 'x' { 'second' } }", ["first", "second"]),
    ("try { try { throw 'in' } finally { 'fin' } } catch { \"out $_\" }", ["fin", "out in"]),
    ("try { Get-Fruit Kiwi } catch { $_.InvocationInfo.ScriptLineNumber }", ["1"]),
    ("try { 1/0 } catch [System.Exception] { 'div' }", ["div"]),
    ("try { throw [System.Exception]'bad' } catch { $_.Exception.Message }", ["bad"]),
    ("try { throw (New-Object System.Exception 'bad') } catch { 'x' }", ["x"]),
    ("$error.Count", ["0"]),
    (
        "Get-Fruit Kiwi -ErrorAction SilentlyContinue; $?; $error[0].Exception.Message",
        ["False", "-Identity: There is no fruit 'Kiwi'."],
    ),
    (
        "Get-Fruit Kiwi -ErrorAction SilentlyContinue -ErrorVariable ev; $ev",
        [
            "",
            "Exception                            TargetObject FullyQualifiedErrorId InvocationInfo",
            "---------                            ------------ --------------------- --------------",
            "-Identity: There is no fruit 'Kiwi'. Identity     ScriptError           InvocationInfo",
            "",
        ],
    ),
    ("$o = [pscustomobject]@{A=1}; $o.A = 5; $o.A; $o.B", ["5"]),
    (
        "$o = [pscustomobject]@{A=1}; $o | Add-Member NoteProperty B 7; $o.B; $o.PSObject.Properties.Name",
        ["7", "A", "B"],
    ),
    ("$list = New-Object 'System.Collections.Generic.List[string]'; $list.Add('a'); $list.Count", ["1"]),
    ("$h = New-Object System.Collections.Hashtable; $h.Add('a',1); $h.a", ["1"]),
    ("[System.Collections.ArrayList]$al = @(); $al.Add('x') > $null; $al.Count", ["1"]),
    ("$null = 5; 'quiet'", ["quiet"]),
    ("[void](1); 'quiet'", ["quiet"]),
    ('"a`tb".Length', ["3"]),
    ("'x'.PadLeft(3,'0')", ["00x"]),
    ("\"{0,10}|\" -f 'r'", ["         r|"]),
    ("[math]::Round(2.5); [math]::Round(3.14159,2)", ["2", "3.14"]),
    ("'5' + 5; 5 + '5'", ["55", "10"]),
    ("[string]::Join('-',(1..3))", ["1-2-3"]),
    ('"line1`r`nline2" -split "`r?`n"', ["line1", "line2"]),
    ("@('b','a') | Sort-Object | Select-Object -Index 0", ["a"]),
    ('"x" | Out-File -FilePath a.txt -Append -Encoding utf8; gc a.txt', ["x"]),
    ("$j = Get-Fruit Apple | ConvertTo-Json | ConvertFrom-Json; $j.Name", ["Apple"]),
    (
        "Get-Fruit | Export-Csv -Path f.csv -NoTypeInformation -Encoding UTF8 "
        "-Delimiter ';'; (Import-Csv f.csv -Delimiter ';')[1].Name",
        ["Pear"],
    ),
    ("Get-Fruit | ForEach-Object Name", ["Apple", "Pear", "Plum"]),
    ("(Get-Fruit).Where({$_.Ripe}).Name", ["Apple", "Plum"]),
    ("(Get-Fruit).ForEach({$_.Name})", ["Apple", "Pear", "Plum"]),
    ("[regex]::Replace('a1','\\d','x')", ["ax"]),
    ("'a1b2' -split '\\d'", ["a", "b", ""]),
    ("[System.Net.IPAddress]::Parse('10.0.0.1').AddressFamily", ["InterNetwork"]),
    ("([string]$null).Length", ["0"]),
    ("$x = $null; $x.Foo.Bar", []),
    ("if (!$x) { 'none' }", ["none"]),
    ("$a, $b = 1, 2, 3; $b -join ','", ["2,3"]),
    ("$i = 1; $i++ + 1", ["2"]),
    ('"$i++"', ["++"]),
    ("(1,2,3)[-1]", ["3"]),
    ("@(1..3 | % { $_ * 2 })[1]", ["4"]),
    ("'abc'.ToCharArray()[1]", ["b"]),
    ("[char]65; [int][char]'A'", ["A", "65"]),
    ("$hash = @{ 'key one' = 1 }; $hash.'key one'", ["1"]),
    ('$c = Get-Fruit Apple; "$($c.Name.ToUpper())"', ["APPLE"]),
    ("$n='Name'; (Get-Fruit Apple).$n", ["Apple"]),
    ("$s = 'a' ; $s += 'b','c'; $s", ["ab c"]),
    ('"a" -eq "A"; "a" -ceq "A"', ["True", "False"]),
    ("(Get-Date).DayOfWeek", ["Sunday"]),
    ("(Get-Date).ToString()", ["2027-01-31 12:00:00"]),
    ("(Get-Date -Year 2026 -Month 1 -Day 1).ToString('d')", ["1/1/2026"]),
    ("-join ('a','b')", ["ab"]),
    ("1 -is [int]", ["True"]),
    (
        "'10.0.0.1','10.0.0.2' | Set-Content ip.txt; foreach ($l in [System.IO.File]::ReadAllLines('ip.txt')) { $l }",
        ["10.0.0.1", "10.0.0.2"],
    ),
    ("Get-Fruit | where { -not $_.Ripe } | measure | select -exp Count", ["1"]),
    ("Get-Fruit | ? { $_.Name -notmatch 'pl' } | % { $_.Name }", ["Pear"]),
    ("[decimal]'1.5' + 1", ["2.5"]),
    ("'{0:D2}:{1:D2}' -f 5, 7", ["05:07"]),
    ('$x = 5; "Value: $x." ; "Path: $x\\y"', ["Value: 5.", "Path: 5\\y"]),
    ("@{a=1;b=2}.GetEnumerator() | Sort-Object Name -Descending | % { $_.Key }", ["b", "a"]),
    ("$r = Get-Fruit | Select-Object Name,@{Name='K';Expression={ $_.Kinds -join ';' }}; $r[0].K", ["old;new"]),
    ("'b','a','b' | Select-Object -Unique", ["b", "a"]),
    ("'{\"a\":1}' | ConvertFrom-Json | % a", ["1"]),
    ("function f { param($a) if ($a -gt 0) { f ($a-1) } else { 'end' } }; f 12", ["end"]),
    ("(Get-Fruit | Group-Object Ripe -AsHashTable)['True'].Count", ["2"]),
]


@pytest.mark.parametrize(("script", "lines"), SCRIPTS, ids=lambda each: each[:40] if isinstance(each, str) else "")
def test_a_script_prints_what_it_prints_in_powershell(script: str, lines: list[str]) -> None:
    assert Orchard().run(script) == lines


@pytest.mark.parametrize(
    "script",
    [
        "while ($true) { }",
        "for (;;) { }",
        "do { } while ($true)",
        "function f { f }; f",
        "function f($n) { 1; f ($n + 1) }; f 0",
        "$l = New-Object System.Collections.ArrayList; while ($true) { [void]$l.Add(1) }",
        "$l = [System.Collections.Generic.List[string]]::new(); 1..3 | % { $l.AddRange((1..99999)) }",
        "try { while ($true) { } } catch { 'never' } finally { 'never' }",
        "'x'.PadLeft(2147483647)",
        "$i = 0; while ($true) { $i++ }",
        "('x,' * 2000000).Split(',')",
        "('x' * 2000000).ToCharArray()",
        "$b = @(); while ($true) { $b += ,[Text.Encoding]::UTF8.GetBytes('x' * 4000000) }",
        '$h = @{}; 1..3000 | % { $h["p$_"] = 1 }; $o = [pscustomobject]$h; 1..3000 | % { $o } | ft *',
        "while ($true) { $m += ,[regex]::Matches('a' * 3000, 'a') }",
    ],
)
def test_a_loop_without_an_end_is_stopped(script: str) -> None:
    orchard = Orchard()
    error = orchard.error(script)
    assert isinstance(error, Stop) and error.line == 1
    assert "never" not in orchard.printed


def test_a_function_does_not_hear_of_the_variables_of_another() -> None:
    assert Orchard().run("function a { $x = 1; b }; function b { $x = 2 }; $x = 0; a; $x") == ["0"]


def test_a_limit_is_caught_by_no_script() -> None:
    assert isinstance(Orchard().error("try { 1..100000000 } catch { 'caught' }"), Stop)


def test_preferences_hold_for_what_follows() -> None:
    orchard = Orchard()
    orchard.run("$ErrorActionPreference = 'SilentlyContinue'; Get-Fruit Kiwi; Set-Fruit Apple")
    assert len(orchard.calls) == 1 and orchard.warnings == []
    orchard.run("$WhatIfPreference = $true; Set-Fruit Apple")
    assert len(orchard.calls) == 1 and "Performing" in orchard.notes[-1]
    orchard.run("$WhatIfPreference = $false; $ConfirmPreference = 'None'; Remove-Fruit Apple")
    assert len(orchard.calls) == 2 and orchard.questions == []


def test_a_function_that_supports_whatif_passes_it_on() -> None:
    orchard = Orchard()
    body = (
        "[CmdletBinding(SupportsShouldProcess=$true)] param($n) if "
        "($PSCmdlet.ShouldProcess($n, 'Change')) { Set-Fruit $n }"
    )
    orchard.run(f"function Do-It {{ {body} }}; Do-It Apple -WhatIf; Do-It Pear")
    assert [each["Identity"] for each in orchard.calls] == ["Pear"] and "Change" in orchard.notes[0]


def test_what_a_script_says_at_once_comes_in_order() -> None:
    script = 'foreach ($n in 1..2) { Write-Host "host $n"; "out $n" }; Write-Host -NoNewline \'end\''
    assert Orchard().run(script)[:4] == ["host 1", "out 1", "host 2", "out 2"]


def test_long_lists_are_compared_in_linear_time() -> None:
    assert Orchard().run("(Compare-Object (1..90000) (5..90004)).Count") == ["8"]


@pytest.mark.parametrize(
    "script",
    [
        "'{0:N2}' -f ([math]::Pow(10, 300) * 100000000000)",
        "[int]([math]::Pow(10, 300))",
        "'{0:F99}' -f [math]::Pow(10, 300)",
    ],
)
def test_enormous_numbers_are_written_or_refused_in_words(script: str) -> None:
    assert Orchard().outcome(script)
