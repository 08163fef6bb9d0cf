"""Every write of reports about TLS. Each raises PermissionDenied, and ValidationError at the field."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from console.actors import Actor, Role
from console.audit.actions import record
from console.tls import report_file
from console.tls.models import ReceivedReport
from transport.send.tls_report import TlsReport

WRITERS = frozenset({Role.ORGANIZATION_MANAGEMENT, Role.HYGIENE_MANAGEMENT})
KIND = "TLS report"


def hand_in(actor: Actor, octets: bytes) -> ReceivedReport:
    """Keeps the report of a file: JSON, packed JSON, or mail with it."""
    actor.require(*WRITERS)
    try:
        report = report_file.read(octets)
    except ValueError as error:
        raise ValidationError({"file": str(error)}) from None
    try:
        with transaction.atomic():
            row = _keep(report)
            record(actor, KIND, str(row), "handed in", None, _shown(row))
    except IntegrityError:
        raise ValidationError({"file": _("This report is here already.")}) from None
    return row


def take_in(report: TlsReport) -> bool:
    """Keeps a report that came by mail, which no administrator has done; true, too, where it was here before."""
    try:
        with transaction.atomic():
            _keep(report, came_by_mail=True)
    except IntegrityError:
        pass
    return True


def remove(actor: Actor, row: ReceivedReport) -> None:
    """Forgets a report."""
    actor.require(*WRITERS)
    with transaction.atomic():
        record(actor, KIND, str(row), "removed", _shown(row), None)
        row.delete()


def _keep(report: TlsReport, *, came_by_mail: bool = False) -> ReceivedReport:
    return ReceivedReport.objects.create(
        organization=report.organization, report_id=report.report_id, begin=report.begin, end=report.end,
        domains=_lines(each.domain for each in report.policies),
        policies=_lines(each.policy for each in report.policies),
        results=_lines(failure.result for each in report.policies for failure in each.failures),
        successful=sum(each.successful for each in report.policies),
        failed=sum(each.failed for each in report.policies), document=msgspec.json.encode(report).decode(),
        came_by_mail=came_by_mail,
    )  # fmt: skip


def _lines(words: Iterable[str]) -> str:
    return "\n".join(sorted(set(filter(None, words))))


def _shown(row: ReceivedReport) -> dict[str, str]:
    return {"Report": row.report_id, "Domains": ", ".join(row.domains.split("\n"))}
