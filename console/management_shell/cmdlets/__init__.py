"""Every cmdlet that can be run: name → declaration."""

from __future__ import annotations

from console.management_shell.cmdlets import permissions, receive_connectors
from console.management_shell.language.cmdlet import Cmdlet

TABLE: dict[str, Cmdlet] = {}
for family in (receive_connectors, permissions):
    TABLE |= family.TABLE
