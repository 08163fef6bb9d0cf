"""What the pages of the management shell keep."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class HistoryLine(models.Model):
    """A script that somebody ran in the browser, for the arrow keys."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    text = models.TextField()
    time = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.text
