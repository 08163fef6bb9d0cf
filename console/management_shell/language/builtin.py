"""The cmdlets of PowerShell itself that Exchange's commands are combined with, and their short names."""

from __future__ import annotations

from console.management_shell.language.converting import CONVERTING
from console.management_shell.language.filtering import FILTERING
from console.management_shell.language.formatting import FORMATTING
from console.management_shell.language.making import MAKING
from console.management_shell.language.searching import SELECT_STRING
from console.management_shell.language.secrets import SECRETS
from console.management_shell.language.selecting import SELECTING
from console.management_shell.language.writing import WRITING

EVERY = (*FILTERING, *SELECTING, *FORMATTING, *WRITING, *CONVERTING, *MAKING, *SECRETS, SELECT_STRING)
BUILTIN = {each.name: each for each in EVERY}
"""By name."""
ALIASES = {
    "?": "Where-Object",
    "where": "Where-Object",
    "%": "ForEach-Object",
    "foreach": "ForEach-Object",
    "select": "Select-Object",
    "sort": "Sort-Object",
    "group": "Group-Object",
    "measure": "Measure-Object",
    "fl": "Format-List",
    "ft": "Format-Table",
    "echo": "Write-Output",
    "write": "Write-Output",
    "epcsv": "Export-Csv",
    "ipcsv": "Import-Csv",
    "gc": "Get-Content",
    "cat": "Get-Content",
    "type": "Get-Content",
    "gm": "Get-Member",
    "tee": "Tee-Object",
    "sleep": "Start-Sleep",
    "sc": "Set-Content",
    "ac": "Add-Content",
    "compare": "Compare-Object",
    "diff": "Compare-Object",
    "cls": "Clear-Host",
    "clear": "Clear-Host",
    "history": "Get-History",
    "h": "Get-History",
    "ghy": "Get-History",
    "get-transportserver": "Get-TransportService",
    "set-transportserver": "Set-TransportService",
    "asnp": "Add-PSSnapin",
    "ipmo": "Import-Module",
    "help": "Get-Help",
    "man": "Get-Help",
    "gcm": "Get-Command",
}
