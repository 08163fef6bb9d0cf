"""From a session of the protocol log to the What-if, with what the client did filled in."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.utils import timezone

from console.tracking.conversation import lines
from console.tracking.models import Session
from console.tracking.question import MOST, question

EVENTS = [
    ("+", "", ""),
    (">", "220 gateway.test", ""),
    ("<", "EHLO printer", ""),
    (">", "250 ok", ""),
    ("*", "TLS protocol TLSv1.3 negotiation succeeded using AES", ""),
    ("*", "CONTOSO\\anna", "authenticated"),
    ("<", "MAIL FROM:<old@contoso.com>", ""),
    ("<", "MAIL FROM:<scan@contoso.com> SIZE=2048", ""),
    (">", "250 2.1.0 Sender OK", ""),
    ("<", "RCPT TO:<bob@contoso.com>", ""),
    (">", "250 2.1.5 Recipient OK", ""),
    ("<", "RCPT TO:<bob@fabrikam.com>", ""),
    (">", "550 5.7.1 Unable to relay", "relay_denied; revision 3"),
    ("<", "RCPT TO:<later@fabrikam.com>", ""),
]


def session(events: Any = EVENTS, **values: Any) -> Session:
    now = timezone.now()
    usual = {"session_id": "1", "local_endpoint": "10.2.3.4:25", "remote_address": "10.1.1.1", "helo": "printer"}
    made = [[now.isoformat(), *each] for each in events]
    return Session(events=made, started_at=now, remote_port=4711, **(usual | values))


def given(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def test_the_facts_up_to_a_refusal_are_filled_in(db: None) -> None:
    made = session()
    said = lines(made)
    refused = next(line for line in said if line.refused)
    assert given(question(made, said, refused)) == {
        "client": "10.1.1.1",
        "local": "10.2.3.4:25",
        "helo": "printer",
        "tls": "on",
        "user": "CONTOSO\\anna",
        "sender": "scan@contoso.com",
        "recipients": "bob@contoso.com\nbob@fabrikam.com",
        "size": "2048",
    }
    assert given(question(made, said))["recipients"].endswith("later@fabrikam.com")


def test_a_client_that_said_helo_and_nothing_else(db: None) -> None:
    made = session([("<", "HELO x", ""), (">", "250 ok", "")])
    assert given(question(made, lines(made))) == {
        "client": "10.1.1.1",
        "local": "10.2.3.4:25",
        "helo": "printer",
        "hello": "HELO",
    }


def test_of_many_long_recipients_the_address_holds_the_last(db: None) -> None:
    many = [("<", f"RCPT TO:<{'x' * 3000}{number}@contoso.com>", "") for number in range(500)]
    made = session([("<", "MAIL FROM:<>", ""), *many])
    assert len(given(question(made, lines(made)))["recipients"].splitlines()) == MOST
    assert len(question(made, lines(made))) < 8192


def test_sessions_with_next_hops_have_none(db: None) -> None:
    made = session(direction="send")
    assert question(made, lines(made)) == ""


def test_who_has_named_the_client_is_asked_about_when_it_is_a_load_balancer_only(db: None) -> None:
    """A mail server that speaks by XCLIENT has named the client as if that had connected there itself."""
    balancer = ("*", "Client named by 10.0.0.5:4321 at 10.0.0.9:25", "PROXY protocol")
    mail_server = ("*", "Client named by 10.0.0.7:4321 at 10.0.0.9:2525", "XCLIENT")
    for events, front_end, local in (
        ([balancer], "10.0.0.5", "10.0.0.9:25"),
        ([balancer, mail_server], None, "10.0.0.9:2525"),
    ):
        made = session([*events, ("<", "EHLO x", "")])
        asked = given(question(made, lines(made)))
        assert (asked.get("front_end"), asked["local"]) == (front_end, local)
