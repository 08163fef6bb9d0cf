"""From the console's revision to the sockets, over a real PostgreSQL and a real process."""

from collections.abc import Iterator
from time import monotonic

import msgspec
import psycopg
import pytest

from tests.conftest import free_port, wait_for
from tests.shell.running_transport import RunningTransport
from transport.config.document import checksum, encode
from transport.config.snapshot import Snapshot

INSERT = """
insert into publishing_configrevision (number, document, checksum, author, comment) values (%s, %s, %s, 'test', '')
"""


class Office:
    """The console's side."""

    def __init__(self, url: str) -> None:
        self.url = url

    def publish(self, snapshot: Snapshot) -> None:
        document = encode(snapshot)
        self.publish_document(snapshot.revision, document.decode(), checksum(document))

    def publish_document(self, number: int, document: str, checksum_: str) -> None:
        with psycopg.connect(self.url) as connection:
            connection.execute(INSERT, (number, document, checksum_))
            connection.execute("select pg_notify('gatepost_config', %s)", (str(number),))

    def row(self, statement: str) -> tuple[object, ...] | None:
        with psycopg.connect(self.url) as connection:
            return connection.execute(statement).fetchone()


@pytest.fixture
def office(database_url: str) -> Office:
    return Office(database_url)


@pytest.fixture
def following(office: Office) -> Iterator[RunningTransport]:
    running = RunningTransport(office.url)
    office.publish(running.snapshot())
    running.start()
    yield running
    running.remove()


def test_saved_is_in_force_within_a_second_and_sessions_stay(office: Office, following: RunningTransport) -> None:
    session = following.greeted()
    before, following.port = following.port, free_port()
    since = monotonic()
    office.publish(following.snapshot(revision=2))
    wait_for(lambda: following.facts().get("revision") == 2, "revision 2 is not in force", 1.0)
    following.greeted()
    assert monotonic() - since < 1
    assert session.message(b"Subject: x\r\n\r\nx").startswith("250 ")
    assert [record.envelope.revision for record in following.records()] == [1]
    following.port = before
    with pytest.raises(ConnectionRefusedError):
        following.client()


def test_the_console_is_told(office: Office, following: RunningTransport) -> None:
    first, second = following.greeted(), following.greeted()
    first.message(b"x")
    second.say("MAIL FROM:<not an address")
    told = "select revision, sessions, problems, now() - seen_at < interval '3 s' from publishing_transport"
    wait_for(lambda: office.row(told) == (1, 2, [], True), "the transport's row is not right")
    counted = "select connections, accepted, refused from publishing_traffic where transport = 'node-1'"
    wait_for(lambda: office.row(counted) == (2, 1, 1), "the traffic is not right")


@pytest.mark.parametrize("fault", ["checksum", "json", "number"])
def test_a_broken_document_is_set_aside(office: Office, following: RunningTransport, fault: str) -> None:
    document = encode(following.snapshot(revision=3 if fault == "number" else 2)).decode()
    if fault == "json":
        document = document[:-20]
    office.publish_document(2, document, "0" if fault == "checksum" else checksum(document.encode()))
    wait_for(lambda: following.facts().get("problems"), "no problem is said")
    (problem,) = following.facts()["problems"]
    assert problem["message"].startswith("Revision 2 cannot be used: ")
    assert problem["message"].endswith("; revision 1 stays in force.")
    assert following.facts()["revision"] == 1
    following.greeted()
    wait_for((following.state / "config-2.refused.json").exists, "it is not kept for a human")
    office.publish(following.snapshot(revision=3))
    wait_for(lambda: following.facts().get("revision") == 3, "revision 3 is not in force")
    assert following.facts()["problems"] == []


def test_an_address_that_cannot_be_bound_is_reported(office: Office, following: RunningTransport) -> None:
    with following.client().connection as other:
        taken = other.getsockname()[1]  # a client's port is not free either
        here = following.connector("Here")
        there = following.connector("There", bindings=f"127.0.0.1:{taken}")
        office.publish(following.snapshot(here, there, revision=2))
        problems = "select problems from publishing_transport where revision = 2"
        wait_for(lambda: (office.row(problems) or ([],))[0], "the problem is not reported")
        row = office.row(problems)
        assert row is not None
        (problem,) = msgspec.convert(row[0], list[dict[str, str]])
        assert (problem["connector"], problem["binding"]) == ("There", f"127.0.0.1:{taken}")
        assert following.ask("/healthz")[0] == 503
        following.greeted()
    wait_for(lambda: following.facts(), "it is not tried again")


def test_serves_from_disk_without_postgresql(office: Office, following: RunningTransport) -> None:
    wait_for(lambda: (following.state / "config.json").exists(), "no copy on disk")
    following.stop()
    following.variables["DATABASE_URL"] = f"postgresql://nobody@127.0.0.1:{free_port()}/none"
    following.start()
    assert following.facts()["revision"] == 1
    assert following.greeted().message(b"Subject: x\r\n\r\nx").startswith("250 ")


def test_a_damaged_copy_on_disk_waits_for_postgresql(office: Office, following: RunningTransport) -> None:
    wait_for(lambda: (following.state / "config.json").exists(), "no copy on disk")
    following.stop()
    (following.state / "config.json").write_bytes(b'{"number": 1, ')
    following.start()
    assert following.facts()["revision"] == 1
    assert "config.json cannot be used" in following.log


def test_a_start_with_nothing_on_disk_takes_the_newest_that_can_be_read(office: Office) -> None:
    running = RunningTransport(office.url)
    try:
        office.publish(running.snapshot())
        office.publish(running.snapshot(revision=2))
        office.publish_document(3, "{", "0")
        running.start(healthy=False)
        wait_for(lambda: b'"revision":2' in running.ask("/healthz")[1], "revision 2 is not in force")
        assert running.greeted().message(b"Subject: x\r\n\r\nx").startswith("250 ")
        wait_for(lambda: b"Revision 3 cannot be used" in running.ask("/healthz")[1], "no problem is said")
    finally:
        running.remove()
