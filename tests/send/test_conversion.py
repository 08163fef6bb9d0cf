"""Mail for a next hop that takes no 8-bit text, or as RFC 5322 §2.1.1 has it no line over 998 octets."""

from __future__ import annotations

import email
import re
from email import policy
from email.message import EmailMessage, Message

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from transport.config import bounds
from transport.send.conversion import CannotConvert, plan, written
from transport.send.mail_data import MailDataEncoder

UMLAUTS = "Grüße aus Köln, und noch ein Wort.\r\n".encode()
LONG = b"<p>" + b"word " * 500 + b"</p>\r\n"
MIME = b"MIME-Version: 1.0\r\n"


def converted(message: bytes, eight_bit: bool = False, size: int = 1 << 20) -> bytes:
    def pieces() -> list[bytes]:
        return [message[at : at + size] for at in range(0, len(message), size)]

    how = plan(pieces, eight_bit)
    return b"".join(written(pieces(), how))


def is_fit(message: bytes, eight_bit: bool = False) -> bool:
    return (eight_bit or message.isascii()) and all(len(line) <= 998 for line in message.split(b"\r\n"))


def texts(message: bytes) -> list[tuple[str, bytes]]:
    """Type and decoded content of every part that is content."""
    read: Message = email.message_from_bytes(message)
    return [
        (part.get_content_type(), (part.get_payload(decode=True) or b"").replace(b"\r\n", b"\n"))
        for part in read.walk()
        if not part.is_multipart()
    ]


def multipart(*parts: bytes, kind: bytes = b"mixed") -> bytes:
    head = b"Content-Type: multipart/" + kind + b'; boundary="=_b 1"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n'
    inner = b"".join(b"--=_b 1\r\n" + part + b"\r\n" for part in parts)
    return head + b"preamble\r\n" + inner + b"--=_b 1--\r\nepilogue\r\n"


def text(content: bytes, kind: bytes = b"text/plain; charset=utf-8", encoding: bytes = b"8bit") -> bytes:
    return b"Content-Type: " + kind + b"\r\nContent-Transfer-Encoding: " + encoding + b"\r\n\r\n" + content


WELL = [
    MIME + b"Subject: s\r\n" + text(UMLAUTS),
    MIME + b"Subject: s\r\n" + text(LONG, b"text/html"),
    MIME + b"Subject: s\r\n" + text(UMLAUTS * 200 + LONG + b"=20 \r\n.\r\nFrom me \r\n"),
    MIME + b"Subject: s\r\n" + text("Привет, мир\r\n".encode("koi8-r") * 9, b"text/plain; charset=koi8-r"),
    MIME + multipart(text(UMLAUTS), text(b"plain\r\n"), text(bytes(range(128, 256)) * 99, b"image/png", b"8bit")),
    MIME + multipart(multipart(text(UMLAUTS), text(UMLAUTS, b"text/html"), kind=b"alternative").replace(b"_b 1", b"_c"),
                     text(b"=C3=BC" + b"=3D" * 700 + b"\r\n", encoding=b"quoted-printable")),
    MIME + multipart(text(b"QUJD" * 600 + b"\r\n", b"application/x", b"base64"), text(UMLAUTS)),
    MIME + multipart(b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + MIME
                     + b"From: a@b\r\n" + multipart(text(UMLAUTS)).replace(b"_b 1", b"_inner"), text(b"x")),
]  # fmt: skip


@pytest.mark.parametrize("size", [1, 7, 1000, 1 << 20])
@pytest.mark.parametrize("message", WELL, ids=range(len(WELL)))
def test_every_part_says_the_same_in_seven_bits(message: bytes, size: int) -> None:
    sent = converted(message, size=size)
    assert is_fit(sent)
    assert texts(sent) == texts(message)


@pytest.mark.parametrize("message", WELL, ids=range(len(WELL)))
def test_a_host_that_takes_eight_bits_gets_only_long_lines_written_anew(message: bytes) -> None:
    sent = converted(message, eight_bit=True)
    assert is_fit(sent, eight_bit=True)
    assert texts(sent) == texts(message)
    if is_fit(message, eight_bit=True):
        assert sent == message


pieces = st.lists(st.sampled_from([b"word", b" ", b"\t", b"=", b".", b"--", "ü".encode(), b"\xff", b"\r\n", b"x" * 80]))


@given(pieces.map(b"".join), st.booleans(), st.sampled_from([3, 50, 5000]))
def test_any_text_says_the_same(content: bytes, many: bool, size: int) -> None:
    body = content * (40 if many else 1) + b"\r\n"
    more = text(body, b"application/octet-stream"), text(b"QQ==\r\n", encoding=b"base64")
    message = MIME + multipart(text(body), *more)
    sent = converted(message, size=size)
    assert is_fit(sent)
    assert texts(sent) == texts(message)


@given(st.lists(st.sampled_from([b"A: b\r\n", b"text\r\n", b"\r\n", b" folded\r\n", b"--=_b 1\r\n"]), max_size=20))
def test_what_needs_no_change_stays_octet_for_octet(lines: list[bytes]) -> None:
    message = b"Subject: s\r\n" + MIME + multipart(b"".join(lines)) + "ü\n\r x".encode()
    assert converted(message, eight_bit=True) == message


@given(
    st.lists(st.integers(0, 998), min_size=1, max_size=9),
    st.sampled_from([b"\r\n", b"\n", b"\r"]),
    st.integers(1, 2500),
)
def test_a_text_of_which_every_line_fits_stays_as_it_is_wherever_it_is_cut(
    lengths: list[int], end: bytes, size: int
) -> None:
    message = b"Subject: s\r\n\r\n" + b"".join(b"x" * length + end for length in lengths)
    assert converted(message, size=size) == message
    longer = message + b"x" * 999 + end
    assert is_fit(converted(longer, size=size)) and len(converted(longer, size=size)) > len(longer)


@given(
    st.lists(st.sampled_from([b"\r\n", b"\r", b"\n", b".", b"a", b"a.a", b"a" * 998]), max_size=12), st.integers(1, 9)
)
@example([b"a", b"\r\n", b".", b"\r\n"], 2)
@example([b"a", b"\r\n", b"a.a", b"\r\n"], 2)
def test_what_stands_is_what_data_carries_octet_for_octet(lines: list[bytes], size: int) -> None:
    message = b"A: b\r\n\r\n" + b"".join(lines)
    found = plan(lambda: [message[at : at + size] for at in range(0, len(message), size)], eight_bit=True)
    data = MailDataEncoder()
    as_it_is = data.encode(message) + data.finish() == message + b".\r\n"
    assert found.stands == (as_it_is and is_fit(message, eight_bit=True))


def test_a_text_without_a_word_about_its_type_gets_one() -> None:
    sent = converted(b"Subject: s\r\n\r\n" + UMLAUTS)
    read = email.message_from_bytes(sent, policy=policy.default)
    assert isinstance(read, EmailMessage)
    assert (read["mime-version"], read["content-type"]) == ("1.0", 'text/plain; charset="utf-8"')
    assert read.get_content() == UMLAUTS.decode()
    assert b"charset=unknown-8bit" in converted(b"Subject: s\r\n\r\n\xfc\r\n")
    assert b"charset=us-ascii" in converted(b"Subject: s\r\n\r\n" + LONG)


@pytest.mark.parametrize("kind", [b"signed; micalg=x", b"signed"])
def test_what_is_signed_is_not_touched(kind: bytes) -> None:
    inner = multipart(text(UMLAUTS), text(b"sig", b"application/pgp-signature"), kind=kind)
    for message in (MIME + inner, MIME + multipart(inner.replace(b"_b 1", b"_s"), text(b"list footer"))):
        with pytest.raises(CannotConvert):
            converted(message)
        assert converted(message, eight_bit=True) == message
    long = MIME + multipart(multipart(text(LONG), text(b"sig"), kind=kind).replace(b"_b 1", b"_s"), text(LONG))
    sent = converted(long)
    assert text(LONG) in sent and texts(sent) == texts(long)


def test_around_what_is_signed_all_is_written_anew() -> None:
    signed = multipart(text(b"plain\r\n"), text(b"sig"), kind=b"signed").replace(b"_b 1", b"_s")
    sent = converted(MIME + "Subject: ü\r\n".encode() + multipart(signed, text(UMLAUTS)))
    assert sent.isascii() and signed.partition(b"\r\n\r\n")[2] in sent


def test_a_signed_message_in_a_report_is_given_back_readable() -> None:
    signed = MIME + multipart(text(UMLAUTS), text(b"sig"), kind=b"signed").replace(b"_b 1", b"_s")
    message = MIME + multipart(text(b"failed"), b"Content-Type: message/rfc822\r\n\r\n" + signed, kind=b"report")
    sent = converted(message)
    assert sent.isascii() and texts(sent) == texts(message)


@pytest.mark.parametrize(
    ("field", "read"),
    [
        ("Subject: Grüße und Köln".encode(), "Grüße und Köln"),
        (b"Subject: Gr\xfc\xdfe", "Grüße"),
        ("Subject: eins\r\n zwei ü\r\n\tdrei".encode(), "eins zwei ü drei"),
        (("Subject: " + "ü ö " * 200).encode(), ("ü ö " * 200).strip()),
        ('From: "Müller, Jörg" <j@x.test>'.encode(), '"Müller, Jörg" <j@x.test>'),
        ("To: Jörg Müller <j@x.test>, Anna <a@x.test>".encode(), "Jörg Müller <j@x.test>, Anna <a@x.test>"),
    ],
)
def test_a_header_of_other_characters_is_written_in_encoded_words(field: bytes, read: str) -> None:
    sent = converted(field + b"\r\nX: y\r\n\r\ntext\r\n")
    assert sent.isascii() and sent.endswith(b"\r\nX: y\r\n\r\ntext\r\n")
    name = field.partition(b":")[0].decode()
    assert " ".join(email.message_from_bytes(sent, policy=policy.default)[name].split()) == read
    assert all(len(line) <= 998 for line in sent.split(b"\r\n"))


def test_fields_for_programs_stay_fields() -> None:
    status = "Reporting-MTA: dns;x\r\n\r\nFinal-Recipient: rfc822;a@b\r\nDiagnostic-Code: smtp;550 Größe\r\n".encode()
    sent = converted(MIME + multipart(text(b"see"), text(status, b"message/delivery-status"), kind=b"report"))
    assert b"\r\n\r\nReporting-MTA: dns;x\r\n\r\nFinal-Recipient: rfc822;a@b\r\nDiagnostic-Code: smtp;550 =?" in sent
    assert sent.isascii()


def test_a_file_name_of_other_characters_stays_one() -> None:
    part = text(b"x", 'application/pdf; name="Größe; 1.pdf"'.encode(), b"7bit")
    read = email.message_from_bytes(converted(MIME + part), policy=policy.default)
    assert read["content-type"].params["name"] == "Größe; 1.pdf"


def test_long_header_lines_are_folded_where_they_have_blanks() -> None:
    references = b"References: " + b" ".join(b"<%d@x.test>" % number for number in range(300))
    sent = converted(references + b"\r\nX: " + b"y" * 2500 + b"\r\n\r\ntext\r\n", eight_bit=True)
    assert is_fit(sent)
    assert sent.partition(b"\r\nX: ")[0].replace(b"\r\n", b"") == references
    assert re.sub(rb"\r\n ", b"", sent.partition(b"\r\nX: ")[2]).startswith(b"y" * 2500)


@pytest.mark.parametrize(
    "line",
    [b"X-A: " + b"a" * 70_000, b"X-A: a\r\n " + b"a" * 70_000, b"X-A: a\r\n unfinished", b"X-A: unfinished", b"--b"],
)
def test_a_header_of_a_part_that_does_not_end_its_line_is_read_to_its_end(line: bytes) -> None:
    message = MIME + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + LONG + b"--b\r\n" + line
    assert is_fit(converted(message, eight_bit=True, size=40_000), eight_bit=True)


def test_nul_stands_in_no_header() -> None:
    message = MIME + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nX-A: a\0b\r\n\r\ntext\r\n--b--\r\n"
    assert converted(message, eight_bit=True) == message.replace(b"\0", b"")


def test_nul_is_encoded() -> None:
    sent = converted(b"Subject: s\r\n\r\na\0b\r\n", eight_bit=True)
    assert b"\0" not in sent and texts(sent)[0][1] == b"a\0b\n"


@pytest.mark.parametrize("eight_bit", [True, False])
def test_fields_of_the_organization_stay_here(eight_bit: bool) -> None:
    inner = b"X-MS-Exchange-Organization-AuthAs: Internal\r\nx-ms-exchange-forest-a:\r\n b\r\nReceived: from a by b\r\n"
    for body in (b"text\r\n", UMLAUTS):
        sent = converted(inner + b"Subject: s\r\n\r\n" + body, eight_bit=eight_bit)
        assert sent.startswith(b"Received: from a by b\r\nSubject: s\r\n")


def test_a_boundary_that_never_comes_is_no_reason_to_lose_the_text() -> None:
    message = MIME + b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + UMLAUTS
    with pytest.raises(CannotConvert):
        converted(message)
    long = MIME + b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + LONG
    assert converted(long) == long


@pytest.mark.parametrize(("more", "possible"), [(-1, True), (0, True), (1, False)])
def test_more_parts_than_anybody_sends_are_not_written_anew(more: int, possible: bool) -> None:
    assert bounds.PARTS.lines is not None
    message = MIME + multipart(*[b"\r\nx"] * (bounds.PARTS.lines - 2 + more), text(UMLAUTS))
    if possible:
        assert converted(message).isascii()
    else:
        with pytest.raises(CannotConvert):
            converted(message)


@pytest.mark.parametrize(("more", "possible"), [(-1, True), (0, True), (1, False)])
def test_the_header_of_a_part_has_a_limit(more: int, possible: bool) -> None:
    assert bounds.PARTS.octets is not None
    filling = b"X: " + b"y" * 95 + b"\r\n"
    rest = bounds.PARTS.octets + more - len(text(b"")) - len(b"Z: \r\n")
    head = filling * (rest // 100) + b"Z: " + b"z" * (rest % 100) + b"\r\n"
    message = MIME + multipart(head + text(UMLAUTS))
    if possible:
        assert converted(message).isascii()
    else:
        with pytest.raises(CannotConvert):
            converted(message)
