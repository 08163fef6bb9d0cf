"""Tags for what keeps the mail of a Send connector back: `{% load queues %}`."""

from __future__ import annotations

from django import template
from django.db.models import Q, QuerySet
from django.utils import timezone

from console.queues.models import Hold

register = template.Library()


@register.simple_tag
def holds(connector: str = "") -> QuerySet[Hold]:
    """Why a Send connector, or any of them, sends nothing now, or nothing with one of its accounts."""
    now = Hold.objects.filter(Q(until__isnull=True) | Q(until__gt=timezone.now())).order_by("connector", "account")
    return now.filter(connector=connector) if connector else now
