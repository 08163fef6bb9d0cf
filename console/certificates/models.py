"""Certificates for STARTTLS. Every private key is kept as a Fernet token, made with the installation's secret."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Lower, Now

from console.acme.models import ManagedCertificate
from transport.config.receive_connector import ReceiveConnector


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
    # What the pages add to a row, none of it stored.
    connectors: list[ReceiveConnector]
    issued_here: bool
    renewable: bool
    managed: ManagedCertificate | None

    class Meta:
        ordering = ["not_after"]
        constraints = [models.UniqueConstraint(Lower("name"), name="certificate_name")]

    def __str__(self) -> str:
        return self.name


class Request(models.Model):
    """A certificate request (PEM) that waits for an authority's answer; `renews` is what the answer will replace."""

    name = models.TextField()
    names = models.JSONField(default=list)
    request = models.TextField()
    encrypted_key = models.TextField()
    renews = models.ForeignKey(Certificate, models.SET_NULL, null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["created_at"]
        constraints = [models.UniqueConstraint(Lower("name"), name="certificate_request_name")]

    def __str__(self) -> str:
        return self.name


class Authority(models.Model):
    """The internal authority: the newest row issues. Older ones stay for those who still trust them."""

    certificate = models.TextField()
    encrypted_key = models.TextField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-pk"]
