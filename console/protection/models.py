"""Protection settings: one column for each setting of `transport.config.filters`."""

from django.db import models
from django.db.models.functions import Now


class RecipientFilter(models.Model):
    """The one row of `transport.config.filters.RecipientFilter`; its primary key is always 1."""

    recipient_validation_enabled = models.BooleanField(default=True)
    version = models.IntegerField(default=0)
    changed_at = models.DateTimeField(auto_now=True, db_default=Now())

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="recipientfilter_one_row")]

    def __str__(self) -> str:
        return "Recipient filter"
