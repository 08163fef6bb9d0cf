"""Retry, delay and expiry of outbound mail (Set-TransportService). Source: Exchange reference, section 8.5."""

from __future__ import annotations

import msgspec


class TransportLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Times in seconds, counts in attempts."""

    queue_glitch_retry_count: int = 4
    queue_glitch_retry_interval: int = 60
    transient_failure_retry_count: int = 6
    transient_failure_retry_interval: int = 300
    outbound_connection_failure_retry_interval: int = 600
    message_retry_interval: int = 900
    delay_notification_timeout: int = 14400
    message_expiration_timeout: int = 172800
    max_per_domain_outbound_connections: int = 20
