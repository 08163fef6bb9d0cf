"""What a revision holds of connectors."""

from django.utils.translation import gettext_lazy as _

from console.connectors import models
from console.publishing.published import Page, Published
from transport.config.receive_connector import ReceiveConnector
from transport.config.send_connector import SendConnector

# A row of the table is a paragraph, whatever its length.
# fmt: off

RECEIVE = Published(
    "Receive connector", ReceiveConnector, models.ReceiveConnector, "receive_connectors",
    (Page(_("Receive connectors"), "connectors:receive-list"),),
    search=("name", "comment", "fqdn", "bindings", "remote_ip_ranges"), note="bindings",
    ranges="remote_ip_ranges",
)
SEND = Published(
    "Send connector", SendConnector, models.SendConnector, "send_connectors",
    (Page(_("Send connectors"), "connectors:send-list"),),
    search=("name", "comment", "smart_hosts", "address_spaces"), note="address_spaces",
)
