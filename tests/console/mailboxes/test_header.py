"""What the fields of a message say, however sloppily they were written."""

from __future__ import annotations

import pytest

from console.mailboxes import header


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"=?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        (b"=?UTF-8?q?Gr=c3=bc=c3=9fe?=", "Grüße"),
        (b"=?utf-8?B?R3LDvMOfZQ==?=", "Grüße"),
        (b"=?utf-8?b?R3LDvMOfZQ?=", "Grüße"),
        (b"=?utf-8?Q?Gr=C3?= =?utf-8?Q?=BC=C3=9Fe?=", "Grüße"),
        (b"=?utf-8?Q?Gr=C3?=\t=?UTF-8?B?vMOfZQ==?=", "Grüße"),
        (b"=?utf-8?B?R3LDvM?= =?utf-8?B?OfZQ==?=", "Grüße"),
        (b"=?utf-8?B?R3LD?= =?utf-8?B?vMOfZQ==?=", "Grüße"),
        (b"=?utf-8?Q?Hello World?=", "Hello World"),
        (b"=?utf-8?B?R3LD vMOf ZQ==?=", "Grüße"),
        (b"=?utf-8?Q?a_b?= c_d", "a b c_d"),
        (b"Re:=?utf-8?Q?=C3=BC?=ber", "Re:über"),
        (b'"=?utf-8?Q?=C3=BC?=" x', '"ü" x'),
        (b"=?utf-8*de?Q?=C3=BC?=", "ü"),
        (b"=?utf-8?Q?Really=3F?=", "Really?"),
        (b"=?utf-8?Q?Really??=", "Really?"),
        (b"=?iso-8859-1?Q?=93x=94?=", "“x”"),
        (b"=?iso-8859-1?Q?M\xfcller?=", "Müller"),
        (b"=?gb2312?B?6UA=?=", "锧"),
        (b"=?iso-2022-jp?B?GyRCLSEbKEI=?=", "①"),
        (b"=?unknown-8bit?Q?=FC?=", "ü"),
        (b"=?x-no-such?Q?=C3=BC?=", "ü"),
        (b"=?utf-8?X?abc?=", "=?utf-8?X?abc?="),
        (b"Gr\xfc\xdfe", "Grüße"),
        ("Grüße".encode(), "Grüße"),
        (b"=?utf-8?Q??= x", "x"),
        (b"a\tb  c", "a b c"),
        (b"=?utf-8?Q?a=0D=0AX-Evil:_1?=", "a X-Evil: 1"),
        (b"=?utf-8?Q?a=E2=80=AEb?=", "ab"),
        (b"a\x00b", "a�b"),
    ],
)
def test_a_value_is_read_as_every_mail_client_reads_it(value: bytes, text: str) -> None:
    assert header.text(value) == text


@pytest.mark.parametrize(
    ("value", "name", "address"),
    [
        (b"Anna Berg <anna@contoso.com>", "Anna Berg", "anna@contoso.com"),
        (b'"Berg, Anna" <anna@contoso.com>', "Berg, Anna", "anna@contoso.com"),
        (b"Berg, Anna <anna@contoso.com>", "Berg, Anna", "anna@contoso.com"),
        (b'"A \\"B\\" C" <a@b>', 'A "B" C', "a@b"),
        (b"anna@contoso.com (Anna Berg)", "Anna Berg", "anna@contoso.com"),
        (b"anna@contoso.com (Anna (A.) Berg)", "Anna (A.) Berg", "anna@contoso.com"),
        (b"anna@contoso.com", "", "anna@contoso.com"),
        (b"<anna@contoso.com>", "", "anna@contoso.com"),
        (b"a@b.example, Carla <c@d.example>", "", "a@b.example"),
        (b"Anna <a@b.example>, Carla <c@d.example>", "Anna", "a@b.example"),
        (b"M\xfcller <m@x.example>", "Müller", "m@x.example"),
        (b"=?utf-8?Q?M=C3=BCller?= <m@x.example>", "Müller", "m@x.example"),
        (b"=?utf-8?Q?=3Cboss=40contoso.com=3E?= <evil@x.example>", "<boss@contoso.com>", "evil@x.example"),
        (b'"boss@contoso.com" <evil@x.example>', "boss@contoso.com", "evil@x.example"),
        (b"undisclosed-recipients:;", "undisclosed-recipients:;", ""),
        (b"Anna <anna@contoso.com", "Anna", "anna@contoso.com"),
        (b"", "", ""),
        (b'"', "", ""),
    ],
)
def test_the_sender_is_the_first_mailbox_and_no_encoded_word_makes_another_of_it(
    value: bytes, name: str, address: str
) -> None:
    assert header.mailbox(value) == (name, address)


@pytest.mark.parametrize(
    ("value", "main", "given"),
    [
        (b"text/plain; charset=utf-8", "text/plain", {"charset": "utf-8"}),
        (b'TEXT/Plain; CHARSET="iso-8859-1"', "text/plain", {"charset": "iso-8859-1"}),
        (b"text/html charset=utf-8", "text/html", {"charset": "utf-8"}),
        (b"text/plain;charset = 'utf-8'", "text/plain", {"charset": "'utf-8'"}),
        (b"", "", {}),
        (b";;;", "", {}),
        (b'multipart/mixed; boundary="=_a b"', "multipart/mixed", {"boundary": "=_a b"}),
        (b"a/b; name=My File.pdf; x=y", "a/b", {"name": "My File.pdf", "x": "y"}),
        (b'a/b; name="a;b.pdf"', "a/b", {"name": "a;b.pdf"}),
        (b'a/b; name="open', "a/b", {"name": "open"}),
        (b'a/b; name="C:\\temp\\x.pdf"', "a/b", {"name": "C:\\temp\\x.pdf"}),
        (b"attachment; filename*=UTF-8''%C3%BCber%20x.pdf", "attachment", {"filename": "über x.pdf"}),
        (b"attachment; filename*=\"UTF-8''%C3%BC.pdf\"", "attachment", {"filename": "ü.pdf"}),
        (b"a; filename=old.pdf; filename*=iso-8859-1'en'%FC.pdf", "a", {"filename": "ü.pdf"}),
        (b"a; filename*0*=utf-8''%C3; filename*1*=%BC; filename*2=.pdf", "a", {"filename": "ü.pdf"}),
        (b"a; filename*1=b.pdf; filename*0=a", "a", {"filename": "ab.pdf"}),
        (b'a; filename="=?utf-8?Q?=C3=BC.pdf?="', "a", {"filename": "ü.pdf"}),
        (b'a; filename="=?utf-8?B?w7wu?=\r\n =?utf-8?B?cGRm?="', "a", {"filename": "ü.pdf"}),
        (b'a; filename="M\xfcller.pdf"', "a", {"filename": "Müller.pdf"}),
        ('a; filename="Müller.pdf"'.encode(), "a", {"filename": "Müller.pdf"}),
        (b"a; filename*=%C3%BC.pdf", "a", {"filename": "ü.pdf"}),
        (b"a; filename*0*=''a%20; filename*1=b%20", "a", {"filename": "a b%20"}),
        (b"a; x=1; x=2", "a", {"x": "1"}),
    ],
)
def test_parameters_are_read_as_they_are_written(value: bytes, main: str, given: dict[str, str]) -> None:
    assert header.parameters(value) == (main, given)


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r", b"\r\r\n"])
def test_the_header_ends_at_the_first_empty_line_whatever_a_line_end_is(end: bytes) -> None:
    content = end.join([b"Subject: a", b" b", b"From: c@d", b"", b"Text: no field"])
    body = header.body_at(content, 0, len(content))
    fields, rest = header.fields(content[:body])
    assert [(name, header.text(value)) for name, value in fields] == [("Subject", "a b"), ("From", "c@d")]
    assert (rest, content[body:]) == (body, b"Text: no field")


@pytest.mark.parametrize(
    ("content", "names", "body"),
    [
        (b"From me Mon Jan 1\nSubject: a\n\nx", ["Subject"], b"x"),
        (b">From me\nSubject: a\n\nx", ["Subject"], b"x"),
        (b"Subject: a\ngarbage\nTo: b\n\nx", ["Subject", "To"], b"x"),
        (b"Subject: a\nHello there\n\nx", ["Subject"], b"Hello there\n\nx"),
        (b"Hello\nthere\n\nx", [], b"Hello\nthere\n\nx"),
        (b"\nSubject: a\n\nx", [], b"Subject: a\n\nx"),
        (b"Subject : a\n\nx", ["Subject"], b"x"),
        (b"\tfolded\nSubject: a\n\nx", ["Subject"], b"x"),
        (b"Subject: a", ["Subject"], b""),
        (b"", [], b""),
    ],
)
def test_what_is_no_field_is_passed_over_or_begins_the_text(content: bytes, names: list[str], body: bytes) -> None:
    end = header.body_at(content, 0, len(content))
    fields, rest = header.fields(content[:end])
    assert ([name for name, _value in fields], content[min(end, rest) :]) == (names, body)
