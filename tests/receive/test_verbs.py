"""Limits at, below and above; which answers change nothing; what no message can break."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.receive.builders import connected, connector, policy, said
from transport.config.transport_config import TransportConfig
from transport.receive import data, verbs
from transport.receive.outcome import Close, ReadMailData
from transport.receive.session import Session

HELLO = ("EHLO client.example",)
MAIL = (*HELLO, "MAIL FROM:<a@example.org>")
STAGES = {"connected": (), "greeted": HELLO, "mail": MAIL, "rcpt": (*MAIL, "RCPT TO:<postmaster>")}


@given(st.binary(max_size=400), st.integers(0, 10**9), st.booleans(), st.booleans())
def test_every_message_has_an_outcome(head: bytes, size: int, complete: bool, over: bool) -> None:
    session = said(connected(), *STAGES["rcpt"])
    outcome = data.received(session, data.MailData(size, head, complete, over), "ab" * 16, 0.0)
    assert outcome.reply is not None and outcome.reply.code in (250, 552, 554)
    assert outcome.session.recipients is None


def error_count(limit: int | None, errors: int) -> tuple[Session, bool]:
    session = connected(policy(connector(max_protocol_errors=limit)))
    closed = False
    for _ in range(errors):
        outcome = verbs.respond(session, b"FROB", 0.0)
        session, closed = outcome.session, Close() in outcome.actions
    return session, closed


@pytest.mark.parametrize(
    ("limit", "errors", "closes"), [(2, 1, False), (2, 2, True), (1, 1, True), (0, 1, True), (None, 999, False)]
)
def test_protocol_errors_close_at_the_limit(limit: int | None, errors: int, closes: bool) -> None:
    assert error_count(limit, errors)[1] is closes


def test_a_refused_recipient_is_no_protocol_error() -> None:
    session = said(connected(policy(connector(max_protocol_errors=1))), *MAIL)
    outcome = verbs.respond(session, b"RCPT TO:<a@fabrikam.example>", 0.0)
    assert outcome.decided_by == "relay_denied" and Close() not in outcome.actions


@pytest.mark.parametrize(("size", "taken"), [(65535, True), (65536, True), (65537, False)])
def test_message_size_at_below_and_above_the_limit(size: int, taken: bool) -> None:
    session = said(connected(policy(connector(max_message_size=65536))), *HELLO)
    outcome = verbs.respond(session, f"MAIL FROM:<a@example.org> SIZE={size}".encode(), 0.0)
    assert outcome.reply is not None and (outcome.reply.code == 250) is taken


@pytest.mark.parametrize(("hops", "code"), [(29, 250), (30, 554), (31, 554)])
def test_hop_count_at_below_and_above_the_limit(hops: int, code: int) -> None:
    session = said(connected(), *STAGES["rcpt"])
    mail = data.MailData(1, b"Received: from x\r\n by y\r\n" * hops + b"Subject: loop\r\n\r\n")
    outcome = data.received(session, mail, "ab" * 16, 0.0)
    assert outcome.reply is not None and outcome.reply.code == code


def test_recipients_are_kept_in_order_and_once() -> None:
    session = said(connected(), *MAIL, "RCPT TO:<postmaster@contoso.com>", "RCPT TO:<postmaster>")
    outcome = data.received(session, data.MailData(1, b"\r\n"), "ab" * 16, 0.0)
    assert outcome.actions[0].envelope.recipients == ("postmaster@contoso.com",)  # type: ignore[union-attr]


def test_low_resources_refuse_mail_and_nothing_else() -> None:
    session = said(connected(), *HELLO)
    assert verbs.respond(session, b"NOOP", 0.0, resources_low=True).reply.code == 250  # type: ignore[union-attr]
    outcome = verbs.respond(session, b"MAIL FROM:<a@example.org>", 0.0, resources_low=True)
    assert outcome.reply is not None and outcome.reply.text == "452 4.3.1 Insufficient system resources"


def test_a_message_id_that_could_break_the_reply_is_replaced() -> None:
    session = said(connected(), *STAGES["rcpt"])
    head = b"Message-ID: <a\xffb@c>\r\n\r\n"
    outcome = data.received(session, data.MailData(len(head), head), "ab" * 16, 0.0)
    assert outcome.reply is not None and "<abababababababababababababababab@gateway.test>" in outcome.reply.text


def test_bypass_right_lifts_the_size_limit() -> None:
    from transport.config.permissions import PermissionGroup
    from transport.config.receive_connector import AuthMechanism

    trusted = connector(
        auth_mechanism=frozenset({AuthMechanism.ExternalAuthoritative}),
        permission_groups=frozenset({PermissionGroup.ExchangeServers}),
    )
    session = said(connected(policy(trusted)), *STAGES["rcpt"])
    (action,) = verbs.respond(session, b"DATA", 0.0).actions
    assert isinstance(action, ReadMailData) and action.limit is None


def test_the_organizations_limit_is_for_those_who_have_not_signed_in() -> None:
    config = TransportConfig(max_receive_size=70_000)
    session = said(connected(policy(connector(max_message_size=100_000), transport_config=config)), *HELLO)
    assert (session.size_limit, session.size_rule) == (70_000, "organization_message_size")
    signed_in = msgspec.structs.replace(session, principal=r"CONTOSO\anna")
    assert (signed_in.size_limit, signed_in.size_rule) == (100_000, "message_size")
