"""Tags for what keeps the mail of a Send connector back: `{% load queues %}`."""

from __future__ import annotations

from django import template

from console.queues import queries
from console.queues.models import Hold

register = template.Library()


@register.simple_tag
def holds(connector: str = "") -> list[Hold]:
    """Why a Send connector, or any, sends nothing now, or with one of its accounts nothing: each reason once."""
    return list({(hold.connector, hold.words): hold for hold in reversed(queries.holds(connector))}.values())[::-1]
