"""What migrations of settings tables do."""

from __future__ import annotations

from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import Field


class DatabaseDefaults(Operation):
    """The default of every column of a table becomes PostgreSQL's own, too, as `console.publishing.columns` has it; so
    the former release, which does not name what is new, can write a row. One statement, as one AlterField for each of
    hundreds of columns takes seconds.
    """

    reduces_to_sql = True
    reversible = False

    def __init__(self, model: str) -> None:
        self.model = model

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        fields = state.models[app_label, self.model.lower()].fields
        for name, field in fields.items():
            if _is_missing(field):
                _, _, arguments, options = field.deconstruct()
                fields[name] = type(field)(*arguments, **options, db_default=field.get_default())
        state.reload_model(app_label, self.model.lower())

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        before = from_state.models[app_label, self.model.lower()].fields
        model: Any = to_state.apps.get_model(app_label, self.model)
        changes: list[str] = []
        values: list[Any] = []
        for field in model._meta.local_fields:
            if _is_missing(before[field.name]):
                sql, given = schema_editor.db_default_sql(field)
                changes.append(f"ALTER COLUMN {schema_editor.quote_name(field.column)} SET DEFAULT {sql}")
                values += given
        schema_editor.execute(
            f"ALTER TABLE {schema_editor.quote_name(model._meta.db_table)} {', '.join(changes)}", values
        )

    def describe(self) -> str:
        return f"Give PostgreSQL the defaults of {self.model}"


def _is_missing(field: Field[Any, Any]) -> bool:
    return field.has_default() and field.get_default() is not None and not field.has_db_default()
