"""What happened how often, by name: minutes are gathered into hours, and nothing is lost on the way."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from console.publishing import counts
from console.publishing.chart import HEIGHT, chart, top_line
from console.publishing.models import Count, Traffic

pytestmark = pytest.mark.django_db(transaction=True)


def hour(back: int) -> datetime:
    return timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=back)


def counted(
    at: datetime, name: str, n: int, *, what: str = "connected", by: str = "client", connector: str = "I"
) -> None:
    Count.objects.create(what=what, by=by, name=name, connector=connector, at=at, n=n)


def rows() -> list[tuple[datetime, str, int]]:
    return list(Count.objects.order_by("at", "name").values_list("at", "name", "n"))


def test_minutes_of_long_ago_become_hours_and_those_of_late_stay() -> None:
    for minute in (0, 7, 59):
        counted(hour(5) + timedelta(minutes=minute), "192.0.2.1", 2)
    late = hour(1) + timedelta(minutes=3)
    counted(late, "192.0.2.1", 1)
    counts.gather()
    assert rows() == [(hour(5), "192.0.2.1", 6), (late, "192.0.2.1", 1)]
    counted(hour(5) + timedelta(minutes=8), "192.0.2.1", 4)  # of a transport that could not reach PostgreSQL
    counts.gather()
    counts.gather()
    assert rows() == [(hour(5), "192.0.2.1", 10), (late, "192.0.2.1", 1)]


def test_of_an_hour_the_names_with_the_most_are_kept_and_the_sum_stays() -> None:
    for number in range(3 * counts.MOST):
        counted(hour(3) + timedelta(minutes=1 + number % 50), f"192.0.2.{number}", 1 + number % 2)
    counted(hour(3) + timedelta(minutes=9), "198.51.100.1", 900)
    before = counts.total("connected", "client", hour(4))
    counts.gather()
    assert Count.objects.count() == counts.MOST + 1
    assert counts.total("connected", "client", hour(4)) == before
    found = counts.top("connected", "client", hour(4), most=2)
    assert (found[0].name, found[0].n) == ("198.51.100.1", 900) and found[-1].name == counts.OTHERS


def test_what_is_older_than_a_week_goes() -> None:
    counted(hour(24 * 7 + 2), "192.0.2.1", 1)
    for hours in (24 * 7 + 2, 1):
        Traffic.objects.create(transport="gw", minute=hour(hours), connections=1)
    counts.gather()
    assert rows() == []
    assert [each.minute for each in Traffic.objects.all()] == [hour(1)]


def test_names_of_administrators_are_never_put_together() -> None:
    for number in range(counts.MOST + 5):
        counted(hour(3) + timedelta(minutes=1), f"Connector {number}", 1, by="connector", connector="")
    counts.gather()
    assert Count.objects.count() == counts.MOST + 5


def test_one_name_hour_by_hour() -> None:
    counted(hour(0), "I", 3, by="connector", connector="")
    counted(hour(2) + timedelta(minutes=5), "I", 2, by="connector", connector="", what="refused")
    found = counts.by_hour(("connected", "refused"), "connector", "I", 4)
    assert [at for at, _values in found] == [hour(back) for back in (3, 2, 1, 0)]
    assert found[1][1] == {"connected": 0, "refused": 2} and found[3][1] == {"connected": 3, "refused": 0}


@given(st.lists(st.dictionaries(st.sampled_from(["accepted", "refused"]), st.integers(0, 10**9)), max_size=200))
def test_every_bar_lies_in_the_chart(values: list[dict[str, int]]) -> None:
    drawn = chart(list(enumerate(values)))
    assert all(bar.y >= -2.1 and bar.y + bar.height <= HEIGHT + 0.2 for bar in drawn.bars)
    assert len(drawn.bars) == sum(n > 0 for each in values for n in each.values())


@pytest.mark.parametrize(("most", "line"), [(0, 4), (4, 4), (5, 10), (11, 20), (21, 40), (41, 100), (399, 400)])
def test_the_line_at_the_top_is_round(most: int, line: int) -> None:
    assert top_line(most) == line
