"""Who asks for it is told once a day how TLS with its mail servers went: by mail or by HTTPS, and nobody twice."""

from __future__ import annotations

import http.server
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from gzip import decompress

import pytest

from console.dkim import actions as dkim
from console.dkim.models import DkimKey, State
from console.dkim.queries import text_of
from console.tls import report_file
from tests.deliver.tls_hop import AUTHORITY, server_context
from tests.dkim_verifier import verdicts
from transport.config import bounds
from transport.config.transport_config import TransportConfig
from transport.deliver import look_up, signing, tls_reports
from transport.deliver.tls_tally import TALLY
from transport.send import tls_report, tls_report_way
from transport.send.dkim import Algorithm

pytestmark = pytest.mark.django_db(transaction=True)
ON = TransportConfig(send_tls_reports=True)
RECORDS = {
    ("_smtp._tls.far.test", "TXT"): ['"v=TLSRPTv1; rua=mailto:tls@rep.test"'],
    ("rep.test", "MX"): ["0 mx.rep.test."], ("mx.rep.test", "A"): ["127.0.0.1"],
    ("collector.test", "A"): ["127.0.0.1"],
}  # fmt: skip
HOP = "domain:Out:rep.test"
ENDED = "SELECT words FROM tls_sentreport WHERE ended_at IS NOT NULL"
QUEUED = "SELECT address FROM queues_recipient ORDER BY address"
RESULT = (
    "INSERT INTO tls_result (day, key, domain, policy, policy_lines, policy_hosts, result, host, address, words, "
    "sessions) SELECT (now() at time zone 'utc')::date - 1, '{0}-' || {4}, '{0}', '{1}', 'mode: testing', "
    "'mx.far.test', '{2}', 'mx.far.test', '192.0.2.1', '{3}', {4} RETURNING 1"
)  # fmt: skip


@pytest.fixture
def results(query, dns, deliver):
    """Yesterday's results of far.test and those who want to know them; returns how to go through a turn."""
    look_up.resolver.cache_clear()

    def turn(number=1):
        for _ in range(number + 1):
            tls_reports.send_due()
            query("UPDATE tls_sentreport SET next_try = now() RETURNING 1")

    query(RESULT.format("far.test", "sts", "successful", "", 7))
    query(RESULT.format("far.test", "sts", "certificate-expired", "certificate has expired", 2))
    return turn


def ask_for(url):
    return RECORDS | {("_smtp._tls.far.test", "TXT"): [f'"v=TLSRPTv1; rua={url}"']}


class Collector(http.server.ThreadingHTTPServer):
    """collector.test: keeps what is posted; answers `status` and `body`, over a certificate that nobody trusts."""

    daemon_threads = True

    def __init__(self, folder):
        host = self
        self.status, self.body, self.taken = 200, b"", []

        class Answer(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                content = self.rfile.read(int(self.headers["Content-Length"]))
                host.taken.append((self.path, self.headers["Content-Type"], content))
                self.send_response(host.status)
                self.send_header("Content-Length", str(len(host.body)))
                self.end_headers()
                self.wfile.write(host.body)

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Answer)
        self.context = server_context(AUTHORITY.certificate("other.test"), folder)
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def finish_request(self, request, address):
        with suppress(OSError), self.context.wrap_socket(request, server_side=True) as secured:
            super().finish_request(secured, address)

    @property
    def url(self):
        return f"https://collector.test:{self.server_address[1]}/v1?x=y"


@pytest.fixture
def collector(tmp_path):
    server = Collector(tmp_path)
    yield server
    server.shutdown()
    server.server_close()


def test_nothing_is_sent_unless_it_is_switched_on(results, dns, query):
    dns(RECORDS)
    results()
    assert query("SELECT 1 FROM tls_sentreport") == [] == query(QUEUED)


def test_a_report_leaves_by_mail_once(results, dns, query, sink, deliver):
    dns(RECORDS, config=ON)
    results(3)
    assert query(QUEUED) == [("tls@rep.test",)]
    assert query(ENDED) == [("Sent to tls@rep.test",)]
    deliver(HOP)
    (arrived,) = sink.arrived
    report = report_file.read(arrived.content)
    assert (report.organization, report.contact) == ("gatepost.test", "postmaster@gatepost.test")
    (policy,) = report.policies
    assert (policy.policy, policy.domain, policy.successful, policy.failed) == ("sts", "far.test", 7, 2)
    assert policy.failures[0].result == "certificate-expired" and policy.failures[0].sessions == 2
    assert query("SELECT origin, vouched, sender FROM queues_message") == [("generated", "domains", "")]


def test_a_report_is_signed_in_the_name_of_who_sends_it(results, dns, sink, deliver):
    dns(RECORDS, config=TransportConfig(send_tls_reports=True, external_postmaster_address="tls@x.test"))
    keys = [dkim._make("x.test", algorithm) for algorithm in Algorithm]
    DkimKey.objects.update(state=State.ACTIVE)
    signing.SIGNERS.__init__()
    results()
    deliver(HOP)
    signing.SIGNERS.__init__()
    (arrived,) = sink.arrived
    assert verdicts(arrived.content, {key.record_name: text_of(key) for key in keys}) == [True, True]


def test_who_died_over_a_report_leaves_it_to_the_next(results, dns, query):
    dns(RECORDS, config=ON)
    query(
        "INSERT INTO tls_sentreport (day, domain, due_at, next_try) "
        "SELECT (now() at time zone 'utc')::date - 1, 'far.test', now(), now() RETURNING 1"
    )
    assert tls_reports._claimed() is not None
    assert tls_reports.send_due() == 0
    results()
    assert query(QUEUED) == [("tls@rep.test",)]


@pytest.mark.parametrize("records", [
    {("_smtp._tls.far.test", "TXT"): []}, {("_smtp._tls.far.test", "TXT"): ['"v=TLSRPTv1; rua=mailto:a@b.test"'] * 1
                                           + ['"v=TLSRPTv1; rua=mailto:c@d.test"']},
])  # fmt: skip
def test_who_publishes_not_exactly_one_record_gets_none(results, dns, query, records):
    dns(RECORDS | records, config=ON)
    results()
    assert query(ENDED) == [(tls_report_way.NOT_ASKED_FOR,)]
    assert query(QUEUED) == []


def test_many_workers_send_each_report_once(results, dns, query):
    names = [f"d{n}.test" for n in range(20)]
    for name in names:
        query(RESULT.format(name, "no-policy-found", "successful", "", 1))
    asking = {(f"_smtp._tls.{name}", "TXT"): [f'"v=TLSRPTv1; rua=mailto:{name}@rep.test"'] for name in names}
    dns(RECORDS | asking, config=ON)
    with ThreadPoolExecutor(4) as workers:
        list(workers.map(lambda _: results(), range(4)))
    assert query(QUEUED) == sorted([*((f"{name}@rep.test",) for name in names), ("tls@rep.test",)])


def test_a_report_leaves_by_https_whatever_its_certificate(results, dns, query, collector):
    dns(ask_for(collector.url), config=ON)
    results(3)
    ((path, kind, content),) = collector.taken
    assert (path, kind) == ("/v1?x=y", "application/tlsrpt+gzip")
    assert tls_report.parse(decompress(content)).policies[0].failed == 2
    assert query(ENDED) == [(f"Sent to {collector.url}",)]


def test_what_is_not_taken_is_sent_again_for_a_day_under_the_same_id(results, dns, query, collector):
    collector.status = 500
    dns(ask_for(collector.url), config=ON)
    results(2)
    assert query(ENDED) == []
    assert query("SELECT words FROM tls_sentreport") == [("Not sent: collector.test answered 500.",)]
    assert len({tls_report.parse(decompress(content)).report_id for _, _, content in collector.taken}) == 1
    collector.status, collector.body = 200, b"x" * ((bounds.TLS_REPORT_TAKEN.octets or 0) + 1)
    query("UPDATE tls_sentreport SET due_at = now() - interval '25 hours' RETURNING 1")
    results()
    assert query(ENDED) == [("Not sent: collector.test: its answer is too long.",)]


def test_the_next_address_is_tried_and_no_inner_one(results, dns, query, collector):
    dns(ask_for(f"{collector.url},https://[::1/,mailto:tls@rep.test"), config=ON, ranges=())
    results()
    assert collector.taken == []
    assert query(QUEUED) == [("tls@rep.test",)]


def test_how_a_report_fares_is_not_counted(results, dns, query, hop, deliver, queued):
    server = hop(AUTHORITY.certificate("mx.rep.test"))
    dns(RECORDS, config=ON, port=server.port)
    results()
    deliver(HOP)
    assert [tls for tls, _ in server.handler.arrived] == [True]
    assert counted(query) == []
    queued("bob@rep.test")
    deliver(HOP)
    assert counted(query) == [("rep.test",)]


def counted(query):
    from transport.deliver.database import pool

    with pool().connection() as connection:
        TALLY.write(connection, now=True)
    return query("SELECT DISTINCT domain FROM tls_result WHERE domain = 'rep.test'")
