"""Rows → snapshot: one query for each table, whatever the number of rows. Objects stand in the order of their names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import msgspec
from django.conf import settings
from django.db.models import Model

from console.certificates.models import Certificate as CertificateRow
from console.connectors.models import ReceiveConnector as ReceiveConnectorRow
from console.connectors.models import SendConnector as SendConnectorRow
from console.domains.models import AcceptedDomain as AcceptedDomainRow
from console.kerberos.models import Keytab as KeytabRow
from console.protection import models as protection
from console.publishing.rows import struct_of
from console.transport_settings.models import TransportConfig as TransportConfigRow
from console.transport_settings.models import TransportLimits as TransportLimitsRow
from transport.config.accepted_domain import AcceptedDomain
from transport.config.certificate import Certificate
from transport.config.connection_filter import ConnectionFilter, IPListEntry, IPListProvider
from transport.config.filters import RecipientFilter, SenderFilter
from transport.config.keytab import Key, Keytab
from transport.config.receive_connector import ReceiveConnector
from transport.config.send_connector import SendConnector
from transport.config.snapshot import Snapshot
from transport.config.transport_config import TransportConfig
from transport.config.transport_limits import TransportLimits

Struct = TypeVar("Struct", bound=msgspec.Struct)


def compile_snapshot(revision: int) -> Snapshot:
    """What the rows say now, as that revision."""
    return Snapshot(
        revision=revision,
        server=settings.GATEPOST_NODE,
        receive_connectors=_structs(ReceiveConnectorRow.objects.order_by(), ReceiveConnector),
        send_connectors=_structs(SendConnectorRow.objects.order_by(), SendConnector),
        accepted_domains=_structs(AcceptedDomainRow.objects.order_by(), AcceptedDomain),
        recipient_filter=_single(protection.RecipientFilter, RecipientFilter),
        sender_filter=_single(protection.SenderFilter, SenderFilter),
        connection_filter=_single(protection.ConnectionFilter, ConnectionFilter),
        ip_list_entries=_structs(protection.IPListEntry.objects.order_by(), IPListEntry),
        ip_list_providers=_structs(protection.IPListProvider.objects.order_by(), IPListProvider),
        transport_limits=_single(TransportLimitsRow, TransportLimits),
        transport_config=_single(TransportConfigRow, TransportConfig),
        certificates=_by_name(certificate(row) for row in CertificateRow.objects.order_by()),
        keytabs=_by_name(keytab(row) for row in KeytabRow.objects.order_by()),
    )


def certificate(row: CertificateRow) -> Certificate:
    """A certificate as a revision carries it; it has no settings table, since nobody edits one."""
    return Certificate(name=row.name, names=tuple(row.names), chain=row.chain, encrypted_key=row.encrypted_key)


def keytab(row: KeytabRow) -> Keytab:
    """A keytab as a revision carries it."""
    return Keytab(name=row.name, keys=tuple(Key(*each) for each in row.keys), encrypted=row.encrypted)


def _structs(rows: Iterable[Model], struct: type[Struct]) -> tuple[Struct, ...]:
    return _by_name(struct_of(row, struct) for row in rows)


def _single(model: type[Model], struct: type[Struct]) -> Struct:
    row = model._default_manager.first()
    return struct_of(row, struct) if row else struct()


def _by_name(structs: Iterable[Struct]) -> tuple[Struct, ...]:
    return tuple(sorted(structs, key=lambda struct: getattr(struct, "name", "").lower()))
