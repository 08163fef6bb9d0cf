"""Which TLSA records can be used, and which certificate each names (RFC 7672)."""

from __future__ import annotations

from hashlib import sha256, sha512

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transport.send import dane
from transport.send.dane import Dane, Standing, Tlsa

CERTIFICATE, KEY = b"certificate", b"key"


@pytest.mark.parametrize(
    ("record", "usable"),
    [
        (Tlsa(3, 1, 1, bytes(32)), True), (Tlsa(3, 0, 2, bytes(64)), True), (Tlsa(2, 0, 0, b"x"), True),
        (Tlsa(0, 1, 1, bytes(32)), False), (Tlsa(1, 1, 1, bytes(32)), False), (Tlsa(4, 1, 1, bytes(32)), False),
        (Tlsa(3, 2, 1, bytes(32)), False), (Tlsa(3, 1, 3, bytes(32)), False), (Tlsa(3, 1, 1, bytes(31)), False),
        (Tlsa(3, 1, 2, bytes(32)), False), (Tlsa(3, 1, 0, b""), False),
    ],
)  # fmt: skip
def test_what_can_be_used(record, usable):
    assert record.is_usable is usable


@pytest.mark.parametrize(
    ("record", "names"),
    [
        (Tlsa(3, 0, 0, CERTIFICATE), True), (Tlsa(3, 1, 0, KEY), True), (Tlsa(3, 0, 0, KEY), False),
        (Tlsa(3, 0, 1, sha256(CERTIFICATE).digest()), True), (Tlsa(3, 1, 1, sha256(KEY).digest()), True),
        (Tlsa(3, 1, 2, sha512(KEY).digest()), True), (Tlsa(3, 1, 1, sha256(CERTIFICATE).digest()), False),
        (Tlsa(2, 1, 1, sha256(KEY).digest()), False),
    ],
)  # fmt: skip
def test_which_certificate_it_names(record, names):
    assert (dane.end_entity([record], CERTIFICATE, KEY) is record) is names


def test_what_signed_records_say_together():
    good, useless = Tlsa(3, 1, 1, bytes(32)), Tlsa(1, 1, 1, bytes(32))
    assert dane.answered([]) == Dane(Standing.NONE)
    assert dane.answered([useless]) == Dane(Standing.UNUSABLE)
    assert dane.answered([useless, good]) == Dane(Standing.USABLE, (good,))


@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255), st.binary(max_size=80))
def test_any_record_is_used_or_not(usage, selector, kind, data):
    record = Tlsa(usage, selector, kind, data)
    if record.is_usable:
        record.names(CERTIFICATE, KEY)
    assert str(record) == f"{usage} {selector} {kind}"
