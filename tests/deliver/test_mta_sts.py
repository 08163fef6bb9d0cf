"""MTA-STS (Sending mail outward, section 2.4): policies that strangers publish by HTTPS, kept, and obeyed."""

from __future__ import annotations

import http.server
import threading
import time
from contextlib import suppress

import pytest

from tests.deliver.test_dane import ROOT, own
from tests.deliver.test_protection import PROTECTION
from tests.deliver.tls_hop import AUTHORITY, server_context
from tests.dns_server import DnsServer
from tests.shell.certificates import certificate
from transport.config import bounds
from transport.config.bounds import Bound
from transport.config.endpoint import Binding
from transport.config.send_connector import MtaStsMode
from transport.deliver import look_up, sts_policies
from transport.deliver.tls_tally import TALLY

pytestmark = pytest.mark.django_db(transaction=True)
ERROR = "SELECT last_error FROM queues_nexthop WHERE key <> 'mailbox'"
KEPT = "SELECT policy_id, mode, mx, max_age, last_error FROM tls_stspolicy"
HOP = "domain:Out:far.test"
POLICY = "version: STSv1\r\nmode: {}\r\nmx: mx.far.test\r\nmax_age: 86400\r\n"


class PolicyHost(http.server.ThreadingHTTPServer):
    """mta-sts.far.test: answers `status` and `body` and counts; `script` may do something stranger to the socket."""

    daemon_threads = True

    def __init__(self, carried, folder):
        host = self
        self.status, self.body, self.headers = 200, POLICY.format("enforce").encode(), {}
        self.asked = 0
        self.script = None

        class Answer(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                host.asked += 1
                if host.script is not None:
                    with suppress(OSError):
                        host.script(self)
                    return
                self.send_response(host.status)
                for name, value in (host.headers | {"Content-Length": str(len(host.body))}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(host.body)

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Answer)
        self.context = server_context(carried, folder)
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def finish_request(self, request, address):
        with suppress(OSError), self.context.wrap_socket(request, server_side=True) as secured:
            super().finish_request(secured, address)


@pytest.fixture
def policy_host(hop, tmp_path, monkeypatch):
    started = []

    def policy_host(carried=None):
        folder = tmp_path / "policy"
        folder.mkdir()
        started.append(PolicyHost(carried or AUTHORITY.certificate("mta-sts.far.test"), folder))
        monkeypatch.setattr(sts_policies, "PORT", started[-1].server_address[1])
        return started[-1]

    yield policy_host
    for server in started:
        server.shutdown()
        server.server_close()


@pytest.fixture
def far(dns, queued, deliver):
    """Send a message to far.test, whose hosts are at `port`; returns the name server, to change it and send again."""

    class Far:
        def __init__(self):
            self.records = {
                ("far.test", "MX"): ["0 mx.far.test."], ("mx.far.test", "A"): ["127.0.0.1"],
                ("_mta-sts.far.test", "TXT"): ['"v=STSv1; id=1"'], ("mta-sts.far.test", "A"): ["127.0.0.1"],
            }  # fmt: skip

        def configure(self, port, **settings):
            self.server = dns(self.records, port=port, **settings)

        def send(self):
            look_up.resolver.cache_clear()
            queued("bob@far.test")
            deliver(HOP)

    return Far()


def again(query):
    """As if the pauses were over."""
    query("UPDATE tls_stspolicy SET next_try = now() - interval '1 s' RETURNING 1")
    query("UPDATE queues_nexthop SET retry_at = NULL RETURNING 1")
    query("UPDATE queues_recipient SET due_at = now() RETURNING 1")


def test_a_policy_is_fetched_once_kept_and_obeyed(far, hop, policy_host, query):
    published, server = policy_host(), hop(AUTHORITY.certificate("mx.far.test"))
    far.configure(server.port)
    far.send()
    far.send()
    assert [tls for tls, _ in server.handler.arrived] == [True, True]
    assert query(KEPT) == [("1", "enforce", "mx.far.test", 86400, "")]
    assert published.asked == 1
    ((protection,),) = query(PROTECTION)
    assert protection.endswith("certificate verified for mx.far.test (MTA-STS of far.test)")


@pytest.mark.parametrize(
    ("carried", "why"),
    [
        (certificate("mx.far.test"), "self-signed certificate; MTA-STS of far.test demands more"),
        (AUTHORITY.certificate("mx.far.test", days=-1), "certificate has expired; MTA-STS of far.test"),
        (AUTHORITY.certificate("mx.else.test"), "its certificate is for mx.else.test, not for mx.far.test; MTA-STS"),
    ],
)
def test_a_host_that_fails_an_enforced_policy_gets_nothing(far, hop, policy_host, query, carried, why):
    policy_host()
    server = hop(carried)
    far.configure(server.port)
    far.send()
    assert not server.handler.arrived
    assert why in query(ERROR)[0][0]
    assert query("SELECT status FROM queues_recipient") == [("ready",)]


def test_a_host_that_the_policy_does_not_name_gets_nothing(far, hop, policy_host, query):
    published, server = policy_host(), hop(AUTHORITY.certificate("mx.far.test"))
    published.body = published.body.replace(b"mx: mx.", b"mx: mail.")
    far.configure(server.port)
    far.send()
    assert not server.handler.arrived and "MTA-STS of far.test does not name it" in query(ERROR)[0][0]


def test_stripped_starttls_does_not_help_against_it(far, sink, policy_host, query):
    policy_host()
    far.configure(sink.port)
    far.send()
    assert not sink.arrived and "STARTTLS is not offered; MTA-STS" in query(ERROR)[0][0]


@pytest.mark.parametrize("mode", ["testing", "none"])
def test_other_modes_deliver_anyway_and_testing_counts(far, sink, policy_host, query, mode):
    policy_host().body = POLICY.format(mode).encode()
    far.configure(sink.port)
    far.send()
    assert len(sink.arrived) == 1
    with_policy = query_tally(query)
    assert ("far.test", "sts" if mode == "testing" else "no-policy-found", "starttls-not-supported", 1) in with_policy


def query_tally(query):
    from transport.deliver.database import pool

    with pool().connection() as connection:
        TALLY.write(connection, now=True)
    return query("SELECT domain, policy, result, sessions::int FROM tls_result")


def test_a_kept_policy_holds_though_dns_and_https_say_nothing_any_more(far, sink, hop, policy_host, query):
    published, server = policy_host(), hop(AUTHORITY.certificate("mx.far.test"))
    far.configure(server.port)
    far.send()
    assert len(server.handler.arrived) == 1
    del far.records[("_mta-sts.far.test", "TXT")]
    published.status = 404
    far.configure(sink.port)
    far.send()
    assert not sink.arrived and "MTA-STS of far.test demands more" in query(ERROR)[0][0]


def test_a_new_id_is_fetched_and_a_failure_leaves_the_old_policy(far, sink, hop, policy_host, query):
    published, server = policy_host(), hop(AUTHORITY.certificate("mx.far.test"))
    far.configure(server.port)
    far.send()
    far.records[("_mta-sts.far.test", "TXT")] = ['"v=STSv1; id=2"']
    published.status = 500
    far.configure(server.port)
    far.send()
    assert query(KEPT) == [("1", "enforce", "mx.far.test", 86400, "mta-sts.far.test answered 500")]
    published.status, published.body = 200, POLICY.format("none").encode()
    far.configure(sink.port)
    far.send()
    assert len(sink.arrived) == 1, "the new one"
    assert query(KEPT)[0][:2] == ("2", "none")


def test_an_expired_policy_holds_no_longer(far, sink, hop, policy_host, query):
    published, server = policy_host(), hop(AUTHORITY.certificate("mx.far.test"))
    far.configure(server.port)
    far.send()
    query("UPDATE tls_stspolicy SET fetched_at = now() - interval '2 days' RETURNING 1")
    published.status = 404
    far.configure(sink.port)
    far.send()
    assert len(sink.arrived) == 1


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"status": 404}, "answered 404"),
        ({"status": 301, "headers": {"Location": "https://mta-sts.far.test/other"}}, "answered 301"),
        ({"body": b"mode: enforce"}, "does not say version"),
        ({"body": b"x" * (bounds.STS_POLICY.octets + 1)}, "too long"),
        ({"headers": {f"X-{number}": "y" * 900 for number in range(300)}}, "more than 100 headers"),
    ],
)
def test_what_is_no_policy_is_none_and_said(far, sink, policy_host, query, change, why):
    published = policy_host()
    for name, value in change.items():
        setattr(published, name, value)
    far.configure(sink.port)
    far.send()
    assert len(sink.arrived) == 1
    assert why in query(KEPT)[0][4]
    far.send()
    assert published.asked == 1, "not again for a while"
    again(query)
    far.send()
    assert published.asked == 2


@pytest.mark.parametrize(
    "carried", [AUTHORITY.certificate("far.test"), certificate("mta-sts.far.test")], ids=["name", "self-signed"]
)
def test_a_policy_host_with_a_wrong_certificate_is_not_believed(far, sink, policy_host, query, carried):
    policy_host(carried)
    far.configure(sink.port)
    far.send()
    assert len(sink.arrived) == 1
    assert ("far.test", "sts", "sts-webpki-invalid", 1) in query_tally(query)


def test_a_policy_host_that_drips_is_left(far, sink, policy_host, query, monkeypatch):
    """Octet for octet, for ever."""
    monkeypatch.setattr(sts_policies, "_BOUND", Bound(what="", who="", octets=65536, seconds=0.5, more=""))
    stopped = threading.Event()

    def drip(answer):
        answer.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not stopped.wait(0.05):
            answer.wfile.write(b"v")
            answer.wfile.flush()

    policy_host().script = drip
    far.configure(sink.port)
    began = time.monotonic()
    far.send()
    stopped.set()
    assert time.monotonic() - began < 10
    assert len(sink.arrived) == 1 and "took too long" in query(KEPT)[0][4]


def test_a_policy_host_may_not_lie_inside(far, sink, policy_host, query):
    published = policy_host()
    far.records[("mta-sts.far.test", "A")] = ["10.1.2.3"]
    far.configure(sink.port)
    far.send()
    assert not published.asked and len(sink.arrived) == 1
    assert "an inner address" in query(KEPT)[0][4]


def test_it_can_be_switched_off(far, sink, policy_host, query):
    published = policy_host()
    far.configure(sink.port, mta_sts_mode=MtaStsMode.None_)
    far.send()
    assert len(sink.arrived) == 1 and not published.asked and query(KEPT) == []


def test_dane_goes_first(far, hop, policy_host, query):
    """A certificate that DNS names will do, whatever the policy says of authorities."""
    published, carried = policy_host(), certificate("mx.far.test")
    server = hop(carried)
    far.records |= ROOT | {(f"_{server.port}._tcp.mx.far.test", "TLSA"): [own(carried)]}
    far.configure(server.port)
    far.server.signed = ("", "far.test")
    far.send()
    assert len(server.handler.arrived) == 1 and not published.asked
    assert query(PROTECTION)[0][0].endswith("certificate verified by DANE (3 1 1)")


def test_policies_are_fetched_anew_before_they_end(far, hop, policy_host, query):
    published, server = policy_host(), hop(AUTHORITY.certificate("mx.far.test"))
    far.configure(server.port)
    far.send()
    published.body = POLICY.format("testing").encode()
    again(query)
    assert sts_policies.refresh() == 1
    assert query(KEPT)[0][1] == "testing"
    assert sts_policies.refresh() == 0


def test_a_domain_is_asked_about_once_for_all_connections_and_an_address_never(configure, queued, deliver, query):
    with DnsServer({("mx.far.test", "A"): ["127.0.0.1"]}) as server:
        servers = (Binding("127.0.0.1", server.port),)
        for host, asked in (("[127.0.0.1]", 0), ("mx.far.test", 1)):
            configure(
                smart_hosts=(host,), dns_servers=servers, use_external_dns_servers_enabled=True,
                max_messages_per_connection=1,
            )  # fmt: skip
            queued("bob@far.test", "eve@far.test", "zoe@far.test")
            deliver()
            policies = {name: times for (name, _), times in server.asked.items() if name.startswith("_mta-sts.")}
            assert sum(policies.values()) == asked, policies
    assert query("SELECT DISTINCT status FROM queues_recipient") == [("delivered",)]
