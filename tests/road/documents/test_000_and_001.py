"""Documents 000 and 001: a message by telnet, then banner, errors, throttling, time-outs, limits, recipient filter."""

from __future__ import annotations

import re
from time import monotonic

import pytest

from console.processes.address import free_port
from tests.road.documents.hand import Hand
from tests.road.documents.telnet import Telnet, wait_for_greeting

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("hand")]

INTERNET, USER = "Internet", "user@gatepost.test"


@pytest.fixture(scope="module")
def place() -> str:
    """Where the Internet connector listens."""
    return f"127.0.0.1:{free_port()}"


def begin(session: Telnet, sender: str = "someone@example.org") -> list[str]:
    session.say("EHLO example.org")
    return session.each(f"MAIL FROM:<{sender}>")


def test_the_internet_receive_connector_is_made(hand: Hand, place: str) -> None:
    hand.new_connector(INTERNET, "Internet", place)
    hand.reads("Anyone may send, without signing in, to your accepted domains only, up to 10 MB.")
    hand.short_tarpit(INTERNET)
    wait_for_greeting(place, "220 ")


def test_the_user_of_the_test_message_is_in_the_directory(hand: Hand) -> None:
    hand.feature("Directory")
    hand.page.click("text=New recipient")
    hand.write("Address", USER)
    hand.press("Save")
    hand.reads(USER)


def test_a_test_message_is_sent_by_telnet(place: str) -> None:
    with Telnet(place) as session:
        host = session.greeting.split()[1]
        assert session.greeting.startswith("220 ")
        assert session.say("EHLO example.org")[0] == f"250-{host} Hello [127.0.0.1]"
        assert session.say("Mail from: user@example.org") == ["250 2.1.0 Sender OK"]
        assert session.say(f"Rcpt to: {USER}") == ["250 2.1.5 Recipient OK"]
        assert session.say("Data") == ["354 Start mail input; end with <CRLF>.<CRLF>"]
        (queued,) = session.say("", "This is a test message.", ".")
        assert re.fullmatch(r"250 2\.6\.0 <.+@.+> \[.+\] Queued mail for delivery", queued)
        assert session.say("Quit") == ["221 2.0.0 Service closing transmission channel"]
        assert session.closed


def test_the_banner_is_all_that_a_client_is_greeted_with(hand: Hand, place: str) -> None:
    hand.properties(INTERNET, "Scoping")
    hand.write("Banner", "220 Mail Server")
    hand.save()
    wait_for_greeting(place, "220 Mail")
    with Telnet(place) as session:
        assert session.greeting == "220 Mail Server"


def test_after_two_errors_the_session_ends(hand: Hand, place: str) -> None:
    hand.properties(INTERNET, "Limits")
    hand.write("Protocol errors before closing", "2")
    hand.save()
    with Telnet(place) as session:
        assert session.say("one") == ["500 5.3.3 Unrecognized command"]
        assert [session.say("two")[0], session.reply()[0][:9]] == ["500 5.3.3 Unrecognized command", "421 4.7.0"]
        assert session.closed


def test_no_more_connections_than_the_throttling_allows(hand: Hand, place: str) -> None:
    hand.properties(INTERNET, "Limits")
    hand.write("Connections in all", "4")
    hand.write("Connections per source", "3")
    hand.write("Per cent per source", "100")
    hand.save()
    first = [Telnet(place, "127.0.0.2") for _ in range(4)]
    second = [Telnet(place, "127.0.0.3") for _ in range(2)]
    codes = [each.greeting[:9] for each in first + second]
    for each in first + second:
        each.hang_up()
    assert codes == ["220 Mail ", "220 Mail ", "220 Mail ", "421 4.3.2", "220 Mail ", "421 4.3.2"]


def test_one_source_gets_its_share_of_what_is_left(hand: Hand, place: str) -> None:
    hand.properties(INTERNET, "Limits")
    hand.write("Per cent per source", "50")
    hand.save()
    sessions = [Telnet(place, "127.0.0.4") for _ in range(3)]
    codes = [each.greeting[:3] for each in sessions]
    for each in sessions:
        each.hang_up()
    assert codes == ["220", "220", "421"]


def test_a_silent_client_and_a_long_session_are_disconnected(hand: Hand, place: str) -> None:
    hand.properties(INTERNET, "Limits")
    hand.write("Inactivity time-out", "00:00:01")
    hand.write("Connection time-out", "00:00:02")
    hand.save()
    with Telnet(place) as session:
        started = monotonic()
        session.reply()
        assert monotonic() - started >= 0.9
        assert session.closed
    with Telnet(place) as session:
        started, answer = monotonic(), "250"
        while answer.startswith("250"):
            if not session.speaks_within(0.2):  # a client that is never silent for long
                session.type("NOOP")
            answer = session.reply()[0]
        assert answer.startswith("421")
        assert monotonic() - started >= 1.9
    hand.write("Inactivity time-out", "00:05:00")
    hand.write("Connection time-out", "00:10:00")
    hand.save()


def test_recipients_size_and_rate_are_limited(hand: Hand, place: str) -> None:
    hand.properties(INTERNET, "Limits")
    hand.write("Connections in all", "5000")
    hand.write("Recipients per message", "100")
    hand.write("Messages per minute", "200")
    hand.save()
    hand.properties(INTERNET, "General")
    hand.write("Maximum message size", "5MB")
    hand.save()
    with Telnet(place, "127.0.0.5") as session:
        assert begin(session) == ["250 2.1.0 Sender OK"]
        answers = session.each(*[f"RCPT TO:<{USER}>"] * 101)
        assert set(answers[:100]) == {"250 2.1.5 Recipient OK"}
        assert answers[100].startswith("452 4.5.3")
    with Telnet(place, "127.0.0.6") as session:
        assert "250-SIZE 5242880" in session.say("EHLO example.org")
        assert session.say("MAIL FROM:<a@example.org> SIZE=5242881")[0].startswith("552 5.3.4")
        assert session.say("MAIL FROM:<a@example.org> SIZE=5242880") == ["250 2.1.0 Sender OK"]
    with Telnet(place, "127.0.0.7") as session:
        session.say("EHLO example.org")
        answers = session.each(*["MAIL FROM:<a@example.org>", "RSET"] * 200)[::2]
        assert set(answers) == {"250 2.1.0 Sender OK"}
        assert session.say("MAIL FROM:<a@example.org>")[0].startswith("421 4.4.2")


def test_unknown_recipients_are_blocked_after_a_delay(hand: Hand, place: str) -> None:
    hand.feature("Recipient filter")
    hand.tick("Block messages sent to recipients not listed in the Global Address List", False)
    hand.save()
    with Telnet(place, "127.0.0.8") as session:
        begin(session)
        assert session.say("RCPT TO:<nobody@gatepost.test>") == ["250 2.1.5 Recipient OK"]
    hand.tick("Block messages sent to recipients not listed in the Global Address List")
    hand.save()
    hand.properties(INTERNET, "Limits")
    hand.write("Tarpit interval", "00:00:02")
    hand.save()
    with Telnet(place, "127.0.0.8") as session:
        begin(session)
        started = monotonic()
        assert session.say("RCPT TO:<nobody@gatepost.test>") == ["550 5.1.1 User unknown"]
        assert monotonic() - started >= 1.9
        assert session.say(f"RCPT TO:<{USER}>") == ["250 2.1.5 Recipient OK"]
