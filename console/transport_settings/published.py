"""What a revision holds of the whole transport."""

from django.utils.translation import gettext_lazy as _

from console.publishing.published import Page, Published
from console.transport_settings import models
from transport.config.transport_config import TransportConfig
from transport.config.transport_limits import TransportLimits

# A row of the table is a paragraph, whatever its length.
# fmt: off

LIMITS = Published(
    "Transport limits", TransportLimits, models.TransportLimits, "transport_limits",
    (Page(_("Transport limits"), "transport_settings:limits"),), cmdlet="Set-TransportService",
)
CONFIG = Published(
    "Transport configuration", TransportConfig, models.TransportConfig, "transport_config",
    (Page(_("Transport configuration"), "transport_settings:organization"),), cmdlet="Set-TransportConfig",
)
