"""A reply cannot contradict itself, and everything in the catalogue is one."""

from __future__ import annotations

import pytest

from transport.smtp import replies
from transport.smtp.reply import Reply, reply

CATALOGUE = {name: value for name, value in vars(replies).items() if isinstance(value, Reply)}


def test_class_of_code_and_status_must_agree() -> None:
    with pytest.raises(ValueError, match="cannot go with"):
        reply(550, "4.7.0", "no")


@pytest.mark.parametrize("text", ["a\r\n250 b", "a\x00", "é"])
def test_a_line_is_printable_ascii(text: str) -> None:
    with pytest.raises(ValueError, match="printable"):
        reply(250, "2.0.0", text)


def test_every_line_of_a_long_reply_carries_the_code() -> None:
    assert reply(214, "2.0.0", "a", "b").wire == b"214-2.0.0 a\r\n214 2.0.0 b\r\n"


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_reply_fits_a_line_and_has_a_status_where_the_rfc_wants_one(name: str) -> None:
    found = CATALOGUE[name]
    assert all(len(line) <= 512 for line in found.wire.split(b"\r\n"))
    assert found.status or found.code in (214, 220, 334, 354, 453)


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_reply_says_where_its_text_is_from(name: str) -> None:
    grade, _, _ = CATALOGUE[name].source.partition(": ")
    assert grade in replies.GRADES


# Lines as they are printed (Exchange reference, section 5): grades A and B whole, A- from the status on.
PRINTED = """
250 2.1.0 Sender OK
250 2.1.5 Recipient OK
354 Start mail input; end with <CRLF>.<CRLF>
221 2.0.0 Service closing transmission channel
214-This server supports the following commands:
214 HELO EHLO STARTTLS RCPT DATA RSET MAIL QUIT HELP AUTH BDAT
235 2.7.0 Authentication successful
500 5.3.3 Unrecognized command
501 5.5.4 Invalid domain name
501 5.1.7 Invalid address
503 5.5.2 Need rcpt command
504 5.7.4 Unrecognized authentication type
454 4.7.0 Temporary authentication failure
451 5.7.3 Must issue a STARTTLS command first
530 5.7.1 Client was not authenticated
550 5.7.1 Recipient not authorized, your IP has been found on a block list
554 5.1.0 Sender Denied
550 5.7.1 Unable to relay
550 5.1.1 User unknown
452 4.5.3 Too many recipients
552 5.3.4 Message size exceeds fixed maximum message size
421 4.3.2 The maximum number of concurrent server connections has exceeded a per-source limit, closing transmission \
channel
421 4.4.2 Message submission rate for this client has exceeded the configured limit
452 4.3.1 Insufficient system resources
451 4.7.0 Timeout waiting for client input
421 4.4.1 Connection timed out
421 4.3.2 Service not available, closing transmission channel
5.5.4 Invalid arguments
5.5.2 Send hello first
5.1.4 Recipient address reserved by RFC 2606
5.1.5 Recipient address reserved by RFC 2606
5.1.6 Recipient addresses in single label domains not accepted
5.4.6 Hop count exceeded - possible mail loop
""".replace("\\\n", "")


def test_what_exchange_is_known_to_say_is_said_in_its_words() -> None:
    printed = set(PRINTED.strip().splitlines())
    known = [each for each in CATALOGUE.values() if each.source.partition(": ")[0] in ("A", "A-", "B")]
    said = {line for each in known for line in each.text.split("\n")}
    assert {line for line in said if line not in printed and line[4:] not in printed} == set()
    assert {line for line in printed if line not in said and not any(each[4:] == line for each in said)} == set()
