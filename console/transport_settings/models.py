"""Settings of the whole transport: one row each, a column for each setting of its table in `transport.config`."""

from django.db import models

from console.publishing.models import SingleRow


class TransportLimits(SingleRow):
    """The row of `transport.config.transport_limits.TransportLimits`. Times in seconds."""

    queue_glitch_retry_count = models.IntegerField(default=4)
    queue_glitch_retry_interval = models.IntegerField(default=60)
    transient_failure_retry_count = models.IntegerField(default=6)
    transient_failure_retry_interval = models.IntegerField(default=300)
    outbound_connection_failure_retry_interval = models.IntegerField(default=600)
    message_retry_interval = models.IntegerField(default=900)
    delay_notification_timeout = models.IntegerField(default=14400)
    message_expiration_timeout = models.IntegerField(default=172800)
    max_per_domain_outbound_connections = models.IntegerField(default=20)

    class Meta(SingleRow.Meta):
        verbose_name = "transport limits"


class TransportConfig(SingleRow):
    """The row of `transport.config.transport_config.TransportConfig`. Sizes in bytes."""

    max_receive_size = models.BigIntegerField(null=True, default=None)
    external_postmaster_address = models.TextField(default="", blank=True)
    external_delay_dsn_enabled = models.BooleanField(default=True)
    external_dsn_max_message_attach_size = models.BigIntegerField(default=10 * 1024 * 1024)

    class Meta(SingleRow.Meta):
        verbose_name = "transport configuration"
