"""What a person who signs in has chosen for themselves."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Preferences(models.Model):
    """`time_zone`: the name of a time zone (`Europe/Berlin`); empty: the browser's. `page_size`: rows of each list;
    null: as many as the list has by itself. `theme`: one of `THEMES`; empty: what was chosen in this browser.
    `language`: one of `settings.LANGUAGES`; empty: the browser's.
    """

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True)
    time_zone = models.TextField(db_default="")
    page_size = models.IntegerField(null=True)
    theme = models.TextField(db_default="")
    language = models.TextField(db_default="")
    first_steps_dismissed = models.BooleanField(db_default=False)

    def __str__(self) -> str:
        return f"Preferences of {self.user}"
