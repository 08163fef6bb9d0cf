"""Strangers never hold the last place: which next hops get a thread, and which wait for one."""

from collections.abc import Iterable

import pytest

from transport.config.send_connector import SendConnector
from transport.config.setting import settings
from transport.config.transport_limits import TransportLimits
from transport.deliver import dispatch, slots
from transport.deliver.dispatch import Dispatch
from transport.deliver.slots import PART, PLACES, Slots, Standing
from transport.send.route import DeliveryType

pytestmark = pytest.mark.django_db(transaction=True)
REMOTE = [kind for kind in DeliveryType if kind.is_remote]
STRANGERS = PART[Standing.NEW]
MANY = 4000
DNS = DeliveryType.DNS


def stranger(number: int) -> str:
    return f"domain:Internet:d{number}.test"


@pytest.fixture
def places() -> Slots:
    return Slots()


def kind(hop: str) -> DeliveryType:
    """Of the names that the tests here use."""
    return DeliveryType.MAILBOX if hop == "mailbox" else DeliveryType.SMART_HOST if hop.startswith("smart") else DNS


def admit(places: Slots, hop: str, failures: int = 0) -> bool:
    return places.enter(hop, kind(hop), 20, failures)


def test_strangers_fill_their_part_and_leave_the_rest_to_those_who_take_mail(places: Slots) -> None:
    assert sum(admit(places, stranger(number)) for number in range(MANY)) == STRANGERS < PLACES
    assert admit(places, "smarthost:Head office")
    places.progressed("domain:Internet:partner.test")
    assert admit(places, "domain:Internet:partner.test")


def test_a_stranger_has_one_place_until_it_has_taken_mail(places: Slots) -> None:
    hop = stranger(1)
    assert admit(places, hop)
    assert not admit(places, hop)
    places.progressed(hop)
    assert admit(places, hop)
    assert places.room(Standing.NEW) == STRANGERS


def test_who_failed_last_time_leaves_places_to_who_was_never_tried(places: Slots) -> None:
    assert sum(admit(places, stranger(number), failures=1) for number in range(MANY)) == PART[Standing.FAILED]
    assert admit(places, "domain:Internet:never-tried.test")


def test_who_fails_is_a_stranger_again(places: Slots) -> None:
    hop = stranger(1)
    places.progressed(hop)
    assert places.standing(hop, DNS, 0) is Standing.KNOWN
    places.failed(hop)
    assert places.standing(hop, DNS, 0) is Standing.NEW


def test_who_takes_mail_and_then_falls_silent_gets_a_quarter_of_its_connections(
    places: Slots, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots, "STALLED", -1.0)
    assert sum(admit(places, "smarthost:Silent") for _ in range(20)) == 5


def test_a_place_that_is_left_is_free_again(places: Slots) -> None:
    for number in range(STRANGERS):
        admit(places, stranger(number))
    places.leave(stranger(0))
    assert places.room(Standing.NEW) == 1
    assert admit(places, stranger(MANY))


def test_what_is_remembered_of_strangers_is_bounded(places: Slots) -> None:
    for number in range(slots.REMEMBERED + 100):
        places.progressed(stranger(number))
    assert places.standing(stranger(0), DNS, 0) is Standing.NEW
    assert places.standing(stranger(slots.REMEMBERED + 99), DNS, 0) is Standing.KNOWN


@pytest.fixture
def due(query, places):
    """Next hops with due mail, asked of a process that speaks to next hops."""
    import psycopg
    from django.conf import settings

    dispatch = Dispatch(places)

    def ask(kinds: Iterable[DeliveryType] = REMOTE) -> list[str]:
        with psycopg.connect(settings.DATABASE_URL, autocommit=True) as connection:
            return [hop for hop, _ in dispatch.due(connection, kinds)]

    ask.dispatch = dispatch
    return ask


@pytest.fixture
def wait(query):
    """A message that waits for a next hop, handed in by a client."""

    def wait(hop: str, client: str = "192.0.2.1", seconds: int = 1, retry_count: int = 0) -> None:
        query(
            "INSERT INTO queues_nexthop (key, delivery_type, domain, connector, retry_count) "
            "VALUES (%s, %s, %s, '', %s) ON CONFLICT DO NOTHING RETURNING key",
            hop, kind(hop).value, hop.rpartition(":")[2], retry_count,
        )  # fmt: skip
        ((message,),) = query(
            "INSERT INTO queues_message (id, accepted_at, transport, connector, revision, session_id, client_address, "
            "helo, tls, principal, authenticated, sender, subject, message_id, size, body_type, recipient_count, "
            "expires_at) VALUES (gen_random_uuid(), now(), '', '', 1, '', %s, '', false, '', false, '', '', '', 1, '', "
            "1, now() + interval '1 day') RETURNING id",
            client,
        )
        query(
            "INSERT INTO queues_recipient (message_id, address, next_hop, due_at, notice_at) "
            "VALUES (%s, 'x@d.test', %s, now() - %s * interval '1 second', now() + interval '1 day') RETURNING id",
            message, hop, seconds,
        )  # fmt: skip

    return wait


@pytest.mark.parametrize("of", [SendConnector, TransportLimits])
def test_where_connections_to_a_next_hop_are_limited_it_says_how_many_one_worker_opens(of: type) -> None:
    assert f"One worker opens at most {slots.MOST}: " in settings(of)["max_per_domain_outbound_connections"].help


def test_of_thousands_of_strangers_no_more_are_asked_for_than_there_are_places(due, wait) -> None:
    for number in range(STRANGERS + 20):
        wait(stranger(number))
    wait("smarthost:Head office")
    wait("mailbox")
    found = due()
    assert len(found) == STRANGERS + 1
    assert "smarthost:Head office" in found and "mailbox" not in found
    assert due([DeliveryType.MAILBOX]) == ["mailbox"]


def test_what_another_worker_of_the_node_begins_with_is_taken_when_it_waits(due, wait) -> None:
    due.dispatch.is_first = lambda hop: hop == "mailbox"
    wait("mailbox", seconds=0)
    wait("smarthost:Head office", seconds=0)
    wait("smarthost:Branch", seconds=5)
    assert sorted(due([*REMOTE, DeliveryType.MAILBOX])) == ["mailbox", "smarthost:Branch"]


def test_who_hands_in_mail_for_thousands_has_one_turn_like_everybody_else(due, wait) -> None:
    for number in range(STRANGERS + 20):
        wait(stranger(number), seconds=100)
    wait("domain:Internet:other.test", client="192.0.2.2", seconds=1)
    assert due()[1] == "domain:Internet:other.test"


def test_of_more_strangers_than_one_look_is_about_the_others_come_next(due, wait, monkeypatch) -> None:
    monkeypatch.setattr(dispatch, "LOOKED_AT", 4)
    for number in range(10):
        wait(stranger(number), retry_count=number % 2)
    wait("smarthost:Head office")
    looks = [due() for _ in range(4)]
    assert [len(look) for look in looks] == [5, 5, 3, 1], "who was asked for a moment ago is not asked for again"
    assert all("smarthost:Head office" in look for look in looks)
    assert {hop for look in looks for hop in look} == {stranger(number) for number in range(10)} | {
        "smarthost:Head office"
    }


def test_a_place_that_is_left_goes_to_the_next_in_line(due, wait, places: Slots) -> None:
    for number in range(STRANGERS + 1):
        wait(stranger(number), seconds=1000 - number)
    for hop in due():
        due.dispatch.begun(hop)
        assert admit(places, hop)
    assert due.dispatch.following() is None
    wait(stranger(STRANGERS + 1))
    due()
    places.leave(stranger(0))
    assert due.dispatch.following() == (stranger(STRANGERS), DNS)


def test_news_of_mail_for_strangers_asks_for_no_more_threads_than_they_have(due) -> None:
    assert sum(due.dispatch.wake(stranger(number), DNS) for number in range(MANY)) == STRANGERS
    assert due.dispatch.wake("smarthost:Head office", DeliveryType.SMART_HOST)
    assert not due.dispatch.wake("smarthost:Head office", DeliveryType.SMART_HOST)


def waits(places: Slots, *standings: Standing) -> None:
    places.want(standings)


def test_a_stranger_in_the_press_has_a_polite_pause_and_a_few_have_longer(places: Slots) -> None:
    """Each place is asked by the thread that holds it, as it is here, one after the other."""
    waits(places, Standing.NEW)
    gone = []
    for number in range(STRANGERS):
        admit(places, stranger(number))
        assert not places.must_go(slots.HASTE - 0.1, 30)
        gone.append(places.must_go(slots.HASTE, 30))
    assert gone == [False] * slots.SLOW + [True] * (STRANGERS - slots.SLOW)
    places.leave(stranger(0))
    assert admit(places, stranger(MANY))
    assert not places.must_go(slots.HASTE, 30)
    assert places.must_go(30, 30)


def test_nobody_has_to_go_while_nobody_waits(places: Slots) -> None:
    admit(places, stranger(1))
    assert not places.must_go(600, 30)


def test_who_took_mail_and_stalls_goes_soon_when_every_place_is_held(places: Slots) -> None:
    """Domains of an attacker that take a first message would hold all places, and not only the strangers'."""
    hop = stranger(1)
    places.progressed(hop)
    assert admit(places, hop)
    waits(places, Standing.NEW)
    assert not places.must_go(600, 30)
    waits(places, Standing.KNOWN)
    assert not places.must_go(slots.HASTE, 30)
    assert places.must_go(30 / 4, 30)


def test_who_takes_mail_goes_for_nobody_but_its_like(places: Slots) -> None:
    admit(places, "smarthost:Head office")
    waits(places, Standing.NEW, Standing.FAILED)
    assert not places.must_go(600, 30)
    waits(places, Standing.KNOWN)
    assert not places.must_go(slots.HASTE, 30)
    assert places.must_go(30, 30)


def test_the_messages_of_one_client_have_their_turns_as_well(due, wait, query) -> None:
    """A message for thousands of next hops goes before no other message with all of them."""
    for number in range(STRANGERS + 20):
        wait(stranger(number), seconds=100)
    query(
        "UPDATE queues_recipient SET message_id = (SELECT min(id::text)::uuid FROM queues_message) "
        "WHERE next_hop <> %s RETURNING id",
        stranger(0),
    )
    wait("domain:Internet:other.test", seconds=1)
    assert "domain:Internet:other.test" in due()[:3]


def test_connections_grow_by_one_for_as_many_good_deliveries_as_there_are_and_are_halved_by_a_refusal(
    places: Slots, monkeypatch: pytest.MonkeyPatch
) -> None:
    hop = "smarthost:Head office"
    assert places.window(hop) == 2
    grown = []
    for _ in range(40):
        places.progressed(hop)
        grown.append(places.window(hop))
    assert grown[2] == 3 and grown[-1] == 9
    places.refused(hop)
    places.refused(hop)
    assert places.window(hop) == 4, "several at once are one refusal"
    monkeypatch.setattr(slots, "CALM", 0.0)
    for _ in range(9):
        places.refused(hop)
    assert places.window(hop) == 1
    for _ in range(12_000):
        places.progressed(hop)
    assert places.window(hop) == slots.MOST


def test_a_refusal_is_no_death_while_others_work(places: Slots) -> None:
    hop = "smarthost:Head office"
    places.progressed(hop)
    assert admit(places, hop) and not places.refused(hop)
    assert admit(places, hop) and places.refused(hop)


def test_who_has_most_leaves_to_who_has_none_and_no_more_than_are_left_out(
    places: Slots, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots, "STAY", 0.0)
    assert admit(places, "smarthost:Busy") and admit(places, "smarthost:Busy") and admit(places, "smarthost:Small")
    assert not places.must_leave("smarthost:Busy")
    places.want([Standing.KNOWN], 1)
    assert not places.must_leave("smarthost:Small")
    assert places.must_leave("smarthost:Busy")
    assert not places.must_leave("smarthost:Busy")
