"""Reports of others about TLS with our mail servers: handed in, shown, removed, forgotten."""

from __future__ import annotations

import gzip
from base64 import encodebytes
from contextlib import suppress
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from console.actors import Role
from console.audit.models import Entry
from console.tls import report_file
from console.tls.models import ReceivedReport
from tests.send.test_tls_report import SAMPLES, sample
from transport.config import bounds
from transport.deliver import retention
from transport.deliver.database import pool

pytestmark = pytest.mark.django_db
PACKED = gzip.compress(sample())
MAIL = (
    b"From: tlsrpt@company-x.example\nTLS-Report-Domain: company-y.example\n"
    b"Content-Type: multipart/report; report-type=tlsrpt;\n boundary=b\n\n--b\nContent-Type: text/plain\n\nHello\n"
    b"--b\nContent-Type: application/tlsrpt+gzip\nContent-Transfer-Encoding: base64\n\n"
    + encodebytes(PACKED) + b"--b--\n"
)  # fmt: skip


def hand_in(client, octets, name="report.json"):
    return client.post(reverse("tls_reports:new"), {"file": SimpleUploadedFile(name, octets)}, follow=True)


@pytest.mark.parametrize("octets", [sample(), PACKED, MAIL, MAIL.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + sample()])
def test_a_report_is_handed_in_as_a_file_packed_or_as_the_mail_it_came_in(admin, octets):
    page = hand_in(admin, octets).text
    assert "The report is here." in page and "5326 good, 303 failed" in page
    assert "certificate-expired" in page and "mx1.mail.company-y.example" in page and "mode: testing" in page
    assert Entry.objects.get(kind="TLS report").verb == "handed in"


def test_every_sample_is_listed_and_found_by_domain_policy_and_result(admin):
    for file in SAMPLES.glob("*.json"):
        hand_in(admin, file.read_bytes())
    assert ReceivedReport.objects.count() == 4, "two of them are the same report"
    found = admin.get(reverse("tls_reports:list"), {"result": "certificate-host-mismatch"}).text
    assert "Google Inc." in found and "Company-X" not in found
    found = admin.get(reverse("tls_reports:list"), {"q": "company-y.example", "policy": "sts"}).text
    assert "Company-X" in found and "Google Inc." not in found


def test_the_same_report_again_and_what_is_none_is_refused_in_words(admin):
    hand_in(admin, sample())
    assert "This report is here already." in hand_in(admin, PACKED).text
    assert "neither a report about TLS nor mail with one" in hand_in(admin, b"Subject: Hello\n\nHello").text
    assert "no report about TLS" in hand_in(admin, b'{"report-id": "<script>"}').text
    assert "damaged" in hand_in(admin, PACKED[:30] + b"\0\0\0" + PACKED[33:]).text
    assert "its end is missing" in hand_in(admin, PACKED[:-9]).text
    assert ReceivedReport.objects.count() == 1


def test_a_file_that_unpacks_to_more_than_may_be_is_refused(admin):
    most = bounds.TLS_REPORT.octets or 0
    assert "too long once it is unpacked" in hand_in(admin, gzip.compress(b"{" + b" " * most)).text
    assert "The file is too long." in hand_in(admin, b"{" * (most + 1)).text


def test_who_may_only_look_hands_in_and_removes_nothing(admin, signed_in):
    hand_in(admin, sample())
    row, reader = ReceivedReport.objects.get(), signed_in(Role.VIEW_ONLY)
    assert "certificate-expired" in reader.get(reverse("tls_reports:details", args=[row.pk])).text
    assert hand_in(reader, sample("stalwart-rpt01")).status_code == 403
    assert reader.post(reverse("tls_reports:remove"), {"pk": row.pk}).status_code == 403
    admin.post(reverse("tls_reports:remove"), {"pk": row.pk})
    assert not ReceivedReport.objects.exists()
    assert Entry.objects.filter(kind="TLS report", verb="removed").exists()


@pytest.mark.django_db(transaction=True)
def test_a_report_is_forgotten_after_its_days(admin):
    hand_in(admin, sample())
    hand_in(admin, sample("parsedmarc-smtp_tls"))
    long_ago = timezone.now() - timedelta(days=retention.TLS_REPORTS_DAYS, minutes=1)
    ReceivedReport.objects.filter(organization="Company-X").update(received_at=long_ago)
    retention.forget_tls()
    pool().close()
    pool.cache_clear()
    assert ReceivedReport.objects.get().organization == "Example Inc."


@given(st.binary(max_size=100), st.integers(0, len(MAIL)), st.sampled_from([MAIL, PACKED, sample()]))
def test_nonsense_is_read_or_refused(octets, place, around):
    with suppress(ValueError):
        report_file.read(around[:place] + octets + around[place:])
