"""Certificates that an authority issues by ACME (RFC 8555): accounts there, what is ordered, what is laid out for it.

Every secret is kept as a Fernet token, made with the installation's secret.
"""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _


class Account(models.Model):
    """An account at an authority. `url`: where it stands there, empty until it is made. `eab_key_id`, `encrypted_eab`:
    the external account binding (RFC 8555 §7.3.4). `trusted_root`: certificates (PEM) that vouch for the directory's
    host, instead of the system's.
    """

    name = models.TextField()
    directory = models.TextField()
    contact = models.TextField(db_default="", blank=True)
    trusted_root = models.TextField(db_default="", blank=True)
    encrypted_key = models.TextField()
    eab_key_id = models.TextField(db_default="", blank=True)
    encrypted_eab = models.TextField(db_default="", blank=True)
    url = models.TextField(db_default="", blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = [Lower("name")]
        constraints = [models.UniqueConstraint(Lower("name"), name="acme_account_name")]

    def __str__(self) -> str:
        return self.name


class Challenge(models.TextChoices):
    """How a name is proved."""

    HTTP = "http-01", _("http-01: the authority asks this console on port 80")
    UPDATE = "dns-01-update", _("dns-01: a record in DNS, set by dynamic update (RFC 2136)")
    HOOK = "dns-01-hook", _("dns-01: a record in DNS, set by a command of this machine")


class Way(models.Model):
    """How names are proved, and what is needed for that. The secret of the TSIG key is a Fernet token."""

    challenge = models.TextField(choices=Challenge.choices, default=Challenge.HTTP, db_default=Challenge.HTTP)
    dns_server = models.TextField(db_default="", blank=True)
    dns_zone = models.TextField(db_default="", blank=True)
    tsig_name = models.TextField(db_default="", blank=True)
    tsig_algorithm = models.TextField(db_default="", blank=True)
    encrypted_tsig = models.TextField(db_default="", blank=True)
    hook = models.TextField(db_default="", blank=True)

    class Meta:
        abstract = True


WAY = tuple(field.name for field in Way._meta.local_fields)


class ManagedCertificate(Way):
    """What is ordered, and how far an order is. The certificate of the same `name` is what came of the last one.

    `next_step`: when a worker looks at it again. While an order is under way `order_url` says which, since `began_at`,
    for `encrypted_key`; a chain that was issued waits in `chain` until it is shown. `renew_at`: when the authority, or
    somebody here, wants the next one; None: by its dates. `switch_at`: when DNS will have forgotten the former TLSA
    records. `told`: what came of each step, [seconds since 1970, words]. `problem`, since `failed_since`: why the last
    attempts, so many, came to nothing; `waits_until`: before that the authority wants to hear nothing.
    """

    name = models.TextField()
    names = models.JSONField(default=list)
    account = models.ForeignKey(Account, models.PROTECT)
    key_type = models.TextField()
    keep_key = models.BooleanField(db_default=False)
    preferred_chain = models.TextField(db_default="", blank=True)
    created_at = models.DateTimeField(db_default=Now())

    next_step = models.DateTimeField(db_default=Now(), db_index=True)
    order_url = models.TextField(db_default="")
    encrypted_key = models.TextField(db_default="")
    began_at = models.DateTimeField(null=True)
    chain = models.TextField(db_default="")
    renew_at = models.DateTimeField(null=True)
    ask_at = models.DateTimeField(null=True)
    switch_at = models.DateTimeField(null=True)
    told = models.JSONField(default=list)
    problem = models.TextField(db_default="")
    failures = models.IntegerField(db_default=0)
    failed_since = models.DateTimeField(null=True)
    waits_until = models.DateTimeField(null=True)

    class Meta:
        ordering = [Lower("name")]
        constraints = [models.UniqueConstraint(Lower("name"), name="acme_managed_certificate_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_under_way(self) -> bool:
        return bool(self.order_url or self.chain)


class LaidOut(Way):
    """What the authority looks for: under `token` by http-01, else as TXT at `record`, which `is_set` once it is known
    to be in DNS. It is `told` once, and it is all taken back afterwards, the way that it came: also where that of the
    managed certificate was changed meanwhile, or it was removed.
    """

    managed = models.ForeignKey(ManagedCertificate, models.SET_NULL, null=True)
    token = models.TextField()
    record = models.TextField(db_default="")
    value = models.TextField()
    is_set = models.BooleanField(db_default=False)
    told = models.BooleanField(db_default=False)
    laid_out_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token", "managed"], name="acme_laid_out_once")]
