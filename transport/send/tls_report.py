"""A report about TLS as its JSON says it. Source: RFC 8460 §4.4; Sending mail outward, section 2.5."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from msgspec import Meta, Struct, field

from transport.config import bounds
from transport.send.remote_reply import printable

LONGEST = 200
"""Characters of any text in it; the rest is left out."""
_MANY = 2**53
_Count = Annotated[int, Meta(ge=0, le=_MANY)]
_Texts = str | list[str]


class Failure(Struct, frozen=True, kw_only=True):
    """So many sessions that failed alike. `result`: a result type of RFC 8460 §4.3, or what a stranger calls one."""

    result: str
    sender: str = ""
    host: str = ""
    address: str = ""
    sessions: int = 0
    words: str = ""


class Reported(Struct, frozen=True, kw_only=True):
    """What became of the sessions under one policy. `lines`: the policy as it was found."""

    policy: str
    domain: str = ""
    lines: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    successful: int = 0
    failed: int = 0
    failures: tuple[Failure, ...] = ()


class TlsReport(Struct, frozen=True, kw_only=True):
    """Of one sender's systems; `begin` and `end` in UTC."""

    organization: str
    contact: str = ""
    report_id: str
    begin: datetime
    end: datetime
    policies: tuple[Reported, ...]


class _Failure(Struct, rename="kebab", omit_defaults=True):
    result_type: str
    sending_mta_ip: str = ""
    receiving_mx_hostname: str = ""
    receiving_ip: str = ""
    failed_session_count: _Count = 0
    additional_information: str = ""
    failure_reason_code: str = ""


class _Policy(Struct, rename="kebab", omit_defaults=True):
    policy_type: str
    policy_string: _Texts = ""
    policy_domain: str = ""
    mx_host: _Texts = ""


class _Summary(Struct):
    successful: _Count = field(default=0, name="total-successful-session-count")
    failed: _Count = field(default=0, name="total-failure-session-count")


class _Reported(Struct, rename="kebab", omit_defaults=True):
    policy: _Policy
    summary: _Summary = field(default_factory=_Summary)
    failure_details: list[_Failure] = field(default_factory=list)


class _Range(Struct, rename="kebab"):
    start_datetime: datetime
    end_datetime: datetime


class _Report(Struct, rename="kebab"):
    report_id: str
    date_range: _Range
    policies: list[_Reported]
    organization_name: str = ""
    contact_info: str = ""


def parse(octets: bytes) -> TlsReport:
    """The report of a JSON document. Raises ValueError that says what is wrong with it."""
    if len(octets) > (bounds.TLS_REPORT.octets or 0):
        raise ValueError("The report is too long.")
    try:
        told = msgspec.json.decode(octets.removeprefix(b"\xef\xbb\xbf"), type=_Report, strict=False)
    except RecursionError:
        raise ValueError("This is no report about TLS: it is too deep.") from None
    except (msgspec.MsgspecError, ValueError) as error:
        raise ValueError(f"This is no report about TLS: {printable(str(error))[:LONGEST]}.") from None
    if sum(1 + len(each.failure_details) for each in told.policies) > (bounds.TLS_REPORT.lines or 0):
        raise ValueError("The report has too many results.")
    if not told.policies:
        raise ValueError("The report has no result.")
    begin, end = _utc(told.date_range.start_datetime), _utc(told.date_range.end_datetime)
    names = {"organization": _text(told.organization_name), "contact": _text(told.contact_info)}
    policies = tuple(map(_reported, told.policies))
    return TlsReport(**names, report_id=_text(told.report_id), begin=begin, end=end, policies=policies)


def written(report: TlsReport) -> bytes:
    """The JSON document that is sent."""
    period = _Range(report.begin, report.end)
    policies = [_told(each) for each in report.policies]
    told = _Report(report.report_id, period, policies, report.organization, report.contact)
    return msgspec.json.encode(told)


def _told(each: Reported) -> _Reported:
    policy = _Policy(each.policy, list(each.lines), each.domain, list(each.hosts))
    failures = [
        _Failure(one.result, one.sender, one.host, one.address, one.sessions, one.words) for one in each.failures
    ]
    return _Reported(policy, _Summary(each.successful, each.failed), failures)


def _reported(told: _Reported) -> Reported:
    return Reported(
        policy=_text(told.policy.policy_type), domain=_text(told.policy.policy_domain).lower(),
        lines=_texts(told.policy.policy_string), hosts=_texts(told.policy.mx_host),
        successful=told.summary.successful, failed=told.summary.failed,
        failures=tuple(map(_failure, told.failure_details)),
    )  # fmt: skip


def _failure(told: _Failure) -> Failure:
    words = " ".join(filter(None, (told.failure_reason_code, told.additional_information)))
    return Failure(
        result=_text(told.result_type), sender=_text(told.sending_mta_ip), host=_text(told.receiving_mx_hostname),
        address=_text(told.receiving_ip), sessions=told.failed_session_count, words=_text(words),
    )  # fmt: skip


def _text(told: str) -> str:
    return printable(told[: 4 * LONGEST])[:LONGEST]


def _texts(told: _Texts) -> tuple[str, ...]:
    return tuple(_text(each) for each in ([told] if isinstance(told, str) else told)[:100] if each)


def _utc(told: datetime) -> datetime:
    if not 2000 < told.year < 2200:
        raise ValueError("The report is about no time that can be.")
    return told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC)
