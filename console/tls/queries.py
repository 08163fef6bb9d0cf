"""What the page of TLS to other domains reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Max, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from console.publishing import queries as publishing
from console.tls.models import Result, SentReport
from transport import node
from transport.deliver.database import pool
from transport.deliver.tls_outlook import Outlook, outlook
from transport.send import tls_results
from transport.send.tls_report_way import NOT_ASKED_FOR

POLICIES = {"tlsa": "DANE", "sts": "MTA-STS", "no-policy-found": "—"}
POLICIES_REPORTED = {"tlsa": "DANE", "sts": "MTA-STS", "no-policy-found": _("None")}
DAYS = 30
MOST, MOST_SENT = 200, 50


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
    found = Result.objects.filter(day__gt=(timezone.now() - timedelta(days=DAYS)).date())
    if domain:
        found = found.filter(domain=domain)
    rows = found.values("domain", "policy", "result").annotate(number=Sum("sessions"), said=Max("words"))
    good = tls_results.Result.SUCCESS.value
    every = [
        Row(row["domain"], POLICIES[row["policy"]], row["result"], row["said"], row["number"], row["result"] == good)
        for row in rows.order_by("-number")[:MOST]
    ]
    return sorted(every, key=lambda row: row.is_good)


def sent_reports(domain: str = "") -> list[SentReport]:
    """What one domain was told, or is to be told, or all of them: the newest first."""
    found = SentReport.objects.exclude(words=NOT_ASKED_FOR)
    return list((found.filter(domain=domain) if domain else found).order_by("-day", "domain")[:MOST_SENT])
