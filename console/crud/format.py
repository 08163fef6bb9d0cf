"""How times, sizes and states are written, everywhere alike."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeData, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console import clock
from console.crud.said import said

TONES = {
    "good": "circle-check",
    "warning": "triangle-alert",
    "bad": "circle-x",
    "neutral": "circle-dashed",
    "info": "info",
}

_TIME = re.compile(r"\b(\d{4}-[01]\d-[0-3]\d [0-2]\d:[0-5]\d:[0-5]\d) UTC\b")
"""As `transport.config.kinds.show_time` prints one."""
NOTHING = mark_safe('<span class="nothing">–</span>')


def time_html(value: datetime | None) -> str:
    """`<time>` in the reader's zone, UTC inside and on hover."""
    if value is None:
        return NOTHING
    utc = value.astimezone(UTC)
    whole, title = utc.isoformat(timespec="milliseconds"), utc.strftime("%Y-%m-%d %H:%M:%S")
    return format_html('<time datetime="{}" title="{} UTC">{}</time>', whole, title, time_text(value))


def time_text(value: datetime) -> str:
    """`2027-01-31 17:00:00` in the reader's zone; as long as that is not known, with the words that it is UTC."""
    utc = " UTC" if timezone.get_current_timezone_name() == "UTC" else ""
    return timezone.localtime(value).strftime("%Y-%m-%d %H:%M:%S") + utc


def times_in_zone(text: str) -> str:
    """Settings as they are printed, with each time that they name in the reader's zone."""
    return _TIME.sub(_in_zone, text)


def _in_zone(found: re.Match[str]) -> str:
    try:
        return time_text(datetime.fromisoformat(f"{found[1]}Z"))
    except ValueError:  # somebody's own words, of a day that there is not
        return found[0]


def ago_html(value: datetime | None) -> str:
    """The same, as "2 min ago"."""
    if value is None:
        return NOTHING
    utc = value.astimezone(UTC)
    title = utc.strftime("%Y-%m-%d %H:%M:%S")
    return format_html('<time datetime="{}" title="{} UTC" data-ago>{}</time>', utc.isoformat(), title, ago_text(value))


def ago_text(value: datetime) -> str:
    """How long since `value`, in the largest unit that fits."""
    passed = max(clock.now() - value, timedelta(0))
    minutes = int(passed.total_seconds() // 60)
    if minutes < 1:
        return _("just now")
    if minutes < 60:
        return _("%d min ago") % minutes
    if minutes < 48 * 60:
        return _("%d h ago") % (minutes // 60)
    days = minutes // (24 * 60)
    return ngettext("%d day ago", "%d days ago", days) % days


def count_text(number: int) -> str:
    """`1,234`, with the separator of the reader's language."""
    return f"{number:,}".replace(",", formats.get_format("THOUSAND_SEPARATOR"))


def size_text(count: int) -> str:
    """Bytes as B, KB, MB, GB of 1024, the way Exchange writes sizes."""
    number, unit = float(count), "B"
    for larger in ("KB", "MB", "GB"):
        if number < 1024:
            break
        number, unit = number / 1024, larger
    if unit == "B" or number >= 100:
        return f"{number:.0f} {unit}"
    return f"{number:.1f}".removesuffix(".0").replace(".", formats.get_format("DECIMAL_SEPARATOR")) + f" {unit}"


def badge_html(text: object, tone: str = "neutral") -> str:
    """A state; the words carry it, the colour only repeats it."""
    words = text if isinstance(text, SafeData) else said(str(text))
    return format_html('<span class="badge-state tone-{}">{}</span>', tone if tone in TONES else "neutral", words)


def stacked_html(above: object, below: object) -> str:
    """Two lines in one cell of a list, each cut where the column ends."""
    return format_html('<span class="cut">{}</span><span class="cut below">{}</span>', above, below)
