"""What a declared setting is: everything that form, document, shell and help need to know about it."""

from __future__ import annotations

import typing
from dataclasses import dataclass
from enum import Enum
from functools import cache

import msgspec


class Kind(Enum):
    """How a value is written and read; each kind is translated in `kinds` and in the console's form fields."""

    TEXT = "text"
    HOST_NAME = "host name"
    DOMAIN_NAME = "domain name"
    FLAG = "flag"
    COUNT = "count"
    SIZE = "size"
    TIMESPAN = "timespan"
    CHOICE = "choice"
    FLAG_SET = "flag set"
    BINDINGS = "bindings"
    RANGES = "remote ranges"
    GRANTS = "grants"
    ADDRESS_SPACES = "address spaces"
    SMART_HOSTS = "smart hosts"
    ADDRESSES = "addresses"
    DOMAINS = "domains"
    RANGE = "address or range"
    TIME = "time"
    RESPONSE = "reply text"
    RETURN_CODE = "return code"
    RETURN_CODES = "return codes"
    NAME_SERVERS = "name servers"


@dataclass(frozen=True, slots=True)
class Setting:
    """One property of an object that an administrator edits.

    `name` is Exchange's; `section` the tab it stands on, or its heading where there are no tabs; `group` the heading on
    its tab; `minimum` and `maximum` are inclusive, in the unit of the value (bytes, seconds, count; characters of a
    text, entries of a list); `source`: where name, default and bounds are from.
    """

    name: str
    section: str
    kind: Kind
    label: str
    help: str
    source: str
    minimum: int | None = None
    maximum: int | None = None
    unlimited: bool = False
    choices: type[Enum] | None = None
    read_only: bool = False
    not_enforced: str = ""
    group: str = ""


@cache
def settings(struct: type) -> dict[str, Setting]:
    """Field name → Setting, in the order of declaration, for every annotated field of a frozen struct."""
    hints = typing.get_type_hints(struct, include_extras=True)
    found: dict[str, Setting] = {}
    for field, hint in hints.items():
        for note in getattr(hint, "__metadata__", ()):
            if isinstance(note, Setting):
                found[field] = note
    return found


@cache
def defaults(struct: type) -> dict[str, object]:
    """Field name → default of every field of a frozen struct; `msgspec.NODEFAULT` where a value must be given."""
    return {each.name: each.default for each in msgspec.structs.fields(struct)}


def sections(struct: type) -> list[str]:
    """The tabs on which a struct's settings stand, in order of first appearance."""
    return list(dict.fromkeys(setting.section for setting in settings(struct).values()))
