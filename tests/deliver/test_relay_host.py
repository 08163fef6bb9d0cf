"""An accepted domain whose mail goes to a host that it names, without a Send connector."""

import pytest

from tests.deliver.conftest import Sink
from transport.config import delivery_host
from transport.config.accepted_domain import AcceptedDomain, DeliverTo, DomainType
from transport.config.endpoint import Binding, everyone
from transport.config.receive_connector import ReceiveConnector

pytestmark = pytest.mark.django_db(transaction=True)
STATUS = """SELECT address, status FROM queues_recipient WHERE address LIKE '%branch.test' ORDER BY address"""
HOP = "host:branch.test"


def branch(*hosts, kind=DomainType.ExternalRelay):
    return AcceptedDomain(
        name="branch.test", domain_name="branch.test", domain_type=kind, deliver_to=DeliverTo.Host,
        delivery_hosts=tuple(map(delivery_host.parse, hosts)),
    )  # fmt: skip


def test_the_hosts_are_tried_in_their_order_each_at_its_port(configure, queued, deliver, query, sink):
    sink.behave = lambda line, n: "421 4.3.2 Not now" if line == "connect" else None
    second = Sink()
    try:
        configure(domains=(branch(f"[127.0.0.1]:{sink.port}", f"[127.0.0.1]:{second.port}"),), connectors=())
        queued("anna@branch.test")
        deliver(HOP)
        assert query(STATUS) == [("anna@branch.test", "delivered")]
        assert [one.recipients for one in second.arrived] == [["anna@branch.test"]]
    finally:
        second.shutdown()
        second.server_close()


@pytest.mark.parametrize("listed", [True, False])
def test_an_internal_relay_domain_keeps_those_it_knows_and_hands_on_the_rest(configure, queued, query, sink, listed):
    configure(domains=(branch(f"[127.0.0.1]:{sink.port}", kind=DomainType.InternalRelay),))
    if listed:
        query("INSERT INTO directory_recipient (address) VALUES ('anna@branch.test') RETURNING 1")
    queued("anna@branch.test")
    hops = query("SELECT next_hop FROM queues_recipient WHERE address = 'anna@branch.test'")
    assert hops == [("mailbox" if listed else HOP,)]


def test_a_host_that_is_ourselves_is_no_host(configure, queued, deliver, query):
    own = ReceiveConnector(name="Default", bindings=(Binding("127.0.0.1", 2599),), remote_ip_ranges=everyone())
    configure(domains=(branch("[127.0.0.1]:2599"),), receiving=(own,))
    queued("anna@branch.test")
    deliver(HOP)
    ((status, error),) = query("SELECT status, last_error FROM queues_recipient WHERE address = 'anna@branch.test'")
    assert status == "failed" and "loops back to myself" in error


def test_another_host_in_the_settings_counts_for_mail_that_waits(configure, queued, deliver, query, sink):
    configure(domains=(branch("[127.0.0.1]:1"),))
    queued("anna@branch.test")
    deliver(HOP)
    assert query(STATUS) == [("anna@branch.test", "ready")]
    configure(domains=(branch(f"[127.0.0.1]:{sink.port}"),))
    query("UPDATE queues_nexthop SET retry_at = NULL RETURNING 1")
    deliver(HOP)
    assert query(STATUS) == [("anna@branch.test", "delivered")]
