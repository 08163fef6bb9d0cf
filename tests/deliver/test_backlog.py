"""What waits in a journal is said by the forwarder, and the ledger says when nobody knows."""

import time
from collections.abc import Callable, Iterator

import psycopg
import pytest
from django.core.management import call_command

from console.processes import queries
from console.processes.models import Turn
from transport.shell.forward import forwarder as forwarding
from transport.shell.forward.forwarder import Forwarder

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def told(home, database_url: str) -> Iterator[Callable[[], tuple[int, int, bool]]]:
    """One turn of the forwarder that moves nothing; what it says."""
    forwarder = Forwarder(home, database_url, "gw")
    with psycopg.connect(database_url, autocommit=True) as connection:

        def told() -> tuple[int, int, bool]:
            forwarder._tell(connection)
            turn = Turn.objects.get(process="forwarder", node="gw")
            return turn.waiting_messages, turn.waiting_recipients, turn.all_counted

        told.move = lambda: forwarder.move_mail(connection)  # type: ignore[attr-defined]
        yield told


def test_what_waits_is_counted_while_it_comes_and_goes(journal, configure, told):
    configure()
    assert told() == (0, 0, True)
    journal.accept("a@far.test", "b@far.test")
    journal.accept("c@far.test")
    assert told() == (2, 3, True) == told()
    assert told.move() == 2
    assert told() == (0, 0, True)
    journal.accept("d@far.test")
    journal.segment()
    journal.accept("e@far.test", "f@far.test")
    assert told() == (2, 3, True)
    assert told.move() == 1
    assert told() == (1, 2, True)
    while told.move():
        pass
    assert told() == (0, 0, True)


def test_a_long_journal_is_counted_in_several_turns(journal, configure, told, monkeypatch):
    """Counting holds up neither mail nor the sign of life."""
    monkeypatch.setattr(forwarding, "COUNTING", -1.0)
    configure()
    for number in range(3):
        journal.accept(f"{number}@far.test")
    assert told() == (1, 1, False)
    assert told() == (2, 2, False)
    assert told.move() == 3
    monkeypatch.undo()
    assert told() == (0, 0, True)


def test_what_a_forwarder_said_is_not_taken_for_what_is_while_it_is_away(journal, configure, told, capsys):
    configure()
    journal.accept("a@far.test")
    told()
    Turn.objects.update(at=moment(-40))
    call_command("ledger")
    said = capsys.readouterr().out
    assert "(1 still in the journal)" in said
    assert "What came into the journal of gw in the last 4" in said and "its forwarder is away" in said
    Turn.objects.update(at=moment(5), all_counted=False)
    call_command("ledger")
    assert "The journal of gw holds more than its forwarder has counted yet." in capsys.readouterr().out


def test_a_node_that_is_no_more_is_not_missed_while_another_works(told):
    told()
    Turn.objects.create(process="forwarder", node="gone", at=moment(-3600), waiting_messages=0, waiting_recipients=0)
    Turn.objects.filter(node="gw").update(at=moment(5))
    assert [each.node for each in queries.backlogs()] == ["gw"]


def test_mail_that_lies_on_a_node_that_is_no_more_stays_in_the_books(told, capsys):
    """However long ago that was: somebody has to fetch it."""
    told()
    Turn.objects.create(process="forwarder", node="gone", at=moment(-3600), waiting_messages=4, waiting_recipients=5)
    Turn.objects.filter(node="gw").update(at=moment(5))
    call_command("ledger")
    said = capsys.readouterr().out
    assert "(5 still in the journal)" in said
    assert "What came into the journal of gone in the last 360" in said


@pytest.mark.parametrize("hours", [-1, 1])
def test_whichever_way_the_clock_was_set_a_forwarder_that_is_away_is_not_believed(told, capsys, hours):
    told()
    Turn.objects.update(at=moment(3600 * hours))
    call_command("ledger")
    assert "its forwarder is away" in capsys.readouterr().out


def moment(seconds: float) -> str:
    """So many seconds from now."""
    return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(time.time() + seconds))
