"""A model whose columns follow from a settings table: `class X(SettingsRow, table=struct)`.

A column that is written in the class takes the place of the one that follows. No wording gets into a migration.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
from django.db import models
from django.db.models.base import ModelBase
from django.db.models.functions import Now

from console.publishing.fields import KINDS
from console.publishing.rows import stored
from transport.config.kinds import Setting
from transport.config.setting import defaults, settings


class SettingsTable(ModelBase):
    """What makes such a class."""

    def __new__(
        cls, name: str, bases: tuple[type, ...], attrs: dict[str, Any], table: type | None = None, **options: Any
    ) -> Any:
        made = _columns(table) if table else {}
        return super().__new__(cls, name, bases, made | attrs, **options)


class SettingsRow(models.Model, metaclass=SettingsTable):
    """`version` counts the writes: an editor who saw an older one is told."""

    version = models.IntegerField(default=0, db_default=0)
    changed_at = models.DateTimeField(auto_now=True, db_default=Now())

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    class Meta:
        abstract = True


def _columns(table: type) -> dict[str, models.Field[Any, Any]]:
    usual = defaults(table)
    return {field: _column(setting, usual[field]) for field, setting in settings(table).items()}


def _column(setting: Setting, default: object) -> models.Field[Any, Any]:
    made = KINDS[setting.kind].column
    if default is msgspec.NODEFAULT:
        return made()
    value = stored(setting, default)
    if isinstance(value, list | tuple):
        return made(default=partial(list, list(value)) if value else list, db_default=list(value))
    null = default is None or setting.unlimited
    in_database = {} if value is None else {"db_default": value}
    return made(default=value, null=null, blank=not null and value == "", **in_database)
