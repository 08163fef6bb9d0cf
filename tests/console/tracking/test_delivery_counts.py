"""Deliveries are counted behind the mail, each once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from console.publishing import counts
from console.tracking import delivery_counts
from console.tracking.models import Event

pytestmark = pytest.mark.django_db(transaction=True)
MESSAGE = "0196f2a0-0000-7000-8000-000000000001"


def happened(event: str, recipients: int, connector: str = "Internet") -> None:
    people = [f"r{number}@far.example" for number in range(recipients)]
    Event.objects.create(event=event, source="SMTP", message_id=MESSAGE, connector=connector, recipients=people)


def found(what: str) -> int:
    return counts.total(what, "send connector", timezone.now() - timedelta(hours=1))


def test_what_became_of_recipients_is_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery_counts, "AT_ONCE", 2)
    for event, recipients in (("RECEIVE", 9), ("SEND", 3), ("DELIVER", 1), ("DEFER", 2), ("FAIL", 4), ("SEND", 1)):
        happened(event, recipients)
    while delivery_counts.count():
        pass
    assert [found(what) for what in ("delivered", "deferred", "failed")] == [5, 2, 4]
    assert not delivery_counts.count()
    happened("SEND", 1)
    assert delivery_counts.count()
    assert found("delivered") == 6
