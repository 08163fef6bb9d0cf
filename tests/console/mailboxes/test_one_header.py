"""The mailbox shows the header that was judged when the message came in, whatever was sent."""

from __future__ import annotations

from hypothesis import given

from console.mailboxes import header as shown
from tests.smtp.test_header import LIMIT, contents, seen_by_firewall
from transport.smtp.header import header


@given(contents)
def test_the_console_reads_the_fields_that_were_judged(content: bytes) -> None:
    found = header(content, LIMIT)
    stored = found.text + content[found.octets :]
    end = shown.body_at(stored, 0, len(stored))
    fields, _ = shown.fields(stored[:end])
    judged = [field.partition(b":")[0].rstrip().decode() for field in seen_by_firewall(found.text) if field]
    assert [name for name, _ in fields] == judged
