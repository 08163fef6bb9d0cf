"""Once root is given up, Python's own files may be out of reach: what a transport needs, it has imported by then."""

from __future__ import annotations

import base64
import socket
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import spnego
from django.conf import settings

from console.actors import SYSTEM
from console.directory import actions as directory
from console.users import actions
from tests.dns_server import DnsServer, Records
from tests.shell.certificates import certificate
from tests.shell.running_transport import Client, RunningTransport
from transport.config.connection_filter import ConnectionFilter, IPListProvider
from transport.config.endpoint import Binding
from transport.config.permissions import PermissionGroup
from transport.config.receive_connector import AuthMechanism, ProtocolLoggingLevel

PASSWORD = "winter-rain-on-tin"
RECORDS: Records = {
    ("1.0.0.127.in-addr.arpa", "PTR"): ["laptop.test."],
    ("laptop.test", "A"): ["127.0.0.1"],
    ("laptop.test", "AAAA"): ["::1"],
    ("1.0.0.127.alias.test", "CNAME"): ["other.alias.test."],
}
WATCHING = """
import os, sys
started = False
def watch(event, arguments):
    global started
    if event == "open" and str(arguments[0]).endswith("/lock"):
        started = True
    elif event == "import" and started:
        os.write(2, b"imported late: %s\\n" % arguments[0].encode())
    elif event == "open" and started and str(arguments[0]).startswith(os.getcwd()):
        os.write(2, b"opened late: %s\\n" % str(arguments[0]).encode())
sys.addaudithook(watch)
"""


@pytest.fixture
def watched(database_url: str, redis_url: str, tmp_path: Path) -> Iterator[RunningTransport]:
    """A transport that writes down what it imports after its start, with a user who may sign in by every mechanism."""
    directory.add(SYSTEM, "anna@gatepost.test")
    anna = actions.add(SYSTEM, "CONTOSO", "anna", PASSWORD, "", ["anna@gatepost.test"])
    actions.set_password(SYSTEM, anna, PASSWORD, ntlm=True)
    (tmp_path / "sitecustomize.py").write_text(WATCHING)
    tmp_path.chmod(0o755)
    running = RunningTransport(database_url)
    running.variables |= {"GATEPOST_SECRET_KEY": settings.GATEPOST_SECRET_KEY, "PYTHONPATH": str(tmp_path)}
    running.variables |= {"REDIS_URL": redis_url}
    offered = {AuthMechanism.Tls, AuthMechanism.BasicAuth, AuthMechanism.Integrated}
    made = running.connector(
        auth_mechanism=frozenset(offered),
        permission_groups=frozenset({PermissionGroup.ExchangeUsers, PermissionGroup.AnonymousUsers}),
        protocol_logging_level=ProtocolLoggingLevel.Verbose,
        default_logon_domain="CONTOSO",
        domain_secure_enabled=True,
    )
    providers = [IPListProvider(name=zone, lookup_domain=zone) for zone in ("bl.test", "alias.test", "silent.test")]
    with DnsServer(RECORDS, silent_for="silent.test") as server:
        running.publish(
            made,
            certificates=(certificate(secret=settings.GATEPOST_SECRET_KEY.encode()),),
            connection_filter=ConnectionFilter(
                dns_servers=(Binding("127.0.0.1", server.port),), reverse_dns_lookup_enabled=True
            ),
            ip_list_providers=tuple(providers),
        )
        running.start()
        yield running
    running.remove()


def test_nothing_is_imported_after_the_start(watched: RunningTransport) -> None:
    for mechanism in ("PLAIN", "LOGIN", "NTLM", "wrong password", "nonsense"):
        client = watched.greeted()
        sign_in(client, mechanism)
        client.close()
    client = watched.greeted()
    client.say("STARTTLS")
    client.start_tls()
    client.say("EHLO laptop.test")
    assert client.say("MAIL FROM:<bücher@bücher.example> SMTPUTF8 BODY=8BITMIME").startswith("250 ")
    assert client.say("RCPT TO:<anna@gatepost.test>").startswith("250 ")
    assert client.say("DATA").startswith("354 ")
    client.send("Subject: ü\r\nFrom: =?iso-8859-15?q?B=FCcher?= <a@b.example>\r\n\r\n".encode() + b"x" * 3_000_000)
    client.send(b"\r\n.\r\n")
    assert client.reply().startswith("250 "), watched.log
    socket.create_connection(("127.0.0.1", watched.port)).close()
    watched.stop()
    late = {line.removeprefix("imported late: ") for line in watched.log.splitlines() if line.startswith("imported")}
    assert not {name for name in late if is_installed(name)}
    assert not [line for line in watched.log.splitlines() if line.startswith("opened late")]


def is_installed(module: str) -> bool:
    """Libraries ask late for some that nobody needs, and do without."""
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def sign_in(client: Client, mechanism: str) -> None:
    plain = base64.b64encode(f"\0anna\0{PASSWORD}".encode()).decode()
    if mechanism == "PLAIN":
        assert client.say(f"AUTH PLAIN {plain}").startswith("235 ")
    elif mechanism == "LOGIN":
        client.say("AUTH LOGIN")
        client.say(base64.b64encode(b"CONTOSO\\anna").decode())
        assert client.say(base64.b64encode(PASSWORD.encode()).decode()).startswith("235 ")
    elif mechanism == "NTLM":
        ntlm = spnego.client("CONTOSO\\anna", PASSWORD, protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)
        challenge = client.say(f"AUTH NTLM {base64.b64encode(ntlm.step() or b'').decode()}")
        answer = ntlm.step(base64.b64decode(challenge[4:])) or b""
        assert client.say(base64.b64encode(answer).decode()).startswith("235 ")
    else:
        name = b"\0anna\0wrong" if mechanism == "wrong password" else b"\xff\0\xfe\0x"
        assert client.say(f"AUTH PLAIN {base64.b64encode(name).decode()}")[0] == "5"
