"""How a person likes the lists, and which filters they go back to."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models


class ListLayout(models.Model):
    """`list` is the name of its page (`connectors:receive-list`). `columns` are keys of columns, in the list's order;
    empty: the usual ones. `page_size`: rows of a page; null: as the person's preferences say.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    list = models.TextField()
    columns = ArrayField(models.TextField(), db_default=[])
    page_size = models.IntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "list"], name="crud_listlayout_one")]


class ObjectTags(models.Model):
    """The tags of an object: `kind` is its model's label, `key` its primary key. What is left of an object that was
    removed goes with the next change of tags of its kind.
    """

    kind = models.TextField()
    key = models.BigIntegerField()
    words = ArrayField(models.TextField())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="crud_objecttags_one")]


class SavedFilter(models.Model):
    """A query string of a list, under a name that its owner gave it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    list = models.TextField()
    name = models.TextField()
    query = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "list", "name"], name="crud_savedfilter_one")]
        ordering = ["name"]
