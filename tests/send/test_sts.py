"""MTA-STS policies as strangers publish them (RFC 8461)."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transport.send import sts
from transport.send.sts import LONGEST, Mode, StsPolicy

GOOD = b"version: STSv1\r\nmode: enforce\r\nmx: mx1.far.test\r\nmx: *.Far.test\r\nmax_age: 86400\r\n"


def test_a_policy_is_read_with_either_end_of_line():
    expected = StsPolicy(Mode.ENFORCE, ("mx1.far.test", "*.far.test"), 86400)
    assert sts.parse(GOOD) == sts.parse(GOOD.replace(b"\r\n", b"\n")) == expected
    assert sts.parse("\n".join(expected.lines).encode()) == expected


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "does not say version"),
        (GOOD.replace(b"STSv1", b"STSv2"), "does not say version"),
        (GOOD.replace(b"enforce", b"strict"), "mode is 'strict'"),
        (b"version: STSv1\nmode: enforce\nmax_age: 1", "names no mail server"),
        (GOOD.replace(b"86400", b"a day"), "how long it holds"),
        (GOOD.replace(b"86400", b"-1"), "how long it holds"),
        (GOOD.replace(b"mx1.far.test", b"mx 1"), "no name of a mail server"),
        (b"\xff\xfe", "no text"),
        (GOOD + b"mx: a.test\n" * 101, "too many"),
    ],
)
def test_what_is_wrong_with_a_policy_is_said(body, why):
    with pytest.raises(ValueError, match=why):
        sts.parse(body)


def test_a_policy_without_servers_may_say_none_and_age_has_a_limit():
    assert sts.parse(b"version: STSv1\nmode: none\nmax_age: 9999999999") == StsPolicy(Mode.NONE, (), LONGEST)


@pytest.mark.parametrize(
    ("host", "allowed"),
    [("mx1.far.test", True), ("MX1.far.test.", True), ("b.far.test", True), ("far.test", False),
     ("a.b.far.test", False), ("mx1.near.test", False)],
)  # fmt: skip
def test_a_wildcard_stands_for_one_label(host, allowed):
    assert sts.parse(GOOD).allows(host) is allowed


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (["v=STSv1; id=20260101T000000;"], "20260101T000000"),
        (["v=STSv1;id=1"], "1"),
        (["v=spf1 -all", "v=STSv1; id=1; more=x"], "1"),
        (["v=STSv1; id=1", "v=STSv1; id=2"], None),
        (["v=STSv1"], None),
        (["v=STSv1; id=a b"], None),
        ([f"v=STSv1; id={'1' * 33}"], None),
        ([], None),
    ],
)
def test_the_id_of_a_policy(texts, found):
    assert sts.policy_id(texts) == found


@given(
    st.binary(max_size=400)
    | st.text(max_size=200).map(lambda text: b"version: STSv1\nmode: enforce\nmx: " + text.encode())
)
def test_whatever_it_is_a_policy_or_an_error_in_words(body):
    with suppress(ValueError):
        policy = sts.parse(body)
        policy.allows("mx.far.test")
        assert 0 <= policy.max_age <= LONGEST


@given(st.lists(st.text(max_size=60).map(lambda text: "v=STSv1;" + text), max_size=2))
def test_whatever_a_record_says_there_is_an_id_or_none(texts):
    found = sts.policy_id(texts)
    assert found is None or found.isalnum()
