"""Values with defaults that work, so that a test says only what matters to it."""

from __future__ import annotations

from typing import Any

from transport.config.accepted_domain import AcceptedDomain
from transport.config.endpoint import everyone, parse_binding, parse_range
from transport.config.permissions import PermissionGroup
from transport.config.receive_connector import ReceiveConnector
from transport.config.snapshot import Snapshot
from transport.receive import verbs
from transport.receive.admission import Load, admitted, connect
from transport.receive.policy import Policy
from transport.receive.session import Session

LOCAL = ("127.0.0.1", 25)
REMOTE = ("192.0.2.7", 49152)
QUICK: dict[str, Any] = {
    "tarpit_interval": 0,
    "max_inbound_connection": None,
    "max_inbound_connection_per_source": None,
    "max_inbound_connection_percentage_per_source": 100,
}


def connector(
    name: str = "Default", *, ranges: str = "", bindings: str = "0.0.0.0:25", **values: Any
) -> ReceiveConnector:
    """A connector without limits on connections and without tarpit, unless a test sets them."""
    values = QUICK | values
    values.setdefault("permission_groups", frozenset({PermissionGroup.AnonymousUsers}))
    return ReceiveConnector(
        name=name,
        bindings=tuple(parse_binding(text) for text in bindings.split()),
        remote_ip_ranges=tuple(parse_range(text) for text in ranges.split()) or everyone(),
        **values,
    )


def domain(name: str = "contoso.com", **values: Any) -> AcceptedDomain:
    return AcceptedDomain(name=name, domain_name=name, **values)


def policy(*connectors: ReceiveConnector, domains: tuple[AcceptedDomain, ...] = (), **values: Any) -> Policy:
    return Policy(
        Snapshot(
            receive_connectors=connectors or (connector(),),
            accepted_domains=domains or (domain(default=True),),
            **values,
        ),
        "gateway.test",
    )


def connected(prepared: Policy | None = None, remote: str = REMOTE[0]) -> Session:
    session = connect(prepared or policy(), LOCAL, (remote, 49152), True).session
    return admitted(session, Load(0, 0), 0.0).session


def said(session: Session, *lines: str) -> Session:
    for line in lines:
        session = verbs.respond(session, line.encode(), 0.0).session
    return session
