"""Certificates for STARTTLS. The private key is kept as a Fernet token, made with the installation's secret."""

from django.db import models
from django.db.models.functions import Lower, Now


class Certificate(models.Model):
    """A chain (PEM, leaf first), its private key and what the leaf says. `fingerprint` is SHA-256 in hex digits."""

    name = models.TextField()
    names = models.JSONField(default=list)
    chain = models.TextField()
    encrypted_key = models.TextField()
    not_before = models.DateTimeField()
    not_after = models.DateTimeField()
    fingerprint = models.TextField(unique=True)
    self_signed = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["not_after"]
        constraints = [models.UniqueConstraint(Lower("name"), name="certificate_name")]

    def __str__(self) -> str:
        return self.name
