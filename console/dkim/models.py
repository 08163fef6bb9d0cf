"""Keys that sign mail of our domains. Each is kept as a Fernet token, made with the installation's secret."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from transport.send.dkim import Algorithm


class State(models.TextChoices):
    """The life of a key, in order."""

    MADE = "made", _("New")
    PUBLISHED = "published", _("Published")
    ACTIVE = "active", _("Active")
    RETIRING = "retiring", _("Retiring")
    REVOKED = "revoked", _("Revoked")


class DkimKey(models.Model):
    """`public_key` as it stands behind `p=`. `seen_at`: when DNS last showed the record as it should be; `problem`:
    what it showed otherwise, in words. `retired_at`: when another key took its place.
    """

    domain = models.TextField()
    selector = models.TextField()
    algorithm = models.TextField(choices=[(each.value, each.label) for each in Algorithm])
    state = models.TextField(choices=[(each.value, each.name) for each in State], default=State.MADE)
    encrypted_key = models.TextField()
    public_key = models.TextField()
    made_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(null=True)
    problem = models.TextField(default="")
    retired_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "dkim_key"
        ordering = ["domain", "-made_at", "selector"]
        constraints = [models.UniqueConstraint(fields=["domain", "selector"], name="dkim_key_selector")]

    def __str__(self) -> str:
        return f"{self.selector} of {self.domain}"

    @property
    def record_name(self) -> str:
        return f"{self.selector}._domainkey.{self.domain}"
