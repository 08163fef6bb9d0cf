"""The Kerberos keys of this service. Every file is kept as a Fernet token, made with the installation's secret."""

from django.db import models
from django.db.models.functions import Lower, Now


class Keytab(models.Model):
    """One keytab file. `keys` says what is in it: [[principal, version, encryption], …]."""

    name = models.TextField()
    keys = models.JSONField(default=list)
    encrypted = models.TextField()
    loaded_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(Lower("name"), name="kerberos_keytab_name")]

    def __str__(self) -> str:
        return self.name
