"""A connector that may not send now: its mail waits, no message is to blame, and it ends by itself or by a hand."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from transport.config.send_connector import Provider
from transport.deliver import holds, routing, ways_out
from transport.deliver.database import pool
from transport.deliver.smtp_relay import SmtpRelay
from transport.deliver.way import Held, Outcome
from transport.send.parcel import Parcel
from transport.send.provider_replies import Whose
from transport.send.route import DeliveryType

pytestmark = pytest.mark.django_db(transaction=True)
WORDS = "535 5.7.3 Authentication unsuccessful"
HOLDS = "SELECT connector, account, words, is_fault, until IS NULL FROM queues_hold"
WAITING = "SELECT status, attempts, claimed_by FROM queues_recipient"
HOP = "SELECT retry_count, last_error, retry_at > now() FROM queues_nexthop WHERE key = 'smarthost:Out'"


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Callable[[Held | None], None]:
    """A way out that may send nothing."""

    def say(error: Held | None) -> None:
        class Holding(SmtpRelay):
            def send(self, parcels: list[Parcel]) -> Iterator[Outcome]:
                if error is not None:
                    raise error
                yield from super().send(parcels)

        _, find = ways_out.RELAYS[DeliveryType.SMART_HOST]
        monkeypatch.setitem(ways_out.RELAYS, DeliveryType.SMART_HOST, (Holding, find))

    return say


def test_a_connector_that_is_stopped_keeps_its_mail_until_it_is_lifted(configure, queued, deliver, query, held, sink):
    configure()
    queued("bob@far.test")
    held(Held(None, WORDS, is_fault=True))
    deliver()
    assert query(HOLDS) == [("Out", "", WORDS, True, True)]
    assert query(WAITING) == [("ready", 0, None)]
    assert query(HOP) == [(0, "", None)]
    held(None)
    deliver()
    assert not sink.arrived
    with pool().connection() as connection, connection.transaction():
        assert holds.lift(connection, "Out") == [WORDS]
    deliver()
    assert len(sink.arrived) == 1


def test_a_hold_ends_by_itself(configure, queued, deliver, query, held, sink):
    configure()
    queued("bob@far.test")
    held(Held(time.time() + 60, WORDS))
    deliver()
    held(None)
    deliver()
    assert not sink.arrived
    query("UPDATE queues_hold SET until = now() RETURNING 1")
    deliver()
    assert len(sink.arrived) == 1


def test_a_next_hop_that_rests_has_not_failed(configure, queued, deliver, query, held):
    configure()
    queued("bob@far.test")
    held(Held(time.time() + 60, "432 4.3.2 Concurrent connections limit exceeded", Whose.HOP))
    deliver()
    assert query(HOLDS) == []
    assert query(HOP) == [(0, "432 4.3.2 Concurrent connections limit exceeded", True)]
    assert query(WAITING) == [("ready", 0, None)]


def test_what_a_next_hop_rested_for_is_forgotten_when_it_takes_mail(configure, queued, deliver, query, held, sink):
    configure()
    queued("bob@far.test")
    held(Held(time.time() + 60, "432 4.3.2 Concurrent connections limit exceeded", Whose.HOP))
    deliver()
    held(None)
    query("UPDATE queues_nexthop SET retry_at = now() RETURNING 1")
    deliver()
    assert len(sink.arrived) == 1
    assert query("SELECT retry_count, last_error, retry_at FROM queues_nexthop") == [(0, "", None)]


def test_saving_the_connector_lifts_it_and_saving_another_does_not(configure, queued, deliver, query, held):
    configure()
    queued("bob@far.test")
    held(Held(None, WORDS, is_fault=True))
    deliver()
    configure()
    routing.reroute()
    assert len(query(HOLDS)) == 1
    configure(comment="Mended")
    routing.reroute()
    assert query(HOLDS) == []


# fmt: off
HELD = [
    ("connect", "554 5.7.1 You are not allowed to connect", Provider.Other, True),
    ("EHLO", "550 5.7.1 Go away", Provider.Other, True),
    ("MAIL", "530 5.7.57 Client not authenticated to send mail.", Provider.Microsoft365, True),
    ("RCPT", "550 5.7.64 TenantAttribution; Relay Access Denied", Provider.Microsoft365Relay, True),
    ("RCPT", "550 5.4.5 Daily SMTP relay limit exceeded for user.", Provider.GoogleRelay, False),
    ("MAIL", "454 Throttling failure: Daily message quota exceeded", Provider.AmazonSES, False),
    (".", "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException", Provider.Microsoft365, False),
    ("DATA", "451 4.7.500 Server busy", Provider.Microsoft365, False),
]
# fmt: on


@pytest.mark.parametrize("extensions", [("PIPELINING",), ()])
@pytest.mark.parametrize(("verb", "answer", "provider", "is_fault"), HELD)
def test_a_refusal_of_the_connector_or_its_account_blames_no_message(
    configure, queued, deliver, query, sink, verb, answer, provider, is_fault, extensions
):
    sink.extensions = extensions
    refused = {"EHLO", "HELO"} if verb == "EHLO" else {verb}
    sink.behave = lambda line, n: answer if line.split(" ")[0].upper() in {one.upper() for one in refused} else None
    configure(provider=provider)
    queued("bob@far.test", "eve@far.test")
    deliver()
    ((connector, account, words, fault, endless),) = query(HOLDS)
    assert (connector, account, fault, endless) == ("Out", "", is_fault, False)
    assert words.endswith(f"The server said: {answer}")
    assert query(WAITING) == [("ready", 0, None)] * 2
    assert query("SELECT count(*) FROM queues_message WHERE origin = 'generated'") == [(0,)]
    sink.behave = lambda line, n: None
    deliver()
    assert not sink.arrived
    with pool().connection() as connection, connection.transaction():
        holds.lift(connection, "Out")
    deliver()
    assert len(sink.arrived) == 2


def test_a_message_that_is_refused_for_its_sender_comes_back_and_the_others_leave(
    configure, queued, deliver, sink, query
):
    said = "550 5.7.60 SMTP; Client does not have permissions to send as this sender"
    sink.behave = lambda line, n: said if "<eve@" in line else None
    configure(provider=Provider.Microsoft365)
    queued("bob@far.test", sender="eve@x.test")
    queued("bob@far.test", sender="ann@x.test")
    deliver()
    assert query("SELECT status FROM queues_recipient WHERE address = 'bob@far.test' ORDER BY id") == [
        ("failed",), ("delivered",),
    ]  # fmt: skip
    assert query(HOLDS) == []


def test_a_provider_that_is_wrong_again_is_asked_less_often(configure, queued, deliver, query, sink):
    sink.behave = lambda line, n: "451 4.7.500 Server busy" if line.startswith("MAIL") else None
    configure(provider=Provider.Microsoft365)
    queued("bob@far.test")
    deliver()
    ended = "UPDATE queues_hold SET until = now(), since = now() - interval '40 minutes' RETURNING 1"
    query(ended)
    deliver()
    ((wait, since),) = query(
        "SELECT extract(epoch from until - now())::float8, extract(epoch from now() - since)::float8 FROM queues_hold"
    )
    assert 1190 < wait < 1201 and since > 2390
