"""A next hop that wants nothing before its turn: what it refuses so is asked again, and no message pays for it."""

import pytest

from tests.deliver.test_delivery import STATUS
from transport.deliver.remembered import PACES
from transport.send.attempt import Pace
from transport.send.hosts import Host

pytestmark = pytest.mark.django_db(transaction=True)
HERE = Host("[127.0.0.1]", "127.0.0.1")


@pytest.fixture
def six(journal, forward, deliver, configure, sink):
    """Six messages in one batch."""
    configure()

    def six(**changes):
        for number in range(6):
            journal.accept(f"u{number}@far.test", sender=f"s{number}@x.test", **changes)
        forward()
        deliver()

    return six


def strict(sink, answer, verbs=("MAIL",)):
    """Answers so to the commands that came together with the end of the message before, as Haraka does."""

    def behave(line, n):
        verb = line[:4].upper()
        if verb == "MAIL":
            sink.early = sink.commands[-2:-1] == ["."] and sink.came_together
        return answer if getattr(sink, "early", False) and verb in verbs else None

    sink.behave = behave


def all_arrived_once(sink, query):
    assert sorted(one.recipients[0] for one in sink.arrived) == [f"u{number}@far.test" for number in range(6)]
    assert [row[1:] for row in query(STATUS)] == [("delivered", 1, "")] * 6
    assert query("SELECT count(*) FROM queues_message WHERE origin = 'generated'") == [(0,)]


@pytest.mark.parametrize(
    ("answer", "verbs"),
    [
        ("503 Bad sequence of commands - pipelined after end of DATA", ("MAIL",)),
        ("503 Bad sequence of commands", ("MAIL", "RCPT", "DATA")),
        ("503 Bad sequence of commands", ("RCPT",)),
        ("503 Bad sequence of commands", ("DATA",)),
        ("500 5.5.2 Command unrecognized", ("MAIL",)),
        ("502 5.5.1 not now", ("MAIL",)),
        ("554 5.5.0 SMTP synchronization error", ("MAIL",)),
        ("554 5.5.0 SMTP synchronization error", ("DATA",)),
        ("421 4.7.0 pipelining is not allowed here", ("MAIL",)),
        ("421 4.7.0 pipelining is not allowed here", ("RCPT",)),
        ("550 5.5.1 Protocol error", ("MAIL",)),
        ("550 5.5.1 Protocol error", ("RCPT",)),
        ("451 4.5.1 Improper command pipelining", ("MAIL",)),
        ("501 5.5.4 Improper use of pipelining", ("MAIL",)),
        ("drop", ("MAIL",)),
        ("drop", ("DATA",)),
    ],
)
def test_what_is_refused_before_its_turn_arrives_all_the_same(six, sink, query, answer, verbs):
    strict(sink, answer, verbs)
    six()
    all_arrived_once(sink, query)
    assert PACES.recall(HERE, sink.port) is Pace.GROUPED
    assert sink.connections <= 2


@pytest.mark.parametrize("answer", ["554 SMTP synchronization error", "421 4.4.2 no", "503 early", "451 early", "drop"])
def test_a_refusal_in_place_of_the_answer_to_the_message_costs_neither(six, sink, query, answer):
    sink.behave = lambda line, n: answer if line == "." and sink.more_is_there else None
    six()
    all_arrived_once(sink, query)
    assert PACES.recall(HERE, sink.port) is Pace.GROUPED


def test_what_is_known_of_a_host_holds_for_the_next_batch(six, sink, query):
    strict(sink, "503 no")
    six()
    sink.arrived.clear()
    before = sink.connections
    query("DELETE FROM queues_recipient RETURNING id")
    six()
    all_arrived_once(sink, query)
    assert sink.connections == before + 1


def test_some_recipients_refused_before_their_turn_are_asked_again(journal, forward, deliver, configure, sink, query):
    def behave(line, n):
        if line.startswith("MAIL"):
            sink.early = sink.commands[-2:-1] == ["."] and sink.came_together
        return "503 5.5.1 too early" if "eve" in line and sink.early else None

    configure()
    sink.behave = behave
    journal.accept("ann@far.test")
    journal.accept("bob@far.test", "eve@far.test")
    forward()
    deliver()
    assert [row[1] for row in query(STATUS)] == ["delivered"] * 3
    assert [one.recipients for one in sink.arrived] == [["ann@far.test"], ["bob@far.test"], ["eve@far.test"]]


@pytest.mark.parametrize("answer", ["503 5.5.1 one command at a time", "500 5.5.2 what?", "drop"])
def test_a_host_that_offers_pipelining_and_takes_no_two_commands(six, sink, query, answer):
    sink.behave = lambda line, n: answer if sink.more_is_there and line[:4].upper() in ("MAIL", "RCPT") else None
    six()
    all_arrived_once(sink, query)
    assert PACES.recall(HERE, sink.port) is Pace.SINGLE


def test_a_host_that_takes_everything_gets_one_round_trip_for_each_message(six, sink, query):
    together = []
    sink.behave = lambda line, n: together.append(sink.came_together) if line.startswith("MAIL") else None
    six()
    all_arrived_once(sink, query)
    assert together[1:] == [True] * 5
    assert sink.connections == 1
    assert PACES.recall(HERE, sink.port) is Pace.AHEAD


@pytest.mark.parametrize("code", ["550 5.7.1 Sender blocked", "554 5.7.1 Sender blocked"])
def test_a_refusal_that_stays_when_asked_alone_is_the_verdict(six, sink, query, code):
    sink.behave = lambda line, n: code if line.startswith("MAIL") and "s3" in line else None
    six()
    assert [row[1:] for row in query(STATUS)] == [
        ("failed", 1, code) if number == 3 else ("delivered", 1, "") for number in range(6)
    ]
    assert PACES.recall(HERE, sink.port) is Pace.AHEAD, "the host did nothing wrong"


def test_content_that_is_refused_alone_as_well_comes_back(six, sink, query):
    bad = "554 5.7.1 Message looks like spam"
    sink.behave = lambda line, n: bad if line == "." and "<s2@" in sink.mail else None
    six()
    assert [row[1] for row in query(STATUS)] == ["delivered"] * 2 + ["failed"] + ["delivered"] * 3
    assert PACES.recall(HERE, sink.port) is Pace.AHEAD


@pytest.mark.parametrize("answer", ["554 5.5.1 DATA came too soon", "550 5.7.1 no", "503 wait"])
def test_data_that_is_refused_together_with_its_envelope_is_asked_again(six, sink, query, answer):
    sink.behave = lambda line, n: answer if line == "DATA" and sink.came_together else None
    six()
    all_arrived_once(sink, query)


def test_data_that_is_refused_alone_as_well_is_refused(six, sink, query):
    sink.behave = lambda line, n: "554 5.7.1 no" if line == "DATA" and "u3@" in sink.commands[-2] else None
    six()
    assert [row[1:] for row in query(STATUS) if row[1] != "delivered"] == [("failed", 1, "554 5.7.1 no")]
    assert len(sink.arrived) == 5


def test_a_second_recipient_that_came_too_soon_is_asked_again(journal, forward, deliver, configure, sink, query):
    sink.behave = lambda line, n: (
        "503 too soon" if line.startswith("RCPT") and "RCPT" in sink.commands[-2] and sink.came_together else None
    )
    configure()
    for number in range(3):
        journal.accept(f"u{number}@far.test", f"v{number}@far.test")
    forward()
    deliver()
    assert {row[1] for row in query(STATUS)} == {"delivered"}
    assert sorted(each for one in sink.arrived for each in one.recipients) == ["u0@far.test", "u1@far.test",
        "u2@far.test", "v0@far.test", "v1@far.test", "v2@far.test"]  # fmt: skip


@pytest.mark.parametrize("extensions", [("PIPELINING",), ()], ids=["together", "one by one"])
@pytest.mark.parametrize("verb", [".", "MAIL"])
def test_a_host_that_answers_twice_is_left_before_a_message_goes_astray(six, sink, query, extensions, verb):
    """What follows would be text of a message for a host that already waits for one."""
    sink.extensions = extensions
    sink.behave = lambda line, n: "250 Ok\r\n250 Ok" if line.startswith(verb) and sink.verbs[verb] == 2 else None
    six()
    all_arrived_once(sink, query)
    assert not [one for one in sink.arrived if b"RSET" in one.content or b"MAIL FROM" in one.content]


def test_nobody_gets_an_empty_message_from_a_host_that_contradicts_itself(six, sink, query):
    """It refuses a sender, and takes the recipients and DATA that came together with it."""

    def behave(line, n):
        if line.startswith("MAIL"):
            return "550 5.1.8 no" if "<s0@" in line or "<s3@" in line else None
        return "250 Ok" if line.startswith("RCPT") else "354 go ahead" if line == "DATA" else None

    sink.behave = behave
    six()
    assert [row[1] for row in query(STATUS)] == ["failed", *["delivered"] * 2, "failed", *["delivered"] * 2]
    assert len(sink.arrived) == 4 and all(sink.contents())
