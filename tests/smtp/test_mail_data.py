"""Facts of a header block: folded, repeated, malformed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transport.smtp.header_firewall import HeaderKind, without
from transport.smtp.mail_data import header_facts


def test_facts_of_an_ordinary_header() -> None:
    head = b"Received: from a\r\n by b\r\nreceived: c\r\nSubject: =?utf-8?q?h=C3=A9?=\r\n there\r\n"
    facts = header_facts(head + b"Message-Id: <1@x>\r\nDate: now\r\n", {b"gateway.test"})
    assert (facts.hops, facts.subject) == (2, "=?utf-8?q?h=C3=A9?= there")
    assert (facts.message_id, facts.has_date) == ("<1@x>", True)


@pytest.mark.parametrize("octets", [b"Gr\xfc\xdfe \x80", "Grüße €".encode()])
def test_a_subject_of_raw_octets_is_utf_8_where_it_can_be_and_windows_1252_otherwise(octets: bytes) -> None:
    assert header_facts(b"Subject: " + octets + b"\r\n", {b"s"}).subject == "Grüße €"


def test_an_unusable_message_id_counts_as_absent() -> None:
    assert header_facts(b"Message-ID: <a b@c>\r\n", {b"s"}).message_id == ""
    assert header_facts(b"Message-ID: <" + b"a" * 251 + b">\r\n", {b"s"}).message_id == ""


def test_a_field_name_inside_a_value_is_no_field() -> None:
    assert header_facts(b"X: 1\r\n Subject: no\r\n", {b"s"}).subject == ""


@given(st.binary(max_size=500))
def test_any_octets(head: bytes) -> None:
    facts = header_facts(head, {b"s"})
    assert facts.hops >= 0 and facts.message_id.isascii() and "\n" not in facts.subject


@pytest.mark.timeout(20)
@pytest.mark.parametrize("filling", ["\r\n ", "<", "<a", " by", "\r\nReceived: by x", "\r\nSubject", "\t", "\r", "\n"])
@pytest.mark.parametrize("name", ["Received", "Subject", "Message-ID", "Date", "X-MS-Exchange-Organization-X"])
def test_no_header_of_256_kb_keeps_everybody_waiting(name: str, filling: str) -> None:
    """Work that grows with the square of the length would take minutes here."""
    head = (name + ": " + filling * (256 * 1024 // len(filling)) + "\r\n").encode()
    header_facts(head, {b"s"})
    without(head, frozenset(HeaderKind))


@pytest.mark.parametrize(
    ("received", "local"),
    [
        (b"from a.example by MX.contoso.com (10.0.0.1) with SMTP; date", 1),
        (b"from a.example by mx.contoso.com; date", 1),
        (b"from a.example\r\n by mx.contoso.com;\r\n date", 1),
        (b"from mx.contoso.com by a.example; by date", 0),
        (b"from a.example by mx.contoso.com.example; date", 0),
    ],
)
def test_a_local_hop_was_received_by_one_of_our_names(received: bytes, local: int) -> None:
    facts = header_facts(b"Received: " + received + b"\r\n", frozenset({b"mx.contoso.com"}))
    assert (facts.hops, facts.local_hops) == (1, local)
