"""Receive and Send connectors: one column for each setting of `transport.config`, whose tables say what each means."""

from django.db import models
from django.db.models.functions import Lower, Now


class Connector(models.Model):
    """What both kinds have. `version` counts the writes: an editor who saw an older one is told."""

    name = models.TextField()
    enabled = models.BooleanField(default=True)
    comment = models.TextField(default="", blank=True)
    fqdn = models.TextField(default="", blank=True)
    version = models.IntegerField(default=0)
    changed_at = models.DateTimeField(auto_now=True, db_default=Now())

    class Meta:
        abstract = True
        ordering = [Lower("name")]
        constraints = [models.UniqueConstraint(Lower("name"), name="%(class)s_name")]

    def __str__(self) -> str:
        return self.name


def tls() -> list[str]:
    """What a new connector offers."""
    return ["Tls"]


class ReceiveConnector(Connector):
    """A row of `transport.config.receive_connector.ReceiveConnector`. Sizes in bytes, times in seconds."""

    usage = models.TextField(default="Custom")
    transport_role = models.TextField(default="FrontendTransport")
    protocol_logging_level = models.TextField(default="None")
    max_message_size = models.BigIntegerField(default=10 * 1024 * 1024)
    max_hop_count = models.IntegerField(default=30)
    max_recipients_per_message = models.IntegerField(default=200)
    max_protocol_errors = models.IntegerField(null=True, default=5)
    connection_timeout = models.IntegerField(default=600)
    connection_inactivity_timeout = models.IntegerField(default=300)
    auth_mechanism = models.JSONField(default=tls)
    permission_groups = models.JSONField(default=list)
    grants = models.JSONField(default=list)
    remote_ip_ranges = models.JSONField(default=list)
    bindings = models.JSONField(default=list)
    banner = models.TextField(default="", blank=True)
    max_local_hop_count = models.IntegerField(default=8)
    advertise_client_settings = models.BooleanField(default=False)
    default_domain = models.TextField(default="", blank=True)
    live_credential_enabled = models.BooleanField(default=False)
    accept_consumer_mail = models.BooleanField(default=False)
    proxy_enabled = models.BooleanField(default=False)
    max_acknowledgement_delay = models.IntegerField(default=30)
    max_inbound_connection = models.IntegerField(null=True, default=5000)
    max_inbound_connection_per_source = models.IntegerField(null=True, default=100)
    max_inbound_connection_percentage_per_source = models.IntegerField(default=2)
    limit_scope = models.TextField(default="Node")
    message_rate_limit = models.IntegerField(null=True, default=None)
    message_rate_source = models.TextField(default="IPAddress")
    max_header_size = models.BigIntegerField(default=256 * 1024)
    max_logon_failures = models.IntegerField(default=3)
    tarpit_interval = models.IntegerField(default=5)
    auth_tarpit_interval = models.IntegerField(default=5)
    size_enabled = models.TextField(default="Enabled")
    pipelining_enabled = models.BooleanField(default=True)
    delivery_status_notification_enabled = models.BooleanField(default=True)
    enhanced_status_codes_enabled = models.BooleanField(default=True)
    eight_bit_mime_enabled = models.BooleanField(default=True)
    binary_mime_enabled = models.BooleanField(default=True)
    chunking_enabled = models.BooleanField(default=True)
    smtp_utf8_enabled = models.BooleanField(default=True)
    orar_enabled = models.BooleanField(default=False)
    long_addresses_enabled = models.BooleanField(default=False)
    suppress_x_anonymous_tls = models.BooleanField(default=False)
    bare_linefeed_rejection_enabled = models.BooleanField(default=False)
    early_talker_rejection_enabled = models.BooleanField(default=True)
    require_ehlo_domain = models.BooleanField(default=False)
    reject_reserved_top_level_recipient_domains = models.BooleanField(default=False)
    reject_reserved_second_level_recipient_domains = models.BooleanField(default=False)
    reject_single_label_recipient_domains = models.BooleanField(default=False)
    resolve_senders = models.BooleanField(default=True)
    require_tls = models.BooleanField(default=False)
    tls_receive_domain_secure_list = models.JSONField(default=list)
    domain_secure_enabled = models.BooleanField(default=False)
    enable_auth_gssapi = models.BooleanField(default=False)
    extended_protection_policy = models.TextField(default="None")
    tls_certificate_name = models.TextField(default="", blank=True)
    minimum_tls_version = models.TextField(default="Tls12")
    require_128_bit_encryption = models.BooleanField(default=True)
    service_discovery_fqdn = models.TextField(default="", blank=True)
    tls_domain_capabilities = models.TextField(default="", blank=True)
    default_logon_domain = models.TextField(default="", blank=True)


class SendConnector(Connector):
    """A row of `transport.config.send_connector.SendConnector`."""

    address_spaces = models.JSONField(default=list)
    dns_routing_enabled = models.BooleanField(default=True)
    smart_hosts = models.JSONField(default=list)
    internal_ip_ranges = models.JSONField(default=list)
    port = models.IntegerField(default=25)
    max_messages_per_connection = models.IntegerField(default=20)
