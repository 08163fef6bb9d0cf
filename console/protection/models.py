"""Protection settings: one column for each setting of `transport.config.filters` and `connection_filter`."""

from django.db import models
from django.db.models.functions import Lower, Now

from console.publishing.models import SingleRow


class RecipientFilter(SingleRow):
    """The row of `transport.config.filters.RecipientFilter`. Times in seconds."""

    enabled = models.BooleanField(default=True)
    recipient_validation_enabled = models.BooleanField(default=True)
    block_list_enabled = models.BooleanField(default=False)
    blocked_recipients = models.JSONField(default=list)
    unknown_recipient_limit = models.IntegerField(null=True, default=20)
    unknown_recipient_interval = models.IntegerField(default=600)
    external_mail_enabled = models.BooleanField(default=True)
    internal_mail_enabled = models.BooleanField(default=False)


class SenderFilter(SingleRow):
    """The row of `transport.config.filters.SenderFilter`."""

    enabled = models.BooleanField(default=True)
    action = models.TextField(default="Reject")
    blank_sender_blocking_enabled = models.BooleanField(default=False)
    blocked_senders = models.JSONField(default=list)
    blocked_domains = models.JSONField(default=list)
    blocked_domains_and_subdomains = models.JSONField(default=list)
    external_mail_enabled = models.BooleanField(default=True)
    internal_mail_enabled = models.BooleanField(default=False)


class ConnectionFilter(SingleRow):
    """The row of `transport.config.connection_filter.ConnectionFilter`. Times in seconds."""

    ip_allow_list_enabled = models.BooleanField(default=True)
    ip_block_list_enabled = models.BooleanField(default=True)
    static_entry_rejection_response = models.TextField(default="", blank=True)
    ip_allow_list_providers_enabled = models.BooleanField(default=True)
    ip_block_list_providers_enabled = models.BooleanField(default=True)
    bypassed_recipients = models.JSONField(default=list)
    external_mail_enabled = models.BooleanField(default=True)
    internal_mail_enabled = models.BooleanField(default=False)
    reverse_dns_lookup_enabled = models.BooleanField(default=False)
    dns_servers = models.JSONField(default=list)
    dns_timeout = models.IntegerField(default=2)


class IPListEntry(models.Model):
    """A row of `transport.config.connection_filter.IPListEntry`. `expiration_time` in Unix seconds, null for ever."""

    ip_list = models.TextField(default="Block")
    ip_range = models.TextField()
    comment = models.TextField(default="", blank=True)
    expiration_time = models.BigIntegerField(null=True, default=None)
    version = models.IntegerField(default=0)
    changed_at = models.DateTimeField(auto_now=True, db_default=Now())

    class Meta:
        ordering = ["ip_range"]
        constraints = [models.UniqueConstraint("ip_list", "ip_range", name="iplistentry_once")]

    def __str__(self) -> str:
        return self.ip_range


class IPListProvider(models.Model):
    """A row of `transport.config.connection_filter.IPListProvider`."""

    name = models.TextField()
    ip_list = models.TextField(default="Block")
    lookup_domain = models.TextField()
    enabled = models.BooleanField(default=True)
    priority = models.IntegerField(default=1)
    any_match = models.BooleanField(default=True)
    bitmask_match = models.TextField(default="", blank=True)
    ip_addresses_match = models.JSONField(default=list)
    rejection_response = models.TextField(default="", blank=True)
    version = models.IntegerField(default=0)
    changed_at = models.DateTimeField(auto_now=True, db_default=Now())

    class Meta:
        ordering = ["priority", Lower("name")]
        constraints = [models.UniqueConstraint(Lower("name"), name="iplistprovider_name")]

    def __str__(self) -> str:
        return self.name
