"""The settings of a struct: what its annotated fields declare."""

from __future__ import annotations

import typing
from functools import cache
from typing import TypeVar

import msgspec

from transport.config.kinds import Setting

Struct = TypeVar("Struct", bound=msgspec.Struct)


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


def obeyed(struct: Struct) -> Struct:
    """An object as it acts: what nothing obeys is at its default, a choice that nothing obeys too."""
    unused = {
        field: defaults(type(struct))[field]
        for field, each in settings(type(struct)).items()
        if each.not_enforced or getattr(getattr(struct, field), "not_enforced", "")
    }
    return msgspec.structs.replace(struct, **unused)
