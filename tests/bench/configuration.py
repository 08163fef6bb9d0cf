"""A large configuration, saved as an administrator's import would: 300 connectors, 10,000 ranges, 300 domains.

Run by `tests.bench.console`, in a process of its own, for it needs Django.
"""

from __future__ import annotations

from console.connectors import actions as connectors
from console.domains import actions as domains
from console.publishing.actions import change
from tests.console.builders import ADMIN, accepted_domain, receive_connector
from transport.config.receive_connector import ReceiveConnector

CONNECTORS, RANGES, DOMAINS = 300, 10_000, 300
OF_EACH = 10


def make() -> None:
    """One revision; half of the ranges are single addresses, nearly all of them of one connector."""
    with change(ADMIN, "Import"):
        for number in range(DOMAINS):
            domains.create(ADMIN, accepted_domain(f"branch{number}.example"))
        connectors.create_all(ADMIN, [_branch(number) for number in range(1, CONNECTORS)] + [_printers()])


def _branch(number: int) -> ReceiveConnector:
    first, second = divmod(number, 200)
    ranges = [f"10.{100 + first}.{second}.{16 * place}/28" for place in range(OF_EACH)]
    return receive_connector(f"Branch {number}", ranges=ranges, bindings=["0.0.0.0:2526"])


def _printers() -> ReceiveConnector:
    left = RANGES - OF_EACH * (CONNECTORS - 1)
    ranges = [f"10.200.{place // 128}.{place % 128 * 2}" for place in range(left)]
    return receive_connector("Printers", ranges=ranges, bindings=["0.0.0.0:2526"])
