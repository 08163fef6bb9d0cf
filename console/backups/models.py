"""What is known of backups, and of the one that this copy was made of."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_noop


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


class Schedule(models.Model):
    """When and where a backup is made by itself: daily `at` (UTC; null: never), in the directory or bucket `place`, by
    the machine `node` (empty: any). The newest `kept` stay, none longer than `kept_days`. `access_key` and, sealed,
    `encrypted`: what a bucket asks for. `wanted`: one is to be made now.
    """

    at = models.TimeField(null=True, blank=True)
    place = models.TextField(default="", db_default="", blank=True)
    node = models.TextField(default="", db_default="", blank=True)
    access_key = models.TextField(default="", db_default="", blank=True)
    encrypted = models.TextField(default="", db_default="", blank=True)
    kept = models.IntegerField(default=7, db_default=7)
    kept_days = models.IntegerField(default=30, db_default=30)
    wanted = models.BooleanField(default=False, db_default=False)
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="backups_schedule_one_row")]

    def __str__(self) -> str:
        return self.place


class Run(models.Model):
    """A backup that was begun, what came of it, and what its check said. `is_there` until it is deleted. `words`: why
    there is none, or what stood in the way of checking or deleting it.
    """

    begun_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)
    node = models.TextField()
    place = models.TextField()
    name = models.TextField()
    octets = models.BigIntegerField(null=True)
    is_there = models.BooleanField(db_default=False)
    words = models.TextField(db_default="")
    check_wanted = models.BooleanField(db_default=False)
    checked_at = models.DateTimeField(null=True)
    is_whole = models.BooleanField(null=True)
    check_words = models.TextField(db_default="")

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def failed(self) -> bool:
        return self.ended_at is not None and self.octets is None

    @property
    def was_quick(self) -> bool:
        """Less than a minute, which Django says as none."""
        return self.ended_at is not None and self.ended_at - self.begun_at < timedelta(minutes=1)

    @property
    def outcome(self) -> tuple[str, str]:
        """A word, and its tone."""
        if self.ended_at is None:
            return gettext_noop("Under way"), "info"
        if self.failed:
            return gettext_noop("Failed"), "bad"
        return (gettext_noop("Complete"), "good") if self.is_there else (gettext_noop("Deleted"), "neutral")

    @property
    def verdict(self) -> tuple[str, str] | None:
        """What its check said; None where nobody has checked it."""
        if self.is_whole is None:
            return None
        return (
            (gettext_noop("Can be restored"), "good") if self.is_whole else (gettext_noop("Cannot be restored"), "bad")
        )
