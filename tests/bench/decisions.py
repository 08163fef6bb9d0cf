"""What a decision costs with one connector, and with a thousand that have ten thousand ranges."""

from __future__ import annotations

from statistics import median
from time import perf_counter

from tests.receive.builders import connector, domain, policy
from transport.receive import rcpt, verbs
from transport.receive.admission import Load, admitted
from transport.receive.policy import Policy

MESSAGES = 5000


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
    ratios = []
    for _ in range(5):
        ratios.append(_microseconds(prepared, "10.3.77.20") / _microseconds(few, "10.3.77.20"))
    print(f"{'a message decided, microseconds':44}{_microseconds(few, '10.3.77.20'):>12.1f}")
    print(f"{'the same with 1,000 connectors, 10,000 ranges':44}{'':24}{median(ratios):>8.2f}")


def _microseconds(prepared: Policy, client: str) -> float:
    began = perf_counter()
    for _ in range(MESSAGES):
        session = verbs.connect(prepared, ("127.0.0.1", 25), (client, 49152), True).session
        session = admitted(session, Load(0, 0), 0.0).session
        session = verbs.respond(session, b"EHLO client.example", 0.0).session
        session = verbs.respond(session, b"MAIL FROM:<a@example.org>", 0.0).session
        outcome = verbs.respond(session, b"RCPT TO:<user@contoso.com>", 0.0)
        rcpt.looked_up(outcome.session, outcome.actions[0], True)  # type: ignore[arg-type]
    return (perf_counter() - began) / MESSAGES * 1e6
