"""The command that does what an entry of the change history tells, for what no revision holds. Pure.

Only where the entry says all of it: an action on messages is about some of their recipients, a password is in no entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from console.commands.wording import quoted

KINDS = ("Recipient", "Queue")
QUEUE_VERBS = {"retried": "Retry-Queue", "suspended": "Suspend-Queue", "resumed": "Resume-Queue"}


def entry_command(kind: str, name: str, verb: str, after: Mapping[str, Any] | None) -> str:
    """The command, or an empty text where there is no exact one."""
    if kind == "Queue" and verb in QUEUE_VERBS:
        asked = " -Confirm:$false" if verb == "suspended" else ""
        return f"{QUEUE_VERBS[verb]} {quoted(name)}{asked}"
    return _of_recipient(quoted(name), verb, str((after or {}).get("display_name", ""))) if kind == "Recipient" else ""


def _of_recipient(name: str, verb: str, display_name: str) -> str:
    if verb == "added":
        return f"New-Recipient {name}" + (f" -DisplayName {quoted(display_name)}" if display_name else "")
    if verb == "changed":
        return f"Set-Recipient {name} -DisplayName {quoted(display_name)}"
    return f"Remove-Recipient {name} -Confirm:$false" if verb == "removed" else ""
