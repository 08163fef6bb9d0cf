"""TLSReceiveDomainSecureList: one list of the organization in Exchange, one of each connector here."""

from __future__ import annotations

from typing import Any

from console.connectors import actions, models, queries
from console.management_shell.cmdlets import settings
from console.management_shell.language.cmdlet import Call, Parameter
from console.management_shell.language.errors import ShellError
from transport.config.receive_connector import ReceiveConnector
from transport.config.setting import settings as table_of

FIELD, NAME = "tls_receive_domain_secure_list", "TLSReceiveDomainSecureList"


class SecureDomains:
    """A part of `Page`: shows the lists of all connectors with Domain Security as one, and sets all of them alike."""

    fields = {FIELD: NAME}

    def values(self) -> dict[str, object]:
        """The domains of all of them, by name."""
        found = {domain for _, connector in _secure() for domain in connector.tls_receive_domain_secure_list}
        return {NAME: sorted(found)}

    def parameters(self) -> tuple[Parameter, ...]:
        return (settings.parameter(table_of(ReceiveConnector)[FIELD], NAME),)

    def changed(self, call: Call) -> bool:
        """Gives the list to each of them; False when nothing was given, or each has it already."""
        if NAME not in call.arguments:
            return False
        secure = _secure()
        if not secure:
            raise ShellError(
                "Here the list belongs to a connector, and none has Domain Security. First: Set-ReceiveConnector … "
                "-DomainSecureEnabled $true.",
                NAME,
            )
        changes = settings.changes(call, ReceiveConnector, self.fields, self.fields)
        after = [actions.update(call.host.actor, ReceiveConnector, row.pk, changes) for row, _ in secure]
        return any(now.version != row.version for now, (row, _) in zip(after, secure, strict=True))


def _secure() -> list[tuple[Any, ReceiveConnector]]:
    rows = models.ReceiveConnector.objects.filter(domain_secure_enabled=True)
    return [(row, queries.receive(row)) for row in rows]
