"""The value of an export → the text that `transport.config.kinds` reads. Strings, numbers and objects all occur."""

from __future__ import annotations

import re

from console.moving_in.objects import CUT_OFF, Value
from transport.config.kinds import Kind, Setting, show_timespan

_BYTES = re.compile(r".*\(\s*(\d[\d.,'’\s]*)\s*\w+\s*\)\s*", re.DOTALL)
_SEPARATORS = re.compile(r"[\s,;|]+")
_TIGHT = re.compile(r"(?<!\s)(?:\s*[-–]\s+|\s+[-–]\s*)")
"""A dash with blanks around it joins the ends of a range."""
_MASK = re.compile(r"(?<=\d)[^\S\n]+(?:\((255\.[\d.]+)\)|(255\.[\d.]+)(?![\d.]))")
"""What follows a blank and begins with 255 is no client: it is the mask of the address before."""
_TICKS = 10_000_000  # a second
_FLAGS: dict[str, dict[int, str]] = {
    "AuthMechanism": {1: "Tls", 2: "Integrated", 4: "BasicAuth", 8: "BasicAuthRequireTLS", 16: "ExchangeServer"},
    "ErrorPolicies": {},
    "PermissionGroups": {1: "AnonymousUsers", 2: "ExchangeUsers", 4: "ExchangeServers", 8: "ExchangeLegacyServers"},
}
_CHOICES: dict[str, dict[int, str]] = {
    "MessageRateSource": {1: "IPAddress", 2: "User"},
    "SizeEnabled": {1: "Enabled", 2: "EnabledWithoutValue"},
    "ProtocolLoggingLevel": {0: "None", 1: "Verbose"},
    "TransportRole": {32: "HubTransport", 16384: "FrontendTransport"},
    "DomainType": {0: "Authoritative", 2: "InternalRelay"},
    "ExtendedProtectionPolicy": {0: "None"},
    "SmartHostAuthMechanism": {0: "None"},
    "ConnectorType": {0: "Default"},
}
"""Numbers in place of names, as ConvertTo-Json writes them: those that real exports show (Exchange reference, 12.1)."""
_TEXT_OF = (
    "Expression", "IPAddressToString", "DomainName", "Domain", "SmtpDomain", "Address", "DistinguishedName", "Name",
)  # fmt: skip


class Unreadable(ValueError):
    """The value means nothing here; the text says why."""


def text_of(setting: Setting, value: Value) -> str:
    """Raises Unreadable for what was cut off, or is a number whose meaning no source tells."""
    if isinstance(value, list):
        separator = "," if setting.kind is Kind.FLAG_SET else "\n"
        return separator.join(text_of(setting, each) for each in value)
    if isinstance(value, dict):
        return _of_object(setting, value)
    if isinstance(value, bool) or value is None:
        return str(value) if value is not None else ""
    if isinstance(value, int | float):
        return _of_number(setting, int(value)) if value == value and abs(value) < 1e15 else str(value)
    return _of_text(setting, value)


def written(value: Value) -> str:
    """A value as the report shows it."""
    if isinstance(value, list):
        return "{" + ", ".join(written(each) for each in value) + "}"
    if isinstance(value, dict):
        if CUT_OFF in value:
            return written(value[CUT_OFF]).removesuffix("}") + "…}"
        return "; ".join(f"{name}={written(each)}" for name, each in value.items())
    return "" if value is None else str(value)


def is_empty(value: Value) -> bool:
    """Whether a property says nothing: no text, no, no members, None by name."""
    return value in (None, "", False, [], {}, 0, "None", "False", "{}", "00000000-0000-0000-0000-000000000000")


def _of_text(setting: Setting, text: str) -> str:
    if setting.kind is Kind.SIZE:
        match = _BYTES.fullmatch(text)
        return re.sub(r"\D", "", match[1]) if match else text
    if setting.kind is Kind.TIMESPAN:
        return text.partition(".")[0] + text[text.index(".") :].partition(".")[0] if _fraction(text) else text
    if setting.kind is Kind.RANGES:
        text = _MASK.sub(lambda mask: f"({mask[1] or mask[2]})", text)
    if setting.kind in (Kind.RANGES, Kind.BINDINGS, Kind.SMART_HOSTS):
        return "\n".join(part for part in _SEPARATORS.split(_TIGHT.sub("-", text)) if part)
    return "\n".join(map(str.strip, re.split(r"[|,\n]", text))) if setting.kind is Kind.ADDRESS_SPACES else text


def _fraction(text: str) -> bool:
    """`00:10:00.1234567`: a fraction of a second, not days."""
    return text.rfind(".") > text.rfind(":") > 0


def _of_number(setting: Setting, number: int) -> str:
    flags, choices = _FLAGS.get(setting.name), _CHOICES.get(setting.name)
    if flags is not None:
        if number & ~sum(flags):
            raise Unreadable(f"The number {number} has a flag whose name is not documented. Export with Export-Clixml.")
        return ",".join(name for bit, name in flags.items() if number & bit) or "None"
    if choices is not None and number in choices:
        return choices[number]
    if setting.kind is Kind.CHOICE:
        raise Unreadable(f"What the number {number} stands for is not documented. Export with Export-Clixml.")
    return str(number)


def _of_object(setting: Setting, value: dict[str, Value]) -> str:
    if CUT_OFF in value:
        raise Unreadable("The export cut this list off or lost it. Export with Export-Clixml.")
    if value.get("IsUnlimited") is True:
        return "Unlimited"
    for wrapper in ("Value", "value"):
        if wrapper in value:
            return text_of(setting, value[wrapper])
    if setting.kind is Kind.TIMESPAN and isinstance(ticks := value.get("Ticks"), int):
        return show_timespan(abs(ticks) // _TICKS)
    if "Port" in value and "Address" in value and setting.kind is Kind.BINDINGS:
        address = text_of(setting, value["Address"])
        return f"[{address}]:{value['Port']}" if ":" in address else f"{address}:{value['Port']}"
    if "Cost" in value and "Address" in value:
        return f"{text_of(setting, value['Address'])};{value['Cost']}"
    if "CertificateIssuer" in value and "CertificateSubject" in value:
        return f"<I>{value['CertificateIssuer']}<S>{value['CertificateSubject']}"
    return _one_of(setting, value)


def _one_of(setting: Setting, value: dict[str, Value]) -> str:
    if value.get("IsIPAddress") is True and value.get("Address"):
        return f"[{text_of(setting, value['Address'])}]"
    if value.get("LowerBound") and value.get("UpperBound") and not value.get("Expression"):
        return f"{text_of(setting, value['LowerBound'])}-{text_of(setting, value['UpperBound'])}"
    for name in _TEXT_OF:
        if value.get(name):
            return text_of(setting, value[name])
    if not value:
        return ""
    raise Unreadable("This object has none of the parts that are known. Export with Export-Clixml.")
