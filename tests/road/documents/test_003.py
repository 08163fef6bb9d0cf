"""Document 003: both strategies to let a device relay, each with a connector of its own for one address."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from console.processes.address import free_port
from tests.road.documents.hand import Hand
from tests.road.documents.telnet import Telnet, wait_for_greeting

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("hand")]

RELAY, SECURED = "Anonymous Relay", "Externally Secured Relay"
DEVICE, OTHER = "127.0.5.77", "127.0.5.78"
TO_THE_WORLD = "RCPT TO:<somebody@fabrikam.example>"


@pytest.fixture(scope="module")
def relay() -> str:
    return f"127.0.0.1:{free_port()}"


@pytest.fixture(scope="module")
def secured() -> str:
    return f"127.0.0.1:{free_port()}"


def answers(place: str, *lines: str) -> list[str]:
    """What the device is answered."""
    with Telnet(place, DEVICE) as session:
        return session.each("EHLO printer", *lines)[1:]


def test_the_wizard_keeps_strangers_out(hand: Hand, relay: str) -> None:
    hand.new_connector(RELAY, "Custom", relay, DEVICE)
    hand.reads("may connect, but nobody may send: no permission group is chosen.")
    hand.short_tarpit(RELAY)
    wait_for_greeting(relay, "220 ", DEVICE)
    with Telnet(relay, OTHER) as session:
        assert session.greeting[:3] == "554"
    assert answers(relay, "MAIL FROM:<scan@gatepost.test>") == ["530 5.7.1 Client was not authenticated"]


def test_anonymous_users_may_send_but_not_relay(hand: Hand, relay: str) -> None:
    hand.properties(RELAY, "Security")
    hand.tick("Anonymous users")
    hand.save()
    found = answers(relay, "MAIL FROM:<scan@gatepost.test>", TO_THE_WORLD, "RCPT TO:<postmaster@gatepost.test>")
    assert found == ["250 2.1.0 Sender OK", "550 5.7.1 Unable to relay", "250 2.1.5 Recipient OK"]


def test_the_right_granted_by_hand_lets_them_relay(hand: Hand, relay: str) -> None:
    hand.properties(RELAY, "Security")
    hand.choose("Accept any recipient (relay): Anonymous users", "✓ granted")
    hand.reads("This connector relays: its clients may send to any address. All its remote addresses are private.")
    hand.save(confirm=RELAY)
    hand.reads(f"Anyone at {DEVICE} may send, without signing in, to any address, up to 10 MB.")
    assert answers(relay, "MAIL FROM:<scan@gatepost.test>", TO_THE_WORLD)[1] == "250 2.1.5 Recipient OK"
    too_large = answers(relay, "MAIL FROM:<scan@gatepost.test> SIZE=10485761")
    assert too_large == ["552 5.3.4 Message size exceeds fixed maximum message size"]


def test_the_command_that_does_the_same_is_shown(hand: Hand) -> None:
    hand.feature("Receive connectors")
    hand.page.click(f"tbody .row-link strong:text-is('{RELAY}')")
    details = hand.page.locator("#details")
    expect(details).to_contain_text("Add-ADPermission")
    expect(details).to_contain_text("ms-Exch-SMTP-Accept-Any-Recipient")


def test_externally_secured_clients_are_trusted_whole(hand: Hand, secured: str) -> None:
    hand.new_connector(SECURED, "Custom", secured, DEVICE)
    hand.properties(SECURED, "Security")
    hand.tick("Externally secured (for example, with IPsec)")
    hand.press("Save")
    hand.reads("“Externally secured” needs the permission group Exchange servers")
    hand.tick("Exchange servers")
    hand.save(confirm=SECURED)
    hand.reads(f"Anyone at {DEVICE} may send, trusted without signing in, to any address, of any size.")
    found = answers(secured, "MAIL FROM:<boss@gatepost.test> SIZE=10485761", TO_THE_WORLD)
    assert found == ["250 2.1.0 Sender OK", "250 2.1.5 Recipient OK"]
    with Telnet(secured, OTHER) as session:
        assert session.greeting[:3] == "554"
