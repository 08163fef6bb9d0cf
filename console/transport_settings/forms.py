"""The forms of transport settings; their fields follow from the settings tables."""

from __future__ import annotations

from console.publishing.settings_form import SectionsForm
from transport.config.transport_config import TransportConfig
from transport.config.transport_limits import TransportLimits


class TransportLimitsForm(SectionsForm):
    """Retry, delay and expiry."""

    struct = TransportLimits


class TransportConfigForm(SectionsForm):
    """What holds for the whole organization."""

    struct = TransportConfig
