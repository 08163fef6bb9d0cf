"""Signs of life: what a process that hangs stops writing."""

from __future__ import annotations

from django.db import models


class Turn(models.Model):
    """When a process last went round its loop, by the clock of PostgreSQL.

    The forwarder's alone: `waiting_since`, when the oldest message was accepted that is still in a journal only; how
    many `waiting_messages` and `waiting_recipients` are; whether those are `all_counted`, or there are more.
    """

    pk = models.CompositePrimaryKey("process", "node")
    process = models.TextField()
    node = models.TextField()
    at = models.DateTimeField()
    waiting_since = models.DateTimeField(null=True)
    waiting_messages = models.BigIntegerField(null=True)
    waiting_recipients = models.BigIntegerField(null=True)
    all_counted = models.BooleanField(null=True)
