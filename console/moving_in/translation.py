"""Objects of Exchange → structs of `transport.config`, with a report of every property."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from console.moving_in import permissions, reasons, secure_domains, send_connectors, sizes, values
from console.moving_in.objects import Item, Source, Value
from console.moving_in.report import Known, Line, Translated, Verdict
from transport.config import kinds
from transport.config.accepted_domain import AcceptedDomain
from transport.config.connection_filter import IPList, IPListEntry
from transport.config.kinds import Kind, Setting
from transport.config.receive_connector import AuthMechanism, ReceiveConnector
from transport.config.send_connector import SendConnector
from transport.config.setting import defaults, settings
from transport.config.transport_config import TransportConfig

NEVER = "9999"
"""The year of an expiry that Exchange shows for entries that stay."""
HERE = ("0.0.0.0:", "[::]:", "127.", "[::1]:")
"""How bindings begin that every machine has."""
SAID = 5
"""So many entries that cannot be read are told one by one."""
_NOTHING = object()
Special = Callable[[Setting, Value, Known], tuple[Value, str]]
"""Makes of an exported value one that can be read here, and says why it is another one."""


def translate(items: Iterable[Item], known: Known) -> list[Translated]:
    """Every object in the order of the files; permissions and the transport configuration act on the connectors."""
    every = list(items)
    named = dict(known.domains)
    for item in every:
        if item.source is Source.ACCEPTED_DOMAIN:
            named[_text(item.get("Name")).lower()] = values.written(item.get("DomainName")).lower()
    known = dataclasses.replace(known, domains=named)
    found = [_translate(item, known) for item in every if item.source in _STRUCTS]
    connectors = [each for each in found if each.source is Source.RECEIVE_CONNECTOR]
    for each in found:
        if each.source is Source.TRANSPORT_CONFIG:
            secure_domains.hand_on(each, connectors)
    return [*found, *permissions.translate(every, connectors, known)]


def _translate(item: Item, known: Known) -> Translated:
    struct, special = _STRUCTS[item.source]
    server, _, name = _text(item.get("Identity")).rpartition("\\")
    found = Translated(item.source, _text(item.get("Name")) or name or _text(item.get("Id")), server=server)
    table = {setting.name.lower(): each for each, setting in settings(struct).items()}
    given = found.given
    for property_name, value in item.properties.items():
        field_name = table.get(property_name.lower())
        if field_name is not None:
            setting = settings(struct)[field_name]
            line, becomes = _translated(setting, value, special.get(field_name), known, defaults(struct)[field_name])
            found.lines.append(line)
            if becomes is not _NOTHING:
                given[field_name] = becomes
        else:
            _unknown(found, property_name, value)
    _finish(found, struct)
    return found


def _translated(
    setting: Setting, value: Value, special: Special | None, known: Known, default: Any
) -> tuple[Line, Any]:
    shown = values.written(value)
    try:
        value, reason = _meant(setting, value, special, known, default)
        becomes, clamped = _parsed(setting, values.text_of(setting, value))
    except ValueError as error:
        text = f"{error} It stays at its default."
        kept = "" if default is msgspec.NODEFAULT else kinds.show(setting, default)
        return Line(setting.name, shown, kept, Verdict.APPROXIMATED, text), _NOTHING
    now = kinds.show(setting, becomes)
    if setting.not_enforced and becomes != default:
        return Line(setting.name, shown, now, Verdict.NOT_ENFORCED, setting.not_enforced), becomes
    reason = " ".join(part for part in (reason, clamped) if part)
    return Line(setting.name, shown, now, Verdict.APPROXIMATED if reason else Verdict.APPLIED, reason), becomes


def _meant(setting: Setting, value: Value, special: Special | None, known: Known, default: Any) -> tuple[Value, str]:
    """The value that is meant, and why it is another one than is written."""
    if special:
        return special(setting, value, known)
    return sizes.read(value, default) if setting.kind is Kind.SIZE and sizes.is_bare(value) else (value, "")


def _parsed(setting: Setting, text: str) -> tuple[Any, str]:
    """The value and, where it lay outside our bounds or could not be read in part, what was done about it."""
    if setting.kind.value.is_list:
        return _entries(setting, text)
    if setting.kind not in (Kind.COUNT, Kind.SIZE, Kind.TIMESPAN):
        return kinds.parse(setting, text), ""
    found = kinds.parse(dataclasses.replace(setting, minimum=None, maximum=None), text)
    if found is None:
        return found, ""
    low = found if setting.minimum is None else max(found, setting.minimum)
    nearest = low if setting.maximum is None else min(low, setting.maximum)
    try:
        kinds.check(setting, found)
    except ValueError as error:
        return nearest, f"{error} The nearest is taken."
    return found, ""


def _entries(setting: Setting, text: str) -> tuple[Any, str]:
    """The entries that can be read, and which ones cannot; if none can, the first one's error."""
    read: dict[Any, None] = {}
    errors: list[str] = []
    for entry in filter(str.strip, text.splitlines()):
        try:
            read |= dict.fromkeys(kinds.parse(setting, entry))
        except ValueError as error:
            errors.append(str(error))
    if errors and not read:
        raise ValueError(errors[0])
    kinds.check(setting, tuple(read))
    left_out = f" {len(errors) - SAID:,} more cannot be read either." if len(errors) > SAID else ""
    return tuple(read), " ".join(f"Left out: {error}" for error in errors[:SAID]) + left_out


def _unknown(found: Translated, name: str, value: Value) -> None:
    if name.lower() in reasons.BOOKKEEPING:
        found.bookkeeping += 1
    elif not reasons.says_nothing(name, value):
        reason = reasons.of(found.source, name)
        found.lines.append(Line(name, values.written(value), "", Verdict.NOT_ENFORCED, reason))


def _finish(found: Translated, struct: type) -> None:
    fields, given = defaults(struct), found.given
    if "name" in fields:
        given.setdefault("name", found.name)
    if struct is IPListEntry:
        given["ip_list"] = IPList.Block if found.source is Source.BLOCK_LIST_ENTRY else IPList.Allow
    missing = [name for name, default in fields.items() if default is msgspec.NODEFAULT and not given.get(name)]
    table = settings(struct)
    found.defaults = sum(not each.read_only for name, each in table.items() if name not in given and name != "grants")
    if missing:
        found.problem = f"{', '.join(table[name].name for name in missing)} is missing or cannot be read."
        return
    found.struct = struct(**given) if given else None
    found.name = "Transport configuration" if struct is TransportConfig else found.struct.name
    if isinstance(found.struct, SendConnector):
        send_connectors.wait_for_credential(found, found.struct)
    if isinstance(found.struct, ReceiveConnector):
        found.better_left = reasons.plumbing(found.struct, found.server)


def _text(value: Value) -> str:
    return value.strip() if isinstance(value, str) else ""


def _permission_groups(setting: Setting, value: Value, _: Known) -> tuple[Value, str]:
    names = _names(setting, value)
    if "custom" not in [name.lower() for name in names]:
        return value, ""
    kept = [name for name in names if name.lower() != "custom"]
    return ",".join(kept) or "None", (
        "Custom stands for rights given by hand, which are not in this export: hand in Get-ADPermission as well."
    )


def _auth_mechanism(setting: Setting, value: Value, _: Known) -> tuple[Value, str]:
    offered = AuthMechanism.ExchangeServer.value.lower() in [name.lower() for name in _names(setting, value)]
    return value, (
        "Exchange Server authentication is kept, not offered: it works inside one Active Directory only."
        if offered
        else ""
    )


def _names(setting: Setting, value: Value) -> list[str]:
    text = values.text_of(setting, value)
    return [name.strip() for name in text.split(",") if name.strip()]


def _certificate(setting: Setting, value: Value, known: Known) -> tuple[Value, str]:
    named = values.text_of(setting, value)
    if not named or named in known.certificates:
        return named, ""
    return named, "No such certificate is here: until it is imported, the best match for the FQDN is shown."


def _default_domain(setting: Setting, value: Value, known: Known) -> tuple[Value, str]:
    named = values.text_of(setting, value).rpartition("\\")[2]
    domain = known.domains.get(named.lower(), named)
    return domain, "" if domain == named else f"The accepted domain “{named}”, by its address."


def _joined(setting: Setting, value: Value, _: Known) -> tuple[Value, str]:
    return ("; ".join(values.text_of(setting, each) for each in value), "") if isinstance(value, list) else (value, "")


def _bindings(setting: Setting, value: Value, _: Known) -> tuple[Value, str]:
    texts = values.text_of(setting, value)
    own = [text for text in texts.splitlines() if not text.strip().startswith(HERE)]
    return texts, f"{own[0].rpartition(':')[0]} must be an address of this machine." if own else ""


def _expiry(setting: Setting, value: Value, _: Known) -> tuple[Value, str]:
    text = values.text_of(setting, value).split(".")[0].removesuffix("Z")
    return ("", "") if NEVER in text else (text.replace("T", " "), "")


def _domain_name(setting: Setting, value: Value, _: Known) -> tuple[Value, str]:
    text = values.text_of(setting, value)
    return text, "" if text.isascii() else "Written in ASCII, as it travels in SMTP."


_STRUCTS: dict[Source, tuple[type, dict[str, Special]]] = {
    Source.RECEIVE_CONNECTOR: (
        ReceiveConnector,
        {
            "permission_groups": _permission_groups,
            "auth_mechanism": _auth_mechanism,
            "tls_certificate_name": _certificate,
            "default_domain": _default_domain,
            "tls_domain_capabilities": _joined,
            "bindings": _bindings,
        },
    ),
    Source.SEND_CONNECTOR: (SendConnector, {"tls_certificate_name": _certificate, **send_connectors.SPECIAL}),
    Source.ACCEPTED_DOMAIN: (AcceptedDomain, {"domain_name": _domain_name}),
    Source.TRANSPORT_CONFIG: (TransportConfig, {}),
    Source.BLOCK_LIST_ENTRY: (IPListEntry, {"expiration_time": _expiry}),
    Source.ALLOW_LIST_ENTRY: (IPListEntry, {"expiration_time": _expiry}),
}
