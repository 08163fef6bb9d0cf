"""What an import keeps until it is applied."""

from django.db import models
from django.db.models.functions import Now


class ImportDraft(models.Model):
    """What an administrator has handed in for an import, until it is applied or discarded; one for each.

    `contents` are [cmdlet, [[property, plain value], …]]; `others` counts objects of other kinds; `choices` are
    {place in the report: [choice, other name]}.
    """

    author = models.TextField(primary_key=True)
    sources = models.JSONField(default=list)
    contents = models.JSONField(default=list)
    others = models.IntegerField(default=0)
    choices = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "management_shell_importdraft"

    def __str__(self) -> str:
        return ", ".join(dict.fromkeys(self.sources))
