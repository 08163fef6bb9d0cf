"""Every write of the management shell's own pages. What commands write, they write through the apps they are about."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction

from console.management_shell.history import is_secret
from console.management_shell.models import HistoryLine

MOST_KEPT = 200
LONGEST_KEPT = 20_000


@transaction.atomic
def remember(user: User, text: str) -> None:
    """Adds a script to somebody's history, unless it has a secret in it, is very long, or was the last one already."""
    lines = HistoryLine.objects.filter(user=user)
    newest = lines.first()
    if is_secret(text) or len(text) > LONGEST_KEPT or (newest is not None and newest.text == text):
        return
    HistoryLine.objects.create(user=user, text=text)
    kept = lines.values_list("pk", flat=True)[:MOST_KEPT]
    lines.exclude(pk__in=list(kept)).delete()


def forget(user: User) -> None:
    """Empties somebody's history."""
    HistoryLine.objects.filter(user=user).delete()
