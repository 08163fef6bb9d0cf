"""Every cmdlet that can be run: name → declaration."""

from __future__ import annotations

from console.management_shell.language.cmdlet import Cmdlet

TABLE: dict[str, Cmdlet] = {}
