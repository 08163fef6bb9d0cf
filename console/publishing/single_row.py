"""Settings of which there is one row: read, and saved as a revision."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, cast

from django.core.exceptions import ValidationError

from console.actors import Actor
from console.publishing.actions import change
from console.publishing.models import SingleRow
from console.publishing.published import Published
from console.publishing.rows import properties, struct_of, write
from console.publishing.settings_rows import STALE
from transport.config.rules import Problem, out_of_bounds


@dataclass(frozen=True)
class SingleSettings:
    """`problems(struct)`: what cannot stand."""

    kind: Published
    problems: Callable[[Any], Iterable[Problem]] = lambda struct: ()

    def row(self) -> SingleRow:
        """The row, or an unsaved one with the defaults."""
        found: Any = self.kind.model._default_manager.filter(pk=1).first() or self.kind.model(pk=1)
        return cast(SingleRow, found)

    def now(self) -> Any:
        """The settings as they are saved."""
        return struct_of(self.row(), self.kind.struct)

    def save(self, actor: Actor, wanted: Any, version: int | None = None) -> SingleRow:
        """Puts the settings as `wanted`; `version` is the one that the editor saw.

        Raises ValidationError at the field that cannot stand; with code `stale` when somebody saved them meanwhile.
        """
        with change(actor, f"{self.kind.noun}: changed") as under_way:
            row = self.row()
            before = None if row._state.adding else struct_of(row, self.kind.struct)
            if version is not None and version != row.version:
                text = f"Somebody saved the {self.kind.noun.lower()} meanwhile: look again, then save."
                raise ValidationError(text, code=STALE)
            found = {each.field: each.message for each in (*out_of_bounds(wanted), *self.problems(wanted))}
            if found:
                raise ValidationError(found)
            if before != wanted:
                write(wanted, row).version += 1
                row.save()
            under_way.record(self.kind.noun, self.kind.noun, properties(before) if before else None, properties(wanted))
        return row
