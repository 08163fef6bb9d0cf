"""Receive and Send connectors: a column for each setting of `transport.config`, whose tables say what each means."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Lower

from console.publishing.columns import SettingsRow
from transport.config import receive_connector, send_connector


class Connector(SettingsRow):
    """What both kinds have."""

    class Meta:
        abstract = True
        ordering = [Lower("name")]
        constraints = [models.UniqueConstraint(Lower("name"), name="%(class)s_name")]

    def __str__(self) -> str:
        return str(self.name)


class ReceiveConnector(Connector, table=receive_connector.ReceiveConnector):
    """Who may hand in mail, and where."""


class SendConnector(Connector, table=send_connector.SendConnector):
    """How mail leaves."""


class Pull(models.Model):
    """What came of asking for the mail that waits elsewhere, as a Send connector says. `slot`: the last quarter of an
    hour of its timetable that somebody took; `wanted_at`: it is to be asked for soon; `handed_at`: by a transport,
    which takes the mail over the same connection.
    """

    connector = models.TextField(primary_key=True)
    slot = models.DateTimeField(null=True)
    wanted_at = models.DateTimeField(null=True)
    handed_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)
    words = models.TextField(db_default="")
    is_refused = models.BooleanField(db_default=False)


class Draft(models.Model):
    """What an administrator has entered in a wizard and not finished, as it was typed: page → field → text. `key` is
    its place in the address of the wizard's pages.
    """

    owner = models.TextField()
    kind = models.TextField()
    key = models.TextField()
    entered = models.JSONField(default=dict)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-changed_at", "-pk"]
        constraints = [models.UniqueConstraint("owner", "kind", "key", name="draft_key")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
