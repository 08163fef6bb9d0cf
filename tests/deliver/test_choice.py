"""Which Send connector mail takes, seen on the wire: by size, sender, Receive connector; and again after a change."""

import pytest

from transport.config.address_space import AddressSpace
from transport.config.named_sender import NamedSender
from transport.config.send_connector import SendConnector
from transport.deliver import routing

pytestmark = pytest.mark.django_db(transaction=True)
MB = 1024 * 1024
WAITING = "SELECT next_hop FROM queues_recipient ORDER BY id"


@pytest.fixture
def through(sink):
    """A Send connector that leads to the sink."""

    def through(name, *, cost=1, space="*", **changes):
        return SendConnector(
            name=name, address_spaces=(AddressSpace(space, cost),), dns_routing_enabled=False,
            smart_hosts=("[127.0.0.1]",), port=sink.port, **changes,
        )  # fmt: skip

    return through


def test_large_messages_take_the_dear_connector_and_small_ones_the_cheap_one(
    journal, forward, configure, through, query
):
    configure(connectors=(through("Cheap", max_message_size=1000), through("Dear", cost=50)))
    journal.accept("bob@far.test", size=1000)
    journal.accept("bob@far.test", size=1001)
    forward()
    assert query(WAITING) == [("smarthost:Cheap",), ("smarthost:Dear",)]


def test_a_message_too_large_for_every_connector_comes_back_at_once(
    journal, forward, deliver, configure, through, query
):
    configure(connectors=(through("Out", max_message_size=1000),))
    journal.accept("bob@far.test", "eve@far.test", size=1001)
    forward()
    ((hop,), _) = query(WAITING)
    deliver(hop)
    assert query("SELECT DISTINCT status, last_error FROM queues_recipient WHERE address LIKE '%far.test'") == [
        ("failed", "550 5.3.4 ROUTING.SizeLimit; message size exceeds fixed maximum size for route")
    ]
    ((report,),) = query(
        "SELECT convert_from(chunk, 'UTF8') FROM queues_content c JOIN queues_message m ON m.id = c.message_id "
        "WHERE m.origin = 'generated' AND number = 0"
    )
    assert "Status: 5.3.4" in report and "Final-Recipient: rfc822;eve@far.test" in report


def test_a_sender_has_a_way_out_of_its_own(journal, forward, deliver, configure, through, sink, query):
    configure(connectors=(through("Newsletter", senders=("news@x.test",)), through("Out", cost=99)))
    for sender in ("News@x.test", "ann@x.test", ""):
        journal.accept("bob@far.test", sender=sender)
    forward()
    assert query(WAITING) == [("smarthost:Newsletter",), ("smarthost:Out",), ("smarthost:Out",)]
    deliver("smarthost:Newsletter")
    assert [one.sender for one in sink.arrived] == ["News@x.test"]


def test_mail_that_waits_is_routed_anew_message_by_message(journal, forward, configure, through, query):
    configure(connectors=(through("Out"),))
    for sender, size in (("news@x.test", 10), ("ann@x.test", 10), ("ann@x.test", 5000), ("", 10)):
        journal.accept("bob@far.test", sender=sender, size=size)
    forward()
    assert query(WAITING) == [("smarthost:Out",)] * 4
    configure(
        connectors=(
            through("Newsletter", senders=("news@x.test",)),
            through("Devices", source_receive_connectors=("Devices",)),
            through("Out", cost=50, max_message_size=1000),
            through("Large", cost=99),
        )
    )
    assert routing.reroute() == 2
    assert query(WAITING) == [("smarthost:Newsletter",), ("smarthost:Out",), ("smarthost:Large",), ("smarthost:Out",)]
    assert routing.reroute() == 0


def test_a_limit_that_is_raised_in_time_saves_the_message(journal, forward, deliver, configure, through, sink, query):
    configure(connectors=(through("Out", max_message_size=1000),))
    journal.accept("bob@far.test", size=1001)
    forward()
    configure(connectors=(through("Out", max_message_size=2 * MB),))
    assert routing.reroute() == 1
    deliver("smarthost:Out")
    assert [one.recipients for one in sink.arrived] == [["bob@far.test"]]


def test_mail_by_one_receive_connector_leaves_by_the_send_connector_for_it(journal, forward, configure, through, query):
    configure(connectors=(through("For default", source_receive_connectors=("default",)), through("Out", cost=2)))
    journal.accept("bob@far.test")
    forward()
    assert query(WAITING) == [("smarthost:For default",)]


def test_a_prohibited_user_hears_which_connector_and_list_it_was(journal, forward, deliver, configure, through, query):
    out = through("General SMTP Connector", reject_messages_from=("CONTOSO\\m.alexander",))
    configure(connectors=(out,), named_senders=(NamedSender("contoso\\m.alexander", ("contoso\\m.alexander",)),))
    journal.accept("bob@far.test", principal="CONTOSO\\M.Alexander")
    journal.accept("eve@far.test", principal="CONTOSO\\carl")
    forward()
    assert query(WAITING)[1] == ("smarthost:General SMTP Connector",)
    deliver(query(WAITING)[0][0])
    assert query("SELECT last_error FROM queues_recipient WHERE status = 'failed'") == [
        (
            '550 5.7.1 The Send connector "General SMTP Connector" takes no messages from this sender '
            "(RejectMessagesFrom)",
        )
    ]
    configure(connectors=(through("General SMTP Connector", reject_messages_from=("eve@x.test",)),))
    assert routing.reroute() == 0
