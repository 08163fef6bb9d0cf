"""Document 002, Access tab: the relay restrictions of an Exchange 2003 virtual server are taken over."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from console.processes.address import free_port
from tests.road.documents.hand import Hand
from tests.road.documents.telnet import Telnet, wait_for_greeting

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("hand")]

NAME = "SMTP_server1"


@pytest.fixture(scope="module")
def place() -> str:
    return f"127.0.0.1:{free_port()}"


def to_the_restrictions(hand: Hand, place: str) -> None:
    hand.feature("Receive connectors")
    hand.page.click("text=New receive connector")
    if hand.page.get_by_role("link", name="Start afresh").count():
        hand.page.click("text=Start afresh")
    hand.write("Name", NAME)
    hand.tick("Take over the relay restrictions of Exchange 2003")
    hand.press("Next")
    hand.write("Network adapter bindings", place)
    hand.press("Next")


def test_all_except_the_list_would_be_an_open_relay(hand: Hand, place: str) -> None:
    to_the_restrictions(hand, place)
    hand.tick("All except the list below")
    hand.write("Computers", "127.0.6.0 (255.255.255.0)")
    hand.reads("This is an open relay: everyone on the Internet may send to any address through it.")
    hand.press("Next")
    hand.press("Finish")
    hand.reads(f"Type the name “{NAME}” exactly as it stands here.")
    hand.page.click("form.sheet >> text=Cancel")


def test_only_the_list_may_relay(hand: Hand, place: str) -> None:
    to_the_restrictions(hand, place)
    hand.tick("Only the list below")
    hand.write("Computers", "127.0.6.0 (255.255.255.0)\ncontoso.com")
    expect(hand.page.get_by_role("button", name="Look up the domains")).to_be_visible()
    hand.write("Computers", "127.0.6.0 (255.255.255.0)")
    hand.reads("Anyone in 127.0.6.0/24 may send, without signing in, to any address")
    hand.press("Next")
    hand.press("Finish")
    hand.page.get_by_label(f"Type “{NAME}” to confirm").fill(NAME)
    hand.press("Finish")
    hand.reads(f"{NAME} is made and saved as revision")
    wait_for_greeting(place, "220 ", "127.0.6.1")
    with Telnet(place, "127.0.6.1") as session:
        found = session.each("EHLO computer", "MAIL FROM:<a@gatepost.test>", "RCPT TO:<b@fabrikam.example>")
        assert found[2] == "250 2.1.5 Recipient OK"
    with Telnet(place, "127.0.7.1") as session:
        assert session.greeting[:3] == "554"
