import pytest

from tests.send.parcels import parcel
from transport.send.extensions import NOTHING, Extensions, offered
from transport.send.fitting import fit, is_plain
from transport.send.parcel import Parcel
from transport.send.remote_reply import Fate, Verdict

PLAIN = b"Subject: hi\r\n\r\ntext\r\n"
EIGHT_BIT = b"Subject: hi\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\ntext \xc3\xa9\r\n"


def fitted(one: Parcel, host: Extensions = NOTHING, content: bytes = PLAIN) -> Parcel | Verdict:
    return fit(one, host, lambda: [content])


def refusal(one: Parcel, host: Extensions = NOTHING, content: bytes = PLAIN) -> str:
    found = fitted(one, host, content)
    assert isinstance(found, Verdict) and found.fate is Fate.FAILED
    return found.status


def test_a_plain_message_fits_every_host() -> None:
    found = fitted(parcel())
    assert isinstance(found, Parcel) and found.body_type == "7BIT" and not found.how.eight_bit


def test_what_is_larger_than_the_host_says_is_not_even_offered() -> None:
    host = offered("hi\nSIZE 100")
    assert refusal(parcel(size=101), host) == "5.3.4"
    assert isinstance(fitted(parcel(size=100), host), Parcel)
    assert isinstance(fitted(parcel(size=10**9), offered("hi\nSIZE")), Parcel)


def test_no_address_ends_its_command_early() -> None:
    assert refusal(parcel("a@far.test>\r\nRCPT TO:<b@far.test")) == "5.1.3"
    assert not is_plain("a\r\n@x.test") and not is_plain("<a@x.test") and is_plain("a.b@x.test")


def test_addresses_and_headers_outside_ascii_need_smtputf8() -> None:
    assert refusal(parcel("zo\u00eb@far.test")) == "5.6.7"
    assert refusal(parcel(smtp_utf8=True), content=b"Subject: \xc3\xa9\r\n\r\n") == "5.6.9"
    assert isinstance(fitted(parcel("zo\u00eb@far.test"), offered("hi\nSMTPUTF8\n8BITMIME")), Parcel)


@pytest.mark.parametrize(("host", "body_type"), [("hi\n8BITMIME", "8BITMIME"), ("hi", "7BIT")])
def test_eight_bit_text_is_converted_for_a_host_that_does_not_take_it(host: str, body_type: str) -> None:
    found = fitted(parcel(body_type="8BITMIME"), offered(host), EIGHT_BIT)
    assert isinstance(found, Parcel) and found.body_type == body_type


def test_binary_mail_is_for_hosts_that_take_chunks() -> None:
    binary = parcel(body_type="BINARYMIME")
    assert refusal(binary, content=b"Subject: hi\r\n\r\n\0") == "5.6.3"
    assert fitted(binary, offered("hi\nCHUNKING\nBINARYMIME"), b"Subject: hi\r\n\r\n\0") is binary
    assert isinstance(fitted(binary), Parcel), "text is text, whatever the client called it"
