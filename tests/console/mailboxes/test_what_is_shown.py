"""Whole messages, as real programs write them: what is the text, what is attached, and what it says."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import pytest

from console.mailboxes import reading
from console.mailboxes.reading import Letter

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def read(tmp_path: Path):
    def read(raw: bytes | str) -> Letter:
        path = tmp_path / "message"
        path.write_bytes(raw.encode() if isinstance(raw, str) else raw)
        read.path = path
        return reading.letter(path)

    return read


def multipart(kind: str, *parts: str, boundary: str = "b") -> str:
    """A multipart of these parts, each with its own header."""
    middle = "".join(f"\r\n--{boundary}\r\n{part}" for part in parts)
    return f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n{middle}\r\n--{boundary}--\r\n'


def part(kind: str, body: str, *fields: str) -> str:
    return "\r\n".join([f"Content-Type: {kind}", *fields, "", body])


PICTURE = part("image/png; name=a.png", b64encode(PNG).decode(), "Content-Transfer-Encoding: base64")
PDF = part("application/pdf; name=x.pdf", "%PDF", "Content-Disposition: attachment; filename=x.pdf")


def test_both_halves_around_a_picture_are_the_text_and_the_picture_stands_between_them(read):
    found = read(multipart("mixed", part("text/html", "<p>one</p>"), PICTURE, part("text/html", "<p>two</p>")))
    assert found.text.split() == ["one", "two"]
    assert found.html.index("one") < found.html.index("<img") < found.html.index("two")
    assert [each.name for each in found.attachments] == ["a.png"]


def test_apple_mail_wraps_both_halves_in_an_alternative(read):
    halves = multipart("mixed", part("text/html", "one"), PDF, part("text/html", "two"), boundary="inner")
    found = read(multipart("alternative", part("text/plain", "plain"), halves))
    assert (found.text, found.html) == ("plain", "onetwo")
    assert [each.name for each in found.attachments] == ["x.pdf"]


@pytest.mark.parametrize("disposition", ["Content-Disposition: inline; filename=report.htm", "X-Nothing: here"])
def test_a_single_html_part_with_a_file_name_is_the_text(read, disposition):
    found = read(part("text/html; name=report.htm; charset=utf-8", "<h1>Total</h1>", disposition))
    assert (found.text, found.html) == ("Total", "<h1>Total</h1>")
    assert [each.name for each in found.attachments] == ["report.htm"]


@pytest.mark.parametrize("kind", ["text/x-log", "text/enriched", "text/x-unknown; charset=utf-8", "TEXT/MARKDOWN"])
def test_text_of_an_unknown_kind_is_text_when_there_is_no_other(read, kind):
    assert read(part(kind, "Grüße")).text == "Grüße"
    both = read(multipart("mixed", part("text/plain", "see"), part(kind, "other")))
    assert (both.text, len(both.attachments)) == ("see", 1)


def test_a_message_that_is_nothing_but_an_attached_text_is_shown_all_the_same(read):
    found = read(part("text/html", "<p>bill", "Content-Disposition: attachment; filename=bill.htm"))
    assert (found.text, [each.name for each in found.attachments]) == ("bill", ["bill.htm"])


def test_what_says_that_it_is_an_attachment_is_no_text(read):
    found = read(
        multipart("mixed", part("text/plain", "see file"), part("text/plain", "log", "Content-Disposition: attachment"))
    )
    assert (found.text, [each.name for each in found.attachments]) == ("see file", ["part-2.txt"])


def test_text_behind_attachments_is_shown(read):
    found = read(multipart("mixed", part("text/plain", "above"), PDF, part("text/plain", "below")))
    assert found.text == "above\n\nbelow"


def test_a_text_beside_html_is_shown_in_both_views(read):
    found = read(multipart("mixed", part("text/html", "<p>letter</p>"), part("text/plain", "-- \r\n<list> footer")))
    assert found.text == "letter\n\n-- \n<list> footer"
    assert "&lt;list&gt; footer" in found.html


@pytest.mark.parametrize("outer", ["mixed", "related", "signed", "report", "x-unknown"])
def test_alternatives_within_another_multipart_are_shown_once(read, outer):
    inner = multipart("alternative", part("text/plain", "plain"), part("text/html", "<b>rich</b>"), boundary="inner")
    found = read(multipart(outer, inner, PDF))
    assert (found.text, found.html) == ("plain", "<b>rich</b>")


def test_an_empty_plain_alternative_does_not_hide_the_text(read):
    found = read(multipart("alternative", part("text/plain", " \r\n"), part("text/html", "<b>rich</b>")))
    assert found.text == "rich"


def test_alternatives_that_hold_no_html_and_an_invitation(read):
    found = read(multipart("alternative", part("text/plain", "Meeting"), part("text/calendar", "BEGIN:VCALENDAR")))
    assert (found.text, found.html, len(found.attachments)) == ("Meeting", "", 1)


def test_the_root_of_a_related_message_is_the_one_that_it_names(read):
    parts = [
        part("text/html", "aside", "Content-ID: <aside>"),
        part("text/html", "<p>root<img src=cid:pic>", "Content-ID: <root>"),
        part("image/png", "x", "Content-ID: <pic>"),
    ]
    found = read(multipart('related; start="<root>"', *parts))
    assert found.text == "root"
    assert [(each.content_type, each.cid) for each in found.attachments] == [
        ("text/html", "aside"),
        ("image/png", "pic"),
    ]


def test_an_attached_message_is_called_by_its_subject_and_stays_whole(read):
    inner = part("message/rfc822", "Subject: =?utf-8?Q?=C3=BCber/A?=\r\n\r\nbody of it")
    found = read(multipart("mixed", part("text/plain", "see"), inner))
    assert found.text == "see"
    assert [(each.name, each.content_type) for each in found.attachments] == [("über_A.eml", "message/rfc822")]
    assert b"body of it" in reading.attachment(read.path, 2)[1]


def test_a_digest_holds_messages(read):
    found = read(multipart("digest", "\r\nSubject: first\r\n\r\nx", "\r\nSubject: second\r\n\r\ny"))
    assert [each.name for each in found.attachments] == ["first.eml", "second.eml"]


def test_winmail_dat_stays_an_attachment(read):
    tnef = part('application/ms-tnef; name="winmail.dat"', "eJ8+", "Content-Transfer-Encoding: base64")
    found = read(multipart("mixed", part("text/plain", "hi"), tnef))
    assert [(each.name, each.size) for each in found.attachments] == [("winmail.dat", 3)]


@pytest.mark.parametrize(
    ("encoding", "body", "text"),
    [
        ("quoted-printable;", "Gr=C3=BC=\r\n=C3=9Fe", "Grüße"),
        ("Quoted-Printable", "Gr=c3=bc=\n=c3=9fe", "Grüße"),
        ("QUOTED-PRINTABLE (sic)", "=C3=BC=ZZ=", "ü=ZZ"),
        ("quoted-printable", "a=\rb\rc", "ab\nc"),
        ("quoted printable", "Gr=C3=BC= \r\n=C3=9Fe", "Grüße"),
        ("(sloppy) base 64", "R3LDvMOfZQ==", "Grüße"),
        ("X-BASE64", "R3LDvMOfZQ==", "Grüße"),
        ("7-bit", "a=3D", "a=3D"),
        ("8bit;", "ü", "ü"),
        ("binary", "ü", "ü"),
        ("none", "a=3D", "a=3D"),
        ("", "a=3D", "a=3D"),
        ("BASE64 ", "R3LDvMOfZQ==", "Grüße"),
        ("base64; x", "R3LD\r\nvMOf\r\nZQ", "Grüße"),
        ("'base64'", "R3L!DvM*OfZ\x00Q==", "Grüße"),
        ("base64", "R3LDvMOfZQ==\r\n_____\r\nlist footer", "Grüße"),
        ("base64", "R3LDvA==\r\nw59l\r\n", "Grüße"),
        ("base64", "R3LDvMOfZ", "Grüß"),
        ("x-uuencode", "begin 644 x\r\n'1W+#O,.?90  \r\n`\r\nend\r\n", "Grüße"),
        ("UUENCODE", "preface\nbegin 644 x\n'1W+#O,.?90\n`\nend\n", "Grüße"),
    ],
)
def test_a_transfer_encoding_with_anything_after_the_word_is_decoded(read, encoding, body, text):
    assert read(part("text/plain; charset=utf-8", body, f"Content-Transfer-Encoding: {encoding}")).text == text


@pytest.mark.parametrize(
    "kind", ["", "garbage", "text", "text/", ";", "=", "text/plain text/html", "?/?; charset", "(x)"]
)
def test_a_content_type_that_says_nothing_means_text(read, kind):
    assert read(part(kind, "hello")).text == "hello"


def test_a_message_without_any_header_is_text(read):
    assert read("hello\nworld\n\nend").text == "hello\nworld\n\nend"


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\r\r\n"])
def test_line_ends_of_any_kind_divide_a_message(read, end):
    raw = multipart("mixed", part("text/plain", "one\r\ntwo"), PDF, part("text/html", "<p>three"))
    found = read(raw.replace("\r\n", end))
    assert found.text == "one\ntwo\n\nthree"
    assert [each.size for each in found.attachments] == [4]


@pytest.mark.parametrize(
    "raw",
    [
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nhello",
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhello\n--b",
        "Content-Type: multipart/mixed; boundary=b\n\npreamble\n--b  \t\n\nhello\n--b--\nepilogue",
        "Content-Type: multipart/mixed\n\n--b\nContent-Type: text/plain\n\nhello\n--b--\n",
        "Content-Type: multipart/mixed; boundary=other\n\n--b\nContent-Type: text/plain\n\nhello\n--b--\n",
        "Content-Type: multipart/mixed; boundary=b\n\nhello",
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhello\n--bc\n--b--",
        'Content-Type: multipart/mixed; boundary="b \n\n--b\n\nhello\n--b--',
    ],
)
def test_boundaries_that_are_missing_or_wrong_lose_no_text(read, raw):
    assert "hello" in read(raw).text


def test_an_inner_boundary_that_begins_like_the_outer_one_is_another(read):
    inner = multipart("alternative", part("text/plain", "in"), boundary="b-1")
    assert read(multipart("mixed", inner, part("text/plain", "out"))).text == "in\n\nout"


def test_an_inner_multipart_that_never_ends_ends_with_the_outer_one(read):
    inner = "Content-Type: multipart/alternative; boundary=i\n\n--i\n\nin"
    found = read(f"Content-Type: multipart/mixed; boundary=b\n\n--b\n{inner}\n--b\n\nout\n--b--")
    assert found.text == "in\n\nout"


def test_flowed_text_is_put_together_again(read):
    body = "One \r\nparagraph.\r\n\r\n> quoted \r\n> text\r\n>> deeper\r\n  stuffed\r\n-- \r\nname"
    shown = read(part("text/plain; format=flowed", body)).text
    assert shown == "One paragraph.\n\n> quoted text\n>> deeper\n stuffed\n-- \nname"
    assert read(part("text/plain; format=flowed; delsp=yes", "日本 \r\n語")).text == "日本語"
    assert read(part("text/plain", "One \r\nline")).text == "One \nline"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"Content-Type: text/plain; charset=iso-8859-1\n\n\x93hi\x94", "“hi”"),
        (b"Content-Type: text/plain; charset=GB2312\n\n\xe9\x46", b"\xe9\x46".decode("gbk")),
        (b"Content-Type: text/plain\n\nGr\xfc\xdfe", "Grüße"),
        (b"Content-Type: text/plain; charset=unknown-8bit\n\n\xc3\xbc", "ü"),
        (b"\n\xff\xfea\x00", "a"),
        (b'Content-Type: text/html\n\n<meta charset="shift_jis">\x93\xfa\x96\x7b', "日本"),
        (b'Content-Type: text/html; charset=utf-8\n\n<meta charset="shift_jis">\xc3\xbc', "ü"),
    ],
)
def test_text_is_read_by_its_label_or_by_a_guess(read, raw, text):
    assert read(raw).text == text


def test_raw_octets_in_subject_sender_and_file_name_are_guessed(read):
    raw = b'From: M\xfcller <m@x.example>\nSubject: Gr\xfc\xdfe\nContent-Type: a/b; name="\xc3\xbc.pdf"\n\nx'
    found = read(raw)
    listed = reading.envelope(read.path)
    assert (listed.sender, listed.sender_address, listed.subject) == ("Müller", "m@x.example", "Grüße")
    assert (found.header("from"), found.attachments[0].name) == ("Müller <m@x.example>", "ü.pdf")


def test_a_comma_in_an_encoded_name_makes_no_second_sender(read):
    read("From: =?utf-8?Q?Berg=2C?= =?utf-8?Q?_Anna?= <anna@contoso.com>\n\n")
    assert reading.envelope(read.path).sender == "Berg, Anna"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>a</p><p>b</p>", "a\nb"),
        ("a<br>b<br/><br>c", "a\nb\n\nc"),
        ("<table><tr><td>1</td><td>2</td></tr><tr><td>3", "1 2\n3"),
        ("a\n  b&nbsp;c &lt;x&gt; &uuml;", "a b c <x> ü"),
        ('<a title="1 > 0">x</a>', "x"),
        ("<!-- secret --><style>p{}</style><SCRIPT>x()</SCRIPT>y", "y"),
        ("x<!-- never closed", "x"),
        ("3 < 4 and 5 > 4", "3 < 4 and 5 > 4"),
        ("<!DOCTYPE html><html><head><title>t</title></head><body>b", "b"),
    ],
)
def test_the_words_of_html_are_what_a_reader_sees(html, text):
    assert reading.text_of(html) == text
