"""What a client would hear, and what was asked for it, as an administrator reads it."""

from __future__ import annotations

from typing import Any

from tests.receive.builders import connector, domain
from transport.config.permissions import AUTHENTICATED_USERS, PermissionGroup, Right
from transport.config.receive_connector import AuthMechanism
from transport.config.snapshot import Snapshot
from transport.receive.session import User
from transport.trace.watched import Look, WatchedPolicy
from transport.trace.what_if import Answer, Dialogue, Given, what_if

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
    assert signed_in.principals == ("CONTOSO\\anna", "Staff", AUTHENTICATED_USERS)
    assert Right.ACCEPT_ANY_RECIPIENT in signed_in.rights
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
