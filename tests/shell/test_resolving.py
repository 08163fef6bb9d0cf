"""The protocol log tells of each message whether the directory's name is shown for its sender."""

from __future__ import annotations

from tests.conftest import wait_for
from tests.shell.running_transport import RunningTransport
from transport.config.permissions import PermissionGroup
from transport.config.receive_connector import AuthMechanism, ProtocolLoggingLevel

APPLICATION, SWITCHED_OFF, ANYBODY = "127.0.5.77", "127.0.5.78", "127.0.0.1"


def test_the_log_says_whose_senders_are_resolved() -> None:
    running = RunningTransport()
    verbose = {"protocol_logging_level": ProtocolLoggingLevel.Verbose}
    secured = verbose | {
        "auth_mechanism": frozenset({AuthMechanism.ExternalAuthoritative}),
        "permission_groups": frozenset({PermissionGroup.ExchangeServers}),
    }
    running.publish(
        running.connector("Anybody", **verbose),
        running.connector("Application", ranges=APPLICATION, **secured),
        running.connector("Unresolved", ranges=SWITCHED_OFF, resolve_senders=False, **secured),
    )
    running.start()
    try:
        for source in (APPLICATION, SWITCHED_OFF, ANYBODY):
            client = running.client(source)
            client.line()
            client.say("EHLO app")
            assert client.message(b"From: a@b\r\n\r\ntext").startswith("250 ")
            client.say("QUIT")
            client.close()
        wait_for(lambda: sum("QUIT" in line for line in running.logged()) == 3, "the sessions are not logged")
        (line,) = [line for line in running.logged() if line[-1] == "ResolveSenders"]
        assert line[1].endswith("\\Application")
        assert line[-2] == "the directory's name is shown for the sender"
    finally:
        running.remove()
