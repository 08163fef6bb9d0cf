from tests.send.parcels import parcel
from transport.send.commands import envelope
from transport.send.conversion import Plan
from transport.send.extensions import NOTHING, offered

EVERYTHING = offered("hi\nSIZE\n8BITMIME\nDSN\nSMTPUTF8\nCHUNKING\nBINARYMIME")


def test_a_host_that_offers_nothing_hears_nothing_else() -> None:
    asked = parcel("a@far.test", "b@far.test", ret="HDRS", envid="q1", body_type="8BITMIME")
    asked.notify[1] = "SUCCESS"
    assert envelope(asked, NOTHING) == [
        b"MAIL FROM:<ann@x.test>\r\n", b"RCPT TO:<a@far.test>\r\n", b"RCPT TO:<b@far.test>\r\n", b"DATA\r\n",
    ]  # fmt: skip


def test_what_the_client_asked_for_travels_along() -> None:
    asked = parcel("a@far.test", "b@far.test", ret="HDRS", envid="q1", body_type="8BITMIME")
    asked.notify[1], asked.orcpt[1] = "SUCCESS,FAILURE", "rfc822;a@old.test"
    assert envelope(asked, EVERYTHING) == [
        b"MAIL FROM:<ann@x.test> SIZE=100 BODY=8BITMIME RET=HDRS ENVID=q1\r\n",
        b"RCPT TO:<a@far.test> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;a@old.test\r\n",
        b"RCPT TO:<b@far.test>\r\n", b"DATA\r\n",
    ]  # fmt: skip


def test_the_size_is_that_of_the_message_as_it_is_written() -> None:
    assert envelope(parcel(how=Plan(growth=20)), EVERYTHING)[0] == b"MAIL FROM:<ann@x.test> SIZE=120\r\n"


def test_smtputf8_is_said_where_address_or_header_need_it() -> None:
    assert b" SMTPUTF8" in envelope(parcel("zo\u00eb@far.test"), EVERYTHING)[0]
    assert b" SMTPUTF8" in envelope(parcel(smtp_utf8=True), EVERYTHING)[0]
    assert b" SMTPUTF8" not in envelope(parcel(), EVERYTHING)[0]


def test_binary_mail_goes_in_chunks() -> None:
    commands = envelope(parcel(body_type="BINARYMIME"), EVERYTHING)
    assert commands[0].endswith(b" BODY=BINARYMIME\r\n") and b"DATA\r\n" not in commands
