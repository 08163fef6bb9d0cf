"""System messages: a column for each setting of `transport.config.system_message`."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Lower

from console.publishing.columns import SettingsRow
from transport.config import system_message


class SystemMessage(SettingsRow, table=system_message.SystemMessage):
    """`name` follows from language, recipient and code."""

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(Lower("name"), name="system_message_name")]

    def __str__(self) -> str:
        return str(self.name)
