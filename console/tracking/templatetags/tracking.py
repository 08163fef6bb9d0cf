"""Tags for what the protocol log tells of a connector: `{% load tracking %}`."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext as _

from console.tracking import of_connector
from transport.config.receive_connector import ReceiveConnector

register = template.Library()
register.simple_tag(of_connector.last_refusals)


@register.simple_tag
def gateway_warning(connector: ReceiveConnector) -> str:
    """What to know when every client seems to be one and the same machine, or an empty text."""
    address = of_connector.one_gateway(connector)
    if not address:
        return ""
    return _(
        "All of the last %(count)d sessions came from %(address)s, a private address. It is likely a gateway (NAT, a "
        "container network, a load balancer) that hides who the clients are: remote ranges and limits per source then "
        "see one client. Let the gateway keep the source address, or listen in front of it."
    ) % {"count": of_connector.RECENT, "address": address}
