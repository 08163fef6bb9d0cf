"""What 1,000 clients in the tarpit cost the others: the time of a message at the 99th percentile, with and without."""

from __future__ import annotations

from statistics import median
from time import perf_counter

from tests.shell.running_transport import Client, RunningTransport

SESSIONS, SECONDS, ROUNDS = 1000, 6, 3
HELD = "127.0.9.2"


def main() -> None:
    transport = RunningTransport()
    held = transport.connector("Held", ranges=HELD, tarpit_interval=5, max_protocol_errors=None)
    transport.publish(transport.connector(), held)
    transport.start()
    try:
        usual, slow = [], []
        for _ in range(ROUNDS):
            client = transport.greeted()
            usual.append(_slowest(client))
            crowd = [_in_the_tarpit(transport) for _ in range(SESSIONS)]
            slow.append(_slowest(client))
            for session in (*crowd, client):
                session.close()
        with_them, without = median(slow), median(usual)
        name = "µs of a message (p99), 1,000 in the tarpit"
        print(f"{name:44}{with_them:>12,.0f}{without:>12,.0f}{with_them / without:>8.2f}", flush=True)
    finally:
        transport.remove()


def _in_the_tarpit(transport: RunningTransport) -> Client:
    """A client that is refused every five seconds for as long as it stays."""
    client = transport.client(HELD)
    client.reply()
    client.send(b"FROB\r\n" * 1000)
    return client


def _slowest(client: Client) -> float:
    """Microseconds in which 99 of 100 messages are answered."""
    took, until = [], perf_counter() + SECONDS
    while (began := perf_counter()) < until:
        assert client.message(b"Subject: x\r\n\r\nx").startswith("250 ")
        took.append(perf_counter() - began)
    return sorted(took)[len(took) * 99 // 100] * 1e6
