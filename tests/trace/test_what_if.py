"""What a client would hear, and what was asked for it, as an administrator reads it."""

from __future__ import annotations

from typing import Any

from tests.receive.builders import connector, domain
from transport.config.address_space import AddressSpace
from transport.config.connection_filter import ConnectionFilter, IPListProvider
from transport.config.permissions import ANONYMOUS, AUTHENTICATED_USERS, Grant, PermissionGroup, Right
from transport.config.receive_connector import AuthMechanism
from transport.config.send_connector import SendConnector
from transport.config.snapshot import Snapshot
from transport.receive.connector_match import Why
from transport.receive.facts import Record
from transport.receive.session import User
from transport.send.choice import TOO_LARGE
from transport.send.route import MAILBOX
from transport.trace.watched import Look, WatchedPolicy
from transport.trace.way_out import next_hosts
from transport.trace.what_if import Answer, Dialogue, Given, Question, what_if

ANNA = User("CONTOSO\\anna", ("Staff",), frozenset({"anna@contoso.com"}))
USUAL = Given()
USERS: Any = {
    "permission_groups": frozenset({PermissionGroup.ExchangeUsers}),
    "auth_mechanism": frozenset({AuthMechanism.Tls, AuthMechanism.BasicAuth, AuthMechanism.BasicAuthRequireTLS}),
}


def asked(*connectors: Any, given: Given = USUAL, values: Any = None, **dialogue: Any) -> Answer:
    snapshot = Snapshot(
        receive_connectors=connectors or (connector(),),
        accepted_domains=(domain(default=True),),
        **(values or {}),
    )
    usual = {"client": "192.0.2.7", "helo": "client.test", "recipients": ("bob@contoso.com",)}
    return what_if(WatchedPolicy(snapshot, "gateway.test"), Dialogue(**(usual | dialogue)), given)


def replies(answer: Answer) -> list[tuple[str, int]]:
    return [(step.said, step.code) for step in answer.steps]


def test_a_stranger_hands_in_a_message() -> None:
    answer = asked(sender="x@fabrikam.com", content=b"Subject: x\r\n\r\nHello\r\n")
    assert replies(answer) == [
        ("", 220),
        ("EHLO client.test", 250),
        ("MAIL FROM:<x@fabrikam.com> SIZE=21", 250),
        ("RCPT TO:<bob@contoso.com>", 250),
        ("DATA", 354),
        ("", 250),
        ("QUIT", 221),
    ]
    assert answer.recipients == ("bob@contoso.com",) and answer.accepted is not None and answer.refusal is None
    assert answer.accepted.envelope.sender == "x@fabrikam.com"


def test_why_a_relay_is_denied_stands_in_what_was_asked() -> None:
    answer = asked(recipients=("bob@fabrikam.com",))
    step = answer.refusal
    assert step is not None and step.rule == "relay_denied" and step.text == "550 5.7.1 Unable to relay"
    assert [(look.on, look.about, look.found) for look in step.looks] == [
        ("receive connector", "", 200),
        ("accepted domain", "fabrikam.com", None),
        ("send connector", "fabrikam.com", None),
        ("right", Right.ACCEPT_ANY_RECIPIENT, False),
    ]
    assert answer.accepted is None and replies(answer)[-1] == ("QUIT", 221)


def test_a_user_signs_in_without_a_password_and_only_where_it_is_offered() -> None:
    signed_in = asked(
        connector(**USERS), tls=True, user=ANNA, sender="anna@contoso.com", recipients=("b@fabrikam.com",)
    )
    assert ("AUTH PLAIN <authentication response>", 235) in replies(signed_in)
    assert signed_in.recipients == ("b@fabrikam.com",)
    assert signed_in.principal == "CONTOSO\\anna"
    relay = next(each for each in signed_in.origins if each.right is Right.ACCEPT_ANY_RECIPIENT)
    assert relay.is_held and relay.by_group == ((PermissionGroup.ExchangeUsers, AUTHENTICATED_USERS),)
    in_the_clear = asked(connector(**USERS), user=ANNA)
    assert in_the_clear.refusal is not None and in_the_clear.refusal.rule == "sign_in_not_offered"


def test_the_own_address_of_a_user_is_looked_for() -> None:
    answer = asked(connector(**USERS), tls=True, user=ANNA, sender="bob@contoso.com")
    assert answer.refusal is not None and answer.refusal.rule == "sender_not_own"
    assert Look("user", "addresses", "bob@contoso.com", False) in answer.refusal.looks


def test_a_message_may_be_said_to_be_larger_than_what_is_given_of_it() -> None:
    at_mail = asked(connector(max_message_size=1 << 20), size=2 << 20)
    assert at_mail.refusal is not None and (at_mail.refusal.rule, at_mail.refusal.said[:4]) == ("message_size", "MAIL")
    at_the_end = asked(connector(max_message_size=1 << 20), size=2 << 20, extended=False)
    assert at_the_end.refusal is not None and (at_the_end.refusal.rule, at_the_end.refusal.said) == ("message_size", "")


def test_the_empty_line_behind_a_header_counts_for_its_limit_though_it_is_not_given() -> None:
    for limit, code in ((15, 250), (14, 552)):
        answer = asked(connector(max_header_size=limit), content=b"Subject: xy\r\n", size=1000)
        assert replies(answer)[5] == ("", code)


def test_who_is_not_answered_hears_so() -> None:
    answer = asked(connector(ranges="10.0.0.0/8"))
    assert answer.match is None and answer.closed and [step.rule for step in answer.steps] == ["no_connector"]


def test_a_line_that_is_too_long_is_refused_as_on_the_wire() -> None:
    answer = asked(recipients=("x" * 3000 + "@contoso.com",))
    assert answer.refusal is not None and answer.refusal.rule == "line_too_long"


def test_nobody_whom_the_directory_does_not_list_gets_mail() -> None:
    answer = asked(given=Given(listed=lambda address: address == "bob@contoso.com"), recipients=("ann@contoso.com",))
    assert answer.refusal is not None and answer.refusal.rule == "recipient_unknown"
    assert answer.refusal.looks[-1] == Look("directory", "", "ann@contoso.com", False)


def test_each_connector_that_does_not_answer_says_why() -> None:
    answer = asked(
        connector("Narrow", ranges="192.0.2.0/28"),
        connector("Wide"),
        connector("Elsewhere", ranges="10.0.0.0/8"),
        connector("Off", ranges="192.0.2.7", enabled=False),
        connector("Submission", bindings="0.0.0.0:587"),
    )
    assert answer.match is not None and answer.match.connector.name == "Narrow"
    assert [(each.connector.name, each.why) for each in answer.passed] == [
        ("Wide", Why.WIDER),
        ("Elsewhere", Why.RANGE),
        ("Off", Why.DISABLED),
        ("Submission", Why.BINDING),
    ]


def test_the_way_out_names_the_connector_the_hop_and_tls() -> None:
    relay = Grant(ANONYMOUS, Right.ACCEPT_ANY_RECIPIENT.value)
    out = SendConnector(name="Internet", address_spaces=(AddressSpace("*"),), require_tls=True, max_message_size=1000)
    values = {"send_connectors": (out,)}
    asking: Any = {"recipients": ("bob@contoso.com", "a@fabrikam.com"), "values": values}
    here, away = asked(connector(grants=(relay,)), **asking).ways
    assert here.hop is MAILBOX and here.choice is None
    assert (away.hop.connector, away.hop.domain, away.demand and away.demand.is_strict) == (
        "Internet",
        "fabrikam.com",
        True,
    )
    assert away.exchangers == Record("fabrikam.com", "MX")
    large = asked(connector(grants=(relay,)), size=2000, **asking).ways[1]
    assert large.report == TOO_LARGE


def test_what_dns_would_be_asked_is_a_question_and_a_given_answer_counts() -> None:
    values: Any = {
        "ip_list_providers": (IPListProvider(name="Blocker", lookup_domain="bl.test"),),
        "connection_filter": ConnectionFilter(),
    }
    silent = asked(values=values, recipients=("postmaster@contoso.com",))
    (question,) = silent.questions
    assert question == Question(Record("7.2.0.192.bl.test", "A", "bl.test"), None) and silent.refusal is None
    given = Given(records={question.record[:2]: ("127.0.0.2",)})
    listed = asked(values=values, recipients=("postmaster@contoso.com",), given=given)
    assert listed.refusal is not None and listed.refusal.rule == "ip_block_list_provider"
    assert listed.questions == (Question(question.record, ("127.0.0.2",)),)


def test_hosts_of_mx_records_come_best_first_and_nonsense_is_left_out() -> None:
    assert next_hosts("x.test", ["20 b.test.", "10 a.test.", "10 c.test.", "nonsense", "x y"]) == [
        ["a.test", "c.test"],
        ["b.test"],
    ]
    assert next_hosts("x.test", []) == [["x.test"]] and next_hosts("x.test", ["0 ."]) == []
