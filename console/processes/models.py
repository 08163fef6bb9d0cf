"""Signs of life: what a process that hangs stops writing."""

from __future__ import annotations

from django.db import models


class Turn(models.Model):
    """When a process last went round its loop, by the clock of PostgreSQL.

    `waiting_since`: the forwarder's alone; when the oldest message was accepted that is still in a journal only.
    """

    pk = models.CompositePrimaryKey("process", "node")
    process = models.TextField()
    node = models.TextField()
    at = models.DateTimeField()
    waiting_since = models.DateTimeField(null=True)
