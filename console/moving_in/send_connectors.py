"""What of an exported Send connector means something else here."""

from __future__ import annotations

from typing import Any

import msgspec

from console.moving_in import values
from console.moving_in.objects import Value
from console.moving_in.report import Known, Line, Translated, Verdict
from transport.config.kinds import Setting
from transport.config.send_connector import SIGNS_IN, SendConnector, SmartHostAuth
from transport.config.setting import defaults

ANY_ADDRESS = ("0.0.0.0", "::")
"""How Exchange says that the system chooses the source address."""
NO_PASSWORD = (
    "Exchange exports no password: make a credential under Mail flow, Credentials, and choose it on the tab Security."
)
APPROX = Verdict.APPROXIMATED
DISABLED = "It comes disabled, because it has no credential yet: choose one, then enable it."


def _address_spaces(setting: Setting, value: Value, _: Known) -> tuple[Value, str]:
    entries = value if isinstance(value, list) else values.text_of(setting, value).splitlines()
    other = [each for each in entries if not _is_smtp(each)]
    left = f"Left out: {values.written(other)}. Only addresses of SMTP are routed here." if other else ""
    return [each for each in entries if _is_smtp(each)], left


def _is_smtp(entry: Value) -> bool:
    if isinstance(entry, dict):
        return str(entry.get("Type") or "SMTP").upper() == "SMTP"
    kind, colon, _ = str(entry).partition(":")
    return not colon or kind.strip().upper() == "SMTP"


def _port(setting: Setting, value: Value, _: Known) -> tuple[Value, str]:
    if values.text_of(setting, value).strip() != "0":
        return value, ""
    usual = defaults(SendConnector)["port"]
    return str(usual), f"Nobody listens on port 0: {usual} is taken."


def _source_address(setting: Setting, value: Value, _: Known) -> tuple[Value, str]:
    text = values.text_of(setting, value).strip()
    return ("", "") if text in ANY_ADDRESS else (text, "It must be an address of this machine." if text else "")


def _mechanism(setting: Setting, value: Value, _: Known) -> tuple[Value, str]:
    exchange = SmartHostAuth.ExchangeServer
    if values.text_of(setting, value).strip().lower() != exchange.value.lower():
        return value, ""
    return SmartHostAuth.None_.value, f"{exchange.label} cannot be used here: {exchange.not_enforced}"


def _credential(setting: Setting, value: Value, _: Known) -> tuple[Value, str]:
    return "", NO_PASSWORD if not values.is_empty(value) else ""


SPECIAL: dict[str, Any] = {
    "address_spaces": _address_spaces,
    "port": _port,
    "source_ip_address": _source_address,
    "smart_host_auth_mechanism": _mechanism,
    "authentication_credential": _credential,
}


def wait_for_credential(found: Translated, connector: SendConnector) -> None:
    """A connector that signs in comes disabled: its mail waits for the credential that the export cannot bring."""
    if connector.smart_host_auth_mechanism not in SIGNS_IN:
        return
    told = [line for line in found.lines if line.name not in ("AuthenticationCredential", "Enabled")]
    told.append(
        Line("AuthenticationCredential", _exported(found, "AuthenticationCredential"), "{}", APPROX, NO_PASSWORD)
    )
    if connector.enabled:
        told.append(Line("Enabled", _exported(found, "Enabled"), "False", APPROX, DISABLED))
        found.given["enabled"] = False
    else:
        told += [line for line in found.lines if line.name == "Enabled"]
    found.lines, found.struct = told, msgspec.structs.replace(connector, enabled=False)


def _exported(found: Translated, name: str) -> str:
    return next((line.exported for line in found.lines if line.name == name), "")
