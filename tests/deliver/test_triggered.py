"""A Send connector that delivers only when it is triggered: its mail waits without attempts."""

import pytest
from django.contrib.auth.models import Group, User

from console.actors import Actor, Role
from console.queues import actions, queries
from transport.config.send_connector import DeliveryWindow
from transport.deliver import routing

pytestmark = pytest.mark.django_db(transaction=True)
HOP = "smarthost:Out"
STATUS = "SELECT status, attempts FROM queues_recipient ORDER BY id"


@pytest.fixture
def admin():
    user = User.objects.create_user("anna")
    user.groups.add(Group.objects.get_or_create(name=Role.ORGANIZATION_MANAGEMENT)[0])
    return Actor.of(user)


@pytest.fixture
def triggered(configure):
    configure(delivery_window=DeliveryWindow.OnTrigger)


def is_kept():
    return queries.next_hop(HOP).status == "Kept"


def test_mail_waits_until_an_administrator_retries_its_queue(triggered, queued, deliver, sink, query, admin):
    queued("bob@far.test", "eve@far.test")
    deliver(HOP)
    assert sink.connections == 0 and query(STATUS) == [("ready", 0)] * 2 and is_kept()
    assert actions.retry(admin, HOP) == 2
    deliver(HOP)
    assert query(STATUS) == [("delivered", 1)] * 2 and is_kept()
    queued("dan@far.test")
    deliver(HOP)
    assert query(STATUS)[-1] == ("ready", 0)


def test_a_host_that_is_away_when_it_is_triggered_waits_for_the_next_time(configure, queued, deliver, query, admin):
    configure(port=1, delivery_window=DeliveryWindow.OnTrigger)
    queued("bob@far.test")
    actions.retry(admin, HOP)
    deliver(HOP)
    assert is_kept() and query(STATUS) == [("ready", 0)]


def test_a_connector_that_always_runs_again_delivers_what_waits(triggered, queued, deliver, sink, configure):
    queued("bob@far.test")
    configure()
    routing.reroute()
    deliver(HOP)
    assert len(sink.arrived) == 1


def test_a_connector_that_ran_always_keeps_what_comes_next(configure, queued, deliver, sink):
    configure()
    queued("bob@far.test")
    deliver(HOP)
    configure(delivery_window=DeliveryWindow.OnTrigger)
    routing.reroute()
    routing.keep_again()
    queued("eve@far.test")
    deliver(HOP)
    assert len(sink.arrived) == 1 and is_kept()
