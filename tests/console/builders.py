"""Valid objects, so that a test shows only what matters."""

from __future__ import annotations

from typing import Any

from console.actors import Actor, Role
from console.publishing.fields import written
from transport.config.accepted_domain import AcceptedDomain
from transport.config.address_space import AddressSpace
from transport.config.endpoint import parse_binding, parse_range
from transport.config.permissions import ANONYMOUS, Grant, PermissionGroup, Right
from transport.config.receive_connector import ReceiveConnector
from transport.config.send_connector import SendConnector
from transport.config.setting import defaults, settings

ADMIN = Actor("admin", frozenset({Role.ORGANIZATION_MANAGEMENT}))
HYGIENE = Actor("hygiene", frozenset({Role.HYGIENE_MANAGEMENT}))
READER = Actor("reader", frozenset({Role.VIEW_ONLY}))
RELAY = Grant(ANONYMOUS, Right.ACCEPT_ANY_RECIPIENT.value)


def receive_connector(name: str = "Office", **changes: Any) -> ReceiveConnector:
    """Anonymous users in 10.0.0.0/8 on 10.2.3.4:25; `ranges` and `bindings` may be texts."""
    ranges, bindings = changes.pop("ranges", ["10.0.0.0/8"]), changes.pop("bindings", ["10.2.3.4:25"])
    values: dict[str, Any] = {
        "remote_ip_ranges": tuple(map(parse_range, ranges)),
        "bindings": tuple(map(parse_binding, bindings)),
        "permission_groups": frozenset({PermissionGroup.AnonymousUsers}),
    }
    return ReceiveConnector(name=name, **(values | changes))


def send_connector(name: str = "Internet", **changes: Any) -> SendConnector:
    return SendConnector(name=name, **({"address_spaces": (AddressSpace("*"),)} | changes))


def accepted_domain(domain_name: str = "contoso.com", **changes: Any) -> AcceptedDomain:
    return AcceptedDomain(**({"name": domain_name, "domain_name": domain_name} | changes))


def numbers(struct: type) -> dict[str, str]:
    """What stands in the fields of numbers and choices of a new form: a browser sends it all."""
    table = settings(struct)
    usual = {name: value for name, value in defaults(struct).items() if name in table}
    shown = {name: value for name, value in usual.items() if type(value) is int or value is None or table[name].choices}
    return {
        name: getattr(value, "value", None) or written(table[name], value)
        for name, value in shown.items()
        if not isinstance(value, frozenset)
    }
