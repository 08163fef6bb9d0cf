"""TLSReceiveDomainSecureList: the organization's in Exchange, each connector's here."""

from __future__ import annotations

from dataclasses import replace as changed

from msgspec.structs import replace

from console.moving_in.report import Line, Translated, Verdict
from transport.config import kinds
from transport.config.receive_connector import ReceiveConnector
from transport.config.setting import settings

PROPERTY = "tlsreceivedomainsecurelist"


def hand_on(configuration: Translated, connectors: list[Translated]) -> None:
    """Gives the list to the connectors with Domain Security, and says so in the report."""
    configuration.lines = [
        _handed_on(line, connectors) if line.name.lower() == PROPERTY else line for line in configuration.lines
    ]


def _handed_on(line: Line, connectors: list[Translated]) -> Line:
    setting = settings(ReceiveConnector)["tls_receive_domain_secure_list"]
    try:
        domains = kinds.parse(setting, line.exported.strip("{}"))
    except ValueError as error:
        return changed(line, reason=str(error))
    here = [each for each in connectors if isinstance(each.struct, ReceiveConnector)]
    secure = [each for each in here if each.struct.domain_secure_enabled]
    if not secure:
        why = "The list belongs to the connector here, and none with Domain Security is in the files handed in."
        return changed(line, reason=why)
    for each in secure:
        each.struct = replace(each.struct, tls_receive_domain_secure_list=domains)
    why = f"The list belongs to the connector here: {', '.join(each.name for each in secure)}."
    return changed(line, becomes=kinds.show(setting, domains), verdict=Verdict.APPROXIMATED, reason=why)
