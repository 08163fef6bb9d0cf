"""Every cmdlet that can be run: name → declaration."""

from __future__ import annotations

from console.management_shell.cmdlets import (
    accepted_domains,
    certificate_files,
    certificates,
    configuration,
    connectivity,
    filters,
    ip_list_providers,
    ip_lists,
    message_tracking,
    messages,
    permissions,
    protocol_log,
    queues,
    receive_connectors,
    recipients,
    send_connectors,
    servers,
    transport_service,
)
from console.management_shell.language.cmdlet import Cmdlet

FAMILIES = (
    receive_connectors,
    permissions,
    send_connectors,
    accepted_domains,
    filters,
    ip_lists,
    ip_list_providers,
    certificates,
    certificate_files,
    transport_service,
    servers,
    queues,
    messages,
    recipients,
    protocol_log,
    message_tracking,
    connectivity,
    configuration,
)
TABLE: dict[str, Cmdlet] = {name: cmdlet for family in FAMILIES for name, cmdlet in family.TABLE.items()}
