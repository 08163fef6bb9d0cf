"""What a revision holds: each app declares its kinds of object in its own `published.py`, everything else follows.

Compile, restore, compare, the places of rules, search, commands and import ask here; none of them names an app.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, reduce
from importlib import import_module
from operator import or_
from typing import Any, TypeVar

import msgspec
from django.apps import apps
from django.db.models import Model, Q, QuerySet
from django.utils.functional import Promise
from django.utils.module_loading import module_has_submodule
from msgspec.structs import fields

from console.crud.addresses import apart, holds
from console.crud.words import parts
from console.publishing.models import SingleRow
from console.publishing.rows import properties, struct_of, write
from transport.config.kinds import Setting
from transport.config.snapshot import Snapshot


@dataclass(frozen=True)
class Page:
    """Where objects stand in the console: a list, or the form of the only one. `only`: column → value of those on it.

    `on`: what the rules that decide call it, where that is not the kind's noun.
    """

    title: str | Promise
    url_name: str
    only: Mapping[str, str] = field(default_factory=dict)
    on: str = ""


@dataclass(frozen=True)
class Published:
    """A kind of object: what the change history calls it, its struct and rows, the field of the snapshot, its pages.

    That field holds the only struct where the model is a `SingleRow`, changed by `cmdlet`; else many, told apart by
    `named_by`. `search`: the columns that are searched; `note`: the one that is shown beside what was found; `ranges`:
    the one with ranges of addresses, in which an address is found. A subclass
    says otherwise how a row becomes a struct and back, and what everybody may read of it.
    """

    noun: str
    struct: type[msgspec.Struct]
    model: type[Model]
    part: str
    pages: tuple[Page, ...]
    named_by: str = "name"
    search: tuple[str, ...] = ()
    note: str = ""
    ranges: str = ""
    cmdlet: str = ""

    @property
    def is_single(self) -> bool:
        return issubclass(self.model, SingleRow)

    def read(self, row: Any) -> Any:
        """The struct that a row says."""
        return struct_of(row, self.struct)

    def make(self, struct: Any) -> Any:
        """A row, not yet saved, of a struct."""
        return write(struct, self.model())

    def shown(self, struct: Any) -> dict[str, str]:
        """Property → value as shown; nothing secret."""
        return properties(struct)

    def name_of(self, struct: Any) -> str:
        """What the change history calls an object."""
        return self.noun if self.is_single else str(getattr(struct, self.named_by))

    def cmdlet_of(self, setting: Setting) -> tuple[str, str]:
        """(cmdlet, parameter) that changes a setting of the only one."""
        return self.cmdlet, setting.name

    def found(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        """The rows in which every word of `text` stands in a column that is searched, or, an IP address or a range,
        lies in a range of theirs.
        """
        for word in parts(text):
            places = reduce(or_, (Q(**{f"{column}__icontains": word}) for column in self.search))
            if self.ranges and (asked := apart(word)[0]):
                places |= Q(pk__in=self._holding(rows, asked[0]))
            rows = rows.filter(places)
        return rows

    def _holding(self, rows: QuerySet[Any], asked: str) -> list[Any]:
        every = rows.order_by().values_list("pk", self.ranges)
        return [pk for pk, ranges in every if holds([ranges] if isinstance(ranges, str) else ranges, asked)]

    def structs(self, snapshot: Snapshot) -> tuple[Any, ...]:
        """All objects of this kind in a snapshot."""
        found = getattr(snapshot, self.part)
        return (found,) if self.is_single else tuple(found)


@dataclass(frozen=True)
class Derived:
    """A field of the snapshot that no administrator writes: `of` makes it of what they did write. So it is neither
    restored nor compared, but always made anew.
    """

    part: str
    of: Callable[[Snapshot], Any]


_Part = TypeVar("_Part", Published, Derived)


@cache
def every_derived() -> tuple[Derived, ...]:
    """What all apps derive, in the order of the snapshot's fields."""
    return _declared(Derived)


@cache
def every_kind() -> tuple[Published, ...]:
    """What all apps declare, in the order of the snapshot's fields."""
    return _declared(Published)


def _declared(what: type[_Part]) -> tuple[_Part, ...]:
    with_some = [app for app in apps.get_app_configs() if module_has_submodule(app.module, "published")]
    modules = [import_module(f"{app.name}.published") for app in with_some]
    found = {each.part: each for module in modules for each in vars(module).values() if isinstance(each, what)}
    return tuple(found[part.name] for part in fields(Snapshot) if part.name in found)


def kind_of(struct: type) -> Published:
    """The kind of object that a struct is."""
    return next(each for each in every_kind() if each.struct is struct)
