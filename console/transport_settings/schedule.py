"""When waiting mail is tried again, told of and given up, in one plain sentence or two. Pure."""

from __future__ import annotations

from transport.config.transport_limits import TransportLimits

UNITS = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))


def schedule(limits: TransportLimits) -> str:
    """`Mail for a next hop that cannot be reached is tried again after 1, 2, 3 and 4 minutes, then 6 times …`"""
    parts = [*_first(limits), *_next(limits)]
    every = f"every {_duration(limits.outbound_connection_failure_retry_interval, alone=True)}"
    tried = ", then ".join([*parts, every])
    told = _duration(limits.delay_notification_timeout)
    ended = _duration(limits.message_expiration_timeout)
    put_off = _duration(limits.message_retry_interval)
    return (
        f"Mail for a next hop that cannot be reached is tried again {tried}. A message that a next hop puts off is "
        f"tried again after {put_off}. The sender is told after {told}; after {ended} the message is given up."
    )


def _first(limits: TransportLimits) -> list[str]:
    count, step = limits.queue_glitch_retry_count, limits.queue_glitch_retry_interval
    if count == 0:
        return []
    unit, size = _unit(step)
    times = [f"{step * number / size:g}" for number in range(1, min(count, 4) + 1)]
    if count > len(times):
        times += ["…", f"{step * count / size:g}"]
    shown = " and ".join([", ".join(times[:-1]), times[-1]]) if len(times) > 1 else times[0]
    return [f"after {shown} {unit}{'' if times == ['1'] else 's'}"]


def _next(limits: TransportLimits) -> list[str]:
    count = limits.transient_failure_retry_count
    if count == 0:
        return []
    often = "once after" if count == 1 else f"{count} times every"
    return [f"{often} {_duration(limits.transient_failure_retry_interval, alone=count > 1)}"]


def _duration(seconds: int, alone: bool = False) -> str:
    """`4 hours`; `alone`, after “every”: `hour` instead of `1 hour`."""
    unit, size = _unit(seconds)
    number = seconds // size
    return unit if alone and number == 1 else f"{number} {unit}{'' if number == 1 else 's'}"


def _unit(seconds: int) -> tuple[str, int]:
    """The largest unit in which it is whole."""
    return next(each for each in UNITS if (seconds % each[1] == 0 and seconds >= each[1]) or each[1] == 1)
