"""Which properties of an object are wanted: names, wildcards, calculated ones."""

from __future__ import annotations

from console.management_shell.language import patterns
from console.management_shell.language.cmdlet import Parameter
from console.management_shell.language.members import member, properties
from console.management_shell.language.values import (
    ScriptBlock,
    collapsed,
    entries,
    read_text,
    spelling,
    text,
)

Row = dict[str, object]
Column = tuple[str, str | ScriptBlock]


_KEYS = ("name", "label", "expression")


def _columns(value: object) -> list[Column]:
    return [read_column(each) for each in entries(value)]


def read_column(value: object) -> Column:
    """A name with wildcards, `{…}`, or `@{Name="…"; Expression={…}}` with any prefix of these two keys."""
    if isinstance(value, ScriptBlock):
        return value.text, value
    if not isinstance(value, dict):
        return read_text(value), read_text(value)
    keys = {key.lower(): key for key in value}
    name = next(
        (value[key] for low, key in keys.items() if low and ("name".startswith(low) or "label".startswith(low))), None
    )
    expression = next((value[key] for low, key in keys.items() if low and "expression".startswith(low)), None)
    unknown = [key for low, key in keys.items() if not low or not any(each.startswith(low) for each in _KEYS)]
    if unknown:
        raise ValueError(f"A calculated property has no '{unknown[0][:80]}' here, only Name (or Label) and Expression.")
    if expression is None:
        raise ValueError('A calculated property is written @{Name="…"; Expression={…}}.')
    found = expression if isinstance(expression, ScriptBlock) else text(expression)
    return (text(name) if name is not None else text(expression)), found


def picked(item: object, columns: list[Column]) -> Row:
    """The properties of an object that the columns name, in their order. `*` and `?` take what fits."""
    own, row = properties(item), {}
    for name, source in columns:
        if isinstance(source, ScriptBlock):
            row[name] = collapsed(source.run(item))
        elif name != source:
            row[name] = member(item, source)
        elif patterns.has_wildcard(source):
            row |= {each: value for each, value in own.items() if patterns.like(each, source)}
        else:
            row[spelling(source, own) or source] = member(item, source)
    return row


def value_of(item: object, columns: list[Column]) -> list[object]:
    """The values of the columns; without columns the object itself."""
    return [
        collapsed(source.run(item)) if isinstance(source, ScriptBlock) else member(item, source)
        for _, source in columns
    ] or [item]


PROPERTY = Parameter("Property", _columns, position=0, help='Names, with wildcards; or @{Name="…"; Expression={…}}.')
