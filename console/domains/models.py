"""Accepted domains: a column for each setting of `transport.config.accepted_domain`."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from console.publishing.columns import SettingsRow
from transport.config import accepted_domain


class AcceptedDomain(SettingsRow, table=accepted_domain.AcceptedDomain):
    """`domain_name`: lower case ASCII, never changed."""

    domain_name = models.TextField(unique=True)

    class Meta:
        ordering = ["domain_name"]
        constraints = [
            models.UniqueConstraint(Lower("name"), name="accepteddomain_name"),
            models.UniqueConstraint("default", condition=Q(default=True), name="accepteddomain_one_default"),
        ]

    def __str__(self) -> str:
        return self.domain_name
