"""What delivery wrote down in English, in the reader's language."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import override

from console.crud.said import said
from transport.deliver.windows import WORDS


def test_the_day_on_which_a_connector_delivers_again_is_a_word_of_the_reader() -> None:
    monday = datetime(2026, 11, 30, 8, 0)
    written = [words.format(day=f"{monday:%A}", time=f"{monday:%H:%M}") for words in WORDS.values()]
    assert "delivers again on Monday at 08:00" in written[0]
    with override("de"):
        assert all("Montag um 08:00" in said(each) for each in written)
