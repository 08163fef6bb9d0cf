"""The retry schedule in a sentence, and time spans as people write them."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from console.publishing.fields import field_for
from console.transport_settings.schedule import schedule
from transport.config.receive_connector import ReceiveConnector
from transport.config.send_connector import SendConnector
from transport.config.setting import settings
from transport.config.transport_limits import TransportLimits


def test_the_usual_schedule() -> None:
    assert schedule(TransportLimits()) == (
        "Mail for a next hop that cannot be reached is tried again after 1, 2, 3 and 4 minutes, then 6 times every "
        "5 minutes, then every 10 minutes. A message that a next hop puts off is tried again after 15 minutes. The "
        "sender is told after 4 hours; after 2 days the message is given up."
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"queue_glitch_retry_count": 0}, "is tried again 6 times every 5 minutes"),
        ({"queue_glitch_retry_count": 1}, "is tried again after 1 minute, then 6 times"),
        ({"queue_glitch_retry_count": 9}, "after 1, 2, 3, 4, … and 9 minutes"),
        ({"queue_glitch_retry_interval": 90}, "after 90, 180, 270 and 360 seconds"),
        ({"transient_failure_retry_count": 0}, "after 1, 2, 3 and 4 minutes, then every 10 minutes"),
        ({"transient_failure_retry_count": 1}, "then once after 5 minutes"),
        ({"outbound_connection_failure_retry_interval": 3600}, "then every hour."),
        ({"message_expiration_timeout": 86400}, "after 1 day the message is given up"),
    ],
)
def test_other_schedules(changes: dict[str, int], words: str) -> None:
    assert words in schedule(TransportLimits(**changes))


@pytest.mark.django_db
def test_the_page_begins_with_it(admin: Any) -> None:
    assert "then 6 times every 5 minutes" in admin.get(reverse("transport_settings:limits")).text


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [("5", 5), ("5s", 5), ("10 minutes", 600), ("1 h 30 min", 5400), ("1.5 hours", 5400), ("00:00:07", 7)],
)
def test_time_spans_have_units(typed: str, seconds: int) -> None:
    assert field_for(settings(ReceiveConnector)["connection_inactivity_timeout"]).clean(typed) == max(seconds, 5)


@pytest.mark.parametrize("typed", ["soon", "5 parsecs", "10 minutes and a bit", "-5", "9" * 40])
def test_what_is_no_time_span_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError):
        field_for(settings(ReceiveConnector)["connection_inactivity_timeout"]).clean(typed)


@pytest.mark.parametrize(
    ("struct", "name", "typed", "words"),
    [
        (ReceiveConnector, "max_message_size", "2GB", "to less than 2 GB"),
        (SendConnector, "smart_hosts", "127.0.0.1:4999", "The port has its own field: write 127.0.0.1 here"),
        (SendConnector, "smart_hosts", "[::1]:25", "The port has its own field"),
    ],
)
def test_what_is_refused_says_what_to_write(struct: Any, name: str, typed: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words.replace(".", r"\.")):
        field_for(settings(struct)[name]).clean(typed)
