"""What a list or a details pane shows of an object, and how it is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join

from console.crud.format import NOTHING, badge_html, size_text, time_html

TEXT, NAME, MONO, NUMBER, TIME, BADGE, SIZE, LINES = "text", "name", "mono", "number", "time", "badge", "size", "lines"
SHOWN_LINES = 3

Source = str | Callable[[Any], Any]


@dataclass(frozen=True)
class Badge:
    """A state in one or two words. Tones: good, warning, bad, neutral, info."""

    text: str | Promise
    tone: str = "neutral"


def value_of(obj: Any, source: Source) -> Any:
    """`source` is an attribute, a dotted path of them or of keys, a method, or a function of `obj`."""
    if callable(source):
        return source(obj)
    for step in source.split("."):
        obj = obj.get(step) if isinstance(obj, dict) else getattr(obj, step, None)
    return obj() if callable(obj) else obj


def written(value: Any, kind: str) -> str:
    """`value` as safe HTML; nothing is an en dash."""
    if value is None or value == "" or value == []:
        return NOTHING
    return WRITERS.get(kind, _text)(value)


def _text(value: Any) -> str:
    return format_html("{}", value)


def _number(value: Any) -> str:
    return format_html("{}", f"{value:,}" if isinstance(value, int) else value)


def _badges(value: Any) -> str:
    badges = [value] if isinstance(value, Badge) else value
    return format_html_join(" ", "{}", ((badge_html(badge.text, badge.tone),) for badge in badges))


def _lines(value: Sequence[Any]) -> str:
    shown = format_html_join("", '<div class="mono">{}</div>', ((line,) for line in value[:SHOWN_LINES]))
    more = len(value) - SHOWN_LINES
    if more <= 0:
        return shown
    return format_html(
        '{}<div class="more" title="{}">+{}</div>', shown, ", ".join(map(str, value[SHOWN_LINES:])), more
    )


WRITERS: dict[str, Callable[[Any], str]] = {
    NAME: lambda value: format_html("<strong>{}</strong>", value),
    MONO: lambda value: format_html('<span class="mono">{}</span>', value),
    NUMBER: _number,
    TIME: time_html,
    BADGE: _badges,
    SIZE: lambda value: format_html("{}", size_text(value)),
    LINES: _lines,
}


@dataclass(frozen=True)
class Detail:
    """A line of the details pane."""

    label: str | Promise
    source: Source
    kind: str = TEXT

    def html(self, obj: Any) -> str:
        return written(value_of(obj, self.source), self.kind)


@dataclass(frozen=True)
class Column(Detail):
    """A column of a list. `sort` is what `order_by` takes, or for rows that are no models an attribute."""

    sort: str = ""
    minor: bool = False

    @property
    def css(self) -> str:
        end = " end" if self.kind in (NUMBER, SIZE) else ""
        return f"col-{self.kind}{end}{' minor' if self.minor else ''}"


@dataclass(frozen=True)
class Filter:
    """A choice above the list, applied as `rows.filter(lookup=value)`. `choices` may be a function; `shown` makes of
    what the query string says what stands in the field.
    """

    name: str
    label: str | Promise
    choices: Sequence[tuple[str, Any]] | Callable[[], Sequence[tuple[str, Any]]] = ()
    lookup: str = ""
    input_type: str = "select"
    shown: Callable[[str], str] = str

    def options(self) -> Sequence[tuple[str, Any]]:
        return self.choices() if callable(self.choices) else self.choices


@dataclass(frozen=True)
class Verb:
    """A button above the list that does something to the selected objects: `view.<name>(obj)` with - as _."""

    name: str
    label: str | Promise
    icon: str = ""
    done: str | Promise = ""
    dangerous: bool = False
    bulk: bool = True

    @property
    def method(self) -> str:
        return self.name.replace("-", "_")
