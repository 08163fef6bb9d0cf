"""Each session of a client leaves a short record, whatever its connector logs."""

from __future__ import annotations

from base64 import b64encode

from tests.shell.running_transport import RunningTransport
from tests.waiting import wait_for
from transport.config import bounds
from transport.config.receive_connector import AuthMechanism
from transport.config.transport_config import TransportConfig
from transport.trace.session_record import RECORD, Mail, SessionRecord, Step, read


def records(transport: RunningTransport) -> list[SessionRecord]:
    files = sorted((transport.home / "session-records" / transport.name).glob(f"{RECORD.prefix}*.LOG"))
    return list(read(line for path in files for line in path.read_bytes().splitlines()))


def recorded(transport: RunningTransport, many: int = 1) -> list[SessionRecord]:
    wait_for(lambda: len(records(transport)) >= many, "a session is not recorded")
    return records(transport)


def test_what_a_client_did_and_heard_is_there_and_no_secret_of_it(transport: RunningTransport) -> None:
    transport.publish(transport.connector(auth_mechanism=frozenset({AuthMechanism.BasicAuth})))
    transport.start()
    client = transport.greeted()
    secret = b64encode(b"\0anna\0Secret").decode()
    client.say("AUTH LOGIN")
    client.say("*")
    client.say(f"AUTH PLAIN {secret}")
    client.send(b"NOOP \xfc\r\nNOOP\n")
    client.reply(), client.reply()
    content = b"Received: by gateway.test; now\r\nreceived: by x\r\nFROM: Anna\r\n <a@x.test>\r\n\r\n" + b"x" * 100
    assert client.message(content).startswith("250")
    client.say("RCPT TO:<x@elsewhere.test>")
    client.say("QUIT")
    (found,) = recorded(transport)
    assert (found.connector, found.client, found.local) == ("Default", "127.0.0.1", ("127.0.0.1", transport.port))
    assert (found.revision, found.more, found.users) == (1, 0, [])
    assert [(step.said, step.code, step.rule) for step in found.steps] == [
        ("", 220, ""),
        ("EHLO client.test", 250, ""),
        ("AUTH LOGIN", 334, ""),
        ("<authentication response>", 501, "sign_in_cancelled"),
        ("AUTH PLAIN <authentication response>", 454, "sign_in_not_available"),
        ("NOOP \xfc", 250, ""),
        ("NOOP\n", 500, "bare_line_feed"),
        ("MAIL FROM:<alice@example.test>", 250, ""),
        ("RCPT TO:<bob@gatepost.test>", 250, "accepted_domain"),
        ("DATA", 354, ""),
        ("", 250, "queued"),
        ("RCPT TO:<x@elsewhere.test>", 503, "out_of_order"),
        ("QUIT", 221, ""),
    ]
    assert found.steps[-2] == Step("RCPT TO:<x@elsewhere.test>", 503, "out_of_order", "503 5.5.2 Need mail command")
    size = len(content) + 2
    assert found.mails == [Mail(size, size - 102, True, None, 2, 1, ["Anna\r\n <a@x.test>"])]
    assert secret not in str(found)


def test_a_long_session_is_kept_up_to_the_bound_and_the_rest_is_counted(transport: RunningTransport) -> None:
    row = bounds.SESSION_RECORD
    transport.publish()
    transport.start()
    assert row.lines is not None
    assert row.octets is not None
    client = transport.greeted()
    for _ in range(row.lines):
        client.say("NOOP")
    client.close()
    client = transport.greeted()
    for _ in range(row.octets // 1000 + 1):
        client.say("NOOP".ljust(1000))
    client.close()
    by_lines, by_octets = recorded(transport, 2)
    assert (len(by_lines.steps), by_lines.more) == (row.lines, 2)
    assert (len(by_octets.steps), by_octets.more) == (row.octets // 1002 + 2, 1)


def test_none_is_written_where_none_is_kept(transport: RunningTransport) -> None:
    transport.publish(transport_config=TransportConfig(session_record_max_age=0))
    transport.start()
    transport.greeted().say("QUIT")
    transport.stop()
    assert records(transport) == []


def test_a_transport_that_is_killed_loses_the_records_of_open_sessions_alone(transport: RunningTransport) -> None:
    transport.publish()
    transport.start()
    transport.greeted().say("QUIT")
    recorded(transport)
    still_open = transport.greeted()
    transport.kill()
    still_open.close()
    transport.start()
    transport.greeted().say("NOOP")
    assert [[step.said for step in each.steps] for each in recorded(transport, 2)] == [
        ["", "EHLO client.test", "QUIT"],
        ["", "EHLO client.test", "NOOP"],
    ]
