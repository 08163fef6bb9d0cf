"""What needs attention, by mail: once when it begins and once when it is over, all that is new in one message. Off
until an address is given.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console import clock
from console.overview.attention import concerns
from console.overview.concern import Concern
from console.overview.models import Alert
from console.publishing import queries as publishing
from console.queues.actions import mail_out

BETWEEN = timedelta(minutes=10)
"""From one message to the next."""
NAMED = 50
"""Of each sort in one message."""


def tell() -> int:
    """Looks, and mails what is new; returns how many addresses were written to."""
    wanted = publishing.saved().transport_config.alert_recipients
    if not wanted:
        Alert.objects.all().delete()
        return 0
    now, found = clock.now(), concerns()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('alerts'))")
        _note(found, now)
        last = Alert.objects.aggregate(last=Max("told_at"))["last"]
        due = list(Alert.objects.filter(is_told=False))
        if not due or (last and now - last < BETWEEN):
            return 0
        mail_out(wanted, _subject(due), _text(due))
        Alert.objects.filter(is_told=False).update(is_told=True, told_at=now)
    return len(wanted)


def _note(found: Iterable[Concern], now: datetime) -> None:
    """What began and what is over since the last look; what was told to be over is forgotten in time."""
    there, counted = {}, Counter[str]()
    for each in found:
        like = f"{each.name}|{each.url}|{_without_numbers(each.text)}"
        counted[like] += 1
        there[f"{like}|{counted[like]}"] = each
    Alert.objects.filter(ended_at__isnull=False, is_told=True, told_at__lt=now - BETWEEN).delete()
    Alert.objects.filter(ended_at=None).exclude(key__in=there).update(ended_at=now, is_told=False)
    _go_on(Alert.objects.filter(ended_at__isnull=False, key__in=there), now)
    new = [Alert(key=key, name=each.name, text=each.text, url=each.url, began_at=now) for key, each in there.items()]
    Alert.objects.bulk_create(new, ignore_conflicts=True)


def _go_on(back: QuerySet[Alert], now: datetime) -> None:
    """What is there again: for whom mail has not said that it is over, it never went."""
    back.filter(is_told=True).update(ended_at=None, is_told=False, began_at=now)
    back.filter(told_at=None).update(ended_at=None)
    back.update(ended_at=None, is_told=True)


def _without_numbers(text: str) -> str:
    """What stays of the words of a concern while it lasts: what is counted in them changes, and the rest with it."""
    return re.split(r"\d", text, maxsplit=1)[0]


def _subject(due: list[Alert]) -> str:
    begun = [each for each in due if each.ended_at is None]
    if not begun:
        return _("Gatepost: over: %s") % due[0].name
    words = ngettext(
        "Gatepost: %(name)s needs attention", "Gatepost: %(name)s and %(more)d more need attention", len(begun)
    )
    return words % {"name": begun[0].name, "more": len(begun) - 1}


def _text(due: list[Alert]) -> str:
    """Plain text, what began above what is over."""
    begun, over = [[each for each in due if (each.ended_at is None) is new] for new in (True, False)]
    parts = [*_part(_("Needs attention:"), begun), *_part(_("Over:"), over)]
    return "\n\n".join([*parts, _("All that needs attention now: %s") % f"{settings.CONSOLE_URL}/"]) + "\n"


def _part(head: str, those: list[Alert]) -> list[str]:
    if not those:
        return []
    more = (
        [ngettext("And %d more.", "And %d more.", len(those) - NAMED) % (len(those) - NAMED)] if those[NAMED:] else []
    )
    return [
        head,
        *(f"{each.name}\n{_when(each)}\n{each.text}\n{settings.CONSOLE_URL}{each.url}" for each in those[:NAMED]),
        *more,
    ]


def _when(each: Alert) -> str:
    began = f"{each.began_at:%Y-%m-%d %H:%M} UTC"
    return _("since %s") % began if each.ended_at is None else f"{began} – {each.ended_at:%Y-%m-%d %H:%M} UTC"
