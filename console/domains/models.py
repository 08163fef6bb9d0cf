"""Accepted domains: one column for each setting of `transport.config.accepted_domain`."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now


class AcceptedDomain(models.Model):
    """A row of `transport.config.accepted_domain.AcceptedDomain`. `domain_name`: lower case ASCII, never changed."""

    name = models.TextField()
    domain_name = models.TextField(unique=True)
    domain_type = models.TextField(default="Authoritative")
    match_subdomains = models.BooleanField(default=False)
    default = models.BooleanField(default=False)
    address_book_enabled = models.BooleanField(default=True)
    version = models.IntegerField(default=0)
    changed_at = models.DateTimeField(auto_now=True, db_default=Now())

    class Meta:
        ordering = ["domain_name"]
        constraints = [
            models.UniqueConstraint(Lower("name"), name="accepteddomain_name"),
            models.UniqueConstraint("default", condition=Q(default=True), name="accepteddomain_one_default"),
        ]

    def __str__(self) -> str:
        return self.domain_name
