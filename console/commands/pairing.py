"""Which object of one configuration is which of another: by its name, or by what it says when it was renamed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import msgspec

from transport.config.setting import defaults

Pair = tuple[Any, Any]
"""Two structs of one kind, or one and None."""


def key(struct: Any) -> str:
    return str(struct.name).lower()


def pairs(before: Sequence[Any], after: Sequence[Any], name_of: Callable[[Any], str] = key) -> list[Pair]:
    """(before, after) of each object; one of them is None for what came or went."""
    old, new = {name_of(each): each for each in before}, {name_of(each): each for each in after}
    return [(old.get(name), new.get(name)) for name in dict.fromkeys([*old, *new])]


def renamed(every: list[Pair], fixed: Collection[str]) -> list[Pair]:
    """One that went and one that came are one with another name, if more of it stayed than changed."""
    gone = [old for old, new in every if new is None]
    come = [new for old, new in every if old is None]
    if len(gone) != 1 or len(come) != 1 or not _is_renamed(gone[0], come[0], fixed):
        return every
    return [*(pair for pair in every if None not in pair), (gone[0], come[0])]


def _is_renamed(old: msgspec.Struct, new: msgspec.Struct, fixed: Collection[str]) -> bool:
    usual = defaults(type(old))
    names = [name for name in old.__struct_fields__ if name != "name"]
    differ = [name for name in names if getattr(old, name) != getattr(new, name)]
    kept = [name for name in names if name not in differ and getattr(old, name) != usual[name]]
    return not set(differ) & set(fixed) and len(kept) > len(differ)
