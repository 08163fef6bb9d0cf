"""One client is counted one way: by each limit per source a /64 of IPv6 is one, as an address of IPv4 is.

Whose connections come from many addresses of IPv6 needs a network of its own: this file runs itself in one, as a
program, and prints what each client was told.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.shell.running_transport import Client, RunningTransport
from transport.config.filters import RecipientFilter

NETWORK = ["2001:db8:0:1::1", "2001:db8:0:1::ffff", "2001:db8:0:1:2::", "2001:db8:0:1:8000::1", "2001:db8:0:1:ffff::"]
STRANGER = "2001:db8:0:2::1"


def client(transport: RunningTransport, source: str) -> Client:
    return Client(socket.create_connection(("::1", transport.port), timeout=20, source_address=(source, 0)))


def greetings(transport: RunningTransport, *sources: str) -> list[str]:
    """What many clients hear that are all there at the same time."""
    clients = [client(transport, source) for source in sources]
    heard = [each.line()[:9] for each in clients]
    for each in clients:
        each.close()
    return heard


def connections(**limit: int) -> Callable[[RunningTransport], list[str]]:
    def run(transport: RunningTransport) -> list[str]:
        serve(transport, **limit)
        return greetings(transport, *NETWORK, STRANGER)

    return run


def message_rate(transport: RunningTransport) -> list[str]:
    serve(transport, message_rate_limit=2)
    return [mail(transport, source) for source in (*NETWORK[:3], STRANGER)]


def mail(transport: RunningTransport, source: str) -> str:
    sender = client(transport, source)
    sender.line()
    sender.say("EHLO x")
    said = sender.say("MAIL FROM:<a@b.test>")
    sender.close()
    return said[:9]


def unknown_recipients(transport: RunningTransport) -> list[str]:
    """Once the budget is used up even the known wait in the tarpit: more than a second."""
    serve(
        transport,
        tarpit_interval=1,
        recipient_filter=RecipientFilter(unknown_recipient_limit=1),
        recipients=["bob@gatepost.test"],
    )
    return [times(transport, source) for source in (*NETWORK[:3], STRANGER)]


def times(transport: RunningTransport, source: str) -> str:
    sender = client(transport, source)
    sender.line()
    for command in ("EHLO x", "MAIL FROM:<a@b.test>"):
        sender.say(command)
    sender.say("RCPT TO:<bob@gatepost.test>")
    sender.say("RCPT TO:<nobody@gatepost.test>")
    sender.connection.settimeout(0.5)
    sender.send(b"RCPT TO:<bob@gatepost.test>\r\n")
    try:
        return sender.connection.recv(100)[:9].decode()
    except TimeoutError:
        return "held"
    finally:
        sender.close()


def serve(transport: RunningTransport, recipients: list[str] | None = None, **values: Any) -> None:
    others = {name: values.pop(name) for name in list(values) if name == "recipient_filter"}
    bindings = f"[::1]:{transport.port}"
    made = transport.connector(bindings=bindings, ranges="::/0", **{"tarpit_interval": 0, **values})
    if recipients is not None:
        transport.list_recipients(recipients)
    transport.publish(made, **others)
    transport.start()


SCENES: dict[str, Callable[[RunningTransport], list[str]]] = {
    "connections of a source": connections(max_inbound_connection_per_source=3),
    "the share of a source": connections(max_inbound_connection=30, max_inbound_connection_percentage_per_source=10),
    "messages in a minute": message_rate,
    "unknown recipients": unknown_recipients,
}


@cache
def why_not() -> str:
    if os.geteuid():
        return "only root can make a network"
    missing = [name for name in ("unshare", "ip") if not shutil.which(name)]
    if missing:
        return f"{missing[0]} is not installed"
    tried = subprocess.run(["unshare", "--net", "ip", "-6", "route", "show"], capture_output=True, text=True)
    return tried.stderr.strip()


def heard(scene: str) -> list[str]:
    if why_not():
        pytest.skip(why_not())
    addresses = "".join(f"ip -6 address add {each}/128 dev lo; " for each in (*NETWORK, STRANGER))
    network = f'ip link set lo up; {addresses} exec "$@"'
    program = [sys.executable, "-m", __name__, scene]
    done = subprocess.run(
        ["unshare", "--net", "sh", "-ec", network, "sh", *program],
        capture_output=True,
        text=True,
        cwd=Path(__file__).resolve().parents[2],
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


@pytest.mark.parametrize("scene", ["connections of a source", "the share of a source"])
def test_a_limit_of_three_lets_three_connections_of_a_network_in(scene: str) -> None:
    assert heard(scene) == ["220 gatew"] * 3 + ["421 4.3.2"] * 2 + ["220 gatew"]


def test_the_message_rate_of_a_network_is_one() -> None:
    assert heard("messages in a minute") == ["250 2.1.0"] * 2 + ["421 4.4.2", "250 2.1.0"]


def test_who_asks_for_unknown_recipients_cannot_go_on_from_the_next_address() -> None:
    assert heard("unknown recipients") == ["250 2.1.5", "held", "held", "250 2.1.5"]


if __name__ == "__main__":
    running = RunningTransport()
    try:
        print(json.dumps(SCENES[sys.argv[1]](running)))
    finally:
        running.remove()
