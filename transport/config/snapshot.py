"""Everything that one revision says."""

from __future__ import annotations

import msgspec

from transport.config.accepted_domain import AcceptedDomain
from transport.config.certificate import Certificate
from transport.config.connection_filter import ConnectionFilter, IPListEntry, IPListProvider
from transport.config.filters import RecipientFilter, SenderFilter
from transport.config.keytab import Keytab
from transport.config.named_sender import NamedSender
from transport.config.receive_connector import ReceiveConnector
from transport.config.send_connector import SendConnector
from transport.config.system_message import SystemMessage
from transport.config.transport_config import TransportConfig
from transport.config.transport_limits import TransportLimits

FORMAT = 2
"""Of the documents that are written now; `document` reads the former ones."""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="format", tag=FORMAT):
    """The whole configuration."""

    revision: int = 0
    receive_connectors: tuple[ReceiveConnector, ...] = ()
    send_connectors: tuple[SendConnector, ...] = ()
    accepted_domains: tuple[AcceptedDomain, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    keytabs: tuple[Keytab, ...] = ()
    ip_list_entries: tuple[IPListEntry, ...] = ()
    ip_list_providers: tuple[IPListProvider, ...] = ()
    recipient_filter: RecipientFilter = RecipientFilter()
    sender_filter: SenderFilter = SenderFilter()
    connection_filter: ConnectionFilter = ConnectionFilter()
    transport_limits: TransportLimits = TransportLimits()
    transport_config: TransportConfig = TransportConfig()
    system_messages: tuple[SystemMessage, ...] = ()
    named_senders: tuple[NamedSender, ...] = ()
