"""What a reference says to the one who was refused."""

from __future__ import annotations

from datetime import datetime, timedelta

from console import clock
from console.publishing import queries as publishing
from console.tracking import queries
from console.tracking.explained import EXPLAINED, Explanation


def explained(text: str) -> tuple[Explanation, datetime] | None:
    """The words, and when the session began. None of what is no reference, has expired, or where refusals carry none:
    who asks cannot tell which.
    """
    config = publishing.saved().transport_config
    found = queries.referred(text) if config.refusal_reference_page else None
    if found is None:
        return None
    is_told = timedelta() <= clock.now() - found.began <= timedelta(seconds=config.refusal_reference_age)
    return (EXPLAINED[found.rule], found.began) if is_told else None
