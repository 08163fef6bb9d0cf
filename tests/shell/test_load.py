"""Limits over all nodes while nothing is heard of the others: each keeps to its part, and none is shut."""

from __future__ import annotations

import pytest

from tests.receive.builders import connector
from transport.config.receive_connector import LimitScope
from transport.shell.clients.load import ConnectorLoad


@pytest.mark.parametrize(("limit", "nodes", "part"), [(20, 1, 20), (20, 2, 10), (5, 2, 2), (20, 3, 6), (1, 2, 1)])
def test_a_limit_is_divided(limit: int, nodes: int, part: int) -> None:
    load, inbound = ConnectorLoad(), connector(limit_scope=LimitScope.AllNodes)
    load.parts = nodes
    admitted = 0
    while load.of(inbound, "192.0.2.1").connections < limit:
        load.opened(inbound.name, "192.0.2.1")
        admitted += 1
    assert admitted == part
    sent = 0
    while load.message(inbound, "192.0.2.1", 0.0) <= limit:
        sent += 1
    assert sent == part


def test_a_limit_of_one_node_is_never_divided() -> None:
    load, inbound = ConnectorLoad(), connector(limit_scope=LimitScope.Node)
    load.parts = 3
    load.opened(inbound.name, "192.0.2.1")
    assert load.of(inbound, "192.0.2.1").connections == 1
