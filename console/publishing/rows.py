"""One row of a settings model and one frozen struct of `transport.config`, either made from the other.

The columns of such a model are the fields of the struct. An enumeration is kept by its value, a set or tuple as a list,
and what an administrator writes in one line (a binding, a range, an address space) as that line, to be found.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

import msgspec
from django.db import models

from console.publishing.fields import KINDS
from transport.config import kinds
from transport.config.kinds import Setting
from transport.config.setting import settings

Struct = TypeVar("Struct", bound=msgspec.Struct)
Row = TypeVar("Row", bound=models.Model)


def struct_of(row: models.Model, struct: type[Struct]) -> Struct:
    """The frozen struct that a row says."""
    every, lines = _columns(struct)
    values = {field: getattr(row, field) for field in every}
    for field, read in lines:
        values[field] = [read(line) for line in values[field]]
    return msgspec.convert(values, struct)


@cache
def _columns(struct: type) -> tuple[list[str], list[tuple[str, Callable[[str], Any]]]]:
    """All columns, and those that are lists of lines with what reads a line: a thousand rows are read at each save."""
    table = settings(struct)
    return list(table), [(field, read) for field, each in table.items() if (read := KINDS[each.kind].line)]


def write(struct: msgspec.Struct, row: Row) -> Row:
    """Puts every setting of the struct into the row's columns and returns the row, not yet saved."""
    for field, setting in settings(type(struct)).items():
        setattr(row, field, stored(setting, getattr(struct, field)))
    return row


def stored(setting: Setting, value: Any) -> Any:
    """A setting's value as its column keeps it."""
    if KINDS[setting.kind].line:
        return [str(each) for each in value]
    return msgspec.to_builtins(value, order="deterministic")


def properties(struct: msgspec.Struct) -> dict[str, str]:
    """Exchange's property name → the value as Exchange prints it, for history, comparison and summaries."""
    table = settings(type(struct))
    return {setting.name: kinds.show(setting, getattr(struct, field)) for field, setting in table.items()}
