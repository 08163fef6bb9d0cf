from email import message_from_bytes, policy

from hypothesis import given
from hypothesis import strategies as st

from transport.send.dsn import Action, Original, Recipient, header_block, report

CONTENT = b"Received: from client by gw\r\nSubject: Figures\r\nMessage-ID: <1@x.test>\r\n\r\nbody\r\n"
ORIGINAL = Original(
    "ann@x.test", "Figures", "<1@x.test>", 1_700_000_000.0, "client.x.test", header_block(CONTENT), len(CONTENT), "7BIT"
)
NOBODY = Recipient("nobody@y.test", "5.1.1", "550 5.1.1 User unknown", "mx.y.test")


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


hostile = st.text(max_size=80)


@given(hostile, hostile, hostile, hostile)
def test_nothing_that_a_client_sent_adds_a_header_or_a_part(subject, message_id, helo, error):
    original = Original("a@x.test", subject, message_id, 0.0, helo, header_block(CONTENT), len(CONTENT), "7BIT")
    _, message = made(original=original, recipients=[Recipient("b@y.test", "5.0.0", error)])
    assert len(list(message.iter_parts())) == 3
    allowed = {"from", "to", "date", "mime-version", "content-type", "content-transfer-encoding", "content-language"}
    allowed |= {"message-id", "subject", "auto-submitted", "in-reply-to", "references"}
    assert {name.lower() for name in message} <= allowed
