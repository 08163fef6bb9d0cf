"""Mail that requires TLS on its whole way, or that would rather arrive without (RFC 8689)."""

from __future__ import annotations

import pytest

from tests.deliver.test_dane import ROOT, own
from tests.deliver.test_tls_levels import NAME
from tests.deliver.tls_hop import AUTHORITY
from tests.shell.certificates import certificate
from transport.config.send_connector import RequireTlsMode

pytestmark = pytest.mark.django_db(transaction=True)
STATUS = "SELECT status, last_error FROM queues_recipient WHERE address = 'bob@far.test'"
REPORT = "SELECT string_agg(convert_from(chunk, 'utf8'), '' ORDER BY number) FROM queues_content"
IF_POSSIBLE = RequireTlsMode.IfPossible


def test_a_host_that_proves_itself_and_promises_the_same_gets_it(queued, deliver, configure, smtps):
    server = smtps(AUTHORITY.certificate("localhost"), offers=("REQUIRETLS",))
    configure(smart_hosts=("localhost",), port=server.port, implicit_tls=True, tls_domain="localhost", **NAME)
    queued("bob@far.test", require_tls=True)
    deliver()
    assert len(server.arrived) == 1
    assert any(line.startswith("MAIL ") and line.endswith(" REQUIRETLS") for line in server.commands)


@pytest.mark.parametrize(
    ("offers", "changes", "why"),
    [
        ((), NAME | {"tls_domain": "localhost"}, "5.7.30 REQUIRETLS support required"),
        (("REQUIRETLS",), {}, "5.7.10 The message requires TLS (REQUIRETLS), and the next hop does not prove"),
    ],
)
def test_otherwise_it_comes_back_at_once_without_what_it_said(
    queued, deliver, configure, smtps, query, offers, changes, why
):
    server = smtps(AUTHORITY.certificate("localhost"), offers=offers)
    configure(smart_hosts=("localhost",), port=server.port, implicit_tls=True, **changes)
    queued("bob@far.test", require_tls=True, content=b"Subject: hush\r\n\r\nThe secret\r\n")
    deliver()
    assert not server.arrived
    ((status, error),) = query(STATUS)
    assert status == "failed" and why in error
    ((report,),) = query(REPORT)
    assert "Subject: hush" in report and "The secret" not in report


def test_in_the_clear_it_never_leaves(queued, deliver, configure, sink, query):
    configure(require_tls_mode=IF_POSSIBLE)
    queued("bob@far.test", require_tls=True)
    deliver()
    assert not sink.arrived
    assert "5.7.10 Encryption needed" in query(STATUS)[0][1]


@pytest.mark.parametrize("offers", [(), ("REQUIRETLS",)])
def test_a_connector_may_be_content_with_the_tls_that_there_is(queued, deliver, configure, smtps, offers):
    server = smtps(AUTHORITY.certificate("localhost"), offers=offers)
    configure(smart_hosts=("localhost",), port=server.port, implicit_tls=True, require_tls_mode=IF_POSSIBLE)
    queued("bob@far.test", require_tls=True)
    deliver()
    assert len(server.arrived) == 1
    assert any(line.endswith(" REQUIRETLS") for line in server.commands) is bool(offers)


def test_the_next_host_may_be_able_to(queued, deliver, configure, hop, sink, query):
    """And while one that might be able to is not reached, the mail waits."""
    server = hop(AUTHORITY.certificate("localhost"))
    configure(smart_hosts=("localhost", "[127.0.0.9]"), port=server.port, tls_domain="localhost", **NAME)
    queued("bob@far.test", require_tls=True)
    deliver()
    assert query(STATUS)[0][0] == "ready"


RATHER = b"Subject: x\r\nTLS-Required: No\r\n\r\nbody\r\n"


def test_mail_that_says_so_arrives_whatever_its_domain_publishes(dns, hop, queued, deliver, query):
    server = hop(certificate())
    zone = {
        ("far.test", "MX"): ["0 mx.far.test."], ("mx.far.test", "A"): ["127.0.0.1"],
        (f"_{server.port}._tcp.mx.far.test", "TLSA"): [own(AUTHORITY.certificate())],
    }  # fmt: skip
    dns(ROOT | zone, port=server.port).signed = ("", "far.test")
    queued("bob@far.test", content=RATHER)
    queued("eve@far.test")
    deliver("domain:Out:far.test")
    assert [b"TLS-Required" in content for _, content in server.handler.arrived] == [True]
    assert query("SELECT address, status FROM queues_recipient ORDER BY address") == [
        ("bob@far.test", "delivered"), ("eve@far.test", "ready"),
    ]  # fmt: skip


def test_it_does_not_undo_what_the_connector_demands_nor_requiretls(configure, sink, queued, deliver):
    configure(require_tls=True)
    queued("bob@far.test", content=RATHER)
    queued("eve@far.test", content=RATHER, require_tls=True)
    deliver()
    assert not sink.arrived
