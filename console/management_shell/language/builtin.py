"""The cmdlets of PowerShell itself that Exchange's commands are combined with, and their short names."""

from __future__ import annotations

from console.management_shell.language import comparing
from console.management_shell.language.cmdlet import Cmdlet, Parameter
from console.management_shell.language.converting import CONVERTING
from console.management_shell.language.filtering import FILTERING
from console.management_shell.language.formatting import FORMATTING
from console.management_shell.language.selecting import SELECTING

GET_DATE = Cmdlet(
    "Get-Date",
    lambda call: [comparing.as_time(call.get("Date")) if "Date" in call.arguments else call.host.now()],
    (Parameter("Date", position=0, help="A time as text, in UTC."),),
    "The time now, in UTC.",
    (("(Get-Date).AddDays(-1)", "This time yesterday."),),
)

BUILTIN = {each.name: each for each in (*FILTERING, *SELECTING, *FORMATTING, *CONVERTING, GET_DATE)}
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
    "help": "Get-Help",
    "man": "Get-Help",
    "gcm": "Get-Command",
}
