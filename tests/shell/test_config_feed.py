"""From the console's revision to the sockets, over a real PostgreSQL and a real process."""

import ssl
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import monotonic, time

import msgspec
import psycopg
import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from msgspec.structs import replace

from console.certificates import issuing, keys
from console.certificates.keys import Key
from console.processes.address import free_port
from tests.conftest import wait_for
from tests.shell.certificates import SECRET, certificate
from tests.shell.running_transport import Client, RunningTransport
from transport.config.certificate import Certificate
from transport.config.document import checksum, encode
from transport.config.permissions import PermissionGroup
from transport.config.snapshot import FORMAT, Snapshot
from transport.receive.certificate_match import leaf
from transport.shell.feeds.config_feed import Copy

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
    told = (
        "select revision, sessions, sessions_by_connector, problems, now() - seen_at < interval '3 s'"
        " from publishing_transport"
    )
    wait_for(lambda: office.row(told) == (1, 2, {"Default": 2}, [], True), "the transport's row is not right")
    counted = "select connections, accepted, refused from publishing_traffic where transport = 'node-1'"
    wait_for(lambda: office.row(counted) == (2, 1, 1), "the traffic is not right")
    by_name = "select sum(n)::int from publishing_count where what = '{}' and by = '{}' and name = '{}'"
    for what, by, name, n in (
        ("connected", "connector", "Default", 2), ("connected", "client", "127.0.0.1", 2),
        ("accepted", "connector", "Default", 1), ("accepted", "client", "127.0.0.1", 1),
        ("refused", "connector", "Default", 1), ("refused", "rule", "invalid_address", 1),
    ):  # fmt: skip
        assert office.row(by_name.format(what, by, name)) == (n,), f"{what} by {by}"


@pytest.mark.parametrize(
    ("ago", "waiting", "words"),
    [
        (0, None, ""),
        (0, 50, ""),
        (20, None, "The forwarder hangs or is away, for 2"),
        (0, 70, "Mail waits in the journal for 7"),
    ],
)
def test_a_forwarder_that_moves_nothing_is_said_and_mail_is_accepted(
    office: Office, following: RunningTransport, ago: int, waiting: int | None, words: str
) -> None:
    turn = (
        "insert into processes_turn (process, node, at, waiting_since) "
        "values ('forwarder', %s, now() - %s * interval '1 s', now() - %s * interval '1 s')"
    )
    with psycopg.connect(office.url) as connection:
        connection.execute(turn, ["gateway.test", ago, waiting])
    reported = "select seen_at from publishing_transport"
    before = office.row(reported)
    wait_for(lambda: office.row(reported) != before, "the transport takes no turn")
    wait_for(lambda: bool(following.facts()["problems"]) == bool(words), "the wrong thing is said")
    assert all(problem["message"].startswith(words) for problem in following.facts()["problems"])
    assert following.greeted().message(b"Subject: x\r\n\r\nx").startswith("250 ")


@pytest.mark.parametrize("fault", ["checksum", "json", "number", "key", "format"])
def test_a_broken_document_is_set_aside(office: Office, following: RunningTransport, fault: str) -> None:
    document = encode(following.snapshot(revision=3 if fault == "number" else 2)).decode()
    if fault == "json":
        document = document[:-20]
    if fault == "key":
        document = document.replace('"revision":2', '"revision":2,"colour":"blue"')
    if fault == "format":
        document = document.replace(f'"format":{FORMAT}', '"format":99')
    office.publish_document(2, document, "0" if fault == "checksum" else checksum(document.encode()))
    wait_for(lambda: following.facts().get("problems"), "no problem is said")
    (problem,) = following.facts()["problems"]
    assert problem["message"].startswith("Revision 2 cannot be used: ")
    assert problem["message"].endswith("; revision 1 stays in force.")
    assert {"key": "unknown field `colour`", "format": "its format is 99"}.get(fault, "") in problem["message"]
    assert following.facts()["revision"] == 1
    following.greeted()
    wait_for((following.state / "config-2.refused.json").exists, "it is not kept for a human")
    office.publish(following.snapshot(revision=3))
    wait_for(lambda: following.facts().get("revision") == 3, "revision 3 is not in force")
    assert following.facts()["problems"] == []


ON_TRIAL = "insert into publishing_trial (id, former, until, author) values (1, 1, now() + %s * interval '1 s', 'x')"


def put_on_trial(office: Office, following: RunningTransport, seconds: float) -> None:
    """Revision 2, which calls itself otherwise, and 1 comes back."""
    other = following.connector("Trial", banner="220 on trial")
    document = encode(following.snapshot(other, revision=2))
    with psycopg.connect(office.url) as connection:
        connection.execute(INSERT, (2, document.decode(), checksum(document)))
        connection.execute(ON_TRIAL, [seconds])
    wait_for(lambda: b'"former":{' in (following.state / "config.json").read_bytes(), "revision 2 is not on trial")
    assert following.facts()["revision"] == 2


def test_what_nobody_confirms_goes_back_when_postgresql_is_gone(office: Office, following: RunningTransport) -> None:
    put_on_trial(office, following, 2)
    with psycopg.connect(office.url, autocommit=True) as connection:
        connection.execute("alter table publishing_configrevision rename to gone")
        try:
            wait_for(lambda: following.facts().get("revision") == 1, "revision 1 does not come back", 10)
        finally:
            connection.execute("alter table gone rename to publishing_configrevision")
    assert following.client().line().startswith("220 gateway.test")
    wait_for(lambda: b'"number":1' in (following.state / "config.json").read_bytes(), "a restart would go forth again")
    seen = office.row("select seen_at from publishing_transport")
    wait_for(
        lambda: office.row("select seen_at from publishing_transport") != seen, "PostgreSQL is not asked again", 10
    )
    assert following.facts()["revision"] == 1


@pytest.mark.parametrize("restart", ["within", "after"])
def test_a_transport_that_restarts_without_postgresql_goes_back(
    office: Office, following: RunningTransport, restart: str
) -> None:
    put_on_trial(office, following, 600)
    following.stop()
    path = following.state / "config.json"
    copy = msgspec.json.decode(path.read_bytes(), type=Copy)
    until = copy.until if restart == "within" else time()
    path.write_bytes(msgspec.json.encode(replace(copy, until=until, seconds=3)))
    following.variables["DATABASE_URL"] = f"postgresql://nobody@127.0.0.1:{free_port()}/none"
    following.start()
    assert ("revision 2 was not confirmed in time" in following.log) is (restart == "after")
    wait_for(lambda: following.facts().get("revision") == 1, "revision 1 does not come back", 10)


def test_what_is_confirmed_stays_also_after_a_restart_without_postgresql(
    office: Office, following: RunningTransport
) -> None:
    put_on_trial(office, following, 60)
    with psycopg.connect(office.url) as connection:
        connection.execute("delete from publishing_trial")
    wait_for(lambda: b'"former":null' in (following.state / "config.json").read_bytes(), "the disk is not told")
    assert following.facts()["revision"] == 2


def test_an_address_that_cannot_be_bound_is_reported(office: Office, following: RunningTransport) -> None:
    with closing(following.client()) as other:
        taken = other.connection.getsockname()[1]  # a client's port is not free either
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
    wait_for(lambda: following.facts()["problems"], "nobody misses PostgreSQL", 15)
    assert [each["message"].split(":")[0] for each in following.facts()["problems"]] == ["PostgreSQL does not answer"]


def test_a_copy_on_disk_of_the_former_format_is_served_without_postgresql(following: RunningTransport) -> None:
    wait_for(lambda: (following.state / "config.json").exists(), "no copy on disk")
    following.stop()
    values = msgspec.json.decode(encode(following.snapshot(revision=7)), type=dict[str, object])
    del values["format"]
    former = msgspec.json.encode(values | {"server": "office.test"})
    copy = Copy(7, checksum(former), former.decode())
    (following.state / "config.json").write_bytes(msgspec.json.encode(copy))
    following.variables["DATABASE_URL"] = ""
    following.start()
    assert following.facts()["revision"] == 7
    assert following.client().line().startswith("220 gateway.test "), "its own name, not that of who wrote it"


def test_a_damaged_copy_on_disk_waits_for_postgresql(office: Office, following: RunningTransport) -> None:
    wait_for(lambda: (following.state / "config.json").exists(), "no copy on disk")
    following.stop()
    (following.state / "config.json").write_bytes(b'{"number": 1, ')
    following.start()
    assert following.facts()["revision"] == 1
    assert "config.json cannot be used" in following.log


@pytest.fixture
def on_tls(office: Office) -> Iterator[RunningTransport]:
    """One certificate, as revision 1."""
    running = RunningTransport(office.url)
    running.variables["GATEPOST_SECRET_KEY"] = SECRET.decode()
    office.publish(running.snapshot(certificates=(certificate("gateway.test"),)))
    running.start()
    yield running
    running.remove()


def handshake(client: Client) -> bytes:
    """STARTTLS; the certificate that the client is shown."""
    assert client.say("STARTTLS").startswith("220 ")
    client.start_tls()
    assert isinstance(client.connection, ssl.SSLSocket)
    return client.connection.getpeercert(binary_form=True) or b""


def test_a_renewed_certificate_is_shown_to_the_next_handshake_and_sessions_stay(
    office: Office, on_tls: RunningTransport
) -> None:
    waiting, busy = on_tls.greeted(), on_tls.greeted()
    before = handshake(busy)
    renewed = certificate("gateway.test")
    office.publish(on_tls.snapshot(revision=2, certificates=(renewed,)))
    wait_for(lambda: on_tls.facts().get("revision") == 2, "revision 2 is not in force")
    assert handshake(waiting) == ssl.PEM_cert_to_DER_cert(renewed.chain) != before
    assert busy.say("EHLO client.test").startswith("250 ")
    assert busy.message(b"Subject: x\r\n\r\nx").startswith("250 ")


def test_a_bad_new_certificate_keeps_the_old_one_and_says_so(office: Office, on_tls: RunningTransport) -> None:
    before = handshake(on_tls.greeted())
    unreadable = certificate("gateway.test", secret=Fernet.generate_key())
    office.publish(on_tls.snapshot(revision=2, certificates=(unreadable,)))
    wait_for(lambda: on_tls.facts().get("revision") == 2, "revision 2 is not in force")
    assert handshake(on_tls.greeted()) == before
    (problem,) = on_tls.facts()["problems"]
    assert problem["message"].startswith("Certificate gateway.test cannot be used: its private key cannot be decrypted")
    assert problem["message"].endswith("The one before stays in use.")


def test_each_connector_shows_the_certificate_that_it_names(office: Office, on_tls: RunningTransport) -> None:
    usual, other = certificate("gateway.test"), certificate("other.test")
    named = on_tls.connector(tls_certificate_name=leaf(other.chain).identifier)
    office.publish(on_tls.snapshot(named, revision=2, certificates=(usual, other)))
    wait_for(lambda: on_tls.facts().get("revision") == 2, "revision 2 is not in force")
    assert handshake(on_tls.greeted()) == ssl.PEM_cert_to_DER_cert(other.chain)
    assert on_tls.facts()["problems"] == []


def client_context(directory: Path, names: list[str], authority: tuple[str, Key]) -> ssl.SSLContext:
    """A client that shows a certificate of an authority (PEM, key)."""
    key = keys.make(keys.P256)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    both = directory / f"{names[0]}.pem"
    both.write_bytes(issuing.issued(key, names, *authority).encode() + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.load_cert_chain(both)
    return context


def test_a_partner_proves_itself_with_its_certificate(office: Office, on_tls: RunningTransport, tmp_path: Path) -> None:
    root_key, key = keys.make(keys.P256), keys.make(keys.P256)
    root = issuing.authority(root_key, "Trusted by both")
    token = Fernet(SECRET).encrypt(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())).decode()
    ours = Certificate(
        name="ours", names=("gateway.test",), encrypted_key=token,
        chain=issuing.issued(key, ["gateway.test"], root, root_key),
    )  # fmt: skip
    partners = on_tls.connector(
        domain_secure_enabled=True,
        tls_receive_domain_secure_list=("partner.test",),
        permission_groups=frozenset({PermissionGroup.Partners}),
    )
    office.publish(on_tls.snapshot(partners, revision=2, certificates=(ours,)))
    wait_for(lambda: on_tls.facts().get("revision") == 2, "revision 2 is not in force")
    partner = client_context(tmp_path, ["mail.partner.test"], (root, root_key))
    stranger = client_context(tmp_path, ["mail.stranger.test"], (root, root_key))
    for context, answer in ((partner, "250 "), (stranger, "530 "), (None, "530 ")):
        client = on_tls.greeted()
        assert client.say("STARTTLS").startswith("220 ")
        client.start_tls(context)
        client.say("EHLO mail.partner.test")
        assert client.say("MAIL FROM:<anna@partner.test>").startswith(answer)
    untrusted = client_context(tmp_path, ["fake.partner.test"], (issuing.authority(key, "Nobody's"), key))
    client = on_tls.greeted()
    client.say("STARTTLS")
    client.connection.settimeout(5)
    assert not _answers_on_tls(client, untrusted)


def _answers_on_tls(client: Client, context: ssl.SSLContext) -> bool:
    """TLS 1.3 lets a client finish its handshake before the server refuses the certificate."""
    try:
        client.start_tls(context)
        return client.say("EHLO mail.partner.test").startswith("250 ")
    except OSError:
        return False


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
