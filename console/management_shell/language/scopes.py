"""The variables of a script: its own, and those of the function that runs."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager

from console.management_shell.language.errors import ShellError
from console.management_shell.language.values import read_flag, text

WHOLE_SCRIPT = ("script", "global")
PREFERENCES = {
    "erroractionpreference": ("Stop", "Continue", "SilentlyContinue", "Ignore"),
    "warningpreference": ("Continue", "SilentlyContinue", "Ignore"),
    "verbosepreference": ("Continue", "SilentlyContinue", "Ignore"),
    "progresspreference": ("Continue", "SilentlyContinue", "Ignore"),
    "confirmpreference": ("None", "Low", "Medium", "High"),
}
"""Variables that say how commands behave, and what they can say."""
FIXED = {"_", "psitem", "true", "false", "null", "input", "args", "?", "psboundparameters", "ofs"}
FOREIGN = {
    "home", "host", "myinvocation", "pid", "profile", "pscmdlet", "pscommandpath", "psculture", "pshome",
       "psuiculture", "psversiontable", "pwd", "shellid", "stacktrace", "executioncontext", "lastexitcode",
}  # fmt: skip
"""What PowerShell fills by itself and this shell does not know."""


class Scopes:
    """`["name"] = …` in lower case. A function sees the script's variables; what it sets is its own."""

    def __init__(self) -> None:
        self.whole: MutableMapping[str, object] = {"error": [], "psscriptroot": "."}
        self._chain: ChainMap[str, object] = ChainMap(self.whole)

    @contextmanager
    def function(self, **own: object) -> Iterator[None]:
        """Inside, variables that are set belong to a function; `own` are its parameters."""
        before = self._chain
        self._chain = before.new_child(dict(own))
        try:
            yield
        finally:
            self._chain = before

    def read(self, name: str) -> object:
        """The value, or None where there is no such variable. Raises ShellError for what is PowerShell's own."""
        scope, name = _parted(name)
        if name in FOREIGN and name not in self._chain:
            raise ShellError(f"${name} is not part of this shell. Write the value itself.")
        if name not in self._chain and (name.startswith("env:") or scope not in ("", "local", *WHOLE_SCRIPT)):
            raise ShellError(f"${scope or name}: this shell has variables of its own only, none of the system.")
        return self.whole.get(name) if scope in WHOLE_SCRIPT else self._chain.get(name)

    def write(self, name: str, value: object) -> None:
        """Sets a variable. Raises ShellError where a script may not."""
        scope, name = _parted(name)
        if name in FIXED or ":" in name or scope not in ("", "local", "private", *WHOLE_SCRIPT):
            raise ShellError(f"${scope}{':' if scope else ''}{name} cannot be given a value.")
        if name.endswith("preference"):
            value = _preference(name, value)
        (self.whole if scope in WHOLE_SCRIPT else self._chain)[name] = value

    def get(self, name: str, default: object = None) -> object:
        return self._chain.get(name, default)

    def __setitem__(self, name: str, value: object) -> None:
        self._chain[name] = value

    def preferred(self) -> dict[str, object]:
        """What the script's preferences make of the common parameters: name → value."""
        found: dict[str, object] = {}
        for variable, parameter in (("erroractionpreference", "ErrorAction"), ("warningpreference", "WarningAction")):
            if variable in self._chain:
                found[parameter] = self._chain[variable]
        if self.get("verbosepreference") == "Continue":
            found["Verbose"] = True
        if self.get("whatifpreference") is True:
            found["WhatIf"] = True
        if self.get("confirmpreference") == "None":
            found["Confirm"] = False
        return found


def _parted(name: str) -> tuple[str, str]:
    scope, colon, rest = name.lower().partition(":")
    if scope == "env":
        return "", f"env:{rest}"
    return (scope, rest) if colon else ("", scope)


def _preference(name: str, value: object) -> object:
    if name == "whatifpreference":
        return read_flag(value)
    known = PREFERENCES.get(name)
    if known is None:
        raise ShellError(f"${name} is no preference of this shell.")
    found = next((each for each in known if each.lower() == text(value).lower()), None)
    if found is None:
        raise ShellError(f"${name} cannot be '{text(value)[:80]}'.", allowed=known)
    return found
