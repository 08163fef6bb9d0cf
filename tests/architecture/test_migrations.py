"""Expand, then contract: what a migration may do since the last release, whose processes go on working meanwhile.

The release before runs on the tables while nodes are upgraded one after the other (`console/processes/release.py`). So
a migration adds; what its release no longer uses, the next one may take away, and says so in CONTRACTS.
"""

from __future__ import annotations

import subprocess
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import (
    AddField,
    AlterField,
    DeleteModel,
    RemoveField,
    RenameField,
    RenameModel,
    RunPython,
    RunSQL,
)

from console.publishing.columns import SettingsRow
from tests.architecture.imports import ROOT

CONTRACTS: dict[str, str] = {}
"""`app.migration` → since which release nothing has used what it takes away."""
RELEASE = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["gatepost"]["last_release"]
TAKES_AWAY = (DeleteModel, RemoveField, RenameField, RenameModel)
UNKNOWN = (RunSQL, RunPython)
"""Nobody can tell what these do: whoever writes one says in CONTRACTS why the former release bears it."""


def released() -> set[str]:
    """The migrations of the last release, as git has them."""
    listed = subprocess.run(
        ["git", "ls-tree", "-r", "--name-only", RELEASE["commit"], "console"], cwd=ROOT, capture_output=True, text=True
    )
    if listed.returncode:
        pytest.skip(f"this clone has no commit {RELEASE['commit']}, which was release {RELEASE['version']}")
    parts = [path.removesuffix(".py").split("/") for path in listed.stdout.splitlines() if "/migrations/" in path]
    return {f"{part[-3]}.{part[-1]}" for part in parts}


def faults(name: str, operation: Any, before: Any) -> Iterator[str]:
    """What of an operation the former release could not bear; `before`: the state of the models until then."""
    if isinstance(operation, (*TAKES_AWAY, *UNKNOWN)):
        yield f"{name}: {operation.describe()}: the former release may use it"
    elif isinstance(operation, AddField) and is_owed(operation.field):
        yield f"{name}: {operation.describe()}: the former release writes no value, so that it needs a db_default"
    elif isinstance(operation, AlterField):
        model = before.models[name.partition(".")[0], operation.model_name_lower]
        if narrows(model.fields[operation.name], operation.field):
            yield f"{name}: {operation.describe()}: it takes less than before"


def is_owed(field: models.Field[Any, Any]) -> bool:
    """Whether an INSERT that does not name the column fails."""
    if field.many_to_many:
        return False
    return not field.null and not field.has_db_default()  # type: ignore[attr-defined]  # of Django 5


def narrows(former: Any, now: Any) -> bool:
    return (
        type(former) is not type(now)
        or (former.null and not now.null)
        or (now.max_length or 0) < (former.max_length or 0)
        or (now.unique and not former.unique)
        or (former.has_db_default() and not now.has_db_default())
    )


def test_migrations_since_the_last_release_take_nothing_away() -> None:
    loader, known = MigrationLoader(None), released()
    found = []
    for (app, name), migration in loader.disk_migrations.items():
        full = f"{app}.{name}"
        if not migration.__module__.startswith("console.") or full in known or full in CONTRACTS:
            continue
        state = loader.project_state((app, name), at_end=False)
        for operation in migration.operations:
            found += faults(full, operation, state)
            operation.state_forwards(app, state)
    assert found == [], "See the docstring of this file"


def test_the_former_release_can_write_a_row_of_every_settings_table() -> None:
    """It does not know a column that is new, so PostgreSQL must."""
    loader = MigrationLoader(None)
    released_ones = [tuple(each.split(".")) for each in released()]
    state = loader.project_state([each for each in released_ones if each in loader.disk_migrations])
    found = []
    for model in _settings_tables(SettingsRow):
        known = state.models.get((model._meta.app_label, model._meta.model_name))
        for field in model._meta.local_concrete_fields:
            if known and is_owed(field) and not field.primary_key and field.name not in known.fields:
                found.append(str(field))
    assert found == [], "A new setting needs a default in its table, of which its column gets a db_default"


def test_what_has_a_default_has_it_in_postgresql_too() -> None:
    for model in _settings_tables(SettingsRow):
        for field in model._meta.local_concrete_fields:
            assert field.has_db_default() or not field.has_default() or field.get_default() is None, str(field)


def _settings_tables(above: type[SettingsRow]) -> list[type[SettingsRow]]:
    below = above.__subclasses__()
    return [each for each in below if not each._meta.abstract] + [
        each for one in below for each in _settings_tables(one)
    ]


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        (RemoveField("turn", "version"), "may use it"),
        (RenameField("turn", "version", "release"), "may use it"),
        (DeleteModel("Turn"), "may use it"),
        (AddField("turn", "more", models.TextField()), "db_default"),
        (AddField("turn", "more", models.TextField(default="")), "db_default"),
        (AddField("turn", "more", models.TextField(null=True)), ""),
        (AddField("turn", "more", models.TextField(db_default="")), ""),
        (AlterField("turn", "waiting_since", models.DateTimeField()), "takes less"),
        (AlterField("turn", "version", models.TextField(null=True, db_default="")), ""),
    ],
)
def test_what_the_former_release_cannot_bear_is_found(operation: Any, said: str) -> None:
    loader = MigrationLoader(None)
    state = loader.project_state(("processes", "0003_nodes"))
    (text,) = list(faults("processes.x", operation, state)) or [""]
    assert said in text and bool(said) == bool(text)
