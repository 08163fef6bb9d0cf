"""Whom a domain wants reports about TLS sent to, and the mail with one."""

from __future__ import annotations

import email
import email.policy
from gzip import compress, decompress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.send.test_tls_report import sample
from transport.send import tls_report, tls_report_way

REPORT = tls_report.parse(sample())


@pytest.mark.parametrize(("texts", "wanted"), [
    (["v=TLSRPTv1; rua=mailto:reports@far.test"], ("reports@far.test",)),
    (["v=TLSRPTv1;rua=mailto:a%2Bb@FAR.test , https://far.test/v1;x=y"], ("a+b@far.test", "https://far.test/v1")),
    (["v=spf1 -all", "v=TLSRPTv1; rua=mailto:a@far.test?subject=Hello"], ("a@far.test",)),
    (["v=TLSRPTv1; rua=mailto:a@far.test", "v=TLSRPTv1; rua=mailto:b@far.test"], ()),
    (["v=TLSRPTv1; rua=ftp://far.test, mailto:nobody, mailto:<a@far.test>, mailto:a%0d%0ab@far.test, http://x/"], ()),
    (["v=TLSRPTv1; rua=" + ",".join(f"mailto:a{n}@far.test" for n in range(50))],
     tuple(f"a{n}@far.test" for n in range(tls_report_way.MOST))),
    (["v=TLSRPTv2; rua=mailto:a@far.test", ""], ()), ([], ()),
])  # fmt: skip
def test_where_reports_go(texts, wanted):
    assert tls_report_way.addresses(texts) == wanted


@given(st.lists(st.text(max_size=30).map(lambda text: f"v=TLSRPTv1; {text}") | st.text(max_size=30), max_size=2))
def test_any_record_gives_addresses_or_none(texts):
    assert all(each.isascii() and each.isprintable() for each in tls_report_way.addresses(texts))


@given(st.text(max_size=40))
def test_any_address_is_one_on_one_line_or_none(text):
    (*found,) = tls_report_way.addresses([f"v=TLSRPTv1; rua=mailto:{text}@far.test,https:{text}"])
    assert all(each.isascii() and each.isprintable() and " " not in each for each in found)


def test_what_is_written_is_what_is_read():
    assert tls_report.parse(tls_report.written(REPORT)) == REPORT


def test_the_mail_has_the_form_of_the_rfc():
    packed = compress(tls_report.written(REPORT))
    made = tls_report_way.mail(REPORT, packed, "far.test", "postmaster@x.test", "tls@far.test", "<1@gw.test>", 0)
    assert b"\n" not in made.replace(b"\r\n", b"") and max(map(len, made.split(b"\r\n"))) <= 998
    read = email.message_from_bytes(made, policy=email.policy.default)
    assert read.get_content_type() == "multipart/report" and read["content-type"].params["report-type"] == "tlsrpt"
    assert (read["TLS-Report-Domain"], read["TLS-Report-Submitter"]) == ("far.test", "x.test")
    assert read["TLS-Required"] == "No"
    assert read["Subject"] == f"Report Domain: far.test Submitter: x.test Report-ID: <{REPORT.report_id}>"
    text, part = read.iter_parts()
    assert text.get_content_type() == "text/plain" and part.get_content_type() == "application/tlsrpt+gzip"
    assert part.get_filename() == "x.test!far.test!1459468800!1459555199.json.gz"
    assert decompress(part.get_payload(decode=True)) == tls_report.written(REPORT)
    assert tls_report_way.is_report(made.partition(b"\r\n\r\n")[0])
