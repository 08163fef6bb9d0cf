from __future__ import annotations

from email import message_from_bytes, policy

from hypothesis import given
from hypothesis import strategies as some

from transport.send.plain_report import LONGEST_SUBJECT, report

FROM, TO, ID = "postmaster@contoso.com", "anna@contoso.com", "<1@mail.contoso.com>"


def test_it_is_plain_text_that_no_machine_answers() -> None:
    made = report("Gatepost: Büro needs attention", "Line\nÄ", FROM, TO, ID, 0.0)
    read = message_from_bytes(made.head, policy=policy.default)
    assert (read["From"], read["To"], read["Auto-Submitted"]) == (FROM, TO, "auto-generated")
    assert read["Subject"] == made.subject == "Gatepost: Büro needs attention"
    assert read.get_content() == "Line\r\nÄ"
    assert not made.smtp_utf8
    assert report("x", "y", FROM, "jürgen@contoso.com", ID, 0.0).smtp_utf8


@given(some.text(), some.text())
def test_whatever_is_amiss_it_stays_one_message_with_short_lines(subject: str, text: str) -> None:
    subject, text = (each.encode("utf-8", "replace").decode() for each in (subject, text))
    made = report(subject, text, FROM, TO, ID, 0.0)
    head, _empty, _body = made.head.partition(b"\r\n\r\n")
    assert all(len(line) <= 78 for line in made.head.split(b"\r\n"))
    assert made.head.isascii() and b"\n" not in made.head.replace(b"\r\n", b"")
    assert head.count(b"\r\nSubject: ") == 1
    assert len(made.subject) <= LONGEST_SUBJECT
    assert str(message_from_bytes(made.head, policy=policy.default)["Subject"]).split() == made.subject.split()
