"""What public scripts for connectors are made of: 65 constructs, each with what comes of it."""

from __future__ import annotations

from typing import Any

import pytest

from console.connectors import actions as connectors
from console.connectors.models import ReceiveConnector as Row
from console.domains import actions as domains
from tests.console.builders import ADMIN, accepted_domain, receive_connector
from tests.console.management_shell.shell import Shell

pytestmark = pytest.mark.django_db
RELAY = "$c = Get-ReceiveConnector Relay; "
CONSTRUCTS: dict[str, tuple[str, str]] = {
    "splatting a table": (
        "$p = @{Identity='Relay'; Comment='by script'}; Set-ReceiveConnector @p; (Get-ReceiveConnector Relay).Comment",
        "by script",
    ),
    "splatting beside parameters": (
        "$p = @{Comment='x'}; Set-ReceiveConnector Relay @p -Banner '220 y'; "
        "Get-ReceiveConnector Relay | % { $_.Comment + $_.Banner }",
        "x220 y",
    ),
    "splatting a list": ("$a = 'Relay'; $w = @($a); (Get-ReceiveConnector @w).Name", "Relay"),
    "try and catch": ("try { Get-ReceiveConnector Nobody -ErrorAction Stop } catch { 'not there' }", "not there"),
    "the message of an error": (
        "try { Get-ReceiveConnector Nobody } catch { $_.Exception.Message }",
        "-Identity: The operation couldn't be performed because object 'Nobody' couldn't be found.",
    ),
    "finally": ("try { throw 'no' } catch { \"caught $_\" } finally { 'done' }", "caught no\ndone"),
    "throw": ("function f { throw 'it is wrong' }; try { f } catch { \"$($_.Exception.Message)!\" }", "it is wrong!"),
    "switch": (
        "switch ('b') { 'a' { 1 } 'b' { 2 } default { 3 } }; switch ('z') { 'a' { 1 } default { 'other' } }",
        "2\nother",
    ),
    "switch -Wildcard": ("switch -Wildcard ('Relay 1') { 'relay*' { 'yes'; break } '*' { 'no' } }", "yes"),
    "switch -Regex over a list": (
        "switch -Regex (1,22) { '^\\d$' { \"one $_\" } '\\d\\d' { \"two $_\" } }",
        "one 1\ntwo 22",
    ),
    "counting up": ("$i = 0; $i++; ++$i; $i--; $i += 5; $i *= 2; $i", "12"),
    "for": ("for ($i = 0; $i -lt 3; $i++) { $i }", "0\n1\n2"),
    "while with break and continue": (
        "$n = 0; while ($true) { $n++; if ($n -eq 2) { continue }; if ($n -gt 4) { break }; $n }",
        "1\n3\n4",
    ),
    "do until": ("$n = 0; do { $n++ } until ($n -ge 3); $n; do { $n-- } while ($n -gt 1); $n", "3\n1"),
    "IsNullOrEmpty": ("[string]::IsNullOrEmpty($nothing); [string]::IsNullOrEmpty('x')", "True\nFalse"),
    "String.Join and Format": (
        "[string]::Join(', ', @('a','b')); [String]::Format('{0}-{1:00}', 'x', 7)",
        "a, b\nx-07",
    ),
    "Math": ("[math]::Round(2.567, 1); [Math]::Ceiling(1.2); [math]::Max(3, 7)", "2.6\n2\n7"),
    "DateTime": (
        "[datetime]::Now.Year; [DateTime]::Parse('2027-01-31').AddDays(1).ToString('yyyy-MM-dd')",
        "2027\n2027-02-01",
    ),
    "a new guid": ("([guid]::NewGuid().ToString()).Length", "36"),
    "Convert": (
        "[Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes('Grüße')); [System.Convert]::ToBoolean('True')",
        "R3LDvMOfZQ==\nTrue",
    ),
    "NewLine": ('"a$([Environment]::NewLine)b".Length', "4"),
    "a date in a name": (
        "\"relay_$(Get-Date -Format yyyyMMdd).csv\"; Get-Date -Format 'yyyy-MM-dd HH:mm'",
        "relay_20270131.csv\n2027-01-31 12:00",
    ),
    "ToString of a date": (
        "(Get-Date).ToString('yyyyMMdd-HHmm'); (Get-Date).AddDays(-1).ToString('dd.MM.yyyy')",
        "20270131-1200\n30.01.2027",
    ),
    "PSCustomObject": ("$o = [PSCustomObject]@{Name='a'; Port=25}; \"$($o.Name):$($o.Port)\"", "a:25"),
    "New-Object PSObject": ("(New-Object -TypeName PSObject -Prop @{Name='b'}).Name", "b"),
    "Add-Member": (
        "$o = New-Object PSObject; $o | Add-Member -MemberType NoteProperty -Name Port -Value 587; $o.Port",
        "587",
    ),
    "param with defaults": (
        "param([string]$Name = 'Relay', [switch]$All)\n(Get-ReceiveConnector $Name).Name; $All",
        "Relay\nFalse",
    ),
    "a function with parameters": (
        "function Get-Ranges { param([Parameter(Mandatory=$true)][string]$Name, [int]$First = 1)\n"
        "  (Get-ReceiveConnector $Name).RemoteIPRanges | Select-Object -First $First }\nGet-Ranges -Name Relay",
        "10.0.0.1",
    ),
    "a function that calls itself": (
        "function Fact($n) { if ($n -le 1) { return 1 }; return $n * (Fact ($n - 1)) }; Fact 8",
        "40320",
    ),
    "a function in a pipe": ("function Twice { process { $_ * 2 } }; 1..3 | Twice", "2\n4\n6"),
    "return": ("function f { 'a'; return 'b'; 'c' }; f", "a\nb"),
    "Out-File -Append": ("'one' | Out-File log.txt; 'two' | Out-File log.txt -Append; Get-Content log.txt", "one\ntwo"),
    "Set-Content and Add-Content": (
        "Set-Content a.txt 'x'; Add-Content -Path a.txt -Value 'y','z'; (Get-Content a.txt).Count",
        "3",
    ),
    "Test-Path": ("if (-not (Test-Path a.txt)) { 'no' }; 'x' | Out-File a.txt; Test-Path -Path a.txt", "no\nTrue"),
    "Write-Host": (
        "Write-Host 'Working on' $env:COMPUTERNAME -ForegroundColor Green; Write-Host ('{0}!' -f 'a')",
        "Working on vm\na!",
    ),
    "Write-Verbose and Write-Warning": (
        "Write-Verbose 'quiet'; Write-Warning 'loud'; Write-Output -InputObject 'out'",
        "out",
    ),
    "Start-Sleep": ("Start-Sleep -Seconds 60; Start-Sleep -Milliseconds 5; 'woke'", "woke"),
    "Out-Null and void": ("Get-ReceiveConnector | Out-Null; [void](Get-ReceiveConnector); 'quiet'", "quiet"),
    "Tee-Object": ("'a','b' | Tee-Object t.txt | % { $_ + 1 }; Get-Content t.txt -Raw", "a1\nb1\na\nb\n"),
    "Select-Object -First, -Skip, -Last": ("1..9 | select -Skip 2 -First 2; 1..9 | select -Last 1", "3\n4\n9"),
    "expanding with properties": (
        "Get-ReceiveConnector Relay | Select-Object Server,Name -ExpandProperty RemoteIPRanges | "
        '% { "$($_.Server) $($_.Name) $_" }',
        "vm Relay 10.0.0.1\nvm Relay 10.0.0.2",
    ),
    "calculated properties": (
        "(Get-ReceiveConnector Relay | select @{n='R';e={$_.RemoteIPRanges -join '|'}}).R",
        "10.0.0.1|10.0.0.2",
    ),
    "Sort-Object": ("3,1,2,1 | Sort-Object -Unique -Descending", "3\n2\n1"),
    "Group-Object": ("('a','b','a' | Group-Object | Sort-Object Count -Descending)[0].Name", "a"),
    "Measure-Object": (
        "(1..4 | Measure-Object -Sum -Average).Sum; (Get-ReceiveConnector | Measure-Object).Count",
        "10\n2",
    ),
    "ForEach-Object -Begin -Process -End": (
        "1..3 | ForEach-Object -Begin { $s = 0 } -Process { $s += $_ } -End { $s }",
        "6",
    ),
    "Where-Object in short": ("(Get-ReceiveConnector | where Name -eq 'Relay').Name", "Relay"),
    "Compare-Object": ('Compare-Object @(1,2) @(2,3) | % { "$($_.InputObject) $($_.SideIndicator)" }', "1 <=\n3 =>"),
    "ConvertTo-Csv, -Json, -Html": (
        "$o = [pscustomobject]@{a='<x>'}; $o | ConvertTo-Csv -NoTypeInformation; $o | ConvertTo-Json -Compress; "
        "$o | ConvertTo-Html -Fragment",
        '"a"\n"<x>"\n{"a":"<x>"}\n<table>\n<tr><th>a</th></tr>\n<tr><td>&lt;x&gt;</td></tr>\n</table>',
    ),
    "splitting and joining": ("'a;b;c' -split ';' -join '+'; ('a b' -split ' ')[1]", "a+b+c\nb"),
    "replacing and matching": (
        "'EX1\\Relay' -replace '^.*\\\\',''; if ('10.0.0.7' -match '^(\\d+)\\.') { $matches[1] }",
        "Relay\n10",
    ),
    "membership": ("'b' -in 'a','b'; (1,2) -notcontains 3; 'Relay' -like 'R*'", "True\nTrue\nTrue"),
    "the format operator": ("'{0,-6}|{1,4:N1}|{2:yyyy}' -f 'ab', 2.25, (Get-Date)", "ab    | 2.3|2027"),
    "a here-string": ("$n = 'Relay'\n$t = @\"\nName: $n\nEnd\n\"@\n$t", "Name: Relay\nEnd"),
    "casts": ("[int]'42' + 1; [string]5 + '1'; [string[]]@(1,2) -join ','; [bool]'x'", "43\n51\n1,2\nTrue"),
    "-as and -is": ("('x' -as [int]) -eq $null; '5' -as [int]; 'a' -is [string]", "True\n5\nTrue"),
    "regular expressions": (
        "[regex]::Matches('10.0.0.1 and 10.0.0.2', '\\d+\\.\\d+\\.\\d+\\.\\d+').Value; [regex]::Escape('a.b')",
        "10.0.0.1\n10.0.0.2\na\\.b",
    ),
    "one object is a list of one": (
        RELAY
        + "$c.Count; $c[0].Name; $f = Get-ReceiveConnector | where {$_.Name -eq 'Relay'}; $f.Length; @($f)[0].Name",
        "1\nRelay\n1\nRelay",
    ),
    "a growing list": (
        "$l = New-Object System.Collections.ArrayList; [void]$l.Add('a'); $l.Add('b') | Out-Null; $l.Count; "
        "$g = [System.Collections.Generic.List[string]]::new(); $g.Add('c'); $g[0]",
        "2\nc",
    ),
    "tables": (
        "$h = [ordered]@{b=1}; $h.Add('a', 2); $h['c'] = 3; if ($h.ContainsKey('A')) { $h.Keys -join '' }; "
        'foreach ($e in $h.GetEnumerator()) { "$($e.Key)=$($e.Value)" }',
        "bac\nb=1\na=2\nc=3",
    ),
    "what Exchange's scripts begin with": (
        "#requires -version 3\n<#\n.SYNOPSIS\n Copies.\n#>\n[CmdletBinding()]\nParam(\n"
        "  [Parameter(Mandatory=$false)][string]$S = 'x'\n)\n"
        "Add-PSSnapin Microsoft.Exchange.Management.PowerShell.SnapIn -ErrorAction SilentlyContinue\n"
        "$ErrorActionPreference = 'Stop'\nSet-StrictMode -Version Latest\n$S",
        "x",
    ),
    "a file of lines": (
        "Set-Content ip.txt '10.0.0.8','10.0.0.9'; " + RELAY + "$r = $c.RemoteIPRanges; "
        "foreach ($line in (Get-Content -Path ip.txt)) { $r += $line }; Set-ReceiveConnector Relay -RemoteIPRanges $r; "
        "(Get-ReceiveConnector Relay).RemoteIPRanges -join ' '",
        "10.0.0.1 10.0.0.2 10.0.0.8 10.0.0.9",
    ),
    "a CSV of connectors": (
        "'Name;Ranges','New 1;10.9.0.1|10.9.0.2' | Set-Content c.csv; Import-Csv c.csv -Delimiter ';' | "
        "ForEach-Object {\n"
        "  New-ReceiveConnector -Name $_.Name -Usage Custom -Bindings 0.0.0.0:2599 `\n"
        "    -RemoteIPRanges ($_.Ranges -split '\\|') | Out-Null }\n"
        "(Get-ReceiveConnector 'New 1').RemoteIPRanges.Count",
        "2",
    ),
    "copying a connector": (
        RELAY
        + "$p = @{ Name = 'Copy'; Usage = 'Custom'; Bindings = '0.0.0.0:2598'; RemoteIPRanges = $c.RemoteIPRanges; "
        "MaxMessageSize = $c.MaxMessageSize; Server = $env:COMPUTERNAME }\n"
        "Try { $n = New-ReceiveConnector @p -ErrorAction Stop }"
        '\nCatch { Write-Host "Issue: $($_.Exception.Message)" }\n'
        "Compare-Object $c.RemoteIPRanges $n.RemoteIPRanges; $n.MaxMessageSize -eq $c.MaxMessageSize",
        "True",
    ),
    "through all servers": (
        "foreach ($s in (Get-ExchangeServer | Where-Object { ([string]$_.ServerRole).Contains('ClientAccess') })) "
        '{ "$s $((Get-ReceiveConnector -Server $s).Count)" }',
        "vm 2",
    ),
    "text that Select-String finds": (
        "@('AnonymousUsers','Custom') | Select-String -Pattern 'Custom' -NotMatch | % { \"$_\" }",
        "AnonymousUsers",
    ),
    "a pipe at the end of a line": (
        "Get-ReceiveConnector |\n  Where-Object { $_.Enabled } |\n  Sort-Object Name |\n  % Name",
        "Office\nRelay",
    ),
}


@pytest.fixture
def shell(settings: Any) -> Shell:
    settings.GATEPOST_NODE = "vm"
    domains.create(ADMIN, accepted_domain())
    connectors.create(ADMIN, receive_connector("Office"))
    relay = receive_connector("Relay", ranges=["10.0.0.1", "10.0.0.2"], bindings=["10.2.3.4:2525"])
    connectors.create(ADMIN, relay)
    return Shell()


@pytest.mark.parametrize("name", CONSTRUCTS)
def test_a_construct_of_public_scripts_runs_with_its_result(shell: Shell, name: str) -> None:
    script, wanted = CONSTRUCTS[name]
    assert shell.run(script) == wanted


def test_there_are_sixty_five_of_them() -> None:
    assert len(CONSTRUCTS) >= 65


def test_a_range_is_added_to_the_only_connector_that_was_found(shell: Shell) -> None:
    shell.run(
        "$c = Get-ReceiveConnector | where {$_.Name -eq 'Relay'}; $ip = $c[0].RemoteIPRanges; $ip += '10.20.40.7'; "
        "$c | Set-ReceiveConnector -RemoteIPRanges $ip"
    )
    assert ranges() == ["10.0.0.1", "10.0.0.2", "10.20.40.7"]


def test_a_list_of_a_connector_is_changed_in_place(shell: Shell) -> None:
    script = f"{RELAY}$c.RemoteIPRanges.Add('10.20.40.7'); $c.RemoteIPRanges.Remove('10.0.0.1'); "
    assert shell.run(script + "Set-ReceiveConnector Relay -RemoteIPRanges $c.RemoteIPRanges") == ""
    assert ranges() == ["10.0.0.2", "10.20.40.7"]


def test_a_list_of_a_connector_that_a_script_empties_is_not_saved(shell: Shell) -> None:
    shell.refused(f"{RELAY}$c.RemoteIPRanges.Clear(); Set-ReceiveConnector Relay -RemoteIPRanges $c.RemoteIPRanges")
    assert ranges() == ["10.0.0.1", "10.0.0.2"]


@pytest.mark.parametrize("action", ["0", "4", "SilentlyContinue"])
def test_an_error_action_is_a_number_too(shell: Shell, action: str) -> None:
    assert shell.run(f"Get-ReceiveConnector Nobody -ea {action}; 'on'") == "on"
    assert "Write one of" in str(shell.refused("Get-ReceiveConnector Nobody -ea 3"))


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("$c.Server.Fqdn", "A string has no property 'Fqdn': it counts as nothing."),
        ("$c.RemoteIPRanges[0].CIDRLength", "A string has no property 'CIDRLength': it counts as nothing."),
        ("$c.Bindings.AddressFamily", "A string has no property 'AddressFamily': it counts as nothing."),
        ("(Get-ReceiveConnector).Wieght", "A ReceiveConnector has no property 'Wieght': it counts as nothing."),
    ],
)
def test_a_part_of_a_value_that_only_exchange_has_is_named(shell: Shell, script: str, says: str) -> None:
    assert shell.run(RELAY + script) == ""
    assert shell.warnings == [says]


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("$ip = $c[1].RemoteIPRanges; $ip += '10.20.40.7'; Set-ReceiveConnector Relay -RemoteIPRanges $ip", "Index 1"),
        ("$ip = $c['one'].RemoteIPRanges; Set-ReceiveConnector Relay -RemoteIPRanges $ip", "would empty the list"),
        (
            "$ip = $c[$nothing].RemoteIPRanges; $ip += 'x'; Set-ReceiveConnector Relay -RemoteIPRanges $ip",
            "no such place",
        ),
        ("$ip = $c[0.5].RemoteIPRanges; $ip += 'x'; Set-ReceiveConnector Relay -RemoteIPRanges $ip", "whole numbers"),
        ("Set-ReceiveConnector Relay -RemoteIPRanges $c.RemoteRanges", "would empty the list"),
        ("$p = @{RemoteIPRanges=$c.RemoteRanges}; Set-ReceiveConnector Relay @p", "would empty the list"),
        ("Set-ReceiveConnector Relay -Bindings $c.Binding", "would empty the list"),
    ],
)
def test_no_list_is_emptied_because_something_was_not_understood(shell: Shell, script: str, says: str) -> None:
    error = shell.refused(RELAY + script)
    assert says in str(error) and error.line == 1
    assert ranges() == ["10.0.0.1", "10.0.0.2"]


def ranges() -> list[str]:
    return [str(each) for each in Row.objects.get(name="Relay").remote_ip_ranges]


def test_a_size_that_was_hardly_meant_in_bytes_is_remarked(shell: Shell) -> None:
    shell.run("Set-ReceiveConnector Relay -MaxHeaderSize 256")
    assert shell.warnings == ["MaxHeaderSize: 256 bytes. Write 256KB if that is meant."]
    shell.run("Set-ReceiveConnector Relay -MaxHeaderSize 256KB")
    assert shell.warnings == []
