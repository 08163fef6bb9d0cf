"""What becomes of a draft's changes when others have published meanwhile: object by object."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from console.publishing.published import Published, every_kind
from transport.config.snapshot import Snapshot

Key = tuple[str, str]
"""(noun of the kind, name of the object in lower case)."""


@dataclass(frozen=True)
class Merged:
    """`snapshot` has what only one side changed, and of `conflicts` the side that was said to count."""

    snapshot: Snapshot
    conflicts: tuple[Key, ...]


def changed(before: Snapshot, after: Snapshot) -> set[Key]:
    """What differs."""
    found: set[Key] = set()
    for kind in every_kind():
        old, new = _objects(kind, before), _objects(kind, after)
        found |= {(kind.noun, name) for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
    return found


def merged(base: Snapshot, in_force: Snapshot, draft: Snapshot, drafts_side: Collection[Key] = ()) -> Merged:
    """`in_force` with what the draft changes of `base`; what both changed, differently, is a conflict."""
    ours = changed(base, draft)
    conflicts = ours & changed(base, in_force) & changed(in_force, draft)
    take = ours - (conflicts - set(drafts_side))
    parts = {kind.part: _part(kind, in_force, draft, take) for kind in every_kind()}
    return Merged(replace(in_force, **parts), tuple(sorted(conflicts)))


def _part(kind: Published, in_force: Snapshot, draft: Snapshot, take: Collection[Key]) -> Any:
    now, wanted = _objects(kind, in_force), _objects(kind, draft)
    names = {name for noun, name in take if noun == kind.noun}
    found = {name: struct for name, struct in now.items() if name not in names}
    found |= {name: wanted[name] for name in names & wanted.keys()}
    if kind.is_single:
        return next(iter(found.values()))
    return tuple(found[name] for name in sorted(found))


def _objects(kind: Published, snapshot: Snapshot) -> Mapping[str, Any]:
    return {kind.name_of(struct).lower(): struct for struct in kind.structs(snapshot)}
