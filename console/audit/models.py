"""Who changed what, and when."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models


class Entry(models.Model):
    """One change to one object. `before` and `after` hold settings, name → value; None where nothing was or is. Entries
    of one script, or of one form, have the same `batch`.
    """

    time = models.DateTimeField(auto_now_add=True, db_index=True)
    actor = models.TextField()
    revision = models.IntegerField(null=True, db_index=True)
    batch = models.UUIDField(null=True)
    kind = models.TextField()
    object_name = models.TextField()
    verb = models.TextField()
    before = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    after = models.JSONField(null=True, encoder=DjangoJSONEncoder)

    others: int

    class Meta:
        ordering = ["-time", "-id"]
        indexes = [
            models.Index(fields=["kind"], name="audit_entry_kind"),
            models.Index(fields=["batch", "id"], condition=models.Q(batch__isnull=False), name="audit_entry_batch"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_name}: {self.verb}"
