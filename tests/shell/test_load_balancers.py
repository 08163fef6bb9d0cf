"""Load balancers on a live transport: whom it believes, how long it waits, and what HAProxy makes of it."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.processes.address import free_port
from tests.conftest import wait_for
from tests.shell.certificates import SECRET, certificate
from tests.shell.running_transport import Client, RunningTransport, in_this_process
from tests.shell.test_session_record import records
from transport.config import bounds
from transport.config.endpoint import IPRange
from transport.config.receive_connector import ProtocolLoggingLevel
from transport.shell.clients import dialogue
from transport.shell.clients.dialogue import Dialogue
from transport.shell.clients.reception import Reception

BALANCER, MAIL_SERVER = "127.0.7.1", "203.0.113.9"
HEADER = b"PROXY TCP4 203.0.113.7 198.51.100.1 49152 25\r\n"
HEALTH = b"\r\n\r\n\x00\r\nQUIT\n\x20\x00\x00\x00"
FROM = {"proxy_protocol_from": (IPRange("127.0.7.0/24"),), "xclient_from": (IPRange(MAIL_SERVER), IPRange("127.0.0.1"))}
VERBOSE = ProtocolLoggingLevel.Verbose
await_header, negotiate = Dialogue._await_header, Dialogue._negotiate


@pytest.fixture
def behind() -> Iterator[RunningTransport]:
    """In a thread of this process."""
    running = RunningTransport()
    running.variables["GATEPOST_SECRET_KEY"] = SECRET.decode()
    running.publish(
        running.connector(
            ranges="0.0.0.0/0", max_inbound_connection_per_source=2, protocol_logging_level=VERBOSE, **FROM
        ),
        certificates=(certificate(),),
    )
    with in_this_process(running):
        yield running
    running.remove()


@pytest.fixture
def haproxy(behind: RunningTransport, tmp_path: Path) -> Iterator[tuple[int, int]]:
    """A real one, which sends versions 2 and 1: the ports of its two front ends."""
    if shutil.which("haproxy") is None:
        pytest.skip("apt-get install haproxy")
    ports = free_port(), free_port()
    server = f"127.0.0.1:{behind.port} source {BALANCER} check check-send-proxy inter 200ms"
    config = "defaults\n mode tcp\n timeout connect 5s\n timeout client 30s\n timeout server 30s\n"
    for port, version in zip(ports, ("send-proxy-v2", "send-proxy"), strict=True):
        config += f"listen p{port}\n bind 127.0.0.1:{port}\n option smtpchk EHLO check.test\n"
        config += f" server one {server} {version}\n"
    (tmp_path / "haproxy.cfg").write_text(config)
    process = subprocess.Popen(["haproxy", "-db", "-f", str(tmp_path / "haproxy.cfg")])
    yield ports
    process.kill()
    process.wait()


NGINX = """
load_module /usr/lib/nginx/modules/ngx_mail_module.so;
daemon off; pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    server {{
        listen 127.0.0.1:{asked};
        location / {{
            add_header Auth-Status OK;
            add_header Auth-Server 127.0.0.1;
            add_header Auth-Port {behind};
            return 204;
        }}
    }}
}}
mail {{
    server_name mail.example.org;
    auth_http 127.0.0.1:{asked}/;
    server {{ listen 127.0.0.1:{port}; protocol smtp; smtp_auth none; xclient on; }}
}}
"""


@pytest.fixture
def nginx(behind: RunningTransport, tmp_path: Path) -> Iterator[int]:
    """A real one, as a proxy of SMTP that speaks XCLIENT: its port."""
    if shutil.which("nginx") is None or not Path("/usr/lib/nginx/modules/ngx_mail_module.so").exists():
        pytest.skip("apt-get install nginx-light libnginx-mod-mail")
    port = free_port()
    (tmp_path / "nginx.conf").write_text(
        NGINX.format(folder=tmp_path, asked=free_port(), behind=behind.port, port=port)
    )
    process = subprocess.Popen(["nginx", "-c", str(tmp_path / "nginx.conf")], stderr=subprocess.DEVNULL)
    yield port
    process.terminate()
    process.wait()


def came(port: int, source: str) -> Client | None:
    """A client that has been greeted, None while nobody is."""
    try:
        found = Client(socket.create_connection(("127.0.0.1", port), timeout=10, source_address=(source, 0)))
    except OSError:
        return None
    return found if found.line().startswith("220 ") else None


def test_nginx_speaks_for_its_clients(behind: RunningTransport, nginx: int) -> None:
    wait_for(lambda: came(nginx, "127.0.9.7"), "nginx lets nobody through")
    client = came(nginx, "127.0.9.8")
    assert client is not None
    assert client.say("EHLO printer.example.org").startswith("250 ")
    assert client.message(b"Subject: x\r\n\r\nx").startswith("250 ")
    client.close()
    (stored,) = behind.records()
    assert (stored.envelope.client_address, stored.envelope.helo) == ("127.0.9.8", "printer.example.org")


def test_haproxy_checks_us_and_passes_its_clients_on(behind: RunningTransport, haproxy: tuple[int, int]) -> None:
    """Both versions, with TLS; its health checks, five a second, leave nothing in log and records."""

    for port, source in zip(haproxy, ("127.0.9.8", "127.0.9.9"), strict=True):
        wait_for(lambda port=port, source=source: came(port, source), "haproxy lets nobody through")  # type: ignore[misc]
        talking = came(port, source)
        assert talking is not None
        assert talking.say("EHLO x").startswith("250 ") and talking.say("STARTTLS").startswith("220 ")
        talking.start_tls()
        assert talking.say("EHLO x").startswith("250 ")
        assert talking.message(b"Subject: x\r\n\r\nx").startswith("250 ")
        talking.close()
    assert [stored.envelope.client_address for stored in behind.records()] == ["127.0.9.8", "127.0.9.9"]
    wait_for(lambda: len(records(behind)) >= 4, "the sessions are not recorded")
    assert {record.client for record in records(behind)} == {"127.0.9.8", "127.0.9.9"} and not events(behind, BALANCER)


def introduced(running: RunningTransport, client: str = "203.0.113.7") -> Client:
    found = running.client(BALANCER)
    found.send(HEADER.replace(b"203.0.113.7", client.encode()))
    return found


def events(running: RunningTransport, client: str) -> list[list[str]]:
    return [line[4:] for line in running.logged() if line[5].startswith(client)]


def has_ended(running: RunningTransport, client: str) -> bool:
    """In the log."""
    return any(line[2] == "-" for line in events(running, client))


def test_log_record_and_message_have_the_clients_address_and_the_log_the_balancers(behind: RunningTransport) -> None:
    client = introduced(behind)
    assert client.line().startswith("220 ") and client.say("EHLO printer").startswith("250 ")
    client.say("STARTTLS")
    client.start_tls()
    client.say("EHLO printer")
    assert client.message(b"Subject: x\r\n\r\nx").startswith("250 ")
    client.say("QUIT")
    client.close()
    wait_for(lambda: has_ended(behind, "203.0.113.7:49152") and records(behind), "the session is not told of")
    told = events(behind, "203.0.113.7:49152")
    assert {line[0] for line in told} == {"198.51.100.1:25"} and told[1][2] == "*"
    assert told[1][3].startswith(f"Client named by {BALANCER}:") and told[1][3].endswith(f" at 127.0.0.1:{behind.port}")
    (record,) = records(behind)
    assert (record.client, record.local) == ("203.0.113.7", ("198.51.100.1", 25))
    (stored,) = behind.records()
    assert stored.envelope.client_address == "203.0.113.7" and b"203.0.113.7" in stored.body


def test_limits_count_clients_and_not_the_balancer(behind: RunningTransport) -> None:
    first, second, third = (introduced(behind) for _ in range(3))
    assert [each.line()[:3] for each in (first, second, third)] == ["220", "220", "421"]
    others = [introduced(behind, f"203.0.113.{number}") for number in range(10, 20)]
    assert {each.line()[:3] for each in others} == {"220"}


def test_a_health_check_is_no_session(behind: RunningTransport) -> None:
    checks = [behind.client(BALANCER) for _ in range(5)]
    for check in checks:
        check.send(HEALTH)
        assert check.line().startswith("220 ")
        assert check.say("EHLO check").startswith("250 ")
    assert behind.client(BALANCER)
    for check in checks:
        assert check.say("QUIT").startswith("221 ") and check.line() == ""
    client = introduced(behind)
    client.line(), client.say("QUIT")
    wait_for(lambda: records(behind), "the session is not recorded")
    assert [record.client for record in records(behind)] == ["203.0.113.7"] and not events(behind, BALANCER)


def test_octet_by_octet_with_commands_behind_it(behind: RunningTransport) -> None:
    """Who talks before the greeting has not waited, also behind a load balancer."""
    client = behind.client(BALANCER)
    for octet in HEADER:
        client.send(bytes((octet,)))
    assert client.line().startswith("220 ")
    early = behind.client(BALANCER)
    early.send(HEADER + b"EHLO x\r\nNOOP\r\n")
    assert early.line().startswith("554 5.5.1") and early.line() == ""


def test_without_its_header_nothing_is_said_and_the_log_says_why(
    behind: RunningTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialogue, "HEADER_SECONDS", 0.5)
    assert bounds.PROXY_HEADER.seconds is not None and bounds.PROXY_HEADER.seconds >= 3
    for sent in (b"EHLO balancer\r\n", b"PROXY TCP9 x\r\n", HEADER[:20], b""):
        client = behind.client(BALANCER)
        client.send(sent)
        assert client.line() == ""
    gone = behind.client(BALANCER)
    gone.send(HEADER[:20])
    gone.close()
    behind.client(BALANCER).close()  # who only looks whether the port is open

    def why() -> list[str]:
        return sorted(line[4].partition(";")[0] for line in events(behind, BALANCER) if line[2] == "*")

    expected = ["proxy_header_broken"] * 2 + ["proxy_header_late"] * 2 + ["proxy_header_missing"]
    wait_for(lambda: why() == expected, "the log does not say why")


def test_a_client_whose_header_is_under_way_when_the_transport_is_to_end_is_greeted(
    behind: RunningTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one that has just come without a load balancer: in a restart nobody is refused."""
    seen: list[Reception] = []
    monkeypatch.setattr(Dialogue, "_await_header", lambda self: seen.append(self._reception) or await_header(self))
    client = behind.client(BALANCER)
    client.send(HEADER[:20])
    wait_for(lambda: seen and seen[0].introductions, "nobody waits for the header")
    seen[0].loop.call_soon_threadsafe(seen[0].stop)
    wait_for(lambda: seen[0].stopping, "it does not stop")
    client.send(HEADER[20:])
    assert client.line().startswith("220 ")


def test_a_client_that_is_silent_in_the_handshake_is_counted_no_more_once_it_is_ended(
    behind: RunningTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By an administrator, or because the transport ends; and the log calls that no error of ours."""
    seen: list[Dialogue] = []
    monkeypatch.setattr(Dialogue, "_negotiate", lambda self: seen.append(self) or negotiate(self))
    client = introduced(behind)
    assert client.line().startswith("220 ") and client.say("EHLO x").startswith("250 ")
    assert client.say("STARTTLS").startswith("220 ")
    wait_for(lambda: seen, "no handshake")
    reception = seen[0]._reception
    reception.loop.call_soon_threadsafe(seen[0].end_by_administrator)
    assert hung_up(client)
    wait_for(lambda: not reception.sessions and not reception.load.open, "it still counts")
    wait_for(lambda: "TLS negotiation failed" in str(events(behind, "203.0.113.7")), "the log does not say it")


def test_a_session_that_is_ended_before_its_handshake_begins_is_no_fault_of_ours(
    behind: RunningTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome: list[Exception | None] = []

    async def ended(self: Dialogue) -> None:
        self.end_by_administrator()
        await asyncio.sleep(0.01)
        try:
            outcome.append(await negotiate(self))
        except Exception as error:
            outcome.append(error)

    monkeypatch.setattr(Dialogue, "_negotiate", ended)
    client = introduced(behind)
    assert client.line().startswith("220 ") and client.say("EHLO x").startswith("250 ")
    client.send(b"STARTTLS\r\n")
    wait_for(lambda: outcome, "no handshake")
    assert outcome == [None]


def test_many_half_headers_take_nobodys_place(behind: RunningTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialogue, "MOST_INTRODUCTIONS", 5)
    monkeypatch.setattr(dialogue, "HEADER_SECONDS", 60)
    halves = [behind.client(BALANCER) for _ in range(8)]
    for half in halves:
        half.send(HEADER[:20])
    assert all(hung_up(half) for half in halves[:3])
    client = introduced(behind)
    assert client.line().startswith("220 ")
    halves[-1].send(HEADER[20:])
    assert halves[-1].line().startswith("220 ")


def hung_up(client: Client) -> bool:
    """Whose octets were not read yet hears it by a reset."""
    try:
        return client.line() == ""
    except ConnectionResetError:
        return True


def test_the_log_names_the_load_balancer_and_the_mail_server_behind_it(behind: RunningTransport) -> None:
    client = introduced(behind, MAIL_SERVER)
    assert client.line().startswith("220 ") and client.say("XCLIENT ADDR=203.0.113.77 PORT=7").startswith("220 ")
    client.close()
    place = f"at 127.0.0.1:{behind.port}"
    wait_for(lambda: events(behind, "203.0.113.77:7")[-1:], "the client is not told of")
    (balancer,) = (line[3:] for line in events(behind, MAIL_SERVER) if line[3].startswith("Client named"))
    assert balancer[0].startswith(f"Client named by {BALANCER}:") and balancer[1] == "PROXY protocol"
    assert events(behind, "203.0.113.77:7")[0][2:] == ["*", f"Client named by {MAIL_SERVER}:49152 {place}", "XCLIENT"]


def test_a_mail_server_that_is_believed_counts_and_is_logged_as_its_clients(transport: RunningTransport) -> None:
    quiet = transport.connector("Quiet", ranges="127.0.0.0/8", xclient_from=(IPRange("127.0.7.1"),))
    most = bounds.XCLIENT.octets or 0
    loud = transport.connector(
        "Loud", ranges="203.0.113.0/24", max_inbound_connection_per_source=1, protocol_logging_level=VERBOSE
    )
    transport.publish(quiet, loud)
    transport.start()
    speaking = [transport.client(BALANCER) for _ in range(3)]
    assert all(each.line().startswith("220 ") for each in speaking)
    assert speaking[0].say("XCLIENT ADDR=203.0.113.7 HELO=printer".ljust(most)).startswith("500 5.5.2")
    answers = [each.say("XCLIENT ADDR=203.0.113.7 HELO=printer") for each in speaking]
    assert [answer[:3] for answer in answers] == ["220", "421", "421"]
    assert speaking[0].say("EHLO mail.example.org").startswith("250 ")
    assert speaking[0].message(b"Subject: x\r\n\r\nx").startswith("250 ")
    speaking[0].say("QUIT")
    (stored,) = transport.records()
    assert (stored.envelope.client_address, stored.envelope.helo) == ("203.0.113.7", "printer")
    again = transport.client(BALANCER)
    again.line()
    wait_for(lambda: transport.facts()["sessions"] == 1, "the sessions do not end")
    assert again.say("XCLIENT ADDR=203.0.113.7").startswith("220 "), "the first one counts no more"
    wait_for(lambda: has_ended(transport, "203.0.113.7"), "the log does not show the client")
    wait_for(lambda: records(transport), "no session is recorded")
    named = next(line[3:] for line in events(transport, "203.0.113.7") if line[3].startswith("Client named"))
    assert named[0].startswith(f"Client named by {BALANCER}:") and named[1] == "XCLIENT"
    (record, *_) = records(transport)
    assert record.client == BALANCER and record.steps[1].said.startswith("XCLIENT ")
