"""Who changed what, and when."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models


class Entry(models.Model):
    """One change to one object. `before` and `after` hold settings, name → value; None where nothing was or is."""

    time = models.DateTimeField(auto_now_add=True, db_index=True)
    actor = models.TextField()
    revision = models.IntegerField(null=True, db_index=True)
    kind = models.TextField()
    object_name = models.TextField()
    verb = models.TextField()
    before = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    after = models.JSONField(null=True, encoder=DjangoJSONEncoder)

    class Meta:
        ordering = ["-time", "-id"]
        indexes = [models.Index(fields=["kind"], name="audit_entry_kind")]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_name}: {self.verb}"
