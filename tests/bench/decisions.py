"""What a decision costs with one connector, with a thousand that have ten thousand ranges, with a long block list."""

from __future__ import annotations

from statistics import median
from time import perf_counter

from tests.receive.builders import connector, domain, policy
from transport.config.connection_filter import IPListEntry
from transport.receive.conversation import Conversation, World
from transport.receive.policy import Policy

MESSAGES = 5000
WORLD = World()


def main() -> None:
    few = policy(connector(), domains=(domain(default=True),))
    many = [
        connector(
            f"Connector {number}",
            ranges=" ".join(f"10.{number // 250}.{number % 250}.{10 * place}/31" for place in range(10)),
        )
        for number in range(1000)
    ]
    prepared = policy(connector(), *many, domains=(domain(default=True),))
    entries = tuple(IPListEntry(ip_range=f"11.{number // 250}.{number % 250}.0/24") for number in range(10_000))
    listing = policy(connector(), domains=(domain(default=True),), ip_list_entries=entries)
    print(f"{'a message decided, microseconds':44}{_microseconds(few, '10.3.77.20'):>12.1f}")
    print(f"{'the same with 1,000 connectors, 10,000 ranges':44}{'':24}{_ratio(prepared, few):>8.2f}")
    print(f"{'the same with 10,000 entries on the block list':46}{'':22}{_ratio(listing, few):>8.2f}")


def _ratio(prepared: Policy, few: Policy) -> float:
    return median(_microseconds(prepared, "10.3.77.20") / _microseconds(few, "10.3.77.20") for _ in range(5))


def _microseconds(prepared: Policy, client: str) -> float:
    began = perf_counter()
    for _ in range(MESSAGES):
        conversation = Conversation(prepared, ("127.0.0.1", 25), (client, 49152), WORLD)
        conversation.line(b"EHLO client.example")
        conversation.line(b"MAIL FROM:<a@example.org>")
        conversation.line(b"RCPT TO:<user@contoso.com>")
    return (perf_counter() - began) / MESSAGES * 1e6
