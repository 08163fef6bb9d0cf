"""What pages show of protection settings."""

from __future__ import annotations

from console.protection import models


def recipient_filter() -> models.RecipientFilter:
    """The row, or an unsaved one with the defaults."""
    return models.RecipientFilter.objects.filter(pk=1).first() or models.RecipientFilter(pk=1)
