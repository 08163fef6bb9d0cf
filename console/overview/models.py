"""What people have been told of by mail."""

from __future__ import annotations

from django.db import models


class Alert(models.Model):
    """Something that needs attention, or needed it a short while ago. `key` tells it apart, whatever number its words
    have just now. `is_told`: mail has said that it began, or, where it has ended, that it is over; `told_at`: when mail
    spoke of it last.
    """

    key = models.TextField(primary_key=True)
    name = models.TextField()
    text = models.TextField()
    url = models.TextField()
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    is_told = models.BooleanField(db_default=False)
    told_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["began_at", "key"]
