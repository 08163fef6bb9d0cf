"""Mail of an accepted domain that is kept until it is asked for: nothing is tried before, all of it after."""

import time

import pytest
from django.contrib.auth.models import Group, User

from console.actors import Actor, Role
from console.queues import actions
from transport.config import delivery_host
from transport.config.accepted_domain import AcceptedDomain, DeliverTo
from transport.deliver import notices, routing
from transport.deliver.database import pool
from transport.deliver.dispatch import Dispatch
from transport.deliver.slots import Slots
from transport.queries import SHARED
from transport.send.route import DeliveryType

pytestmark = pytest.mark.django_db(transaction=True)
STATUS = "SELECT status FROM queues_recipient WHERE address LIKE '%branch.test' ORDER BY id"
HOP = "kept:branch.test"
DAY = 86400


def branch(*hosts, **changes):
    return AcceptedDomain(
        name="branch.test", domain_name="branch.test", deliver_to=DeliverTo.PickUp, pick_up_principals=("Branches",),
        delivery_hosts=tuple(map(delivery_host.parse, hosts)), **changes,
    )  # fmt: skip


@pytest.fixture
def kept(configure, queued, sink):
    """Mail is kept that would go to the sink."""
    configure(domains=(branch(f"[127.0.0.1]:{sink.port}"),))
    queued("anna@branch.test", "bert@branch.test")


def ask(*keys):
    with pool().connection() as connection:
        return connection.execute(SHARED["release_kept"], {"keys": list(keys)}).fetchone()[0]


def due():
    with pool().connection() as connection:
        return [hop for hop, _ in Dispatch(Slots()).due(connection, list(DeliveryType))]


def is_kept(query):
    return query("SELECT kept FROM queues_nexthop WHERE key = %s", HOP) == [(True,)]


def test_nothing_is_tried_until_somebody_asks_and_then_all_of_it(kept, closed_pool, deliver, query, sink, queued):
    assert due() == []
    deliver(HOP)
    assert not sink.connections and is_kept(query)
    assert ask(HOP, "kept:other.test") == 2
    assert due() == [HOP]
    deliver(HOP)
    assert [one.recipients for one in sink.arrived] == [["anna@branch.test"], ["bert@branch.test"]]
    assert is_kept(query) and due() == []
    queued("carl@branch.test")
    assert due() == []


def test_retry_on_the_queue_is_the_same_act(kept, deliver, query, sink):
    admin = User.objects.create_user("anna")
    admin.groups.add(Group.objects.get_or_create(name=Role.ORGANIZATION_MANAGEMENT)[0])
    assert actions.retry(Actor.of(admin), HOP) == 2
    deliver(HOP)
    assert query(STATUS) == [("delivered",)] * 2 and is_kept(query)
    assert actions.retry(Actor.of(admin), HOP) == 0
    assert is_kept(query)


def test_what_cannot_be_delivered_when_it_was_asked_for_is_kept_again(configure, queued, deliver, query):
    configure(domains=(branch("[127.0.0.1]:1"),))
    queued("anna@branch.test")
    ask(HOP)
    deliver(HOP)
    assert is_kept(query) and query(STATUS) == [("ready",)]
    ((error,),) = query("SELECT last_error FROM queues_nexthop WHERE key = %s", HOP)
    assert "Connection refused" in error
    assert ask(HOP) == 1
    assert due() == [HOP]


def test_one_message_that_is_put_off_waits_until_it_is_asked_for_again(kept, deliver, query, sink):
    sink.behave = lambda line, n: "452 4.2.2 Full" if line.startswith("RCPT TO:<anna") else None
    ask(HOP)
    deliver(HOP)
    assert query(STATUS) == [("ready",), ("delivered",)] and is_kept(query)
    sink.behave = lambda line, n: None
    assert ask(HOP) == 1
    deliver(HOP)
    assert query(STATUS) == [("delivered",)] * 2


def test_without_hosts_of_its_own_it_goes_by_the_send_connector_of_the_domain(configure, queued, deliver, query, sink):
    configure(domains=(branch(),))
    queued("anna@branch.test")
    ask(HOP)
    deliver(HOP)
    assert [one.recipients for one in sink.arrived] == [["anna@branch.test"]]


def test_what_a_dead_worker_left_open_is_kept_again_once_it_is_empty(kept, deliver, query):
    ask(HOP)
    routing.keep_again()
    assert not is_kept(query)
    query("UPDATE queues_recipient SET status = 'delivered' RETURNING 1")
    routing.keep_again()
    assert is_kept(query)


def reports(query):
    return query("SELECT subject FROM queues_message WHERE origin = 'generated'")


def test_its_sender_hears_of_no_delay_and_gets_it_back_when_its_own_time_is_over(
    configure, journal, forward, closed_pool, query
):
    configure(domains=(branch(pick_up_expiration_timeout=30 * DAY),))
    journal.accept("anna@branch.test", accepted_at=time.time() - 29 * DAY)
    forward()
    while notices.send_due():
        pass
    assert query(STATUS) == [("ready",)] and not reports(query)
    query("UPDATE queues_message SET accepted_at = accepted_at - interval '1 day' RETURNING 1")
    query("UPDATE queues_recipient SET notice_at = now() RETURNING 1")
    while notices.send_due():
        pass
    assert query(STATUS) == [("failed",)] and len(reports(query)) == 1


def test_a_short_time_of_its_own_counts_as_well(configure, journal, forward, closed_pool, query):
    configure(domains=(branch(pick_up_expiration_timeout=600),))
    journal.accept("anna@branch.test", accepted_at=time.time() - 601)
    forward()
    while notices.send_due():
        pass
    assert query(STATUS) == [("failed",)]


def test_mail_of_a_domain_that_is_kept_no_more_goes_its_way(kept, configure, deliver, query, sink):
    configure(domains=(AcceptedDomain(name="branch.test", domain_name="branch.test", address_book_enabled=False),))
    routing.reroute()
    deliver("mailbox")
    assert query(STATUS) == [("delivered",)] * 2 and not sink.arrived


def test_whose_time_is_changed_counts_for_what_comes_next(kept, configure, queued, query, sink):
    configure(domains=(branch(f"[127.0.0.1]:{sink.port}", pick_up_expiration_timeout=DAY),))
    queued("carl@branch.test")
    assert query("SELECT expires_after, kept FROM queues_nexthop WHERE key = %s", HOP) == [(DAY, True)]
