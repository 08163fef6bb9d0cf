"""Where a domain wants reports about TLS, and the mail that carries one. Source: RFC 8460 §3, §5.1 and §5.3; Sending
mail outward, section 2.5.
"""

from __future__ import annotations

import re
from base64 import encodebytes
from collections.abc import Iterable
from urllib.parse import unquote

from transport.config.host_name import host_name
from transport.send.tls_report import TlsReport
from transport.smtp.trace import date

MOST = 4
"""Addresses of one domain that are tried."""
NOT_ASKED_FOR = "The domain asks for no report."
TYPE = "application/tlsrpt+gzip"
_RECORD = re.compile(r"v=TLSRPTv1[ \t]*;", re.ASCII)
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}")


def addresses(texts: Iterable[str]) -> tuple[str, ...]:
    """Where reports go, by the TXT records of `_smtp._tls.<domain>`, in their order: mail addresses and addresses of
    HTTPS. None when not exactly one of the records is one of TLS reports.
    """
    found = [text for text in texts if _RECORD.match(text)]
    if len(found) != 1:
        return ()
    fields = dict(part.strip().split("=", 1) for part in found[0].split(";") if "=" in part)
    listed = (_address(each.strip()) for each in fields.get("rua", "").split(","))
    return tuple(each for each in listed if each)[:MOST]


def _address(uri: str) -> str:
    scheme, _, rest = uri.partition(":")
    if scheme.lower() == "https":
        return uri if uri.isascii() and uri.isprintable() and " " not in uri else ""
    local, at, domain = unquote(rest.partition("?")[0]).rpartition("@")
    if scheme.lower() != "mailto" or not at or not _LOCAL.fullmatch(local):
        return ""
    try:
        return f"{local}@{host_name(domain)}"
    except ValueError:
        return ""


def file_name(report: TlsReport, domain: str, submitter: str) -> str:
    """Of the packed report. `submitter`: the domain of who sends it."""
    return f"{submitter}!{domain}!{int(report.begin.timestamp())}!{int(report.end.timestamp())}.json.gz"


def subject(report: TlsReport, domain: str, submitter: str) -> str:
    """On one line."""
    return f"Report Domain: {domain} Submitter: {submitter} Report-ID: <{report.report_id}>"


def mail(report: TlsReport, packed: bytes, domain: str, sender: str, to: str, message_id: str, now: float) -> bytes:
    """The message with the report, which is to arrive whatever fails of TLS (RFC 8689 §3). `sender`: the address that
    it is from; `now` in seconds since 1970.
    """
    submitter = sender.rpartition("@")[2]
    name, boundary = file_name(report, domain, submitter), message_id.strip("<>").partition("@")[0] + "_report"
    lines = [
        f"From: <{sender}>", f"To: <{to}>", f"Date: {date(int(now))}", f"Message-ID: {message_id}",
        "Subject: " + subject(report, domain, submitter).replace(" Submitter:", "\r\n Submitter:"),
        f"TLS-Report-Domain: {domain}", f"TLS-Report-Submitter: {submitter}", "TLS-Required: No",
        "Auto-Submitted: auto-generated", "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type="tlsrpt"; boundary="{boundary}"', "",
        f"--{boundary}", "Content-Type: text/plain; charset=us-ascii", "",
        f"This is a report about TLS with the mail servers of {domain},", f"from {submitter}.", "",
        f"--{boundary}", f"Content-Type: {TYPE}", "Content-Transfer-Encoding: base64",
        f'Content-Disposition: attachment;\r\n filename="{name}"', "",
        encodebytes(packed).decode().strip().replace("\n", "\r\n"), f"--{boundary}--", "",
    ]  # fmt: skip
    return "\r\n".join(lines).encode()


def is_report(head: bytes) -> bool:
    """Whether a message carries a report about TLS, by its header: how it fares is reported to nobody."""
    return b"\r\ntls-report-domain:" in head.lower()
