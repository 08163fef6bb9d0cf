"""Retry, delay and expiry of outbound mail (Set-TransportService). Source: Exchange reference, section 8.5."""

from __future__ import annotations

from typing import Annotated

import msgspec

from transport.config.kinds import Kind, Setting

# A row of the table is a paragraph, whatever its length.
# fmt: off

CMDLET = "Set-TransportService"
DAY = 86400


class TransportLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When mail that cannot be delivered is tried again, told of and given up. Times in seconds, counts in attempts."""

    queue_glitch_retry_count: Annotated[
        int,
        Setting(
            "QueueGlitchRetryCount", "Retry", Kind.COUNT, "First attempts",
            "How often a next hop that cannot be reached is tried again soon after.",
            "Exchange 2010, EdgeTransport.exe.config", minimum=0, maximum=15,
        ),
    ] = 4
    queue_glitch_retry_interval: Annotated[
        int,
        Setting(
            "QueueGlitchRetryInterval", "Retry", Kind.TIMESPAN, "Interval of the first attempts",
            "The wait between them.", "EdgeTransport.exe.config; bounds ours", minimum=1, maximum=DAY,
        ),
    ] = 60
    transient_failure_retry_count: Annotated[
        int,
        Setting(
            "TransientFailureRetryCount", "Retry", Kind.COUNT, "Transient failure retry attempts",
            "How often it is tried after those, at the interval below.", CMDLET, minimum=0, maximum=15,
        ),
    ] = 6
    transient_failure_retry_interval: Annotated[
        int,
        Setting(
            "TransientFailureRetryInterval", "Retry", Kind.TIMESPAN, "Transient failure retry interval",
            "The wait between those.", f"{CMDLET}; bounds ours", minimum=1, maximum=DAY,
        ),
    ] = 300
    outbound_connection_failure_retry_interval: Annotated[
        int,
        Setting(
            "OutboundConnectionFailureRetryInterval", "Retry", Kind.TIMESPAN,
            "Outbound connection failure retry interval",
            "The wait between all later attempts, until the message expires.", CMDLET, minimum=1, maximum=20 * DAY,
        ),
    ] = 600
    message_retry_interval: Annotated[
        int,
        Setting(
            "MessageRetryInterval", "Retry", Kind.TIMESPAN, "Message retry interval",
            "The wait for a message that a reachable next hop has put off with a 4xx reply.",
            CMDLET, minimum=1, maximum=DAY,
        ),
    ] = 900
    delay_notification_timeout: Annotated[
        int,
        Setting(
            "DelayNotificationTimeout", "Notifications", Kind.TIMESPAN, "Notify sender when message is delayed after",
            "The sender then hears that the message waits, and that nothing has to be done.",
            CMDLET, minimum=1, maximum=30 * DAY,
        ),
    ] = 14400
    message_expiration_timeout: Annotated[
        int,
        Setting(
            "MessageExpirationTimeout", "Message expiration", Kind.TIMESPAN, "Maximum time since submission",
            "A message that is older is given up, and its sender gets a non-delivery report. It holds for messages "
            "that are accepted from now on.",
            CMDLET, minimum=5, maximum=90 * DAY,
        ),
    ] = 172800
    max_outbound_connections: Annotated[
        int | None,
        Setting(
            "MaxOutboundConnections", "Outbound connections", Kind.COUNT, "Limit connections to",
            "Connections to all servers at one time, of all workers together. Unlimited, or an empty box: no limit.",
            f"{CMDLET}; bounds ours", minimum=1, maximum=100000, unlimited=True,
        ),
    ] = 1000
    max_per_domain_outbound_connections: Annotated[
        int | None,
        Setting(
            "MaxPerDomainOutboundConnections", "Outbound connections", Kind.COUNT, "Limit connections per domain to",
            "Connections to one next hop at one time, not more than the limit above. Unlimited, or an empty box: no "
            "limit. They grow from two to it with each good delivery, and are halved when a server refuses. One worker "
            "opens at most 100: for more, run more of them. Exchange 2003 has 100; later versions have 20 or 40.",
            f"{CMDLET}; Exchange 2003, Outbound Connections; bounds ours", minimum=1, maximum=100000, unlimited=True,
        ),
    ] = 100
