"""Document 004: the default connector serves the inside only, a new one takes anonymous mail from the Internet."""

from __future__ import annotations

import smtplib
import ssl

import pytest
from cryptography import x509

from tests.road.documents.hand import Hand
from tests.road.documents.telnet import Telnet, wait_for_greeting
from tests.running_copy import RunningCopy

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("hand")]

INCOMING, MX = "Incoming Email from Internet", "mx.gatepost.test"
INSIDE, OUTSIDE = "127.0.1.1", "127.0.2.2"
INTERNAL = ["10.0.0.0/8", "fec0::/10", "fc00::/7", "192.168.0.0/16", "127.0.1.0/24"]
"""The document's list without its slip, and the addresses that are the inside here."""


@pytest.fixture(scope="module")
def default(hand: Hand) -> str:
    """The name of the connector that a new copy has."""
    hand.feature("Receive connectors")
    return hand.page.locator("tbody .row-link strong", has_text="Default Frontend").inner_text()


def offered(place: str, source: str) -> list[str]:
    """The keywords of the answer to EHLO."""
    with Telnet(place, source) as session:
        return [line[4:] for line in session.say("EHLO company.com")[1:]]


def test_at_first_strangers_may_try_passwords(hand: Hand, default: str, copy: RunningCopy) -> None:
    hand.properties(default, "Security")
    hand.tick("Basic authentication")
    hand.tick("Exchange users")
    hand.save()
    hand.reads("passwords cross the network readable")
    assert "AUTH LOGIN PLAIN" in offered(copy.smtp, OUTSIDE)


def test_the_default_connector_is_scoped_to_the_inside(hand: Hand, default: str, copy: RunningCopy) -> None:
    hand.properties(default, "Scoping")
    hand.write("Remote network settings", "\n".join([*INTERNAL, "172.160.0.0/12"]))
    hand.reads("172.160.0.0/12 holds public addresses. The private network is 172.16.0.0/12: did you mean")
    hand.write("Remote network settings", "\n".join([*INTERNAL, "172.16.0.0/12"]))
    hand.save()
    wait_for_greeting(copy.smtp, "554 ", OUTSIDE)
    assert "AUTH LOGIN PLAIN" in offered(copy.smtp, INSIDE)


def test_a_new_connector_takes_mail_from_everywhere(hand: Hand, copy: RunningCopy) -> None:
    hand.new_connector(INCOMING, "Internet", copy.smtp)
    hand.short_tarpit(INCOMING)
    hand.properties(INCOMING, "Scoping")
    ranges = hand.page.get_by_label("Remote network settings").input_value().split("\n")
    assert ranges == ["0.0.0.0-255.255.255.255", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]
    wait_for_greeting(copy.smtp, "220 ", OUTSIDE)


def test_it_has_only_anonymous_users_and_tls(hand: Hand) -> None:
    hand.properties(INCOMING, "Security")
    boxes = hand.page.locator("[name=auth_mechanism]:checked, [name=permission_groups]:checked")
    ticked = boxes.evaluate_all("boxes => boxes.map(box => box.value)")
    assert ticked == ["Tls", "AnonymousUsers"]


def test_it_says_the_name_of_the_mx_record(hand: Hand, copy: RunningCopy) -> None:
    hand.properties(INCOMING, "Scoping")
    hand.write("FQDN", MX)
    hand.save()
    wait_for_greeting(copy.smtp, f"220 {MX} ", OUTSIDE)


def test_it_shows_the_certificate_of_that_name(hand: Hand, copy: RunningCopy) -> None:
    hand.feature("Certificates")
    hand.page.get_by_role("link", name="New certificate").first.click()
    hand.write("Name", "Mail from the Internet")
    hand.write("Host names", MX)
    hand.press("Make it")
    hand.reads("Mail from the Internet")
    hand.in_force()
    hand.properties(INCOMING, "Certificate")
    option = hand.page.locator("#id_tls_certificate_name option", has_text=f"CN={MX}")
    hand.page.locator("#id_tls_certificate_name").select_option(option.get_attribute("value"))
    hand.save()
    host, _, port = copy.smtp.rpartition(":")
    with smtplib.SMTP(host, int(port), source_address=(OUTSIDE, 0)) as client:
        client.starttls(context=ssl._create_unverified_context())
        assert isinstance(client.sock, ssl.SSLSocket)
        shown = x509.load_der_x509_certificate(client.sock.getpeercert(binary_form=True) or b"")
        names = shown.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert names.get_values_for_type(x509.DNSName) == [MX]
        client.ehlo("company.com")
        assert not client.has_extn("auth")


def test_outside_nobody_may_sign_in_or_relay_inside_all_is_as_before(copy: RunningCopy) -> None:
    keywords = offered(copy.smtp, OUTSIDE)
    assert "STARTTLS" in keywords and not [each for each in keywords if each.startswith("AUTH")]
    with Telnet(copy.smtp, OUTSIDE) as session:
        session.say("EHLO company.com")
        assert session.say("MAIL FROM:<someone@example.org>") == ["250 2.1.0 Sender OK"]
        assert session.say("RCPT TO:<postmaster@gatepost.test>") == ["250 2.1.5 Recipient OK"]
        assert session.say("RCPT TO:<somebody@fabrikam.example>") == ["550 5.7.1 Unable to relay"]
        assert session.say("RSET")[0].startswith("250")
        assert session.say("AUTH LOGIN")[0].startswith("504")
    assert "AUTH LOGIN PLAIN" in offered(copy.smtp, INSIDE)
