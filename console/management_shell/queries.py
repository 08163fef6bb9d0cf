"""What the pages of the management shell show."""

from __future__ import annotations

from django.contrib.auth.models import User

from console.management_shell.models import HistoryLine


def history(user: User) -> list[str]:
    """Somebody's scripts, newest first, each once."""
    return list(dict.fromkeys(HistoryLine.objects.filter(user=user).values_list("text", flat=True)))
