"""What-if and replay of sessions behind a load balancer: through one that is believed, and through one that is not."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from tests.receive.builders import connector, domain
from transport.config.endpoint import IPRange
from transport.config.snapshot import Snapshot
from transport.receive.policy import Policy
from transport.trace.line import introduced, introduction
from transport.trace.replay import Now, replay
from transport.trace.session_record import SessionRecord, Step, read, written
from transport.trace.watched import WatchedPolicy
from transport.trace.what_if import Dialogue, Given, what_if

FRONT = {"proxy_protocol_from": (IPRange("10.0.0.5"),)}
ASKED = Dialogue(client="203.0.113.7", local=("10.0.0.9", 25), helo="x", recipients=("a@contoso.com",))


def snapshot(**values: Any) -> Snapshot:
    printers = connector("Printers", ranges="203.0.113.0/24")
    others = connector("Others", ranges="10.0.0.0/8", **values)
    return Snapshot(receive_connectors=(printers, others), accepted_domains=(domain(default=True),))


def asked(front_end: str, **values: Any) -> Any:
    return what_if(WatchedPolicy(snapshot(**values)), replace(ASKED, front_end=front_end), Given())


def test_through_a_load_balancer_that_is_believed_the_client_is_itself() -> None:
    answer = asked("10.0.0.5", **FRONT)
    assert answer.match.connector.name == "Printers" and answer.accepted is not None
    assert answer.steps[0].said == "PROXY TCP4 203.0.113.7 10.0.0.9 49152 25" and answer.steps[0].code == 220


def test_through_one_that_is_not_believed_the_header_is_the_first_fault() -> None:
    answer = asked("10.0.0.5")
    assert answer.refusal is not None and (answer.refusal.rule, answer.refusal.code) == ("early_talker", 554)
    patient = asked("10.0.0.5", early_talker_rejection_enabled=False)
    assert (patient.steps[1].rule, patient.steps[1].code) == ("unrecognized_command", 500)


def test_a_load_balancer_without_header_hears_nothing() -> None:
    answer = what_if(WatchedPolicy(snapshot(**FRONT)), replace(ASKED, client="10.0.0.5"), Given())
    assert answer.closed and [(step.rule, step.text) for step in answer.steps] == [("proxy_header_missing", "")]
    assert answer.refusal is answer.steps[0]


RECORD = SessionRecord(
    2.0, 1.0, "id", "Printers", ("198.51.100.1", 25), "203.0.113.7", 1,
    [Step("", 220), Step("HELO x", 250)], front_end=("10.0.0.5", 4321, "10.0.0.9", 25),
)  # fmt: skip


def test_a_session_is_replayed_through_its_load_balancer() -> None:
    assert list(read([written(RECORD).encode()])) == [RECORD]
    same = replay(Policy(snapshot(**FRONT)), RECORD, Now())
    assert (same.connector, same.answers, same.difference) == ("Printers", 2, None)
    unbelieved = replay(Policy(snapshot()), RECORD, Now()).difference
    assert unbelieved is not None and unbelieved.now.rule == "early_talker"
    direct = replace(RECORD, front_end=None, client="10.0.0.5", local=("10.0.0.9", 25))
    silent = replay(Policy(snapshot(**FRONT)), direct, Now()).difference
    assert silent is not None and silent.now == Step("", 0, "proxy_header_missing")


def test_the_log_says_who_named_the_client_and_is_understood() -> None:
    for ip, place in (("10.0.0.5", ("10.0.0.9", 25)), ("2001:db8::5", ("2001:db8::9", 25))):
        found = introduction(introduced(ip, 4321, place))
        assert found is not None and found[0] == ip and found[1].endswith(":25")
    assert introduction("TLS protocol TLSv1.3") is None
