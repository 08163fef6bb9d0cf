"""Times in the reader's zone, entered and shown; what a day's clocks leave out, or say twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from console.crud import times
from console.crud.format import time_html, time_text

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture(autouse=True)
def in_berlin() -> Iterator[None]:
    with timezone.override(BERLIN):
        yield


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2027-01-31T17:00", utc(2027, 1, 31, 16)),
        ("2027-07-31 17:00", utc(2027, 7, 31, 15)),
        ("2027-07-31T17:00:30", utc(2027, 7, 31, 15, 0, 30)),
        ("2027-07-31T17:00Z", utc(2027, 7, 31, 17)),
        ("2027-07-31 17:00 UTC", utc(2027, 7, 31, 17)),
        ("2026-10-25 02:30+02:00", utc(2026, 10, 25, 0, 30)),
        ("2026-10-25 02:30 +01:00", utc(2026, 10, 25, 1, 30)),
    ],
)
def test_a_time_is_the_readers_unless_it_says_its_zone(text: str, meant: datetime) -> None:
    assert times.read(text) == meant == times.moment(text)


def test_an_hour_that_clocks_leave_out_is_told_and_finds_what_came_then() -> None:
    with pytest.raises(times.OtherHourError, match=r"There is no 02:30: that day clocks are put forward"):
        times.read("2027-03-28T02:30")
    assert times.moment("2027-03-28T02:30") == utc(2027, 3, 28, 1, 30)


def test_an_hour_that_comes_twice_is_asked_about_and_a_filter_leaves_nothing_out() -> None:
    with pytest.raises(
        times.OtherHourError, match=r"Write 2026-10-25 02:30\+02:00 for the first, 2026-10-25 02:30\+01:00"
    ):
        times.read("2026-10-25T02:30")
    assert times.span({"since": "2026-10-25T02:30", "until": "2026-10-25T02:30"}) == (
        utc(2026, 10, 25, 0, 30),
        utc(2026, 10, 25, 1, 30),
    )


@given(st.datetimes(datetime(1990, 1, 1), datetime(2037, 12, 31)), st.sampled_from(sorted(times.zones())))
def test_what_a_field_shows_it_reads_as_the_same_moment(naive: datetime, zone: str) -> None:
    moment = naive.replace(microsecond=0, tzinfo=UTC)
    with timezone.override(ZoneInfo(zone)):
        assert times.read(times.local(moment)) == moment


@given(st.text(max_size=40))
def test_nonsense_is_no_time(text: str) -> None:
    for odd in (text, f"0001-01-01T00:00{text[:6]}", "0001-01-01T00:00+14:00", "9999-12-31T23:59-12:00"):
        found = times.moment(odd)
        assert found is None or found.tzinfo is UTC


def test_presets_end_now() -> None:
    since, until = times.span({"last": "15m", "since": "2020-01-01T00:00"})
    assert until is None
    assert since is not None
    assert timedelta(minutes=14) < timezone.now() - since < timedelta(minutes=16)


def test_the_field_is_the_browsers_own_unless_that_cannot_hold_the_value() -> None:
    widget = times.TimeInput()
    assert 'type="datetime-local"' in widget.render("expires", utc(2027, 1, 31, 16))
    assert 'value="2027-01-31T17:00"' in widget.render("expires", utc(2027, 1, 31, 16))
    twice = widget.render("expires", utc(2026, 10, 25, 1, 30))
    assert 'type="text"' in twice
    assert 'value="2026-10-25 02:30+01:00"' in twice
    assert 'type="text"' in widget.render("expires", "tomorrow")
    assert 'type="text"' in widget.render("expires", "2026-10-25T02:30")


def test_times_are_shown_in_the_zone_and_say_utc_where_it_is_not_known() -> None:
    assert time_text(utc(2027, 7, 1, 10)) == "2027-07-01 12:00:00"
    assert 'title="2027-07-01 10:00:00 UTC">2027-07-01 12:00:00<' in time_html(utc(2027, 7, 1, 10))
    with timezone.override(UTC):
        assert time_text(utc(2027, 7, 1, 10)) == "2027-07-01 10:00:00 UTC"
        assert str(times.FILTERS[1].label) == "From (UTC)"
    assert str(times.FILTERS[1].label) == "From"


@pytest.mark.parametrize("name", ["", "Europe", "../../etc/passwd", "Europe/Berlin\0", "Mars/Olympus"])
def test_a_zone_that_is_none_is_none(name: str) -> None:
    assert times.zone(name) is None
