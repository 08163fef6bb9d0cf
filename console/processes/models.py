"""Signs of life: what a process that hangs stops writing; and the machines on which they run."""

from __future__ import annotations

from enum import StrEnum

from django.db import models


class Turn(models.Model):
    """When a process last went round its loop, by the clock of PostgreSQL.

    The forwarder's alone: `waiting_since`, when the oldest message was accepted that is still in a journal only; how
    many `waiting_messages` and `waiting_recipients` are; whether those are `all_counted`, or there are more; whether
    some are of a later version, so that the node `needs_upgrade`.
    """

    pk = models.CompositePrimaryKey("process", "node")
    process = models.TextField()
    node = models.TextField()
    at = models.DateTimeField()
    waiting_since = models.DateTimeField(null=True)
    waiting_messages = models.BigIntegerField(null=True)
    waiting_recipients = models.BigIntegerField(null=True)
    all_counted = models.BooleanField(null=True)
    version = models.TextField(db_default="")
    needs_upgrade = models.BooleanField(db_default=False)


class State(StrEnum):
    """Exchange's words (Set-ServerComponentState): takes sessions; takes no new ones; ends those that are open, too."""

    ACTIVE = "Active"
    DRAINING = "Draining"
    INACTIVE = "Inactive"


class Node(models.Model):
    """A machine with a data directory of its own, as its forwarder tells of it: `home` is the mark of that directory
    (`transport.held_body`), `free` octets are left on its disk, its clock is `clock` seconds ahead of PostgreSQL's.

    Set here: its `state`, and whether the mailboxes lie there, which at most one does.
    """

    name = models.TextField(primary_key=True)
    home = models.TextField(db_default="")
    version = models.TextField(db_default="")
    free = models.BigIntegerField(null=True)
    clock = models.FloatField(null=True)
    seen_at = models.DateTimeField(null=True)
    state = models.TextField(db_default=State.ACTIVE.value)
    holds_mailboxes = models.BooleanField(db_default=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["holds_mailboxes"], name="processes_node_mailboxes", condition=models.Q(holds_mailboxes=True)
            )
        ]

    def __str__(self) -> str:
        return self.name


class Schema(models.Model):
    """The one row that says which version is the `oldest` that works with these tables (`release.OLDEST`)."""

    oldest = models.TextField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="%(class)s_one_row")]

    def __str__(self) -> str:
        return self.oldest
