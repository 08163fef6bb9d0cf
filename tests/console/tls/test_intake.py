"""Reports about TLS that come by mail: taken in by themselves, and what is none stays as mail."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from console.audit.models import Entry
from console.domains import actions as domains
from console.tls import intake
from console.tls.models import ReceivedReport
from console.transport_settings import actions as settings_of_transport
from tests.console.builders import ADMIN, accepted_domain
from tests.console.tls.test_reports import MAIL
from transport.config import bounds
from transport.config.accepted_domain import DomainType
from transport.config.transport_config import TransportConfig

pytestmark = pytest.mark.django_db
ADDRESS = "tls-reports@contoso.com"


@pytest.fixture
def box(home) -> Path:
    """The mailbox of the address that is named for reports."""
    domains.create(ADMIN, accepted_domain("contoso.com", default=True))
    settings_of_transport.save(ADMIN, TransportConfig(tls_report_recipient=ADDRESS))
    found: Path = home / "mailboxes" / "contoso.com" / "tls-reports"
    for folder in ("tmp", "new", "cur"):
        (found / folder).mkdir(parents=True)
    return found


def arrives(box: Path, *messages: bytes) -> None:
    for number, message in enumerate(messages):
        (box / "new" / f"17000000{number:02}.m.gatepost").write_bytes(b"Return-Path: <>\r\n" + message)


def left(box: Path) -> list[str]:
    return sorted(f"{folder}/{path.name}" for folder in ("new", "cur") for path in (box / folder).iterdir())


def test_what_comes_is_taken_in_once_and_its_message_is_gone(admin, box):
    arrives(box, MAIL, MAIL)
    assert intake.take_in() == 2 and left(box) == []
    row = ReceivedReport.objects.get()
    page = admin.get(reverse("tls_reports:details", args=[row.pk])).text
    assert "it came by mail" in page and "5326 good, 303 failed" in page
    assert not Entry.objects.filter(kind="TLS report").exists(), "nobody of the console did anything"
    arrives(box, MAIL)
    assert intake.take_in() == 1 and ReceivedReport.objects.count() == 1, "as after a death in between"


def packed(octets: bytes) -> bytes:
    return b"Content-Type: application/tlsrpt+gzip\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + gzip.compress(octets)


def test_what_is_none_stays_as_mail_and_is_looked_at_once(box):
    most = bounds.TLS_REPORT.octets or 0
    arrives(
        box, b"Subject: buy\r\n\r\nnow", b"", packed(b"{" + b" " * most), packed(b"[" * 100_000),
        b"Subject: long\r\n\r\n" + b"x" * most, packed(b'{"report-id": "\xff"}'), MAIL,
    )  # fmt: skip
    assert intake.take_in() == 1
    assert len(left(box)) == 6 and all(name.startswith("cur/") and name.endswith(":2,") for name in left(box))
    assert intake.take_in() == 0 and len(left(box)) == 6


def test_more_than_a_day_may_bring_stays_as_mail(box):
    now, most = datetime.now(UTC), bounds.TLS_REPORTS_MAILED.lines or 0
    common = {"begin": now, "end": now, "domains": "", "policies": "", "results": "", "successful": 0, "failed": 0}
    ReceivedReport.objects.bulk_create(
        ReceivedReport(organization="x", report_id=str(n), document="{}", came_by_mail=True, **common)
        for n in range(most)
    )
    arrives(box, MAIL)
    assert intake.take_in() == 0 and len(left(box)) == 1
    ReceivedReport.objects.filter(report_id="0").update(came_by_mail=False)
    arrives(box, MAIL)
    assert intake.take_in() == 1


def test_without_an_address_or_before_its_first_mail_nothing_is_read(home):
    assert intake.take_in() == 0
    domains.create(ADMIN, accepted_domain("contoso.com", default=True))
    settings_of_transport.save(ADMIN, TransportConfig(tls_report_recipient=ADDRESS))
    assert intake.take_in() == 0


def test_the_record_to_publish_is_shown_with_the_address(admin, box):
    domains.create(ADMIN, accepted_domain("*.fabrikam.com"))
    page = admin.get(reverse("tls_reports:list")).text
    assert f"v=TLSRPTv1; rua=mailto:{ADDRESS}" in page
    assert "_smtp._tls.contoso.com" in page and "_smtp._tls.fabrikam.com" in page
    settings_of_transport.save(ADMIN, TransportConfig())
    assert "rua=mailto" not in admin.get(reverse("tls_reports:list")).text


@pytest.mark.parametrize("address", ["tls@elsewhere.com", "tls@relay.com", "../x@contoso.com", "T@contoso.com", "x"])
def test_only_an_address_whose_mail_comes_here_is_named(address):
    domains.create(ADMIN, accepted_domain("contoso.com", default=True))
    domains.create(ADMIN, accepted_domain("relay.com", domain_type=DomainType.ExternalRelay))
    with pytest.raises(ValidationError) as told:
        settings_of_transport.save(ADMIN, TransportConfig(tls_report_recipient=address))
    assert "tls_report_recipient" in told.value.message_dict
