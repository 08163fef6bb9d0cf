"""Protection settings: one column for each setting of `transport.config.filters`."""

from django.db import models
from django.db.models.functions import Now


class FilterSettings(models.Model):
    """A page of settings, of which there is one row; its primary key is always 1."""

    version = models.IntegerField(default=0)
    changed_at = models.DateTimeField(auto_now=True, db_default=Now())

    class Meta:
        abstract = True
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="%(class)s_one_row")]

    def __str__(self) -> str:
        return str(self._meta.verbose_name).capitalize()


class RecipientFilter(FilterSettings):
    """The row of `transport.config.filters.RecipientFilter`. Times in seconds."""

    enabled = models.BooleanField(default=True)
    recipient_validation_enabled = models.BooleanField(default=True)
    block_list_enabled = models.BooleanField(default=False)
    blocked_recipients = models.JSONField(default=list)
    unknown_recipient_limit = models.IntegerField(null=True, default=20)
    unknown_recipient_interval = models.IntegerField(default=600)
    external_mail_enabled = models.BooleanField(default=True)
    internal_mail_enabled = models.BooleanField(default=False)


class SenderFilter(FilterSettings):
    """The row of `transport.config.filters.SenderFilter`."""

    enabled = models.BooleanField(default=True)
    action = models.TextField(default="Reject")
    blank_sender_blocking_enabled = models.BooleanField(default=False)
    blocked_senders = models.JSONField(default=list)
    blocked_domains = models.JSONField(default=list)
    blocked_domains_and_subdomains = models.JSONField(default=list)
    external_mail_enabled = models.BooleanField(default=True)
    internal_mail_enabled = models.BooleanField(default=False)
