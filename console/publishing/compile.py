"""Rows → snapshot: one query for each table, whatever the number of rows. Objects stand in the order of their names."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from console.publishing.published import Published, every_derived, every_kind
from transport.config.snapshot import Snapshot


def compile_snapshot(revision: int) -> Snapshot:
    """What the rows say now, as that revision."""
    written = Snapshot(revision=revision, **{kind.part: part(kind) for kind in every_kind()})
    return replace(written, **{each.part: each.of(written) for each in every_derived()})


def part(kind: Published) -> Any:
    """What the rows of one kind say: its field of a snapshot."""
    rows = kind.model._default_manager
    if kind.is_single:
        row = rows.first()
        return kind.read(row) if row else kind.struct()
    return tuple(sorted(map(kind.read, rows.order_by()), key=lambda struct: struct.name.lower()))
