"""What Send connectors sign in with. Every secret is kept as a Fernet token, made with the installation's secret."""

from django.db import models
from django.db.models.functions import Lower, Now

from console.crud.said import said
from transport.config.credential import CredentialKind


class Credential(models.Model):
    """`user_name` is the mailbox; `tenant` and `client_id` are those of the application. `encrypted` holds
    `transport.config.credential.Secrets`. A limit that is null is the one that the connector's provider has.

    Delivery keeps what it got by it: `token`, encrypted too, which is asked for anew after `token_renew_at`, and in
    `problem` why it got none.
    """

    name = models.TextField()
    kind = models.TextField()
    user_name = models.TextField()
    tenant = models.TextField(db_default="", blank=True)
    client_id = models.TextField(db_default="", blank=True)
    secret_ends = models.DateField(null=True, blank=True)
    max_connections = models.IntegerField(null=True, blank=True)
    messages_per_minute = models.IntegerField(null=True, blank=True)
    messages_per_day = models.IntegerField(null=True, blank=True)
    encrypted = models.TextField()
    secret_set_at = models.DateTimeField(db_default=Now())
    token = models.TextField(db_default="")
    token_renew_at = models.DateTimeField(null=True)
    token_expires_at = models.DateTimeField(null=True)
    problem = models.TextField(db_default="")
    created_at = models.DateTimeField(db_default=Now())
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = [Lower("name")]
        constraints = [models.UniqueConstraint(Lower("name"), name="credentials_credential_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def kind_label(self) -> str:
        return said(CredentialKind(self.kind).label)
