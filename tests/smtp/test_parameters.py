"""ORCPT beyond ASCII: RFC 6533 §3."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transport.smtp.parameters import ParameterError, UnknownParameter, rcpt_parameters

OFFERED = frozenset({"NOTIFY", "ORCPT"})


def on_the_wire(text: str) -> str:
    """As a command line gives it: octets of UTF-8, one character each."""
    return text.encode().decode("latin-1")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("utf-8;jürgen@bücher.example", r"utf-8;j\x{FC}rgen@b\x{FC}cher.example"),
        ("UTF-8;voilà@contoso.com", r"UTF-8;voil\x{E0}@contoso.com"),
        (r"utf-8;j\x{FC}rgen@contoso.com", r"utf-8;j\x{FC}rgen@contoso.com"),
        ("utf-8;anna@contoso.com", "utf-8;anna@contoso.com"),
    ],
)
def test_an_original_recipient_beyond_ascii_is_kept_in_its_ascii_form(given: str, kept: str) -> None:
    found = rcpt_parameters(f"ORCPT={on_the_wire(given)} NOTIFY=FAILURE", OFFERED, smtp_utf8=True)
    assert (found.orcpt, found.notify) == (kept, "FAILURE")


@pytest.mark.parametrize("text", ["ORCPT=utf-8;\xfc@x.test", "ORCPT=rfc822;\xc3\xbc@x.test", "ORCPT=utf-8;"])
def test_what_is_no_utf_8_or_announced_as_something_else_is_refused(text: str) -> None:
    with pytest.raises(ParameterError):
        rcpt_parameters(text, OFFERED, smtp_utf8=True)


def test_without_smtputf8_an_original_recipient_is_ascii() -> None:
    with pytest.raises(ParameterError):
        rcpt_parameters(f"ORCPT={on_the_wire('utf-8;jürgen@x.test')}", OFFERED)


@given(st.binary(max_size=60).map(lambda octets: octets.decode("latin-1")), st.booleans())
def test_whatever_comes_is_ascii_afterwards_or_refused(text: str, smtp_utf8: bool) -> None:
    with suppress(ParameterError, UnknownParameter):
        assert rcpt_parameters(f"ORCPT=utf-8;{text}", OFFERED, smtp_utf8).orcpt.isascii()
