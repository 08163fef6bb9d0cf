"""Next hops as they are put beside mail in the queue."""

import psycopg
import pytest

from transport import next_hops
from transport.send.route import NO_CONNECTOR, UNREACHABLE, DeliveryType, Hop

pytestmark = pytest.mark.django_db(transaction=True)
SMART = Hop("smarthost:Out", DeliveryType.SMART_HOST, "mail.x.test", "Out")
ROWS = "SELECT key, delivery_type, domain, last_error FROM queues_nexthop ORDER BY key"


@pytest.fixture
def connection(database_url):
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("SET statement_timeout = '5s'")
        yield connection


def test_each_is_there_once_with_its_kind_and_why_it_is_not_tried(connection, query):
    next_hops.add(connection, [SMART, UNREACHABLE, SMART])
    next_hops.add(connection, [SMART])
    assert query(ROWS) == [
        ("smarthost:Out", "SmartHostConnectorDelivery", "mail.x.test", ""),
        ("unreachable", "Unreachable", "Unreachable Domain", NO_CONNECTOR),
    ]


def test_it_follows_the_configuration_and_keeps_its_last_error(connection, query):
    next_hops.add(connection, [SMART])
    connection.execute("UPDATE queues_nexthop SET last_error = '451 busy'")
    next_hops.add(connection, [Hop("smarthost:Out", DeliveryType.SMART_HOST, "other.x.test", "Out")])
    assert query(ROWS) == [("smarthost:Out", "SmartHostConnectorDelivery", "other.x.test", "451 busy")]


def test_whoever_works_on_a_next_hop_holds_up_no_mail_for_it(connection, database_url):
    next_hops.add(connection, [SMART])
    with psycopg.connect(database_url) as other:
        other.execute("SELECT FROM queues_nexthop FOR UPDATE")
        next_hops.add(connection, [SMART])


def test_who_listens_hears_the_kind_and_the_key(connection, database_url):
    next_hops.add(connection, [SMART])
    with psycopg.connect(database_url, autocommit=True) as listening:
        listening.execute("LISTEN gatepost_queue")
        next_hops.wake(connection, ["smarthost:Out", "domain:Internet:gone.test"])
        (notice,) = listening.notifies(timeout=5, stop_after=1)
    assert notice.payload == "SmartHostConnectorDelivery smarthost:Out"
