from email import message_from_bytes, policy

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transport.config import bounds
from transport.send.choice import NOT_ALLOWED
from transport.send.dsn import Action, Original, ReportedRecipient, header_block, report, wanted

CONTENT = b"Received: from client by gw\r\nSubject: Figures\r\nMessage-ID: <1@x.test>\r\n\r\nbody\r\n"
ORIGINAL = Original(
    "ann@x.test", "Figures", "<1@x.test>", 1_700_000_000.0, "client.x.test", header_block(CONTENT), len(CONTENT), "7BIT"
)
NOBODY = ReportedRecipient("nobody@y.test", "5.1.1", "550 5.1.1 User unknown", "mx.y.test")


KEYWORDS = {
    Action.FAILED: "FAILURE",
    Action.DELAYED: "DELAY",
    Action.DELIVERED: "SUCCESS",
    Action.RELAYED: "SUCCESS",
}
OPTIONS = ["", "NEVER", "SUCCESS", "FAILURE", "DELAY", "SUCCESS,FAILURE", "FAILURE,DELAY", "SUCCESS,FAILURE,DELAY"]


def made(action=Action.FAILED, original=ORIGINAL, recipients=(NOBODY,)):
    found = report(action, original, list(recipients), "gw.test", "postmaster@gw.test", 1_700_000_100.0, "ab12")
    content = found.head + (CONTENT if found.whole else b"") + found.tail
    return found, message_from_bytes(content, policy=policy.default)


def test_it_has_the_three_parts_of_exchange():
    found, message = made()
    assert message["Subject"] == "Undeliverable: Figures"
    assert message["From"] == "postmaster@gw.test"
    assert message["To"] == "ann@x.test"
    assert message["Auto-Submitted"] == "auto-replied"
    assert message["In-Reply-To"] == "<1@x.test>"
    assert message.get_content_type() == "multipart/report"
    assert message.get_param("report-type") == "delivery-status"
    assert [part.get_content_type() for part in message.iter_parts()] == [
        "multipart/alternative",
        "message/delivery-status",
        "message/rfc822",
    ]
    assert found.message_id == message["Message-ID"] == "<ab12@gw.test>"


def test_the_text_says_what_happened_to_whom_and_shows_the_answer():
    _, message = made()
    text = next(message.iter_parts()).get_body().get_content()
    for line in (
        "Delivery has failed to these recipients or distribution lists:",
        "Generating server: gw.test",
        "#550 5.1.1 User unknown ##",
        "Original message headers:",
        "Subject: Figures",
    ):
        assert line in text


def test_the_machine_readable_part_follows_rfc_3464():
    _, message = made()
    about_message, about_recipient = list(message.iter_parts())[1].get_payload()
    assert about_message["Reporting-MTA"] == "dns;gw.test"
    assert about_message["Received-From-MTA"] == "dns;client.x.test"
    assert about_recipient["Final-Recipient"] == "rfc822;nobody@y.test"
    assert about_recipient["Action"] == "failed"
    assert about_recipient["Status"] == "5.1.1"
    assert about_recipient["Diagnostic-Code"] == "smtp;550 5.1.1 User unknown"


def test_the_original_comes_back_whole_or_as_headers_when_it_is_large_or_only_delayed():
    _, message = made()
    assert list(message.iter_parts())[2].get_content()["Subject"] == "Figures"
    large = Original(*(getattr(ORIGINAL, name) for name in ORIGINAL.__struct_fields__[:6]), 11 << 20, "7BIT")
    for found, message in (made(original=large), made(Action.DELAYED)):
        assert not found.whole
        assert list(message.iter_parts())[2].get_content_type() == "text/rfc822-headers"


def test_a_delay_says_that_nothing_need_be_done():
    _, message = made(Action.DELAYED)
    assert message["Subject"] == "Delayed: Figures"
    assert list(message.iter_parts())[1].get_payload()[1]["Action"] == "delayed"


@pytest.mark.parametrize("notify", OPTIONS)
def test_who_wants_to_know_is_told_and_nobody_else(notify):
    asked = (notify or "FAILURE,DELAY").split(",")
    for action, keyword in KEYWORDS.items():
        assert wanted(action, notify) == (keyword in asked)


@pytest.mark.parametrize(
    ("action", "subject"), [(Action.DELIVERED, "Delivered: Figures"), (Action.RELAYED, "Relayed: Figures")]
)
def test_success_is_told_with_the_headers_only(action, subject):
    found, message = made(action, recipients=[ReportedRecipient("bob@y.test", "2.1.5", "250 2.1.5 Recipient OK")])
    assert message["Subject"] == subject
    assert not found.whole
    status = list(message.iter_parts())[1].get_payload()[1]
    assert (status["Action"], status["Status"]) == (action.word, "2.1.5")


@pytest.mark.parametrize(("ret", "whole"), [("", True), ("FULL", True), ("HDRS", False)])
def test_the_client_says_how_much_comes_back(ret, whole):
    found, message = made(original=msgspec.structs.replace(ORIGINAL, ret=ret))
    assert found.whole == whole
    assert list(message.iter_parts())[2].get_content_type() == ("message/rfc822" if whole else "text/rfc822-headers")


def test_binary_content_stays_here():
    found, _ = made(original=msgspec.structs.replace(ORIGINAL, body_type="BINARYMIME"))
    assert (found.whole, found.body_type) == (False, "7BIT")


def test_the_clients_names_for_message_and_recipient_come_back():
    original = msgspec.structs.replace(ORIGINAL, envid="QQ+2B314+3D159")
    _, message = made(original=original, recipients=[msgspec.structs.replace(NOBODY, orcpt="rfc822;Bob+2B1@a.test")])
    about_message, about_recipient = list(message.iter_parts())[1].get_payload()
    assert about_message["Original-Envelope-Id"] == "QQ+314=159"
    assert about_recipient["Original-Recipient"] == "rfc822;Bob+1@a.test"
    _, message = made()
    assert "Original-Recipient" not in str(message)
    assert "Original-Envelope-Id" not in str(message)


def test_their_names_add_no_line():
    original = msgspec.structs.replace(ORIGINAL, envid="a+0D+0AAction:+20x")
    orcpt = "rfc822;a+0D+0A+0D+0AFinal-Recipient:+20x"
    _, message = made(original=original, recipients=[msgspec.structs.replace(NOBODY, orcpt=orcpt)])
    about_message, about_recipient = list(message.iter_parts())[1].get_payload()
    assert about_message["Action"] is None
    assert about_recipient.get_all("Final-Recipient") == ["rfc822;nobody@y.test"]


def test_addresses_in_other_scripts_stand_as_rfc_6533_writes_them():
    found, message = made(recipients=[ReportedRecipient("josé@y.test", "5.1.1", "550 5.1.1 qué")])
    about_recipient = list(message.iter_parts())[1].get_payload()[1]
    assert about_recipient["Final-Recipient"] == "utf-8;jos\\x{E9}@y.test"
    assert not found.smtp_utf8
    assert "josé@y.test" in next(message.iter_parts()).get_body().get_content()


def test_an_international_sender_and_message_come_back_as_such():
    content = CONTENT.replace(b"Figures", "Größen".encode())
    original = msgspec.structs.replace(ORIGINAL, sender="ännchen@x.test", header=header_block(content), smtp_utf8=True)
    found, message = made(original=original)
    assert (found.smtp_utf8, found.body_type) == (True, "8BITMIME")
    assert list(message.iter_parts())[2].get_content_type() == "message/global"
    assert "To: <ännchen@x.test>".encode() in found.head


hostile = st.text(max_size=80)


@given(hostile, hostile, hostile, hostile)
def test_nothing_that_a_client_sent_adds_a_header_or_a_part(subject, message_id, helo, error):
    original = Original("a@x.test", subject, message_id, 0.0, helo, header_block(CONTENT), len(CONTENT), "7BIT")
    _, message = made(original=original, recipients=[ReportedRecipient("b@y.test", "5.0.0", error)])
    assert len(list(message.iter_parts())) == 3
    allowed = {"from", "to", "date", "mime-version", "content-type", "content-transfer-encoding", "content-language"}
    allowed |= {"message-id", "subject", "auto-submitted", "in-reply-to", "references"}
    assert {name.lower() for name in message} <= allowed


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("more", [-1, 0, 1])
def test_the_header_of_a_stranger_is_shown_twice_at_most_and_in_part(action, more):
    """216 KB of `&` came back as 610 KB to a sender who may be forged."""
    assert bounds.REPORTED_HEADER.octets is not None
    head = header_block(CONTENT) + b"X: &&&&&&&\r\n" * 30000
    line = bounds.REPORTED_HEADER.octets + more - len(header_block(CONTENT)) - len(b"Y: \r\n")
    fitting = header_block(CONTENT) + b"Y: " + b"&" * line + b"\r\n"
    found, _ = made(action, msgspec.structs.replace(ORIGINAL, header=head, ret="HDRS"))
    assert len(found.head) < 2 * bounds.REPORTED_HEADER.octets + 4000
    found, message = made(action, msgspec.structs.replace(ORIGINAL, header=fitting, ret="HDRS"))
    assert (list(message.iter_parts())[2].get_content().count("&") == line) is (more <= 0)
    assert list(message.iter_parts())[2].get_content().startswith("Received: from client by gw")


def test_a_loop_is_not_the_fault_of_the_address():
    _, message = made(recipients=[ReportedRecipient("a@y.test", "5.4.6", "554 5.4.6 Hop count exceeded")])
    assert "going in circles" in next(message.iter_parts()).get_body().get_content()


def test_where_our_connector_takes_nothing_from_a_sender_the_recipients_system_is_not_blamed():
    refusal = NOT_ALLOWED.format("General SMTP Connector", "RejectMessagesFrom")
    _, message = made(recipients=[ReportedRecipient("bob@far.test", "5.7.1", refusal)])
    text = next(message.iter_parts()).get_body().get_content()
    assert "You do not have permission to send to this recipient." in text
    assert "recipient's e-mail system" not in text


def test_what_an_administrator_removed_is_not_blamed_on_the_recipients_system_alone():
    removed = ReportedRecipient("a@y.test", "5.3.2", "550 5.3.2 QUEUE.Admin; message deleted by administrative action")
    _, message = made(recipients=[removed])
    assert "An administrator removed the message" in next(message.iter_parts()).get_body().get_content()


def test_only_a_delayed_message_has_a_time_until_which_it_is_tried():
    waiting = msgspec.structs.replace(NOBODY, retry_until=1_700_003_600.0)
    told = {action: "Will-Retry-Until:" in str(made(action, recipients=(waiting,))[1]) for action in Action}
    assert [action for action, there in told.items() if there] == [Action.DELAYED]
    assert "Will-Retry-Until: Tue, 14 Nov 2023 23:13:20 +0000" in str(made(Action.DELAYED, recipients=(waiting,))[1])


def test_own_words_stand_in_both_forms_of_the_text():
    words = {"5.1.1": 'Ask <B>Anna</B>: <A HREF="https://help.contoso.com/">help</A> & more'}
    found = report(
        Action.FAILED, ORIGINAL, [NOBODY], "gw.test", "postmaster@gw.test", 1_700_000_100.0, "ab12", own_words=words
    )
    message = message_from_bytes(found.head + CONTENT + found.tail, policy=policy.default)
    plain, html = (part.get_content() for part in next(message.iter_parts()).iter_parts())
    assert "Ask Anna: help (https://help.contoso.com/) & more" in plain
    assert 'Ask <b>Anna</b>: <a href="https://help.contoso.com/">help</a> &amp; more' in html
