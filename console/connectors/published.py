"""What a revision holds of connectors."""

from console.connectors import models
from console.publishing.published import Published
from transport.config.receive_connector import ReceiveConnector
from transport.config.send_connector import SendConnector

RECEIVE = Published("Receive connector", ReceiveConnector, models.ReceiveConnector, "receive_connectors")
SEND = Published("Send connector", SendConnector, models.SendConnector, "send_connectors")
