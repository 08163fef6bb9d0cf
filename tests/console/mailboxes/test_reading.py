"""Reading messages that are whole, broken, hostile."""

from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.mailboxes import reading, safe_html

FRAGMENTS = [
    b"\r\n",
    b"\n",
    b"\n\n",
    b"Subject: ",
    b"=?utf-8?B?",
    b"=?x-no-such?Q?=FF?=",
    b"?=",
    b"From: ",
    b"<a@b>",
    b"Date: 99",
    b"Content-Type: ",
    b"multipart/mixed; boundary=x",
    b"text/plain; charset=no-such",
    b"text/html",
    b"message/rfc822",
    b"--x\n",
    b"--x--\n",
    b"Content-Transfer-Encoding: base64\n",
    b"Content-Transfer-Encoding: uuencode\n",
    b"Content-Disposition: attachment; filename*0*=utf-8''%FF; filename*1=",
    b'filename="../../x"',
    b"\xff\xfe\x00",
    b"=",
    b"%",
    b"Content-ID: <x>",
    b"begin 644 x\n",
    b"message/partial",
    b"text/plain; charset*=x'y'z",
    b"\r",
    b"\r\r\n",
    b"multipart/alternative; boundary=y",
    b"multipart/related; boundary=y; start=<x>",
    b"multipart/digest",
    b"--y\r\n",
    b"--y--\r",
    b"Content-Transfer-Encoding: quoted-printable;\n",
    b"text/plain; charset=iso-2022-jp; format=flowed; delsp=yes",
    b"text/html; charset=big5",
    b"image/png; name=a.png",
    b"\x1b$B\x1b(I",
    b"\x8f\xb0\xa1\xff",
    b"<p><b><img src=cid:x><img src='part:1'>",
    b"<!--",
    b"<style>",
    b"> quoted \n",
    b"-- \n",
    b"=?iso-2022-jp?b?GyRC?= =?utf-8?q?=C3?=",
]

WHOLE = b"""From: =?utf-8?Q?M=C3=BCller?= <m@x.example>\r
Content-Type: multipart/mixed; boundary="b"\r
\r
--b\r
Content-Type: multipart/alternative; boundary=c\r
\r
--c\r
Content-Type: text/plain; charset=iso-8859-1; format=flowed\r
Content-Transfer-Encoding: quoted-printable\r
\r
Gr=FC=DFe \r
x\r
--c\r
Content-Type: text/html; charset=gb2312\r
Content-Transfer-Encoding: base64\r
\r
PHA+xOO6wzxpbWcgc3JjPWNpZDp4Pg==\r
--c--\r
--b\r
Content-Type: image/png; name*0*=utf-8''%C3; name*1*=%BC.png\r
Content-ID: <x>\r
Content-Transfer-Encoding: base64\r
\r
iVBORw0KGgo=\r
--b\r
Content-Type: message/rfc822\r
\r
Subject: inner\r
\r
text\r
--b--\r
"""


def always_read(path: Path, content: bytes) -> None:
    """An outcome for every octet: texts that a page can hold, names under which a file can be saved."""
    path.write_bytes(content)
    listed, read = reading.envelope(path), reading.letter(path)
    shown = [listed.sender, listed.subject, read.text, read.html, *(text for pair in read.headers for text in pair)]
    assert all("\x00" not in text and text.encode() is not None for text in shown)
    for each in read.attachments:
        found = reading.attachment(path, each.number)
        name = found[0] if found else each.name
        assert name
        assert not set(name) & set('/\\\x00\r\n"')
        assert not name.startswith(".")
    assert "<script" not in safe_html.page(read.html, read.attachments, lambda number: b"").partition("<body>")[2]
    assert reading.matches(path, ["x"]) in (True, False)
    assert reading.lists(path, ["x"]) in (True, False)


fuzzed = settings(deadline=2000, suppress_health_check=[HealthCheck.function_scoped_fixture])


@fuzzed
@given(st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.binary(max_size=40)), max_size=40))
def test_nothing_that_lies_in_a_mailbox_raises(tmp_path: Path, pieces: list[bytes]):
    always_read(tmp_path / "message", b"".join(pieces))


@fuzzed
@given(
    st.lists(
        st.tuples(
            st.integers(0, len(WHOLE)),
            st.integers(0, 30),
            st.one_of(st.binary(max_size=8), st.sampled_from(FRAGMENTS)),
        ),
        max_size=12,
    )
)
def test_a_message_that_was_damaged_anywhere_is_read(tmp_path: Path, damages: list[tuple[int, int, bytes]]):
    content = WHOLE
    for at, octets, instead in damages:
        content = content[:at] + instead + content[at + octets :]
    always_read(tmp_path / "message", content)


def test_the_message_that_is_damaged_there_is_a_good_one(tmp_path: Path):
    always_read(tmp_path / "message", WHOLE)
    read = reading.letter(tmp_path / "message")
    assert (read.text, [each.name for each in read.attachments]) == ("Grüße x", ["ü.png", "inner.eml"])
    assert "你好" in read.html


def written(path: Path, message: EmailMessage) -> Path:
    path.write_bytes(message.as_bytes())
    return path


@pytest.mark.parametrize(
    ("head", "sender"),
    [
        (b"From: Anna Berg <anna@contoso.com>\r\nReturn-Path: <bounces@list.example>\r\n", "Anna Berg"),
        (b"Return-Path: <scanner@contoso.com>\r\nSubject: Scan\r\n", "scanner@contoso.com"),
    ],
)
def test_mail_without_from_is_of_the_sender_of_its_envelope(tmp_path, head, sender):
    path = tmp_path / "message"
    path.write_bytes(head + b"\r\nbody\r\n")
    assert reading.envelope(path).sender == sender


def test_deeply_nested_parts_are_read_as_far_as_possible(tmp_path):
    path = tmp_path / "m"
    path.write_bytes(b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(2000)))
    assert reading.letter(path).text == ""


def test_text_html_and_attachments_are_told_apart(tmp_path):
    message = EmailMessage()
    message["Subject"] = "Zahlen für März"
    message.set_content("Grüße\n")
    message.add_alternative("<p>Grüße</p>", subtype="html")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="../../März.pdf")
    path = written(tmp_path / "m", message)
    read = reading.letter(path)
    assert (read.header("subject"), read.text, read.html) == ("Zahlen für März", "Grüße\n", "<p>Grüße</p>\n")
    assert [each.name for each in read.attachments] == ["März.pdf"]
    assert reading.attachment(path, read.attachments[0].number) == ("März.pdf", b"%PDF")


def test_an_attached_message_is_one_attachment(tmp_path):
    inner, outer = EmailMessage(), EmailMessage()
    inner["Subject"] = "inner"
    inner.set_content("inner text")
    outer.set_content("outer text")
    outer.add_attachment(inner)
    path = written(tmp_path / "m", outer)
    (only,) = reading.letter(path).attachments
    assert (only.content_type, reading.letter(path).text) == ("message/rfc822", "outer text\n")
    assert b"inner text" in reading.attachment(path, only.number)[1]


def test_html_alone_still_gives_a_text(tmp_path):
    message = EmailMessage()
    message.set_content("<style>p{}</style><p>Five &lt; six</p><script>x</script><p>end</p>", subtype="html")
    assert reading.letter(written(tmp_path / "m", message)).text == "Five < six\nend"


def test_listing_reads_only_the_header_of_a_huge_message(tmp_path):
    path = tmp_path / "huge"
    with path.open("wb") as file:
        file.write(b"From: a@b.com\r\nSubject: huge\r\n\r\n")
        file.truncate(300 * 1024 * 1024)
    assert reading.envelope(path).subject == "huge"
    assert len(reading.header_block(path)) < 100
    assert reading.letter(path, 1024).truncated


HOSTILE = [
    "<script>x</script>",
    "<img src=x onerror=alert(1)>",
    '<a href="javascript:alert(1)">a</a>',
    "<iframe src=//x></iframe>",
    '<img src="http://tracker.example/x.gif">',
    '<img src="data:image/svg+xml;base64,AAAA">',
    "<form action=//x><input></form>",
    '<meta http-equiv=refresh content="0;url=//x">',
    "<base href=//x>",
    "<link rel=stylesheet href=//x>",
    "<object data=//x>",
    '<svg onload="x()">',
    "<style>@import '//x'</style>",
]


@pytest.mark.parametrize("html", HOSTILE)
def test_html_is_made_harmless(html):
    body = safe_html.page(html, [], lambda number: b"").partition("<body>")[2].lower()
    for word in (
        "script",
        "onerror",
        "onload",
        "tracker",
        "iframe",
        "form",
        "meta",
        "base ",
        "link",
        "object",
        "import",
        "svg",
    ):
        assert word not in body


def test_a_picture_in_the_message_is_shown():
    picture = reading.Attachment(3, "p.png", "image/png", 4, "pic1")
    page = safe_html.page('<img src="cid:pic1" alt="p">', [picture], {3: b"\x89PNG"}.__getitem__)
    assert 'src="data:image/png;base64,iVBORw=="' in page


@pytest.mark.timeout(30)
@pytest.mark.parametrize("filling", ["<style ", "<!--", "<br ", "<", "</p", "<a b='"])
def test_no_html_of_a_megabyte_keeps_its_reader_waiting(filling: str):
    """Work that grows with the square of the length would take a quarter of an hour here."""
    reading.text_of(filling * (1_000_000 // len(filling)))


@pytest.mark.timeout(30)
@pytest.mark.parametrize("filling", ["=?utf-8?q?a?= ", '"', "(", "@", "<"])
def test_no_field_of_256_kb_keeps_the_reader_of_a_list_waiting(tmp_path: Path, filling: str):
    path = tmp_path / "message"
    path.write_text(f"From: {filling * (256_000 // len(filling))}\r\n\r\n")
    for _ in range(5):
        reading.envelope(path)
