"""Protection settings: a column for each setting of `transport.config.filters` and `connection_filter`."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Lower

from console.publishing.columns import SettingsRow
from console.publishing.models import SingleRow
from transport.config import connection_filter, filters


class RecipientFilter(SingleRow, table=filters.RecipientFilter):
    """Whom mail may go to."""


class SenderFilter(SingleRow, table=filters.SenderFilter):
    """Whom mail may come from."""


class ConnectionFilter(SingleRow, table=connection_filter.ConnectionFilter):
    """Which clients are filtered by their address."""


class IPListEntry(SettingsRow, table=connection_filter.IPListEntry):
    """An address, range or network on the IP Allow or Block list."""

    class Meta:
        ordering = ["ip_range"]
        constraints = [models.UniqueConstraint("ip_list", "ip_range", name="iplistentry_once")]

    def __str__(self) -> str:
        return str(self.ip_range)


class IPListProvider(SettingsRow, table=connection_filter.IPListProvider):
    """A list on the Internet that is asked by DNS."""

    class Meta:
        ordering = ["priority", Lower("name")]
        constraints = [models.UniqueConstraint(Lower("name"), name="iplistprovider_name")]

    def __str__(self) -> str:
        return str(self.name)
