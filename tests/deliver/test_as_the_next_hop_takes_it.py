"""What a next hop gets: the message octet for octet, or converted to what that host can take."""

import email

import pytest

from tests.deliver.conftest import HEADER
from tests.deliver.test_delivery import STATUS

pytestmark = pytest.mark.django_db(transaction=True)
SEVEN_BITS = ("PIPELINING", "SIZE 20000000")
UMLAUTS = HEADER + "Grüße\r\n".encode()
SIGNED = (
    HEADER.removesuffix(b"\r\n")
    + b"MIME-Version: 1.0\r\nContent-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n"
    + b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    + "ü\r\n--b\r\nContent-Type: application/pgp-signature\r\n\r\nsig\r\n--b--\r\n".encode()
)


@pytest.mark.parametrize("body_type", ["7BIT", "8BITMIME"])
@pytest.mark.parametrize("extensions", [SEVEN_BITS, (*SEVEN_BITS, "8BITMIME")], ids=["7-bit", "8-bit"])
def test_eight_bit_text_reaches_a_host_of_seven_bits_converted(sent, sink, extensions, body_type):
    sink.extensions = extensions
    sent("bob@far.test", content=UMLAUTS, body_type=body_type)
    (arrived,) = sink.arrived
    if "8BITMIME" in extensions:
        assert (arrived.content, "BODY=8BITMIME" in arrived.mail) == (UMLAUTS, True)
        return
    assert "BODY=" not in arrived.mail
    assert arrived.content.isascii() and arrived.content.startswith(HEADER.removesuffix(b"\r\n"))
    assert email.message_from_bytes(arrived.content).get_payload(decode=True) == "Grüße\r\n".encode()


def test_a_line_of_5400_octets_is_encoded_for_every_host(sent, sink):
    line = b"<p>" + b"x" * 5400 + b"</p>\r\n"
    sent("bob@far.test", content=HEADER + line)
    (arrived,) = sink.arrived
    assert max(map(len, arrived.content.split(b"\r\n"))) <= 998
    assert email.message_from_bytes(arrived.content).get_payload(decode=True) == line


def test_what_is_signed_comes_back_where_it_may_not_pass(sent, sink, query):
    sink.extensions = SEVEN_BITS
    sent("bob@far.test", content=SIGNED)
    assert sink.contents() == []
    assert query(STATUS)[0][3].startswith("550 5.6.3")
    sink.extensions = (*SEVEN_BITS, "8BITMIME")
    sent("eve@far.test", content=SIGNED)
    assert SIGNED in sink.contents()


def test_our_own_report_goes_out_in_seven_bits_too(sent, deliver, sink):
    sink.extensions = SEVEN_BITS
    sink.behave = lambda line, n: "550 5.1.1 no" if line.startswith("RCPT TO:<bob@") else None
    sent("bob@far.test", sender="ann@far.test", content=UMLAUTS.replace(b"Figures", "Zahlen für Köln".encode()))
    deliver()
    (report,) = sink.arrived
    assert report.sender == "" and report.content.isascii()
    inner = email.message_from_bytes(report.content).get_payload()[2].get_payload()[0]
    assert inner.get_payload(decode=True) == "Grüße\r\n".encode()


@pytest.mark.parametrize("size", [10, 3 << 20], ids=["small", "large"])
def test_fields_of_the_organization_stay_inside(journal, forward, deliver, configure, sink, size):
    configure()
    stamps = b"X-MS-Exchange-Organization-AuthAs: Internal\r\nX-MS-Exchange-Organization-AuthSource:\r\n gw\r\n"
    body = b"x" * 70 + b"\r\n"
    content = stamps + b"X-MS-Exchange-Forest-A: b\r\n" + HEADER + body * (size // len(body) + 1)
    journal.accept("bob@far.test", content=content)
    journal.accept("bob@x.test", content=content)
    forward()
    deliver()
    deliver("mailbox")
    assert sink.contents() == [content[content.index(HEADER) :]]


def test_a_message_that_needs_no_change_arrives_octet_for_octet(sent, sink):
    content = HEADER + b"a" * 998 + b"\r\n" + "ü\r\n=20\t \r\n.\r\n..\r\n\r\n".encode() * 3000
    sent("bob@far.test", content=content, body_type="8BITMIME")
    assert sink.contents() == [content]


@pytest.mark.parametrize("size", [10, 3 << 20], ids=["small", "large"])
@pytest.mark.parametrize("pieces", ["header-apart", "together"])
def test_what_comes_back_to_a_sender_has_no_fields_of_the_organization(
    journal, forward, deliver, configure, sink, size, pieces
):
    configure()
    sink.behave = lambda line, n: "550 5.1.1 no" if line.startswith("RCPT TO:<bob@") else None
    stamps = b"X-MS-Exchange-Organization-AuthAs: Internal\r\n"
    body = (b"x" * 70 + b"\r\n") * (size // 72 + 1)
    if pieces == "together":
        journal.accept("bob@far.test", sender="ann@far.test", content=stamps + HEADER + body)
    else:
        body = journal.accept_large("bob@far.test", size, sender="ann@far.test")[len(HEADER) :]
    forward()
    deliver()
    deliver()
    (report,) = sink.arrived
    assert b"X-MS-Exchange-Organization" not in report.content
    assert b"\r\nContent-Type: message/rfc822\r\n" in report.content
    assert report.content.partition(b"Content-Type: message/rfc822")[2].count(HEADER + body) == 1
    assert b"Original message headers:\r\n\r\nReceived: from client by gw\r\n" in report.content
