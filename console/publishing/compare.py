"""What differs between two snapshots, object by object and property by property, values as Exchange prints them."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_noop

from console.publishing.published import every_kind
from transport.config.snapshot import Snapshot


@dataclass(frozen=True)
class Difference:
    """What became of one object. `lines` are (property, before, after); a new or removed object has one empty side."""

    kind: str
    name: str
    verb: str
    lines: list[tuple[str, str, str]]


def differences(before: Snapshot, after: Snapshot) -> list[Difference]:
    """All objects that differ, in the order of their kinds and names."""
    kinds = [kind.noun for kind in every_kind()]
    old, new = objects(before), objects(after)
    keys = sorted(old.keys() | new.keys(), key=lambda key: (kinds.index(key[0]), key[1].lower()))
    return [_difference(key, old.get(key), new.get(key)) for key in keys if old.get(key) != new.get(key)]


def objects(snapshot: Snapshot) -> dict[tuple[str, str], dict[str, str]]:
    """(kind, name) → property → value as shown, for everything in a snapshot."""
    every = [(kind, struct) for kind in every_kind() for struct in kind.structs(snapshot)]
    return {(kind.noun, kind.name_of(struct)): kind.shown(struct) for kind, struct in every}


def _difference(key: tuple[str, str], old: dict[str, str] | None, new: dict[str, str] | None) -> Difference:
    verb = gettext_noop("new") if old is None else "removed" if new is None else "changed"
    before, after = old or {}, new or {}
    names = dict.fromkeys([*before, *after])
    lines = [(name, before.get(name, ""), after.get(name, "")) for name in names if before.get(name) != after.get(name)]
    return Difference(*key, verb, [line for line in lines if line[1] or line[2]])
