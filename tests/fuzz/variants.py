"""Configurations by chance: each setting at its default, at its bounds, and beside them."""

from __future__ import annotations

import random
from typing import Any

import msgspec

from tests.receive.builders import domain
from transport.config.connection_filter import ConnectionFilter, IPList, IPListEntry, IPListProvider
from transport.config.endpoint import everyone, parse_binding
from transport.config.filters import RecipientFilter, SenderFilter
from transport.config.kinds import Kind, Setting
from transport.config.permissions import PRINCIPALS, Grant, PermissionGroup, Right
from transport.config.receive_connector import AuthMechanism, LimitScope, ReceiveConnector
from transport.config.setting import settings
from transport.config.snapshot import Snapshot

GRANTS = [Grant(who, right.value, deny) for who in PRINCIPALS for right in Right for deny in (False, False, True)]
LISTS: dict[str, list[str]] = {
    "blocked_recipients": ["blocked@contoso.com"],
    "blocked_senders": ["pest@victim.example", "f@contoso.com"],
    "blocked_domains": ["pest.example"],
    "blocked_domains_and_subdomains": ["victim.example"],
    "tls_receive_domain_secure_list": ["partner.example", "victim.example"],
    "bypassed_recipients": ["t@contoso.com"],
    "internal_smtp_servers": [],
}
TEXTS = {"banner": "220 Relay", "fqdn": "mail.contoso.com", "default_domain": "contoso.com"}


def candidates(field: str, setting: Setting, default: Any) -> list[Any]:
    """What a setting may be here; a choice of sets and lists is one of many for them."""
    match setting.kind:
        case Kind.FLAG:
            return [False, True]
        case Kind.CHOICE:
            return list(setting.choices or ())
        case Kind.FLAG_SET:
            every = list(setting.choices or ())
            return [frozenset(), frozenset(every), default, *(frozenset({one}) for one in every),
                    *(frozenset(every) - {one} for one in every)]  # fmt: skip
        case Kind.COUNT | Kind.SIZE | Kind.TIMESPAN:
            low = setting.minimum or 0
            return [default, low, low + 1, low + 2, setting.maximum or default, *([None] if setting.unlimited else [])]
        case Kind.GRANTS:
            return [(), (), *(tuple(GRANTS[start::29]) for start in range(29))]
        case Kind.ADDRESSES | Kind.DOMAINS:
            return [default, tuple(LISTS.get(field, ()))]
        case _:
            return [default, TEXTS.get(field, default)]


def choices(struct: type) -> dict[str, list[Any]]:
    """Every setting of an object that has a default, with its candidates."""
    defaults = {field.name: field.default for field in msgspec.structs.fields(struct)}
    return {
        field: candidates(field, setting, defaults[field])
        for field, setting in settings(struct).items()
        if defaults[field] is not msgspec.NODEFAULT
    }


STRUCTS: tuple[type, ...] = (ReceiveConnector, RecipientFilter, SenderFilter, ConnectionFilter)
CHOICES = {each: choices(each) for each in STRUCTS}
OPEN: dict[str, Any] = {
    "permission_groups": frozenset(PermissionGroup), "max_protocol_errors": None, "max_inbound_connection": None,
    "require_tls": False, "max_logon_failures": 0, "limit_scope": LimitScope.Node,
    "auth_mechanism": frozenset({AuthMechanism.Tls, AuthMechanism.BasicAuth, AuthMechanism.Integrated}),
}  # fmt: skip
"""Without these most conversations are over before they have begun."""
FIXED: dict[str, Any] = {"enabled": True, "remote_ip_ranges": everyone(), "bindings": (parse_binding("127.0.0.1:25"),)}


def connector(chance: random.Random, calm: bool = False, **values: Any) -> ReceiveConnector:
    """A connector that answers everybody; half of its settings are off their defaults, when `calm` a few."""
    chosen = {
        field: chance.choice(options)
        for field, options in CHOICES[ReceiveConnector].items()
        if chance.random() < (0.1 if calm else 0.5)
    }
    easy = {field: value for field, value in OPEN.items() if chance.random() < (0.9 if calm else 0.7)}
    return ReceiveConnector(**{"name": "Fuzzed", **chosen, **easy, **FIXED, **values})


def _some(chance: random.Random, struct: type) -> Any:
    return struct(**{field: chance.choice(options) for field, options in CHOICES[struct].items()})


def snapshot(chance: random.Random, *connectors: ReceiveConnector) -> Snapshot:
    """A whole configuration around these connectors."""
    lists = (IPListEntry(ip_list=IPList.Block, ip_range="127.0.0.2"), IPListEntry(ip_list=IPList.Allow, ip_range="::1"))
    provider = IPListProvider(name="List", ip_list=IPList.Block, lookup_domain="list.example")
    return Snapshot(
        receive_connectors=connectors,
        accepted_domains=(domain("contoso.com", default=True), domain("branch.example", match_subdomains=True)),
        recipient_filter=_some(chance, RecipientFilter),
        sender_filter=_some(chance, SenderFilter),
        connection_filter=_some(chance, ConnectionFilter),
        ip_list_entries=lists if chance.random() < 0.3 else (),
        ip_list_providers=(provider,) if chance.random() < 0.3 else (),
    )
