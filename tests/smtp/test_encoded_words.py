"""Encoded words, as far as a search needs them."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transport.smtp.encoded_words import MOST, readable


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("=?utf-8?b?R3LDvMOfZQ==?=", "Grüße"),
        ("Re: =?ISO-8859-1?Q?Gr=FC=DFe_an?= =?utf-8*de?q?_alle?=", "Re: Grüße an alle"),
        ("=?no-such?b?R3I=?= =?zlib?b?R3I=?= =?utf-8?b?x?=", "=?no-such?b?R3I=?= =?zlib?b?R3I=?= =?utf-8?b?x?="),
        ("plain", "plain"),
    ],
)
def test_they_are_read_as_far_as_they_can_be(written: str, read: str) -> None:
    assert readable(written).replace(" ", "") == read.replace(" ", "")


@given(st.text(st.sampled_from("=?bqBQ-_aé \\r\\n") | st.characters()))
def test_nothing_that_a_sender_writes_raises(field: str) -> None:
    assert len(readable(field)) <= max(len(field), MOST)


@given(st.text(min_size=1, max_size=50))
def test_what_was_encoded_is_read_again(text: str) -> None:
    octets = text.encode("utf-8", "replace")
    assert readable(f"=?utf-8?B?{b64encode(octets).decode()}?=") == octets.decode()
