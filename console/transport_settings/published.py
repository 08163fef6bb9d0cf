"""What a revision holds of the whole transport."""

from console.publishing.published import Published
from console.transport_settings import models
from transport.config.transport_config import TransportConfig
from transport.config.transport_limits import TransportLimits

LIMITS = Published("Transport limits", TransportLimits, models.TransportLimits, "transport_limits")
CONFIG = Published("Transport configuration", TransportConfig, models.TransportConfig, "transport_config")
