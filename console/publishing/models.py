"""Revisions of the configuration, and what the transports report (with SQL of their own)."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from console import clock
from console.publishing.columns import SettingsRow


class SingleRow(SettingsRow):
    """A page of settings, of which there is one row; its primary key is always 1."""

    class Meta:
        abstract = True
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="%(class)s_one_row")]

    def __str__(self) -> str:
        return str(self._meta.verbose_name).capitalize()


class ConfigRevision(models.Model):
    """The whole configuration as it was saved once. Numbers have no gaps but where a backup was
    restored; a row never changes.
    """

    number = models.IntegerField(primary_key=True)
    document = models.TextField()
    checksum = models.TextField()
    author = models.TextField()
    comment = models.TextField()
    created_at = models.DateTimeField(db_default=Now())
    # What the pages add to a row, none of it stored.
    transports: list[str]
    in_force: list[Any]

    class Meta:
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"Revision {self.number}"


class Trial(models.Model):
    """What was saved after revision `former` holds until then only, unless it is confirmed. There is one or none."""

    former = models.IntegerField()
    until = models.DateTimeField()
    author = models.TextField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="%(class)s_one_row")]

    def __str__(self) -> str:
        return f"On trial until {self.until}"

    @property
    def is_over(self) -> bool:
        return self.until <= clock.now()


class Draft(models.Model):
    """Changes that are collected: the `document` that they make of that of revision `base`. `authors`: who saved some.

    Its rows stand in a schema of its own; `laid_out`: how many migrations were known when that was made.
    """

    name = models.TextField(unique=True)
    author = models.TextField()
    begun_at = models.DateTimeField(db_default=Now())
    base = models.IntegerField()
    based_on = models.TextField()
    document = models.TextField()
    authors = ArrayField(models.TextField(), default=list)
    laid_out = models.IntegerField(default=0)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def schema(self) -> str:
        return f"draft_{self.pk}"

    @property
    def first_number(self) -> int:
        """Of the revisions in its schema: no other draft's, and none of those that are published."""
        return (self.pk % 2000 + 1) * 1_000_000


class Transport(models.Model):
    """A running transport. `problems` is a list of {connector, binding, message}; `sessions_by_connector` a count for
    each name; `bindings` are those on which it listens.
    """

    name = models.TextField(primary_key=True)
    node = models.TextField(db_default="")
    pid = models.IntegerField(db_default=0)
    revision = models.IntegerField(null=True)
    in_force_since = models.DateTimeField(null=True)
    started_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_default=Now())
    sessions = models.IntegerField(db_default=0)
    sessions_by_connector = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
    problems = models.JSONField(default=list, db_default=models.Value([], models.JSONField()))
    bindings = ArrayField(models.TextField(), default=list, db_default=models.Value([], ArrayField(models.TextField())))
    version = models.TextField(db_default="")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Traffic(models.Model):
    """What one transport did in one minute: connections, messages accepted, commands and connections refused."""

    pk = models.CompositePrimaryKey("transport", "minute")
    transport = models.TextField()
    minute = models.DateTimeField(db_index=True)
    connections = models.IntegerField(db_default=0)
    accepted = models.IntegerField(db_default=0)
    refused = models.IntegerField(db_default=0)


class Count(models.Model):
    """How often something happened, by name: in the minute that began `at`, and once that is long ago, in the hour.

    `what`: connected, accepted, refused (told by transports); delivered, deferred, failed (in recipients). `by`:
    connector, client, sender, rule, send connector. `name`: empty for all that were not counted by name. `connector`:
    of a client, through which it came.
    """

    pk = models.CompositePrimaryKey("what", "by", "name", "connector", "at")
    what = models.TextField()
    by = models.TextField()
    name = models.TextField()
    connector = models.TextField(db_default="")
    at = models.DateTimeField(db_index=True)
    n = models.BigIntegerField()
