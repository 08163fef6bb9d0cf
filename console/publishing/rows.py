"""One row of a settings model and one frozen struct of `transport.config`, either made from the other.

The columns of such a model are the fields of the struct. A column holds what JSON can hold: an enumeration by its value,
a set or a tuple as a list, a struct inside a tuple as an object.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec
from django.db import models

from transport.config import kinds
from transport.config.setting import settings

Struct = TypeVar("Struct", bound=msgspec.Struct)


def struct_of(row: models.Model, struct: type[Struct]) -> Struct:
    """The frozen struct that a row says."""
    return msgspec.convert({field: getattr(row, field) for field in settings(struct)}, struct)


def write(struct: msgspec.Struct, row: models.Model) -> models.Model:
    """Puts every setting of the struct into the row's columns and returns the row, not yet saved."""
    for field, value in msgspec.to_builtins(struct, order="deterministic").items():
        setattr(row, field, value)
    return row


def properties(struct: msgspec.Struct | None) -> dict[str, str] | None:
    """Exchange's property name → the value as Exchange prints it; None for None. For history, comparison and summaries."""
    if struct is None:
        return None
    return {setting.name: kinds.show(setting, getattr(struct, field)) for field, setting in settings(type(struct)).items()}
