"""What a DKIM signature covers: an independent verifier agrees, whatever the message."""

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dkim_keys import RECORDS, SIGNERS
from tests.dkim_verifier import verdicts
from transport.send import dkim
from transport.send.dkim import BodyHash, signing_domain
from transport.send.mail_data import with_crlf
from transport.smtp.envelope import Vouched

HEAD = b"From: Anna <anna@contoso.com>\r\nTo: bob@fabrikam.com\r\nSubject:  Figures \r\n of  May\r\n\r\n"


def signed(head, body, pieces=1 << 16, now=1_700_000_000):
    digest = BodyHash()
    for text in with_crlf(body[at : at + pieces] for at in range(0, len(body), pieces)):
        digest.take(text)
    return dkim.fields(head, digest.digest(), SIGNERS, now) + head + body


def test_both_signatures_hold():
    message = signed(HEAD, b"Hello  \r\n\r\n you \t there\r\n\r\n\r\n")
    assert verdicts(message) == [True, True]
    assert message.count(b"a=rsa-sha256;") == message.count(b"a=ed25519-sha256;") == 1
    assert max(map(len, message.split(b"\r\n"))) <= 78


@pytest.mark.parametrize(
    "change",
    [
        (b"of  May", b"of June"), (b"Hello", b"Hallo"), (b"From:", b"Subject: another\r\nFrom:"),
        (b"\r\n\r\nHello", b"\r\nTo: eve@x.example\r\n\r\nHello"), (b"Anna", b"Eve"),
        (b"\r\n\r\nHello", b"\r\nContent-Type: text/html\r\n\r\nHello"),
    ],
)  # fmt: skip
def test_whoever_changes_or_adds_a_field_breaks_them(change):
    message = signed(HEAD, b"Hello\r\n")
    assert verdicts(message) == [True, True]
    assert verdicts(message.replace(*change)) == [False, False]


def test_what_relays_do_on_the_way_does_no_harm():
    message = signed(HEAD, b"Hello\r\n")
    assert verdicts(b"Received: from a by b; date\r\n" + message + b"\r\n\r\n") == [True, True]
    assert verdicts(message.replace(b"Subject:  Figures \r\n of  May", b"SUBJECT: Figures of May")) == [True, True]


PARTS = st.sampled_from([b"a", b"word", b" ", b"\t", b"   ", b"\r\n", b"\r\n\r\n", b".", b"\xc3\xa4", b"\r\n "])
BODIES = st.lists(PARTS, max_size=30).map(b"".join)


def by_the_book(body):
    """RFC 6376 §3.4.4, line by line."""
    lines = [re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    text = re.sub(rb"(\r\n)*\Z", b"", b"\r\n".join(lines))
    return hashlib.sha256(text + b"\r\n" if text else b"").digest()


@given(BODIES, st.integers(1, 7))
def test_the_body_is_hashed_by_the_book_in_pieces_of_any_size(body, pieces):
    digest = BodyHash()
    for text in with_crlf(body[at : at + pieces] for at in range(0, len(body), pieces)):
        digest.take(text)
    assert digest.digest() == by_the_book(body)


VALUES = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20).map(str.encode)
FIELDS = st.tuples(st.sampled_from([b"To", b"CC", b"Subject", b"X-Own", b"references", b"List-Id"]), VALUES)


@given(st.lists(FIELDS, max_size=8), BODIES)
def test_every_signed_message_is_verified(fields, body):
    head = b"From: anna@contoso.com\r\n" + b"".join(b"%b: %b\r\n" % field for field in fields) + b"\r\n"
    ended = body if body.endswith(b"\r\n") or not body else body + b"\r\n"
    assert verdicts(signed(head, ended)) == [True, True]


def test_only_who_is_vouched_for_is_signed():
    assert signing_domain(HEAD, "anna@contoso.com", Vouched.NOBODY) == ""
    assert signing_domain(HEAD, "bounces@contoso.com", Vouched.DOMAINS) == "contoso.com"
    assert signing_domain(HEAD, "Anna@Contoso.com", Vouched.SENDER) == "contoso.com"
    assert signing_domain(HEAD, "eve@contoso.com", Vouched.SENDER) == ""


@pytest.mark.parametrize(
    "head",
    [
        b"To: bob@x.example\r\n\r\n", b"From: nobody\r\n\r\n", b"From: a@contoso.com, b@x.example\r\n\r\n",
        b"From: a@contoso.com\r\nfrom: b@x.example\r\n\r\n", b"From: a@contoso.com\r\nFrom: \r\n\r\n",
        "From: a@münchen.example\r\n\r\n".encode(),
    ],
)  # fmt: skip
def test_a_message_that_is_not_clearly_from_one_is_not_signed(head):
    assert signing_domain(head, "a@contoso.com", Vouched.DOMAINS) == ""


@given(st.binary(max_size=300))
def test_no_header_is_too_strange(head):
    signing_domain(head, "a@contoso.com", Vouched.DOMAINS)
    assert dkim.fields(head, b"", SIGNERS[1:], 0).startswith(b"DKIM-Signature: v=1; a=ed25519-sha256;")


def test_the_records_of_the_tests_are_as_the_console_writes_them():
    assert all(text.startswith("v=DKIM1; k=") for text in RECORDS.values())
