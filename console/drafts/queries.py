"""Drafts, what they change, and with whom they conflict."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

from django.db.models import QuerySet

from console.crud.schema import inside
from console.drafts.merge import Key, Merged, changed, merged
from console.publishing import queries as publishing
from console.publishing.compare import Difference, differences
from console.publishing.models import Draft
from transport.config import document


@dataclass(frozen=True)
class Outcome:
    """What a draft would do now: `merged` with what is published, what of that differs, and who else is at it."""

    merged: Merged
    differences: list[Difference]
    others: list[tuple[Draft, list[Key]]]


def drafts() -> QuerySet[Draft]:
    """All of them, by name, without their documents."""
    return Draft.objects.defer("based_on", "document")


def numbered(pk: int) -> Draft | None:
    return drafts().filter(pk=pk).first()


def named(name: str) -> Draft | None:
    return drafts().filter(name__iexact=name).first()


def outcome(draft: Draft, drafts_side: Collection[Key] = ()) -> Outcome:
    """`drafts_side`: the conflicts in which the draft's side is taken. Raises DocumentError."""
    base, ours = document.decode(draft.based_on), document.decode(draft.document)
    with inside(""):
        in_force = publishing.snapshot(publishing.newest_with_document())
    result = merged(base, in_force, ours, drafts_side)
    return Outcome(result, differences(in_force, result.snapshot), _others(draft, changed(base, ours)))


def _others(draft: Draft, ours: set[Key]) -> list[tuple[Draft, list[Key]]]:
    """Other drafts that change the same."""
    found = []
    for other in Draft.objects.exclude(pk=draft.pk):
        if both := ours & changed(document.decode(other.based_on), document.decode(other.document)):
            found.append((other, sorted(both)))
    return found


def changes(draft: Draft) -> int:
    """How many objects it changes."""
    with inside(draft.schema):
        newest = publishing.newest()
    return _changes(draft.pk, newest.number if newest else 0, newest.checksum if newest else "")


@lru_cache(maxsize=64)
def _changes(pk: int, number: int, checksum: str) -> int:
    """Each page asks: two documents are read once for each save."""
    draft = Draft.objects.get(pk=pk)
    return len(changed(document.decode(draft.based_on), document.decode(draft.document)))
