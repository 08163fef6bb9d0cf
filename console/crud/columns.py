"""What a list or a details pane shows of an object, and how it is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.text import slugify
from django.utils.translation import ngettext, override

from console.crud.format import NOTHING, badge_html, count_text, size_text, time_html
from console.crud.said import said
from console.crud.tags import tags_html

TEXT, NAME, MONO, NUMBER, TIME, BADGE, SIZE, LINES = "text", "name", "mono", "number", "time", "badge", "size", "lines"
TAGS = "tags"
SHOWN_LINES = 5

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


def written(value: Any, kind: str, writers: Mapping[str, Callable[[Any], str]] | None = None) -> str:
    """`value` as safe HTML; nothing is an en dash."""
    if value is None or value == "" or value == []:
        return NOTHING
    return (writers or WRITERS).get(kind, _text)(value)


def _text(value: Any) -> str:
    return format_html("{}", value)


def _number(value: Any) -> str:
    return format_html("{}", count_text(value) if isinstance(value, int) else value)


def _badges(value: Any) -> str:
    badges = [value] if isinstance(value, Badge) else value
    return format_html_join(" ", "{}", ((badge_html(badge.text, badge.tone),) for badge in badges))


def _lines(value: Sequence[Any]) -> str:
    """One below the other; what goes beyond the first few is folded."""
    shown, rest = _each_line(value[:SHOWN_LINES]), value[SHOWN_LINES:]
    if not rest:
        return shown
    more = ngettext("%s more", "%s more", len(rest)) % count_text(len(rest))
    return format_html('{}<details class="more"><summary>{}</summary>{}</details>', shown, more, _each_line(rest))


def _each_line(value: Sequence[Any]) -> str:
    return format_html_join("", '<div class="mono">{}</div>', ((line,) for line in value))


def _first_line(value: Sequence[Any]) -> str:
    """The first one, and how many more there are."""
    if len(value) == 1:
        return format_html('<span class="mono">{}</span>', value[0])
    every = ", ".join(map(str, value))
    return format_html(
        '<span class="mono" title="{}">{} <span class="soft">+{}</span></span>', every, value[0], len(value) - 1
    )


WRITERS: dict[str, Callable[[Any], str]] = {
    NAME: lambda value: format_html("<strong>{}</strong>", value),
    MONO: lambda value: format_html('<span class="mono">{}</span>', value),
    NUMBER: _number,
    TIME: time_html,
    BADGE: _badges,
    SIZE: lambda value: format_html("{}", size_text(value)),
    LINES: _lines,
    TAGS: tags_html,
}
IN_A_ROW = WRITERS | {LINES: _first_line}
"""A row of a list is one line high."""


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
    """A column of a list. `sort` is what `order_by` takes, or for rows that are no models an attribute. `minor`: absent
    where there is little room. `wide`: it gets the room that is left, in place of the first one. `optional`: it is
    there for who chooses it.
    """

    sort: str = ""
    minor: bool = False
    wide: bool = False
    optional: bool = False

    def html(self, obj: Any) -> str:
        return written(value_of(obj, self.source), self.kind, IN_A_ROW)

    @property
    def key(self) -> str:
        """What a choice of columns is kept by: the label, in no language."""
        with override(None):
            return slugify(str(self.label))

    @property
    def css(self) -> str:
        end = " end" if self.kind in (NUMBER, SIZE) else ""
        return f"col-{self.kind}{end}{' minor' if self.minor else ''}"


@dataclass(frozen=True)
class Filter:
    """A choice above the list, applied as `rows.filter(lookup=value)`, or as `apply(rows, value)`. `choices` may be a
    function; `shown` makes of what the query string says what stands in the field. `words`: other names for it in the
    filter box (`from:`).
    """

    name: str
    label: str | Promise
    choices: Sequence[tuple[str, Any]] | Callable[[], Sequence[tuple[str, Any]]] = ()
    lookup: str = ""
    input_type: str = "select"
    shown: Callable[[str], str] = str
    words: Sequence[str] = ()
    apply: Callable[[Any, str], Any] | None = None

    def options(self) -> Sequence[tuple[str, Any]]:
        every = self.choices() if callable(self.choices) else self.choices
        return [(value, said(str(label))) for value, label in every]

    def choice(self, typed: str) -> str | None:
        """The value that is meant by a word: it, or the first whose label begins so. None: there is none."""
        if self.input_type != "select":
            return typed
        options = [(str(value), str(label).lower()) for value, label in self.options()]
        wanted = typed.lower()
        exact = [value for value, label in options if wanted in (value.lower(), label)]
        return next(iter(exact or [value for value, label in options if label.startswith(wanted)]), None)

    def told(self, value: str) -> str:
        """A value as the reader knows it."""
        if self.input_type != "select":
            return self.shown(value)
        return next((str(label) for each, label in self.options() if str(each) == value), value)


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
