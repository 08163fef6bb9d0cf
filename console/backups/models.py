"""What is known of backups, and of the one that this copy was made of."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class Restored(models.Model):
    """This copy was made of a backup, `taken_at` then by `node`; of its mail `held` recipients were held."""

    at = models.DateTimeField(db_default=Now())
    taken_at = models.DateTimeField()
    node = models.TextField()
    held = models.BigIntegerField()

    class Meta:
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.node} {self.taken_at:%Y-%m-%d %H:%M}"
