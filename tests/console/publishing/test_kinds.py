"""Every kind of value, from form, column, shell and export to the value and back."""

from __future__ import annotations

from typing import Any

import pytest

from console.commands.wording import argument
from console.management_shell.cmdlets.settings import parameter
from console.management_shell.cmdlets.settings import value as shell_value
from console.moving_in import values
from console.publishing.fields import KINDS, field_for, lines
from console.publishing.rows import stored
from tests.config.example_values import EXAMPLES, SETTINGS
from transport.config import kinds
from transport.config.kinds import Kind, Setting

IN_FORMS = [each for each in SETTINGS if each.kind is not Kind.GRANTS]


def example(setting: Setting) -> Any:
    return kinds.parse(setting, EXAMPLES[setting.kind])


def by_kind(setting: Setting) -> str:
    return setting.kind.name


def test_every_kind_has_a_place_in_the_console() -> None:
    assert set(KINDS) == set(Kind)


@pytest.mark.parametrize("setting", IN_FORMS, ids=by_kind)
def test_a_form_understands_what_it_shows(setting: Setting) -> None:
    field = field_for(setting)
    assert field.clean(field.prepare_value(example(setting))) == example(setting)
    assert lines(setting, example(setting))


@pytest.mark.parametrize("setting", SETTINGS, ids=by_kind)
def test_a_column_keeps_the_value(setting: Setting) -> None:
    column, read = KINDS[setting.kind].column(), KINDS[setting.kind].line
    kept = column.to_python(stored(setting, example(setting)))
    assert kept is not None
    assert read is None or tuple(map(read, kept)) == example(setting)


@pytest.mark.parametrize("setting", IN_FORMS, ids=by_kind)
def test_the_shell_takes_what_it_shows(setting: Setting) -> None:
    assert parameter(setting).read(shell_value(setting, example(setting))) == example(setting)
    assert argument(setting, example(setting)) not in ("", "$null")


@pytest.mark.parametrize("setting", IN_FORMS, ids=by_kind)
def test_an_export_is_read(setting: Setting) -> None:
    shown = kinds.show(setting, example(setting))
    exported: Any = shown.strip("{}").split(", ") if setting.kind.value.is_list else shown
    assert kinds.parse(setting, values.text_of(setting, exported)) == example(setting)
