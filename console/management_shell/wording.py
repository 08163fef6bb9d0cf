"""How a value of a setting is written in a command, so that the parser of `language` reads the same value again."""

from __future__ import annotations

import re

from transport.config import kinds
from transport.config.setting import Kind, Setting

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
        return _size(value)
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


def _size(value: int) -> str:
    for unit, factor in (("GB", 1024**3), ("MB", 1024**2), ("KB", 1024)):
        if value and value % factor == 0:
            return f"{value // factor}{unit}"
    return str(value)
