"""Sender and recipient filter: what the lists hold, what is read from the header, what holds a harvester."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.receive.builders import connected, connector, policy, said
from transport.config.filters import FilterAction, RecipientFilter, SenderFilter
from transport.config.transport_config import TransportConfig
from transport.receive import data, rcpt
from transport.receive.blocked_senders import BlockedSenders
from transport.receive.outcome import Accept, LookUpRecipient, Tarpit
from transport.receive.sender_filter import STAMP
from transport.smtp.originators import from_addresses

LABELS = st.lists(st.sampled_from(["a", "b", "com", "example"]), min_size=1, max_size=4).map(".".join)


@given(LABELS, st.frozensets(LABELS, max_size=3))
def test_a_domain_is_blocked_with_all_below_it_and_nothing_else(domain: str, blocked: frozenset[str]) -> None:
    filter_ = BlockedSenders(SenderFilter(blocked_domains_and_subdomains=tuple(blocked)))
    below = any(domain == parent or domain.endswith("." + parent) for parent in blocked)
    assert bool(filter_.entry(f"x@{domain}")) is below


@pytest.mark.parametrize(
    ("head", "found"),
    [
        (b"From: a@b.example\r\n", ["a@b.example"]),
        (b"FROM : =?utf-8?q?x?= <a@b.example>\r\nTo: c@d.example\r\n", ["a@b.example"]),
        (b'From: "c@d.example" <a@b.example>, e@f.example (g@h.example)\r\n', ["a@b.example", "e@f.example"]),
        (b"From:\r\n\t<a@b.example>\r\n", ["a@b.example"]),
        (b'From: "odd local"@b.example\r\n', ["quoted@b.example"]),
        (b"Subject: From: a@b.example\r\n", []),
        (b"From: nobody\r\n", []),
    ],
)
def test_addresses_of_the_header_from(head: bytes, found: list[str]) -> None:
    assert from_addresses(head) == found


@pytest.mark.parametrize(
    ("head", "found"),
    [
        (b'From: "never closed <a@b.example>\r\n', ["a@b.example"]),
        (b'From: "closed <c@d.example>" <a@b.example>, "\\\r\n', ["a@b.example"]),
        (b"From: a@x@b.example, @b.example, a@, a@b.example@\r\n", ["a@x@b.example", "a@b.example"]),
    ],
)
def test_addresses_of_a_malformed_from(head: bytes, found: list[str]) -> None:
    assert from_addresses(head) == found


@pytest.mark.timeout(20)
@pytest.mark.parametrize("filling", ['"', '\\"', "(", "(a", '("a', "<", "@", "a@", "a.", "\\", "[", "a@b.c,", "\r\n "])
@pytest.mark.parametrize("beginning", ["From: ", 'From: "', "From: a@b.c (", "From: <"])
def test_no_header_from_of_256_kb_keeps_everybody_waiting(beginning: str, filling: str) -> None:
    """Work that grows with the square of the length would take minutes here."""
    from_addresses((beginning + filling * (256 * 1024 // len(filling)) + "\r\n").encode())


@given(st.binary(max_size=200))
def test_no_header_from_breaks_anything(junk: bytes) -> None:
    from_addresses(b"From: " + junk + b"\r\n")


def test_a_stamped_message_says_so_in_its_header() -> None:
    filter_ = SenderFilter(action=FilterAction.StampStatus, blocked_domains=("pest.example",))
    session = connected(policy(sender_filter=filter_))
    session = said(session, "HELO x", "MAIL FROM:<a@b.example>", "RCPT TO:<postmaster@contoso.com>")
    blocked = data.received(session, data.MailData(9, b"From: a@pest.example\r\n"), "0" * 32, 0.0).actions[0]
    assert isinstance(blocked, Accept) and f"{STAMP}: Blocked; from_blocked\r\n".encode() in blocked.trace
    free = data.received(session, data.MailData(9, b"From: a@b.example\r\n"), "0" * 32, 0.0).actions[0]
    assert isinstance(free, Accept) and STAMP.encode() not in free.trace


def test_a_source_over_its_budget_waits_for_the_known_as_for_the_unknown() -> None:
    prepared = policy(connector(tarpit_interval=5), recipient_filter=RecipientFilter())
    session = said(connected(prepared), "HELO x", "MAIL FROM:<a@b.example>")
    asked = rcpt.rcpt(session, "TO:<anna@contoso.com>", 0.0).actions[0]
    assert isinstance(asked, LookUpRecipient)
    assert rcpt.looked_up(session, asked, True).actions == ()
    known, unknown = (rcpt.looked_up(session, asked, found, True) for found in (True, False))
    assert known.actions == unknown.actions == (Tarpit(5),)
    assert known.reply and known.reply.code == 250 and unknown.reply and unknown.reply.code == 550


def test_who_gets_reports_about_tls_needs_no_entry_in_the_directory() -> None:
    named = TransportConfig(tls_report_recipient="tls@contoso.com")
    prepared = policy(recipient_filter=RecipientFilter(), transport_config=named)
    session = said(connected(prepared), "HELO x", "MAIL FROM:<a@b.example>")
    assert rcpt.rcpt(session, "TO:<TLS@contoso.com>", 0.0).decided_by == "accepted_domain"
    assert isinstance(rcpt.rcpt(session, "TO:<else@contoso.com>", 0.0).actions[0], LookUpRecipient)
