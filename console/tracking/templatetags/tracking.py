"""Tags for what the protocol log tells of a connector: `{% load tracking %}`."""

from __future__ import annotations

from django import template

from console.publishing import gateways
from console.tracking import of_connector
from transport.config.receive_connector import ReceiveConnector

register = template.Library()
register.simple_tag(of_connector.last_refusals)
register.simple_tag(of_connector.last_sessions)


@register.simple_tag
def gateway_warning(connector: ReceiveConnector) -> str:
    """What to know when every client seems to be one and the same machine, or an empty text."""
    address = gateways.gateways([connector]).get(connector.name)
    return gateways.gateway_words(address) if address else ""
