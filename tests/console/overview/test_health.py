"""The overview says what `manage.py status` and /healthz say: the rules stand in console/processes/queries.py."""

from __future__ import annotations

import psycopg
import pytest
from django.urls import reverse
from psycopg.types.json import Jsonb

from console.actors import Role
from console.processes import queries
from console.processes.node_views import processes
from console.processes.nodes import machines
from transport.config import document
from transport.config.snapshot import Snapshot

pytestmark = pytest.mark.django_db(transaction=True)
TURN = """
INSERT INTO processes_turn (process, node, at, waiting_since)
VALUES (%s, %s, now() - %s * interval '1 second', now() - %s * interval '1 second')
ON CONFLICT (process, node) DO UPDATE SET at = excluded.at, waiting_since = excluded.waiting_since
"""
TRANSPORT = """
INSERT INTO publishing_transport
    (name, node, pid, revision, started_at, seen_at, sessions, sessions_by_connector, problems)
VALUES (%s, %s, 1, %s, now(), now() - %s * interval '1 second', 0, '{}', %s)
ON CONFLICT (name) DO UPDATE SET revision = excluded.revision, seen_at = excluded.seen_at, problems = excluded.problems
"""
DUE = """
WITH hop AS (INSERT INTO queues_nexthop (key, delivery_type, domain, connector, suspended, retry_at)
    VALUES ('domain:I:far.test', 'DnsConnectorDelivery', 'far.test', 'I', %(suspended)s,
        now() + %(retry)s * interval '1 second'))
INSERT INTO queues_recipient (message_id, address, next_hop, due_at, notice_at, claimed_by)
VALUES (gen_random_uuid(), 'x@far.test', 'domain:I:far.test', now() - %(due)s * interval '1 second', now(), %(claimed)s)
"""

LEASE = "INSERT INTO queues_lease (worker, number, hop, connector, is_strangers) VALUES (7, %s, %s, 'I', %s)"


class Copy:
    """What the processes of a running copy write of themselves."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        text = document.encode(Snapshot(revision=1))
        self.execute(
            "INSERT INTO publishing_configrevision (number, document, checksum, author, comment) "
            "VALUES (1, %s, %s, '', '')",
            [text.decode(), document.checksum(text)],
        )
        self.take_turns()

    def take_turns(self) -> None:
        for process in ("forwarder", "worker", "outbound", "beat"):
            self.turn(process)
        self.transport("gw")

    def execute(self, statement: str, values: object) -> None:
        with psycopg.connect(self._database_url, autocommit=True) as connection:
            connection.execute(statement, values)

    def turn(self, process: str, *, ago: float = 0, node: str = "gw", waiting: float | None = None) -> None:
        self.execute(TURN, [process, node, ago, waiting])

    def transport(
        self,
        name: str,
        *,
        ago: float = 0,
        problems: tuple[dict[str, str], ...] = (),
        node: str = "gw",
        revision: int | None = 1,
    ) -> None:
        self.execute(TRANSPORT, [name, node, revision, ago, Jsonb(problems)])

    def due(self, seconds: float, *, claimed: int | None = None, suspended: bool = False, retry: float = -3600) -> None:
        self.execute(DUE, {"due": seconds, "claimed": claimed, "suspended": suspended, "retry": retry})


@pytest.fixture
def copy(database_url: str) -> Copy:
    return Copy(database_url)


def missing() -> list[str]:
    return queries.health().missing


def test_a_copy_whose_processes_all_take_their_turns_is_in_order(copy: Copy) -> None:
    assert missing() == []


@pytest.mark.parametrize("process", ["forwarder", "worker", "outbound", "beat"])
def test_a_process_that_takes_no_turn_is_named(copy: Copy, process: str) -> None:
    copy.turn(process, ago=9)
    (line,) = missing()
    assert line.startswith(f"The {process} of gw hangs or is away, for 9 s now: ")


def test_a_transport_that_does_not_report_is_named_though_another_one_does(copy: Copy) -> None:
    copy.transport("second", ago=20)
    (line,) = missing()
    assert line.startswith("The transport of second hangs or is away, for 20 s now: ")


def test_several_transports_of_a_node_are_one_thing_to_be_told(copy: Copy) -> None:
    for number in (1, 2, 3):
        copy.transport(f"mx-{number}", ago=20 if number > 1 else 0, node="mx", revision=None)
    hanging, behind = missing()
    assert hanging.startswith("The transports mx-2, mx-3 hang or are away, for 20 s now: the others of this node do ")
    assert behind == "Transport mx-1 has no configuration yet; the newest is 1."
    copy.transport("mx-2", node="mx", revision=None)
    assert missing()[1] == "Transports mx-1, mx-2 have no configuration yet; the newest is 1."


def test_one_of_several_workers_is_named_by_its_number_and_the_others_do_its_work(copy: Copy) -> None:
    copy.turn("worker-2", ago=9)
    assert missing() == ["The worker of gw-2 hangs or is away, for 9 s now: the others of this node do its work."]
    assert "worker 2: 9 s ago" in processes(next(each for each in machines() if each.name == "gw"))


def test_a_node_that_is_no_more_is_not_missed_while_another_works(copy: Copy) -> None:
    copy.turn("forwarder", node="old", ago=86400)
    assert missing() == []
    copy.turn("forwarder", ago=86400)
    assert missing() == ["No forwarder is at work: accepted mail stays in the journal."]


def test_a_node_that_was_drained_may_be_stopped(copy: Copy) -> None:
    """Only with mail in its journal it is wanted back."""
    for process in ("forwarder", "worker", "outbound", "beat"):
        copy.turn(process, ago=20, node="mx2")
    copy.transport("mx2", ago=20, node="mx2")
    copy.execute("INSERT INTO processes_node (name) VALUES ('mx2')", [])
    wanted = ["Node mx2 gives no sign of life, for 20 s now. Others work; what its journal holds waits."]
    assert missing() == wanted
    copy.execute("UPDATE processes_node SET state = 'Draining'", [])
    assert missing() == []
    copy.execute("UPDATE processes_turn SET waiting_messages = 3 WHERE node = 'mx2' AND process = 'forwarder'", [])
    assert missing() == wanted


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_clock_that_was_set_makes_nobody_alive(copy: Copy, hours: int) -> None:
    copy.turn("beat", ago=hours * 3600)
    copy.transport("gw", ago=hours * 3600)
    assert [line.split(" is at work")[0] for line in missing()] == ["No transport", "No beat"]


@pytest.mark.parametrize(("seconds", "red"), [(50, False), (70, True)])
def test_mail_in_the_journal_for_more_than_a_minute_is_said(copy: Copy, seconds: float, red: bool) -> None:
    copy.turn("forwarder", waiting=seconds)
    assert missing() == ([f"Mail waits in the journal of gw for {seconds} s."] if red else [])


@pytest.mark.parametrize(("seconds", "red"), [(50, False), (70, True)])
def test_mail_that_is_due_for_more_than_a_minute_and_nobody_takes_is_said(
    copy: Copy, seconds: float, red: bool
) -> None:
    copy.due(seconds)
    assert missing() == ([f"Mail for far.test is due for {seconds} s, and nobody takes it."] if red else [])


@pytest.mark.parametrize("why", [{"claimed": 7}, {"suspended": True}, {"retry": 30}, {"retry": -20}])
def test_mail_that_waits_for_a_reason_is_in_order(copy: Copy, why: dict[str, int]) -> None:
    copy.due(300, **why)
    assert missing() == []


def test_mail_that_waits_for_its_turn_behind_next_hops_that_do_not_answer_is_no_fault(copy: Copy) -> None:
    copy.due(300)
    copy.execute(LEASE, [1, "domain:I:known.test", False])
    copy.execute(LEASE, [2, "", True])
    assert missing() == ["Mail for far.test is due for 300 s, and nobody takes it."]
    copy.execute(LEASE, [3, "domain:I:dead.test", True])
    assert missing() == []
    (said,) = queries.health().problems
    assert said.startswith("Mail for far.test is due for 300 s and waits for its turn: ")


def test_mail_for_a_mailbox_waits_for_nobodys_turn(copy: Copy) -> None:
    copy.due(300)
    copy.execute("UPDATE queues_nexthop SET delivery_type = 'SmtpDeliveryToMailbox', domain = 'mailbox'", None)
    copy.execute(
        "INSERT INTO queues_lease (worker, number, hop, connector, is_strangers) VALUES (7, 1, 'd', '', true)", None
    )
    assert missing() == ["Mail for mailbox is due for 300 s, and nobody takes it."]
    copy.execute("INSERT INTO processes_node (name, holds_mailboxes) VALUES ('mx1', true)", None)
    assert missing() == ["Mail for mailbox is due for 300 s, and mx1, where the mailboxes lie, does not take it."]


def test_what_concerns_all_connectors_bears_no_name(copy: Copy) -> None:
    disk = {"connector": "", "binding": "", "message": "The disk of this transport is nearly full."}
    busy = {"connector": "Internet", "binding": "", "message": "Cannot listen on 127.0.0.1:25"}
    copy.transport("gw", problems=(disk, busy))
    copy.transport("gw2", problems=(disk,))
    assert queries.health().problems == [disk["message"], "Internet: Cannot listen on 127.0.0.1:25"]


def test_the_overview_and_healthz_say_the_same(copy: Copy, signed_in) -> None:
    client = signed_in(Role.VIEW_ONLY)
    client.get(reverse("overview:home"))  # the first page of all takes as long as a turn is good for
    copy.take_turns()
    assert "Process: " not in client.get(reverse("overview:home")).content.decode()
    copy.take_turns()
    assert client.get(reverse("processes:healthz")).status_code == 200
    copy.turn("outbound", ago=10)
    said = "The outbound of gw hangs or is away, for "
    assert said in client.get(reverse("overview:home")).content.decode()
    answer = client.get(reverse("processes:healthz"))
    assert answer.status_code == 503
    (line,) = answer.json()["missing"]
    assert line.startswith(said)


def test_a_postgresql_and_a_valkey_that_say_nothing_hold_up_no_answer(copy: Copy, settings) -> None:
    import socket
    from time import monotonic

    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        settings.DATABASE_URL, settings.REDIS_URL = f"postgresql://x@127.0.0.1:{port}/x", f"redis://127.0.0.1:{port}/0"
        began = monotonic()
        found = missing()
        assert monotonic() - began < 2 * queries.LIMIT
    assert [line.split(" does not answer")[0] for line in found] == ["Valkey (Redis)", "PostgreSQL"]
