"""How a value of a setting is written in a command, so that the parser of `language` reads the same value again."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

import msgspec

from console.publishing.fields import size
from transport.config import kinds
from transport.config.kinds import Kind, Setting
from transport.config.setting import defaults, settings

GIVEN_ANYWAY = {"name", "usage", "bindings", "remote_ip_ranges", "any_match", "priority"}
"""What New- and Add- say even where it is as usual: Exchange asks for it, or derives it from something else."""

_BARE = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:[.-][A-Za-z0-9_]+)*|\d{1,3}(?:\.\d{1,3}){3}(?:[:/]\d+)?")
_ESCAPED = {
    "`": "``", '"': '`"', "$": "`$", "“": "`“", "”": "`”", "„": "`„", "\n": "`n", "\r": "`r", "\t": "`t",
}  # fmt: skip
_PLAIN = {Kind.CHOICE, Kind.TIMESPAN}


def quoted(text: str) -> str:
    """A text in double quotes; PowerShell takes typographic quotes for quotes as well."""
    return '"' + "".join(_ESCAPED.get(character, character) for character in text) + '"'


def argument(setting: Setting, value: object) -> str:
    """`10MB`, `00:10:00`, `$true`, `Tls,BasicAuth`, `"a b","c"`, `Unlimited`; `$null` for what is empty."""
    if isinstance(value, bool):
        return "$true" if value else "$false"
    if value is None:
        return "Unlimited" if setting.unlimited else "$null"
    if setting.kind is Kind.FLAG_SET:
        return kinds.show(setting, value).replace(" ", "")
    if isinstance(value, tuple):
        texts = [str(each) for each in value]
        alike = texts if all(map(_BARE.fullmatch, texts)) else map(quoted, texts)
        return ",".join(alike) or "$null"
    if setting.kind is Kind.SIZE and isinstance(value, int):
        return size(value).replace(" ", "")
    if setting.kind is Kind.COUNT:
        return str(value)
    return _text(setting, kinds.show(setting, value))


def _text(setting: Setting, shown: str) -> str:
    if not shown:
        return "$null"
    if setting.kind in _PLAIN:
        return shown
    return quoted(shown) if setting.kind is Kind.TEXT else _bare(shown)


def _bare(text: str) -> str:
    return text if _BARE.fullmatch(text) else quoted(text)


def new_command(
    struct: msgspec.Struct, base: Any = None, verb: str = "New", noun: str = "", skip: Collection[str] = ()
) -> str:
    """`New-… -Name … …` with what is off the base (the defaults, if there is none)."""
    usual = defaults(type(struct))
    words = [f"{verb}-{noun or type(struct).__name__}"]
    for name, setting in settings(type(struct)).items():
        value = getattr(struct, name)
        preset = usual[name] if base is None else getattr(base, name)
        given = name in GIVEN_ANYWAY or value != preset
        if given and name not in skip and setting.kind is not Kind.GRANTS:
            words.append(f"-{setting.name} {argument(setting, value)}")
    return " ".join(words)


def set_command(old: Any, new: msgspec.Struct, noun: str = "") -> str:
    words = [f"Set-{noun or type(new).__name__} {quoted(old.name)}"]
    for field_name, setting in settings(type(new)).items():
        if getattr(old, field_name) != getattr(new, field_name):
            words.append(f"-{setting.name} {argument(setting, getattr(new, field_name))}")
    return " ".join(words)
