"""ExternalDNSAdapterEnabled: in Exchange a switch beside the list of servers; here it says whether that is empty."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from console.management_shell.language.cmdlet import Call, Parameter
from console.management_shell.language.errors import ShellError
from console.management_shell.language.values import read_flag
from console.protection import actions, queries
from console.publishing.rows import struct_of
from transport.config.connection_filter import ConnectionFilter

NAME, LIST = "ExternalDNSAdapterEnabled", "ExternalDNSServers"


class ExternalDnsAdapter:
    """A part of `Page`, behind the one that has the list."""

    fields: Mapping[str, str] = {}

    def values(self) -> dict[str, object]:
        """Whether the name servers of this machine are asked."""
        return {NAME: not struct_of(queries.filter_settings(ConnectionFilter), ConnectionFilter).dns_servers}

    def parameters(self) -> tuple[Parameter, ...]:
        help_text = "$true: the name servers of the machine are asked, and the list of others is emptied."
        return (Parameter(NAME, read_flag, help=help_text),)

    def changed(self, call: Call) -> bool:
        """Empties the list where that is wanted; False when it is so already."""
        wanted = call.get(NAME)
        if wanted is None:
            return False
        if wanted and call.get(LIST):
            raise ShellError(f"-{LIST} counts only with -{NAME} $false.", NAME)
        row = queries.filter_settings(ConnectionFilter)
        now = struct_of(row, ConnectionFilter)
        if not wanted and not now.dns_servers:
            raise ShellError(f"Say which servers are asked instead: -{LIST}.", NAME)
        if wanted and now.dns_servers:
            actions.set_filter(call.host.actor, replace(now, dns_servers=()), row.version)
        return bool(wanted and now.dns_servers)
