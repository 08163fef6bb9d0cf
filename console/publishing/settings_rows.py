"""Create, update and remove a row of a settings table: the same steps for every kind of object."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.utils.translation import gettext as _
from msgspec.structs import replace

from console.actors import Actor, Role
from console.crud.said import said
from console.publishing.actions import Change, change
from console.publishing.published import Published
from console.publishing.rows import properties, struct_of, write
from transport.config.rules import Problem, out_of_bounds
from transport.config.setting import settings

STALE = "stale"
Changes = Mapping[str, Any] | Callable[[Any], Mapping[str, Any]]


@dataclass(frozen=True)
class SettingsRows:
    """A kind of object, and `problems(struct, others)`: what may not stand together. Every write is for `writers`.
    `alone`: rows are written here only, so that all are read once while many are changed together.
    """

    kind: Published
    problems: Callable[[Any, list[Any]], Iterable[Problem]]
    writers: frozenset[Role]
    alone: bool = False

    def create(self, actor: Actor, struct: Any, confirmed: Collection[str] = ()) -> Any:
        """Writes a new row. Raises ValidationError at the fields that cannot stand."""
        return self.create_all(actor, [struct], confirmed)[0]

    def create_all(self, actor: Actor, structs: Sequence[Any], confirmed: Collection[str] = ()) -> list[Any]:
        """Writes new rows in one revision; each has to stand beside those that are there and those before it."""
        actor.require(*self.writers)
        names = ", ".join(struct.name for struct in structs)
        with change(actor, f"{self.kind.noun} {names}: created", confirmed) as under_way:
            others, rows = self.others(None, under_way), []
            for struct in structs:
                self.check(struct, others)
                others.append(struct)
                rows.append(self.kind.make(struct))
                rows[-1].save()
                self._note(under_way, rows[-1].pk, struct)
                under_way.record(self.kind.noun, struct.name, None, properties(struct))
        return rows

    def update(
        self,
        actor: Actor,
        pk: int,
        changes: Changes,
        version: int | None = None,
        confirmed: Collection[str] = (),
    ) -> Any:
        """Writes some settings (field → value, or what makes that of the present struct) of a row.

        `version` is the one that the editor saw; None does not care.

        Raises ValidationError: at the fields that cannot stand; with code `stale` when the row was changed meanwhile.
        """
        actor.require(*self.writers)
        with change(actor, "", confirmed) as under_way:
            row = self.row(pk)
            before: Any = struct_of(row, self.kind.struct)
            changes = changes(before) if callable(changes) else changes
            if version is not None and version != row.version:
                raise ValidationError(self.meanwhile(before, changes), code=STALE)
            after = replace(before, **changes)
            under_way.comment = f"{self.kind.noun} {after.name}: {self._changed(before, after)}"
            self.check(after, self.others(pk, under_way))
            if before != after:
                self.save(write(after, row))
                self._note(under_way, pk, after)
            under_way.record(self.kind.noun, after.name, properties(before), properties(after))
        return row

    def remove(self, actor: Actor, pk: int, confirmed: Collection[str] = ()) -> None:
        """Deletes a row."""
        actor.require(*self.writers)
        with change(actor, "", confirmed) as under_way:
            row = self.row(pk)
            struct: Any = struct_of(row, self.kind.struct)
            under_way.comment = f"{self.kind.noun} {struct.name}: removed"
            under_way.record(self.kind.noun, struct.name, properties(struct), None)
            row.delete()
            self._note(under_way, pk, None)

    def save(self, row: Any) -> None:
        """Saves a row as its next version."""
        row.version += 1
        row.save()

    def row(self, pk: int) -> Any:
        """The row, or a ValidationError when somebody removed it."""
        try:
            return self.kind.model._default_manager.get(pk=pk)
        except ObjectDoesNotExist:
            raise ValidationError(f"This {self.kind.noun.lower()} was removed meanwhile.") from None

    def others(self, pk: int | None, under_way: Change | None = None) -> list[Any]:
        """All the other objects of the kind."""
        known = under_way.known if under_way and self.alone else {}
        if self.kind.noun not in known:
            rows = self.kind.model._default_manager.order_by()
            known[self.kind.noun] = {row.pk: struct_of(row, self.kind.struct) for row in rows}
        return [struct for key, struct in known[self.kind.noun].items() if key != pk]

    def _note(self, under_way: Change, pk: int, struct: Any | None) -> None:
        """What a row says now, for who looks at the others next in the same change."""
        known = under_way.known.get(self.kind.noun, {})
        known.pop(pk, None)
        if struct is not None:
            known[pk] = struct

    def check(self, struct: Any, others: list[Any]) -> None:
        """Raises ValidationError with every problem at its field."""
        found: dict[str, list[str]] = {}
        for problem in (*out_of_bounds(struct), *self.problems(struct, others)):
            found.setdefault(problem.field, []).append(problem.message)
        if found:
            raise ValidationError({field: list(dict.fromkeys(texts)) for field, texts in found.items()})

    def meanwhile(self, now: Any, changes: Mapping[str, Any]) -> str:
        """What an editor must know whose object was changed under way."""
        table, shown = settings(self.kind.struct), properties(now)
        differ = [field for field, value in changes.items() if getattr(now, field) != value]
        values = ", ".join(f"{said(table[field].label)}: {shown[table[field].name] or _('empty')}" for field in differ)
        found = _("Now saved: %s.") % values if values else _("What stands here is what is saved now.")
        saved = _("Somebody saved “%s” while you were editing it.") % now.name
        return f"{saved} {found} {_('Your entries are still here: save again to put them in place.')}"

    def _changed(self, before: Any, after: Any) -> str:
        old, new = properties(before), properties(after)
        return ", ".join(name for name in new if old[name] != new[name]) or "nothing changed"
