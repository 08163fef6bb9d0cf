"""When to try again, and when to tell the sender. Source: Exchange reference, section 8.5."""

from __future__ import annotations

from transport.config.transport_limits import TransportLimits


def connection_wait(limits: TransportLimits, failures: int) -> int:
    """Seconds until a next hop that could not be reached `failures` times in a row (1 and up) is tried again."""
    if failures <= limits.queue_glitch_retry_count:
        return limits.queue_glitch_retry_interval
    if failures <= limits.queue_glitch_retry_count + limits.transient_failure_retry_count:
        return limits.transient_failure_retry_interval
    return limits.outbound_connection_failure_retry_interval


def expiry(limits: TransportLimits, accepted_at: float) -> float:
    """When a message accepted at `accepted_at` is given up, where its next hop does not say otherwise; both in seconds
    since 1970.
    """
    return accepted_at + limits.message_expiration_timeout


def first_notice(
    limits: TransportLimits, accepted_at: float, delayed_after: int | None = None, expires_after: int | None = None
) -> float:
    """When the sender of a waiting message first hears of it: that it is delayed, or at once that it expired.

    `delayed_after`, `expires_after`: in seconds, what its next hop says instead of the organization.
    """
    delayed = limits.delay_notification_timeout if delayed_after is None else delayed_after
    expires = limits.message_expiration_timeout if expires_after is None else expires_after
    return accepted_at + min(delayed, expires)


def longest_wait(limits: TransportLimits) -> int:
    """Seconds after which everything that waits has been tried again; only a clock that was set back makes it more."""
    return max(
        limits.queue_glitch_retry_interval,
        limits.transient_failure_retry_interval,
        limits.outbound_connection_failure_retry_interval,
        limits.message_retry_interval,
    )
