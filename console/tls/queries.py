"""What the page of TLS to other domains reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from django.db.models import Count, Max, Sum
from django.db.models.functions import Coalesce, Length
from django.utils.translation import gettext_lazy as _

from console import clock
from console.publishing import queries as publishing
from console.tls.models import ReceivedReport, Result, SentReport, StsPolicy
from transport import node
from transport.config import bounds
from transport.config.domains import parent
from transport.config.send_connector import DaneMode
from transport.config.snapshot import Snapshot
from transport.deliver.database import pool
from transport.deliver.tls_outlook import Outlook, doubt, outlook
from transport.send import tls_results
from transport.send.sts import Mode
from transport.send.tls_report_way import NOT_ASKED_FOR

POLICIES = {"tlsa": "DANE", "sts": "MTA-STS", "no-policy-found": "—"}
POLICIES_REPORTED = {"tlsa": "DANE", "sts": "MTA-STS", "no-policy-found": _("None")}
DAYS = 30
MAILED = bounds.TLS_REPORTS_MAILED
MOST, MOST_SENT = 200, 50
DOUBTFUL, NAMED = 2, 5
"""Policies are fetched anew each day; so many are named."""


@dataclass(frozen=True)
class Row:
    """Connections of the last days that ended alike."""

    domain: str
    policy: str
    result: str
    words: str
    sessions: int
    is_good: bool


def look_at(domain: str) -> Outlook:
    """What mail to a domain would get now."""
    return outlook(publishing.saved(), node.name(), domain, pool())


def results(domain: str = "") -> list[Row]:
    """Of one domain, or of those with most failures first."""
    found = Result.objects.filter(day__gt=(clock.now() - timedelta(days=DAYS)).date())
    if domain:
        found = found.filter(domain=domain)
    rows = found.values("domain", "policy", "result").annotate(number=Sum("sessions"), said=Max("words"))
    good = tls_results.Result.SUCCESS.value
    every = [
        Row(row["domain"], POLICIES[row["policy"]], row["result"], row["said"], row["number"], row["result"] == good)
        for row in rows.order_by("-number")[:MOST]
    ]
    return sorted(every, key=lambda row: row.is_good)


def dane_in_vain(saved: Snapshot) -> list[tuple[str, str]]:
    """Enabled Send connectors that deliver with DANE only, and why no answer of DNS is relied on for that."""
    enabled = (each for each in saved.send_connectors if each.enabled)
    doubts = [(each.name, doubt(each, saved)) for each in enabled if each.smtp_dane_mode is DaneMode.Mandatory]
    return [(name, why) for name, why in doubts if why]


def policies_that_end() -> list[tuple[StsPolicy, datetime]]:
    """Policies that demand TLS, were fetched DOUBTFUL days ago or before, and not since; and when each ends."""
    now = clock.now()
    failing = StsPolicy.objects.filter(mode=Mode.ENFORCE.value).exclude(last_error="")
    old = failing.filter(fetched_at__lt=now - timedelta(days=DOUBTFUL))
    ends = [(row, row.fetched_at + timedelta(seconds=row.max_age)) for row in old if row.fetched_at]
    return sorted((each for each in ends if each[1] > now), key=lambda each: each[1])[:NAMED]


def has_room_for_mailed() -> bool:
    """Whether strangers may still hand in a report by mail today."""
    since = clock.now() - timedelta(seconds=MAILED.seconds or 0)
    mailed = ReceivedReport.objects.filter(came_by_mail=True, received_at__gt=since)
    kept = mailed.aggregate(number=Count("pk"), octets=Coalesce(Sum(Length("document")), 0))
    return bool(kept["number"] < (MAILED.lines or 0) and kept["octets"] < (MAILED.octets or 0))


@dataclass(frozen=True)
class Record:
    """The TXT record of a domain that asks others for reports."""

    domain: str
    name: str
    text: str


def records_to_publish() -> list[Record]:
    """For each accepted domain whose mail comes here; none without an address for reports."""
    snapshot = publishing.saved()
    address = snapshot.transport_config.tls_report_recipient
    domains = {parent(each) for each in snapshot.accepted_domains} - {"", "*"} if address else set()
    text = f"v=TLSRPTv1; rua=mailto:{quote(address, safe='@')}"
    return [Record(each, f"_smtp._tls.{each}", text) for each in sorted(domains)]


def sent_reports(domain: str = "") -> list[SentReport]:
    """What one domain was told, or is to be told, or all of them: the newest first."""
    found = SentReport.objects.exclude(words=NOT_ASKED_FOR)
    return list((found.filter(domain=domain) if domain else found).order_by("-day", "domain")[:MOST_SENT])
