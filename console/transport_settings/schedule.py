"""When waiting mail is tried again, told of and given up, in one plain sentence or two. Pure."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from transport.config.transport_limits import TransportLimits

UNITS = (86400, 3600, 60, 1)
"""Seconds of a day, an hour, a minute and a second."""


def schedule(limits: TransportLimits) -> str:
    """`Mail for a next hop that cannot be reached is tried again after 1, 2, 3 and 4 minutes, then 6 times …`"""
    tried = [*_first(limits), *_next(limits), _every(limits.outbound_connection_failure_retry_interval)]
    words = _(
        "Mail for a next hop that cannot be reached is tried again %(tried)s. A message that a next hop puts off is "
        "tried again after %(put_off)s. The sender is told after %(told)s; after %(ended)s the message is given up."
    )
    return words % {
        "tried": _(", then ").join(tried),
        "put_off": _duration(limits.message_retry_interval),
        "told": _duration(limits.delay_notification_timeout),
        "ended": _duration(limits.message_expiration_timeout),
    }


def _first(limits: TransportLimits) -> list[str]:
    count, step = limits.queue_glitch_retry_count, limits.queue_glitch_retry_interval
    if count == 0:
        return []
    size = _unit(step)
    times = [f"{step * number / size:g}" for number in range(1, min(count, 4) + 1)]
    if count > len(times):
        times += ["…", f"{step * count / size:g}"]
    *some, last = times
    shown = _("%(some)s and %(last)s") % {"some": ", ".join(some), "last": last} if some else last
    return [_("after %s") % _with_unit(shown, size, 1 if times == ["1"] else 2)]


def _next(limits: TransportLimits) -> list[str]:
    count, step = limits.transient_failure_retry_count, limits.transient_failure_retry_interval
    if count == 0:
        return []
    if count == 1:
        return [_("once after %s") % _duration(step)]
    return [_("%(count)d times %(every)s") % {"count": count, "every": _every(step)}]


def _every(seconds: int) -> str:
    """`every hour`, `every 4 hours`."""
    size = _unit(seconds)
    alone = {86400: _("every day"), 3600: _("every hour"), 60: _("every minute"), 1: _("every second")}
    return alone[size] if seconds == size else _("every %s") % _duration(seconds)


def _duration(seconds: int) -> str:
    """`4 hours`."""
    size = _unit(seconds)
    return _with_unit(str(seconds // size), size, seconds // size)


def _with_unit(shown: str, size: int, number: int) -> str:
    words = {
        86400: ngettext("%s day", "%s days", number),
        3600: ngettext("%s hour", "%s hours", number),
        60: ngettext("%s minute", "%s minutes", number),
        1: ngettext("%s second", "%s seconds", number),
    }
    return words[size] % shown


def _unit(seconds: int) -> int:
    """The largest unit in which it is whole."""
    return next(each for each in UNITS if (seconds % each == 0 and seconds >= each) or each == 1)
