"""`[type]`: what a value becomes, and whether it is one. Every type that this shell knows stands here."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from ipaddress import ip_address
from typing import Any
from uuid import UUID

from console.management_shell.language.arithmetic import bounded
from console.management_shell.language.comparing import as_number, as_time, as_timespan
from console.management_shell.language.errors import ShellError
from console.management_shell.language.values import (
    GenericList,
    Growing,
    Parted,
    Pattern,
    Record,
    ScriptBlock,
    Timespan,
    entries,
    text,
    truth,
)

_PREFIX = re.compile(r"(?:system\.|microsoft\.exchange\.data\.)?", re.IGNORECASE)
_OTHER_NAMES = {
    "int32": "int", "int16": "int", "int64": "long", "uint32": "long", "uint16": "int", "byte": "int",
    "boolean": "bool", "single": "double", "float": "double", "psobject": "pscustomobject", "object": "object",
    "management.automation.pscustomobject": "pscustomobject", "management.automation.psobject": "pscustomobject",
    "pscredential": "management.automation.pscredential",
    "management.automation.scriptblock": "scriptblock", "management.automation.switchparameter": "switch",
    "collections.arraylist": "arraylist", "collections.hashtable": "hashtable", "net.ipaddress": "ipaddress",
    "text.regularexpressions.regex": "regex", "globalization.cultureinfo": "cultureinfo",
    "management.automation.errorrecord": "errorrecord", "collections.specialized.ordereddictionary": "ordered",
    "text.encoding": "encoding", "io.file": "file", "io.path": "path", "text.utf8encoding": "encoding",
    "bytequantifiedsize": "size", "collections.idictionary": "hashtable", "switchparameter": "switch",
}  # fmt: skip
_LIST = re.compile(r"(?:collections\.generic\.)?list\[.+\]", re.IGNORECASE)
_ERRORS = {"exception", "management.automation.runtimeexception", "management.automation.actionpreferencestopexception"}


def canonical(name: str) -> str:
    """`System.Int32` → `int`; `System.Collections.Generic.List[string]` → `list`. Unknown ones in lower case."""
    plain = _PREFIX.sub("", name.strip().lower(), count=1)
    if plain == "byte[]":
        return plain
    if _LIST.fullmatch(plain):
        return "list"
    many = plain.endswith("[]")
    plain = plain.removesuffix("[]")
    return _OTHER_NAMES.get(plain, plain) + ("[]" if many else "")


def is_any_error(name: str) -> bool:
    """Whether a type in `catch [type]` means every error."""
    return canonical(name) in _ERRORS


def convert(name: str, value: Any) -> Any:
    """`[name] value`. Raises ShellError for a type that is not known, and a value that cannot become one."""
    kind = canonical(name)
    if kind.endswith("[]") and kind not in CASTS:
        return bounded([convert(name.strip()[:-2], each) for each in entries(value)])
    make = CASTS.get(kind)
    if make is None:
        raise unknown(name)
    try:
        return bounded(make(value))
    except (ValueError, ArithmeticError, TypeError):
        raise ShellError(f"Cannot convert '{text(value)[:80]}' to [{name}].") from None


def unknown(name: str) -> ShellError:
    return ShellError(f"[{name}] is no type of this shell.", allowed=tuple(sorted(CASTS)))


def as_type(name: str, value: Any) -> Any:
    """`value -as [name]`: nothing where it cannot become one."""
    if canonical(name) not in CASTS and canonical(name).removesuffix("[]") not in CASTS:
        raise unknown(name)
    try:
        return convert(name, value)
    except ShellError:
        return None


def is_type(name: str, value: object) -> bool:
    """`value -is [name]`. Raises ShellError for a type that is not known."""
    kind = canonical(name)
    if kind.endswith("[]"):
        return isinstance(value, list)
    if kind not in KINDS:
        raise ShellError(f"[{name}] is no type that -is knows.", allowed=tuple(sorted(KINDS)))
    return KINDS[kind](value)


def _whole(value: Any) -> int:
    if isinstance(value, Character):
        return ord(value)
    found = as_number(value)
    return int(Decimal(str(found)).quantize(Decimal(1), ROUND_HALF_EVEN)) if isinstance(found, float) else int(found)


def _int(value: Any) -> int:
    found = _whole(value)
    if abs(found) >= 2**31:
        raise ValueError(value)
    return found


class Character(str):
    """One character, `[char]65`."""


def _character(value: Any) -> Character:
    if isinstance(value, str) and len(value) == 1:
        return Character(value)
    return Character(chr(_whole(value)))


def _object(value: Any) -> Any:
    return Record("PSCustomObject", dict(value)) if isinstance(value, dict) else value


def _table(value: Any) -> dict[str, object]:
    if not isinstance(value, dict):
        raise ValueError(value)
    return value


def _timespan(value: Any) -> Timespan:
    return as_timespan(value if isinstance(value, str | int) else text(value))


def _address(value: Any) -> Parted:
    found = ip_address(text(value).strip())
    family = "InterNetwork" if found.version == 4 else "InterNetworkV6"
    return Parted(found, IPAddressToString=str(found), AddressFamily=family)


def _pattern(value: Any) -> Pattern:
    return value if isinstance(value, Pattern) else Pattern(text(value))


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else bytes(_whole(each) for each in entries(value))


CASTS: dict[str, Callable[[Any], Any]] = {
    "string": text,
    "char": _character,
    "int": _int,
    "long": _whole,
    "double": lambda value: float(as_number(value)),
    "decimal": as_number,
    "size": lambda value: value,
    "bool": truth,
    "switch": truth,
    "array": entries,
    "arraylist": lambda value: Growing(entries(value)),
    "list": lambda value: GenericList(entries(value)),
    "hashtable": _table,
    "ordered": _table,
    "pscustomobject": _object,
    "object": lambda value: value,
    "datetime": as_time,
    "timespan": _timespan,
    "exception": lambda value: Record("Exception", {"Message": text(value)}, name=text(value)),
    "guid": lambda value: str(UUID(text(value))),
    "regex": _pattern,
    "ipaddress": _address,
    "byte[]": _bytes,
    "void": lambda value: None,
}
"""Type in lower case → what it makes of a value."""
KINDS: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "long": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "double": lambda value: isinstance(value, float),
    "bool": lambda value: isinstance(value, bool),
    "array": lambda value: isinstance(value, list) and not isinstance(value, Growing),
    "arraylist": lambda value: isinstance(value, Growing),
    "hashtable": lambda value: isinstance(value, dict),
    "pscustomobject": lambda value: isinstance(value, Record),
    "datetime": lambda value: isinstance(value, datetime),
    "timespan": lambda value: isinstance(value, Timespan),
    "scriptblock": lambda value: isinstance(value, ScriptBlock),
    "errorrecord": lambda value: isinstance(value, Record) and value.type_name == "ErrorRecord",
    "object": lambda value: value is not None,
}


def name_of(value: object) -> str:
    """What a message calls a value: its type, in PowerShell's words."""
    if isinstance(value, Record):
        return value.type_name
    for kind in ("bool", "timespan", "int", "double", "datetime", "string", "arraylist", "array", "hashtable"):
        if KINDS[kind](value):
            return kind
    return "value"
