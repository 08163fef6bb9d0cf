"""A declared setting as a parameter and as a property: `MaxMessageSize` is written and printed as Exchange does."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import msgspec

from console.management_shell.language.cmdlet import Call, Parameter
from console.management_shell.language.values import (
    UNLIMITED,
    Flags,
    GenericList,
    Parted,
    Record,
    ScriptBlock,
    Size,
    Timespan,
    argument,
    entries,
    read_text,
    spelling,
)
from transport.config import kinds
from transport.config.endpoint import Binding, IPRange
from transport.config.kinds import Kind, Setting
from transport.config.setting import settings

VALUES = {Kind.FLAG, Kind.COUNT, Kind.SIZE, Kind.TIMESPAN, Kind.CHOICE, Kind.FLAG_SET}
"""What is never empty: all else is a text."""
LONG = 1000  # characters: a text that may be longer may have lines, here as on the form
OTHER_SPELLINGS: dict[str, dict[str, str]] = {
    "MaxInboundConnectionPerSource": {"MaxInboundConnectionsPerSource": "Exchange has no -{0}: it is -{1}."},
    "ConnectionInactivityTimeout": {"ConnectionInactiveTimeout": "Exchange has no -{0}: it is -{1}."},
    "MessageRateLimit": {"MaxRateLimit": "Exchange has no -{0}: it is -{1}."},
}
"""What the source documents print, and what Exchange calls it."""
LEAST_SIZE = 4096
"""Bytes: a smaller size was hardly meant so."""
SECONDS = {"TarpitInterval", "AuthTarpitInterval"}
"""The documents give the tarpit interval as a bare number of seconds."""


@dataclass(frozen=True)
class Remarked:
    """A value that was understood, and what to say about how it was written."""

    value: Any
    remark: str


@dataclass(frozen=True)
class Edit:
    """`@{Add=…; Remove=…}`: what a list becomes."""

    setting: Setting
    added: tuple[Any, ...]
    removed: tuple[Any, ...]

    def __call__(self, before: Iterable[Any]) -> tuple[Any, ...]:
        gone = {_key(each) for each in self.removed}
        kept = [each for each in before if _key(each) not in gone]
        after = tuple(dict.fromkeys([*kept, *self.added]))
        kinds.check(self.setting, after)
        return after


def _key(value: object) -> object:
    """Two ranges are the same when they have the same addresses."""
    return getattr(value, "bounds", value)


def parameters(
    struct: type, skipped: Collection[str] = (), names: Mapping[str, str] | None = None
) -> tuple[Parameter, ...]:
    """One for each setting that can be changed; `names`: field → another name than the setting's."""
    table = settings(struct)
    wanted = {field: each for field, each in table.items() if field not in skipped and each.kind is not Kind.GRANTS}
    return tuple(parameter(each, (names or {}).get(field, each.name)) for field, each in wanted.items())


def parameter(setting: Setting, name: str = "", **options: Any) -> Parameter:
    """The parameter of one setting, called as Exchange calls it."""
    name = name or setting.name
    also = {wrong: remark.format(wrong, name) for wrong, remark in OTHER_SPELLINGS.get(name, {}).items()}
    options.setdefault("keeps", setting.kind.value.is_list)
    return Parameter(name, reader(setting), help=help_of(setting), choices=choices(setting), also=also, **options)


def help_of(setting: Setting) -> str:
    """The form's words; of a setting that nothing obeys, that it is so."""
    return f"Not enforced: {setting.not_enforced} {setting.help}" if setting.not_enforced else setting.help


def choices(setting: Setting) -> tuple[str, ...]:
    """What can be chosen, as it is written."""
    if setting.kind is Kind.FLAG:
        return "$true", "$false"
    every = tuple(str(member.value) for member in setting.choices or ())
    return ("None", *every) if setting.kind is Kind.FLAG_SET else every


def reader(setting: Setting) -> Callable[[object], Any]:
    """What makes the setting's value of a value of the language. Its ValueError says what to write instead."""
    if setting.kind.value.is_list:
        return lambda value: _list(setting, value)
    return lambda value: _one(setting, value)


def _list(setting: Setting, value: object) -> Any:
    if not isinstance(value, dict):
        return _members(setting, value)
    parts = {spelling(str(key), ("Add", "Remove")): part for key, part in value.items()}
    if None in parts:
        raise ValueError("Write @{Add=…}, @{Remove=…} or both.")
    return Edit(setting, _members(setting, parts.get("Add")), _members(setting, parts.get("Remove")))


def _members(setting: Setting, value: object) -> tuple[Any, ...]:
    lines = "\n".join(_line(each) for each in entries(value))
    if setting.kind in (Kind.RANGES, Kind.BINDINGS):
        lines = lines.replace("|", "\n")
    found: tuple[Any, ...] = kinds.parse(setting, lines)
    kinds.check(setting, found)
    return found


def _line(value: object) -> str:
    if isinstance(value, dict | list | tuple | ScriptBlock):
        raise ValueError("Write the members of the list as texts.")
    return _plain(argument(value))


def _one(setting: Setting, value: object) -> Any:
    if isinstance(value, dict | ScriptBlock | Record):
        raise ValueError("Write one value here.")
    if isinstance(value, list | tuple) and setting.kind is not Kind.FLAG_SET:
        raise ValueError("Write one value here, not a list.")
    if setting.kind is Kind.TIMESPAN and isinstance(value, int) and not isinstance(value, bool | Timespan):
        return _bare_number(setting, value)
    if setting.kind is Kind.TIME and isinstance(value, datetime):
        value = f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    if setting.kind not in VALUES:
        value = _text(setting, value)
    if value is None and setting.kind in VALUES and "None" not in choices(setting):
        raise ValueError("This cannot be empty.")
    parsed = kinds.parse(setting, _plain(argument(value)))
    if setting.minimum and parsed == "":
        raise ValueError("This cannot be empty.")
    return parsed


def _bare_number(setting: Setting, value: int) -> Remarked:
    if setting.name not in SECONDS:
        raise ValueError("Write a time span as [days.]hours:minutes:seconds, for example 00:10:00.")
    kinds.check(setting, value)
    shown_as = kinds.show_timespan(value)
    return Remarked(value, f"{setting.name}: {value} is taken as seconds; Exchange writes {shown_as}.")


def _text(setting: Setting, value: object) -> str:
    if value is None:
        return ""
    if (setting.maximum or 0) <= LONG:
        return read_text(value).strip()
    return argument(value)


def _plain(text: str) -> str:
    if any((ord(character) < 32 and character not in "\r\n\t") or ord(character) == 127 for character in text):
        raise ValueError("Control characters are not allowed here.")
    return text


def values(struct: msgspec.Struct, names: Mapping[str, str] | None = None) -> dict[str, object]:
    """Property → value of the language, for every setting of a struct."""
    table = settings(type(struct))
    return {
        (names or {}).get(field, each.name): value(each, getattr(struct, field))
        for field, each in table.items()
        if each.kind is not Kind.GRANTS
    }


def value(setting: Setting, of: Any) -> object:
    """A setting's value as one of the language, which prints as Exchange prints it."""
    if of is None:
        return UNLIMITED if setting.unlimited else None
    if isinstance(of, Enum):
        return str(of.value)
    if setting.kind is Kind.FLAG_SET:
        assert setting.choices is not None
        names = tuple(str(member.value) for member in setting.choices if member in of)
        return Flags(names or (() if setting.nothing == "None" else (setting.nothing,)))
    if isinstance(of, tuple):
        return GenericList(map(_member, of))
    if setting.kind is Kind.TIME:
        return datetime.fromtimestamp(of, UTC)
    if not isinstance(of, bool | int | str):
        return kinds.show(setting, of)
    return {Kind.SIZE: Size, Kind.TIMESPAN: Timespan}.get(setting.kind, lambda same: same)(of)


def _member(of: object) -> str:
    if isinstance(of, Binding):
        return Parted(of, Address=of.ip, Port=of.port)
    if isinstance(of, IPRange):
        version, *ends = of.bounds
        low, high = (str((IPv4Address if version == 4 else IPv6Address)(end)) for end in ends)
        return Parted(of, LowerBound=low, UpperBound=high, Expression=of.text)
    return str(of)


def changes(
    call: Call, struct: type, names: Mapping[str, str] | None = None, only: Collection[str] = ()
) -> Callable[[Any], dict[str, Any]]:
    """What a call's arguments make of a struct: a function of the present one → field → value. Says the remarks.

    `only`: the fields that this cmdlet changes, if it does not change all.
    """
    given = {
        field: plain(call, call.arguments[name])
        for field, each in settings(struct).items()
        if (name := (names or {}).get(field, each.name)) in call.arguments and (not only or field in only)
    }
    for field in given:
        each = settings(struct)[field]
        if each.not_enforced:
            call.warning(f"{each.name} is kept, but not enforced: {each.not_enforced}")
        if each.kind is Kind.SIZE and given[field] in range(1, LEAST_SIZE):
            call.warning(f"{each.name}: {given[field]} bytes. Write {given[field]}KB if that is meant.")
    return lambda now: {
        field: wanted(getattr(now, field)) if isinstance(wanted, Edit) else wanted for field, wanted in given.items()
    }


def plain(call: Call, found: Any) -> Any:
    """An argument without its remark, which is said."""
    if isinstance(found, Remarked):
        call.warning(found.remark)
        return found.value
    return found
