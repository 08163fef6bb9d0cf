"""Document 002: the relay restrictions of an Exchange 2003 virtual server are taken over, and some users may send
nothing to the Internet; a connector overrides relay, pulls mail with ETRN, and sends over a line that is not always up
(exercises 3 to 7); connections in and out have the options of its Tables 1 and 2.
"""

from __future__ import annotations

import os
import threading
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from console.processes.address import free_port
from tests.deliver.conftest import Sink
from tests.road.documents.hand import Hand
from tests.road.documents.telnet import Telnet, wait_for_greeting
from tests.running_copy import RunningCopy
from tests.waiting import wait_for

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("hand")]

NAME = "SMTP_server1"


@pytest.fixture(scope="module")
def place() -> str:
    return f"127.0.0.1:{free_port()}"


def to_the_restrictions(hand: Hand, place: str) -> None:
    hand.feature("Receive connectors")
    hand.page.click("text=New receive connector")
    hand.write("Name", NAME)
    hand.page.click("summary:has-text('More options')")
    hand.tick("Take over the relay restrictions of Exchange 2003")
    hand.press("Next")
    hand.listen(place)
    hand.press("Next")


def test_all_except_the_list_would_be_an_open_relay(hand: Hand, place: str) -> None:
    to_the_restrictions(hand, place)
    hand.tick("All except the list below")
    hand.write("Computers", "127.0.6.0 (255.255.255.0)")
    hand.reads("This is an open relay: everyone on the Internet may send to any address through it.")
    hand.press("Next")
    hand.press("Create")
    hand.reads(f"Type the name “{NAME}” exactly as it stands here.")
    hand.press("Cancel")


def test_only_the_list_may_relay(hand: Hand, place: str) -> None:
    to_the_restrictions(hand, place)
    hand.tick("Only the list below")
    hand.write("Computers", "127.0.6.0 (255.255.255.0)\ncontoso.com")
    expect(hand.page.get_by_role("button", name="Look up the domains")).to_be_visible()
    hand.write("Computers", "127.0.6.0 (255.255.255.0)")
    hand.reads("Anyone at 127.0.6.0/24 may send, without signing in, to any address")
    hand.press("Next")
    hand.press("Create")
    hand.page.get_by_label(f"Type “{NAME}” to confirm").fill(NAME)
    hand.press("Create")
    hand.reads(f"{NAME} is made and saved as revision")
    wait_for_greeting(place, "220 ", "127.0.6.1")
    with Telnet(place, "127.0.6.1") as session:
        found = session.each("EHLO computer", "MAIL FROM:<a@gatepost.test>", "RCPT TO:<b@fabrikam.example>")
        assert found[2] == "250 2.1.5 Recipient OK"
    with Telnet(place, "127.0.7.1") as session:
        assert session.greeting[:3] == "554"


GENERAL, OFFICE, SIGNED_IN = "General SMTP Connector", "Office", "127.0.8.1"
WORD = "winter-rain-on-tin"
STAFF = ("m.alexander", "s.alexander", "m.allen")


@pytest.fixture(scope="module")
def internet() -> Iterator[Sink]:
    """The server beyond."""
    server = Sink()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def office() -> str:
    return f"127.0.0.1:{free_port()}"


def test_the_users_of_the_company_are_here(hand: Hand) -> None:
    for name in STAFF:
        hand.feature("Directory")
        hand.page.get_by_role("link", name="New recipient").first.click()
        hand.write("Address", f"{name}@gatepost.test")
        hand.press("Save")
        hand.feature("SMTP users")
        hand.page.get_by_role("link", name="New user").first.click()
        hand.write("Logon name", name)
        hand.write("Domain", "CONTOSO")
        hand.write("Addresses", f"{name}@gatepost.test")
        hand.write("Password", WORD)
        hand.write("Password again", WORD)
        hand.press("Save")
        hand.reads(name)


def test_they_send_after_signing_in(hand: Hand, office: str) -> None:
    hand.new_connector(OFFICE, "Custom", office, f"{SIGNED_IN}/32")
    hand.properties(OFFICE, "Security")
    hand.tick("Basic authentication")
    hand.tick("Exchange users")
    hand.save()
    wait_for_greeting(office, "220 ", SIGNED_IN)


def test_a_send_connector_for_the_internet(hand: Hand, internet: Sink) -> None:
    hand.feature("Send connectors")
    hand.page.get_by_role("link", name="New send connector").first.click()
    hand.write("Name", GENERAL)
    hand.press("Next")
    expect(hand.page.get_by_role("textbox", name="Smart hosts")).to_be_hidden()
    hand.page.get_by_label("Route mail through smart hosts").check()
    hand.write("Smart hosts", "[127.0.0.1]")
    hand.write("Port", str(internet.port))
    hand.press("Next")
    hand.press("Next")
    hand.write("Address spaces", "*")
    hand.press("Next")
    hand.reads(f"Mail for all other domains leaves through [127.0.0.1], port {internet.port}, without signing in")
    hand.press("Create")
    hand.reads(f"{GENERAL} is made and saved as revision")
    hand.reads(f'New-SendConnector -Name "{GENERAL}" -Usage Custom')
    hand.in_force()


def general(hand: Hand, tab: str) -> None:
    """A tab of the connector's properties."""
    hand.feature("Send connectors")
    hand.page.click(f"tbody .row-link strong:text-is('{GENERAL}')")
    hand.page.locator("#details").get_by_role("link", name="Open properties").click()
    expect(hand.page.locator("h1")).to_have_text(GENERAL)
    hand.page.click(f".tabs a:text-is('{tab}')")
    expect(hand.page.locator(".tabs [aria-current]")).to_have_text(tab)


def test_it_is_tried_before_anybody_uses_it(hand: Hand, internet: Sink) -> None:
    general(hand, "Test")
    hand.write("Sender", "m.allen@gatepost.test")
    hand.write("Recipient", "somebody@fabrikam.example")
    hand.press("Test")
    hand.reads("It works: a host takes mail from this sender to this recipient.")
    hand.reads("RCPT TO:<somebody@fabrikam.example>")
    assert internet.arrived == []


INCOMING = (
    ("Connections in all", "1", "421 4.3.2 The maximum number of concurrent connections has been reached"),
    ("Connections in all", "", "220 "),
)
"""Table 1, Limit Number Of Connections To: a box of the tab Limits, what is entered, and what a second client hears."""


def test_table_1_incoming_connections(hand: Hand, office: str) -> None:
    hand.properties(OFFICE, "Limits")
    expect(hand.page.get_by_label("Connection time-out")).to_have_value("00:10:00")
    hand.write("Connections in all", "0")
    hand.press("Save")
    hand.reads("Enter a value from 1 to")
    for label, value, heard in INCOMING:
        hand.write(label, value)
        hand.save()
        with Telnet(office, SIGNED_IN), Telnet(office, SIGNED_IN) as second:
            assert second.greeting.startswith(heard)
    expect(hand.page.get_by_label("Connections in all")).to_have_value("Unlimited")
    hand.write("Inactivity time-out", "1 s")
    hand.save()
    with Telnet(office, SIGNED_IN) as silent:
        assert silent.reply()[0].startswith("451 4.7.0 ") and silent.closed
    hand.write("Inactivity time-out", "5 minutes")
    hand.save()


OUTGOING = (
    ("Limit connections to", "0", "Enter a value from 1 to"),
    ("Limit connections to", "99", "Of 99 connections in all, no more can go to one."),
    ("Limit connections per domain to", "", "The transport settings are saved."),
    ("Limit connections to", "", "The transport settings are saved."),
    ("Limit connections to", "1", "The transport settings are saved."),
)
"""Table 2: a box of the transport settings, what is entered, and what the page says."""


def test_table_2_outgoing_connections(hand: Hand, copy: RunningCopy, office: str, internet: Sink) -> None:
    hand.feature("Transport settings")
    expect(hand.page.get_by_label("Limit connections to")).to_have_value("1000")
    expect(hand.page.get_by_label("Limit connections per domain to")).to_have_value("100")
    for label, value, said in OUTGOING:
        hand.write(label, value)
        hand.press("Save")
        hand.reads(said)
    hand.in_force()
    general(hand, "Limits")
    expect(hand.page.get_by_label("Connection time-out")).to_have_value("00:10:00")
    partner = ["-SmartHosts", '"[127.0.0.1]"', "-Port", str(internet.port), "-AddressSpaces", "partner.example"]
    made = " ".join(["New-SendConnector", "-Name", "Partner", "-DNSRoutingEnabled", "$false", *partner])
    assert copy.manage("gms", "-c", made).returncode == 0
    goes_on = threading.Event()
    hanging: list[str] = []

    def hangs(line: str, n: int) -> None:
        if line == ".":
            hanging.append(line)
            goes_on.wait(60)

    internet.behave = hangs
    for recipient in ("first@fabrikam.example", "second@partner.example"):
        assert sends(office, "m.allen", recipient)[:3] == "250"
        wait_for(lambda: hanging, "the first message does not leave")
    hand.feature("Queues")
    wait_for(lambda: says(hand, "All connections to other servers are in use: 1 at one time."), "it is not said why")
    assert len(hanging) == 1
    hand.page.locator("tbody .row-link").first.click()
    expect(hand.page.locator("#details h2")).to_have_text("[127.0.0.1]")
    scrolled = "[...document.querySelectorAll('tbody td')].filter(each => each.scrollLeft).length"
    assert hand.page.evaluate(scrolled) == 0, "a long name slid below its box when it was chosen"
    goes_on.set()
    wait_for(lambda: len(internet.arrived) == 2, "the second message does not leave after the first")
    internet.arrived.clear()
    removed = "Remove-SendConnector Partner -Confirm:$false; Set-TransportService -MaxOutboundConnections 1000"
    assert copy.manage("gms", "-c", removed).returncode == 0


def says(hand: Hand, words: str) -> bool:
    """Whether the page does, which is loaded anew where it does not."""
    return words in hand.page.locator("main").inner_text() or not hand.page.reload()


def test_prohibited_users_are_written_with_semicolons(hand: Hand) -> None:
    general(hand, "Delivery restrictions")
    hand.write("Reject messages from", "m.alexander; s.alexander")
    hand.reads("Mail of m.alexander and s.alexander is turned away.")
    hand.save()
    hand.reads("Mail of CONTOSO\\m.alexander and CONTOSO\\s.alexander is turned away.")


def sends(office: str, name: str, recipient: str = "somebody@fabrikam.example") -> str:
    """What the server says to a message for the Internet of somebody who has signed in."""
    with Telnet(office, SIGNED_IN) as session:
        session.say("EHLO computer")
        session.say("AUTH LOGIN")
        session.say(b64encode(name.encode()).decode())
        assert session.say(b64encode(WORD.encode()).decode())[0][:3] == "235"
        session.each(f"MAIL FROM:<{name}@gatepost.test>", f"RCPT TO:<{recipient}>", "DATA")
        return session.say(f"Subject: Offer of {name}", "", "Hello", ".")[0]


def test_their_mail_comes_back_and_that_of_others_leaves(hand: Hand, office: str, internet: Sink) -> None:
    for name in STAFF:
        assert sends(office, name)[:3] == "250"
    wait_for(lambda: bool(internet.arrived), "the mail of somebody who may send has not left")
    assert [each.sender for each in internet.arrived] == ["m.allen@gatepost.test"]
    hand.page.goto("/recipients/mailboxes/gatepost.test/m.alexander/messages/")

    def reported() -> bool:
        return hand.page.locator("tbody .row-link").count() == 1 or not hand.page.reload()

    wait_for(reported, "the sender has no report")
    hand.page.locator("tbody .row-link").click()
    hand.page.locator("#details").get_by_role("link").last.click()
    hand.reads(GENERAL)


def stranger(copy: RunningCopy) -> str:
    """What somebody who has not signed in is answered who names a recipient on the Internet."""
    with Telnet(copy.smtp, "127.0.9.1") as session:
        found = session.each("EHLO computer", "MAIL FROM:<x@elsewhere.example>", "RCPT TO:<a@fabrikam.example>")
        return found[2]


def test_the_connector_overrides_the_relay_restrictions(hand: Hand, copy: RunningCopy) -> None:
    assert stranger(copy) == "550 5.7.1 Unable to relay"
    general(hand, "Address space")
    hand.tick("Allow messages to be relayed to these domains")
    hand.reads("This overrides the default restrictions for relaying")
    hand.press("Save")
    hand.reads("could send mail to every domain")
    hand.page.get_by_label(f"Type “{GENERAL}” to confirm").fill(GENERAL)
    hand.press("Save")
    hand.reads("is saved.")
    hand.in_force()
    assert stranger(copy) == "250 2.1.5 Recipient OK"
    hand.tick("Allow messages to be relayed to these domains", on=False)
    hand.save()
    assert stranger(copy) == "550 5.7.1 Unable to relay"


def test_queued_mail_is_pulled_from_another_server(hand: Hand, internet: Sink) -> None:
    internet.extensions = (*internet.extensions, "ETRN")
    general(hand, "Advanced")
    hand.choose("Request mail", "Issue ETRN")
    hand.page.get_by_label("Request ETRN/TURN from different server").fill(f"127.0.0.1:{internet.port}")
    hand.save()
    hand.reads("by ETRN")
    hand.feature("Send connectors")
    hand.page.click(f"tbody .row-link strong:text-is('{GENERAL}')")
    expect(hand.page.locator("#details h2")).to_have_text(GENERAL)
    hand.page.get_by_role("button", name="Request mail now").first.click()
    hand.reads("asked for its mail")
    wait_for(lambda: "ETRN gatepost.test" in internet.commands, "nobody has asked for the mail")


LINE = "dialup"
"""The demand-dial interface of exercise 6: a line that is up while the file `carrier` is there."""
only_root_writes_links = pytest.mark.skipif(os.getuid() != 0, reason="only root may write links.toml")


@pytest.fixture(scope="module")
def line(links: Path) -> Path:
    """Writes links.toml as docs/links.md says; returns the folder in which the line leaves its traces."""
    place = links / "line"
    place.mkdir()
    place.chmod(0o777)
    commands = {"up": "echo up >> done; touch carrier", "down": "echo down >> done; rm -f carrier"}
    for name, command in (commands | {"check": "test -e carrier"}).items():
        (links / name).write_text(f"#!/bin/sh\ncd {place}\n{command}\n")
        (links / name).chmod(0o755)
    said = [f'{name} = ["{links / name}"]' for name in ("up", "down", "check")]
    (links / "links.toml").write_text("\n".join([f"[{LINE}]", *said, "hold = 0", "idle = 2"]))
    return place


def done(line: Path) -> list[str]:
    return (line / "done").read_text().split() if (line / "done").exists() else []


@only_root_writes_links
def test_mail_for_the_internet_leaves_over_a_line_that_is_brought_up_for_it(
    hand: Hand, office: str, internet: Sink, line: Path
) -> None:
    general(hand, "Delivery options")
    hand.write("Link", LINE)
    hand.save()
    before = len(internet.arrived)
    assert sends(office, "m.allen")[:3] == "250"
    wait_for(lambda: len(internet.arrived) > before, "mail did not leave over the line")
    assert done(line)[0] == "up"
    wait_for(lambda: done(line)[-1] == "down", "the line was not taken down after the mail")
    wait_for(lambda: not (line / "carrier").exists(), "the line is still up")


@only_root_writes_links
def test_while_the_line_does_not_come_up_mail_waits_without_an_attempt_and_the_queue_says_why(
    hand: Hand, copy: RunningCopy, office: str, internet: Sink, line: Path, links: Path
) -> None:
    (links / "up").write_text("#!/bin/sh\necho NO DIALTONE\nexit 1\n")
    before = len(internet.arrived)
    assert sends(office, "m.allen")[:3] == "250"
    hand.feature("Queues")

    def says_why() -> bool:
        return "NO DIALTONE" in hand.page.locator("main").inner_text() or not hand.page.reload()

    wait_for(says_why, "the queue does not say why its mail waits")
    hand.page.goto("/mail-flow/queues/messages/")
    hand.page.locator("tbody .row-link").first.click()
    expect(hand.page.locator("#details")).to_contain_text("NO DIALTONE")
    hand.page.locator("#details").get_by_role("link", name="Open message").click()
    row = hand.page.locator("tbody tr", has_text="somebody@fabrikam.example")
    expect(row.locator("td.end")).to_have_text("0")
    assert len(internet.arrived) == before
    (line / "carrier").touch()
    assert copy.manage("link", LINE, "up").returncode == 0
    wait_for(lambda: len(internet.arrived) > before, "mail did not leave when the line came up by itself")


@only_root_writes_links
def test_the_shell_knows_the_line_and_lets_the_connector_do_without(hand: Hand, copy: RunningCopy) -> None:
    shown = copy.manage("gms", "-c", f'Get-SendConnector "{GENERAL}" | fl Link').stdout
    assert f"Link : {LINE}" in shown
    assert copy.manage("gms", "-c", f'Set-SendConnector "{GENERAL}" -Link $null').returncode == 0
    hand.page.reload()
    hand.in_force()
