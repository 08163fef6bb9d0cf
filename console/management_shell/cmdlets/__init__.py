"""Every cmdlet that can be run: name → declaration. A family is a file here with a `TABLE`."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from console.management_shell.language.cmdlet import Cmdlet

FAMILIES = [import_module(f"{__name__}.{each.name}") for each in iter_modules(__path__)]
TABLE: dict[str, Cmdlet] = {
    name: cmdlet for family in FAMILIES for name, cmdlet in getattr(family, "TABLE", {}).items()
}
