"""Reports about TLS that others send: what is read in them, and what nonsense does."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transport.config import bounds
from transport.send import tls_report
from transport.send.tls_report import TlsReport

SAMPLES = Path(__file__).parents[1] / "fixtures" / "tlsrpt"
TEXT = st.text(max_size=20) | st.integers() | st.none() | st.lists(st.text(max_size=5), max_size=3)


def sample(name: str = "parsedmarc-rfc8460") -> bytes:
    return (SAMPLES / f"{name}.json").read_bytes()


def parsed(octets: bytes) -> tuple[TlsReport | None, str]:
    """The report, or why there is none."""
    try:
        return tls_report.parse(octets), ""
    except ValueError as error:
        return None, str(error)


def test_the_example_of_the_rfc_is_read_whole():
    report = tls_report.parse(sample())
    assert (report.organization, report.report_id) == ("Company-X", "5065427c-23d3-47ca-b6e0-946ea0e8c4be")
    assert report.begin == datetime(2016, 4, 1, tzinfo=UTC)
    (policy,) = report.policies
    assert (policy.policy, policy.domain, policy.successful, policy.failed) == ("sts", "company-y.example", 5326, 303)
    assert policy.hosts == ("*.mail.company-y.example",) and policy.lines[0] == "version: STSv1"
    first, second, third = policy.failures
    assert (first.result, first.sessions) == ("certificate-expired", 100)
    assert (second.result, second.address) == ("starttls-not-supported", "203.0.113.56")
    assert third.words == "X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED"


@pytest.mark.parametrize("file", sorted(SAMPLES.glob("*.json")), ids=lambda file: file.stem)
def test_what_real_senders_write_is_read(file):
    report = tls_report.parse(file.read_bytes())
    told = json.loads(file.read_bytes())
    assert report.report_id == told["report-id"] and len(report.policies) == len(told["policies"])


@pytest.mark.parametrize("octets", [
    b"", b"[]", b"{}", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 100_000, sample()[:-20],
    sample().replace(b"5326", b"-1"), sample().replace(b"5326", b"9" * 5000), sample().replace(b"2016", b"0001"),
    sample().replace(b'"sts"', b'"\\ud800"'), sample().replace(b'"sts"', b"{}"),
])  # fmt: skip
def test_what_is_no_report_is_said_to_be_none(octets):
    report, problem = parsed(octets)
    assert report is None and problem.endswith(".")


def test_a_report_that_is_too_long_or_has_too_many_results_is_not_taken():
    with pytest.raises(ValueError, match="too long"):
        tls_report.parse(sample() + b" " * (bounds.TLS_REPORT.octets or 0))
    told = json.loads(sample())
    told["policies"] *= 1 + (bounds.TLS_REPORT.lines or 0) // 4
    with pytest.raises(ValueError, match="too many results"):
        tls_report.parse(json.dumps(told).encode())


@given(st.dictionaries(st.sampled_from(["policy-type", "policy-string", "policy-domain", "mx-host"]), TEXT), TEXT, TEXT)
def test_strange_values_are_words_on_one_line_or_no_report(policy, organization, reason):
    told = json.loads(sample())
    told["organization-name"] = organization
    told["policies"][0]["policy"] |= policy
    told["policies"][0]["failure-details"][0]["failure-reason-code"] = reason
    report, problem = parsed(json.dumps(told).encode())
    if report is None:
        assert problem.isprintable()
        return
    found = [report.organization, report.policies[0].policy, *report.policies[0].lines, *report.policies[0].hosts]
    assert all(each.isprintable() and len(each) <= tls_report.LONGEST for each in found)


@given(st.binary(max_size=200), st.integers(0, len(sample())))
def test_octets_that_are_put_into_a_report_break_nothing(octets, place):
    assert parsed(sample()[:place] + octets + sample()[place:])[1].isprintable()
