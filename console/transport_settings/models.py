"""Settings of the whole transport: one row each, a column for each setting of its table in `transport.config`."""

from __future__ import annotations

from console.publishing.models import SingleRow
from transport.config import transport_config, transport_limits


class TransportLimits(SingleRow, table=transport_limits.TransportLimits):
    """When waiting mail is tried again, and given up."""

    class Meta(SingleRow.Meta):
        verbose_name = "transport limits"


class TransportConfig(SingleRow, table=transport_config.TransportConfig):
    """What holds for the whole organization."""

    class Meta(SingleRow.Meta):
        verbose_name = "transport configuration"
