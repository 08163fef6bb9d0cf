"""Times as the reader has them, shown and entered: in Django's active zone, which each request sets.

What a program reads (files, commands, the query of a link) says its zone: `2027-01-31T17:00Z`, `…+01:00`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import Promise, lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from console import clock
from console.crud.columns import Filter

# fmt: off
PRESETS = {
    "15m": (gettext_lazy("Last 15 minutes"), timedelta(minutes=15)),
    "1h": (gettext_lazy("Last hour"), timedelta(hours=1)),
    "24h": (gettext_lazy("Last 24 hours"), timedelta(hours=24)),
    "7d": (gettext_lazy("Last 7 days"), timedelta(days=7)),
    "30d": (gettext_lazy("Last 30 days"), timedelta(days=30)),
}
# fmt: on
_ZONE = re.compile(r"(?:UTC|GMT|[+-]\d\d:?\d\d)\Z", re.IGNORECASE)


class OtherHourError(ValueError):
    """A time that a day does not have, or has twice, because clocks change; the words say what to write."""


@cache
def zones() -> frozenset[str]:
    """The names of all time zones: those that people call by a place."""
    return frozenset(name for name in available_timezones() if "/" in name and not name.startswith("Etc/")) | {"UTC"}


def zone(name: str) -> ZoneInfo | None:
    """The time zone of this name, which may come from a stranger."""
    return ZoneInfo(name) if name in zones() else None


def read(text: str) -> datetime:
    """The moment that an ISO 8601 text means, its zone the reader's unless it says one. Raises ValueError; of an hour
    that clocks leave out or repeat, `OtherHourError`.
    """
    found = _written(text)
    if found.tzinfo is None:
        found = _only_one(timezone.make_aware(found))
    return _in_utc(found)


def moment(text: str, *, late: bool = False) -> datetime | None:
    """The same of a filter, None if it is no time: of an hour that comes twice its first, or where it is `late` its
    last one.
    """
    try:
        found = _written(text)
        return _in_utc(found if found.tzinfo else timezone.make_aware(found.replace(fold=int(late))))
    except ValueError:
        return None


def _written(text: str) -> datetime:
    text = text.strip()
    if named := _ZONE.search(text):
        offset = "Z" if named[0][0].isalpha() else named[0]
        text = text[: named.start()].rstrip() + offset
    return datetime.fromisoformat(text)


def _in_utc(found: datetime) -> datetime:
    try:
        return found.astimezone(UTC)
    except OverflowError as error:  # the first or the last day that there is
        raise ValueError(str(error)) from None


def _only_one(found: datetime) -> datetime:
    other = found.replace(fold=1)
    if other.utcoffset() == found.utcoffset():
        return found
    first, second = _offset(found), _offset(other)
    if _in_utc(found).astimezone(found.tzinfo).replace(tzinfo=None) != found.replace(tzinfo=None):
        raise OtherHourError(
            _("There is no %s: that day clocks are put forward. Choose another time.") % f"{found:%H:%M}"
        )
    text = _("%(time)s comes twice: that day clocks are put back. Write %(time)s%(first)s for the first, "
             "%(time)s%(second)s for the second one.")  # fmt: skip
    day = f"{found:%Y-%m-%d %H:%M}"
    raise OtherHourError(text % {"time": day, "first": first, "second": second})


def _offset(found: datetime) -> str:
    return found.isoformat()[-6:]


def local(value: datetime) -> str:
    """How a field has it: `2027-01-31T17:00`; with an offset where the hour comes twice."""
    here = timezone.localtime(value)
    text = here.strftime("%Y-%m-%dT%H:%M:%S").removesuffix(":00")
    try:
        _only_one(here.replace(fold=0))
    except OtherHourError:
        return text.replace("T", " ") + _offset(here)
    return text


class TimeInput(forms.DateTimeInput):
    """The browser's own field; one for text where that cannot hold what was entered."""

    def format_value(self, value: object) -> str:
        return local(value) if isinstance(value, datetime) else str(value or "")

    def get_context(self, name: str, value: object, attrs: dict[str, object] | None) -> dict[str, object]:
        context: dict[str, dict[str, object]] = super().get_context(name, value, attrs)
        text = str(context["widget"]["value"] or "")
        context["widget"]["type"] = "datetime-local" if not text or _fits(text) else "text"
        return {**context}


def _fits(text: str) -> bool:
    try:
        return read(text) is not None and _written(text).tzinfo is None
    except ValueError:
        return False


def in_zone() -> str:
    """In which zone the reader enters times."""
    return _("Time zone: %s.") % timezone.get_current_timezone_name()


def span(asked: Mapping[str, str]) -> tuple[datetime | None, datetime | None]:
    """From when until when: `last` (one of `PRESETS`), or `since` and `until`; None where it has no end."""
    if asked.get("last") in PRESETS:
        return clock.now() - PRESETS[asked["last"]][1], None
    return moment(asked.get("since", "")), moment(asked.get("until", ""), late=True)


def between(rows: QuerySet[Any], field: str, since: datetime | None, until: datetime | None) -> QuerySet[Any]:
    """Those of which a time lies between two others, as far as there is one."""
    bounds = {f"{field}__gte": since, f"{field}__lte": until}
    return rows.filter(**{name: bound for name, bound in bounds.items() if bound})


def _in_field(text: str) -> str:
    """A time of a link, which says its zone, as a field has it."""
    found = moment(text)
    return timezone.localtime(found).strftime("%Y-%m-%dT%H:%M") if found and _written(text).tzinfo else text


def _says_utc(label: Promise) -> str:
    """Without a zone of the reader's the page says which one it is."""
    return f"{label} (UTC)" if timezone.get_current_timezone_name() == "UTC" else str(label)


def _as_they_are(rows: Any, value: str) -> Any:
    return rows


_label = lazy(_says_utc, str)
FILTERS = [
    Filter(
        "last", gettext_lazy("When"), [(name, words) for name, (words, _length) in PRESETS.items()], apply=_as_they_are
    ),
    Filter("since", _label(gettext_lazy("From")), input_type="datetime-local", shown=_in_field, apply=_as_they_are),
    Filter(
        "until", _label(pgettext_lazy("a time", "To")), input_type="datetime-local", shown=_in_field, apply=_as_they_are
    ),
]
"""A list obeys them together, by `span`."""
