from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.template import Context, Template
from django.utils import timezone

from console.crud import LINES, Column, Detail, TypedConfirmation, put_errors
from console.crud.format import ago_text, size_text, times_in_zone


def shown(template: str, **context: object) -> str:
    return Template("{% load gatepost %}" + template).render(Context(context))


class RelayForm(TypedConfirmation, forms.Form):
    relay = forms.BooleanField(required=False)

    def clean(self):
        if self.cleaned_data.get("relay"):
            self.require_names({"Anonymous Relay": "Anyone at 10.0.0.0/8 could then send to any address."})


def test_a_time_is_utc_until_the_script_writes_the_readers_zone() -> None:
    moment = datetime(2026, 11, 12, 14, 3, 22, 120000, UTC)
    text = shown("{% time moment %}", moment=moment)
    assert 'datetime="2026-11-12T14:03:22.120+00:00"' in text
    assert 'title="2026-11-12 14:03:22 UTC"' in text
    assert text.endswith(">2026-11-12 14:03:22 UTC</time>")
    assert "–" in shown("{% time moment %}", moment=None)


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(minutes=2), "2 min ago"),
        (timedelta(hours=5), "5 h ago"),
        (timedelta(days=3), "3 days ago"),
        (timedelta(seconds=-5), "just now"),
    ],
)
def test_how_long_ago(passed: timedelta, words: str) -> None:
    assert ago_text(timezone.now() - passed) == words


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1 KB"), (1536, "1.5 KB"), (10 * 1024**2, "10 MB"), (3 * 1024**4, "3072 GB")],
)
def test_sizes(count: int, text: str) -> None:
    assert size_text(count) == text


def test_a_row_tells_the_first_of_many_and_the_details_fold_the_rest() -> None:
    names = [f"<{number}>" for number in range(290)]
    row, details = (
        Column("Used by", lambda _: names, LINES).html(None),
        Detail("Used by", lambda _: names, LINES).html(None),
    )
    assert "&lt;0&gt;" in row
    assert "+289" in row
    assert "<summary>285 more</summary>" in details
    assert details.index("&lt;4&gt;") < details.index("<summary>") < details.index("&lt;5&gt;")
    assert "<details" not in Detail("Used by", lambda _: names[:5], LINES).html(None)


def test_tags_escape_what_they_show() -> None:
    evil = "<script>"
    for template in ("{% badge evil 'bad' %}", "{% codebox evil %}", "{% notice 'warning' %}{{ evil }}{% endnotice %}"):
        text = shown(template, evil=evil)
        assert evil not in text
        assert "&lt;script&gt;" in text


def test_the_name_must_be_typed_only_where_there_is_danger() -> None:
    assert RelayForm({}).is_valid()
    form = RelayForm({"relay": "on"})
    assert not form.is_valid() and not form.errors, "nobody was asked yet"
    assert "Anyone at 10.0.0.0/8" in shown('{% include "crud/typed_confirmation.html" %}', form=form)
    wrong = RelayForm({"relay": "on", "confirmation": "anonymous relay"})
    assert not wrong.is_valid() and "Type the name" in str(wrong.errors["confirmation"])
    assert RelayForm({"relay": "on", "confirmation": "Anonymous Relay"}).is_valid()


def test_errors_of_unknown_fields_go_on_top() -> None:
    form = RelayForm({})
    assert form.is_valid()
    put_errors(form, ValidationError({"relay": "at the field", "other": "on top"}))
    assert form.errors == {"relay": ["at the field"], "__all__": ["on top"]}


def test_times_in_settings_are_told_in_the_readers_zone() -> None:
    text = "Expires 2027-01-31 17:00:00 UTC, in 2027-02-31 17:00:00 UTC never"
    assert times_in_zone(text) == text
    with timezone.override("Europe/Berlin"):
        assert times_in_zone(text) == "Expires 2027-01-31 18:00:00, in 2027-02-31 17:00:00 UTC never"
