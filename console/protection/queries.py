"""What pages show of protection settings."""

from __future__ import annotations

from console.protection import models
from transport.config.filters import RecipientFilter, SenderFilter

FILTERS: dict[type, type[models.FilterSettings]] = {
    RecipientFilter: models.RecipientFilter,
    SenderFilter: models.SenderFilter,
}


def filter_settings(struct: type) -> models.FilterSettings:
    """The row of a filter's struct, or an unsaved one with the defaults."""
    model = FILTERS[struct]
    return model._default_manager.filter(pk=1).first() or model(pk=1)
