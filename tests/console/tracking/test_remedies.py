"""From a refusal to its remedy in three clicks: the link beside it, the form that it fills in, Save."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from console.connectors.actions import create
from console.connectors.models import ReceiveConnector
from console.directory.models import Recipient
from console.domains.actions import create as create_domain
from console.domains.models import AcceptedDomain
from console.publishing import queries as publishing
from console.tracking.models import Session
from console.tracking.refusals import GROUPS
from console.tracking.remedies import REMEDIES
from tests.console.builders import ADMIN, RELAY, accepted_domain, receive_connector
from tests.console.page_form import Form
from transport.config.endpoint import ALL_IPV4
from transport.receive.rules import REFUSALS

COMMANDS = {"MAIL": "MAIL FROM:<eve@fabrikam.example>", "RCPT": "RCPT TO:<new.colleague@contoso.com>"}


@pytest.fixture(autouse=True)
def configuration(db: None) -> None:
    """The Internet on port 25, and devices of 127.0.2.0/24 that relay there."""
    create_domain(ADMIN, accepted_domain())
    create(ADMIN, receive_connector("Default Frontend", ranges=[ALL_IPV4], bindings=["0.0.0.0:25"]))
    inner = receive_connector("Anonymous Relay", ranges=["127.0.2.0/24"], bindings=["0.0.0.0:25"], grants=(RELAY,))
    create(ADMIN, inner, confirmed_name="Anonymous Relay")


def refused(
    rule: str, client: str = "127.0.0.6", command: str = COMMANDS["RCPT"], before: tuple[Any, ...] = ()
) -> Session:
    revision, now = publishing.newest(), timezone.now()
    assert revision is not None
    reply, at = REFUSALS[rule].replies[0].text, now.isoformat()
    said = [
        (at, "+", "", ""), *((at, *each, "") for each in before), (at, "<", command, ""),
        (at, ">", reply, f"{rule}; revision {revision.number}"),
    ]  # fmt: skip
    return Session.objects.create(
        session_id=f"{Session.objects.count():016X}", transport="mx1", connector="NODE\\Default Frontend", refused=1,
        local_endpoint="10.0.0.1:25", remote_address=client, remote_port=4711, started_at=now, ended_at=now,
        events=said,
    )  # fmt: skip


def links(client: Client, session: Session) -> dict[str, str]:
    """Label → address of what the session's page offers."""
    text = client.get(reverse("tracking:session", args=[session.pk])).text
    found = re.findall(r'<li><a href="([^"]+)"[^>]*><svg[^>]*>.*?</svg>(.*?)</a>', text)
    return {unescape(label): unescape(url) for url, label in found}


def row(name: str) -> ReceiveConnector:
    return ReceiveConnector.objects.get(name=name)


def test_a_device_is_added_to_the_connector_that_relays(admin: Client) -> None:
    url = links(admin, refused("relay_denied"))["Add 127.0.0.6 to “Anonymous Relay”"]
    form = admin.get(url)
    assert "127.0.0.6</textarea>" in form.text
    assert row("Anonymous Relay").remote_ip_ranges == ["127.0.2.0/24"], "nothing is done by the click"
    admin.post(url, Form(form.text).sent | {"confirmation": "Anonymous Relay"})
    assert row("Anonymous Relay").remote_ip_ranges == ["127.0.2.0/24", "127.0.0.6"]


def test_a_right_is_granted_with_its_row_marked_and_what_it_opens_said(admin: Client) -> None:
    session = refused("relay_denied")
    label = "Grant “Accept any recipient (relay)” to Anonymous users on “Default Frontend”"
    url = links(admin, session)[label]
    assert (
        "Opens a relay: whoever comes from all of IPv4"
        in admin.get(reverse("tracking:session", args=[session.pk])).text
    )
    page, _hash, place = url.partition("#")
    form = admin.get(page).text
    cell = re.search(rf'<select id="{place}".*?</select>', form, re.DOTALL)
    assert cell and 'value="grant" selected' in cell[0]
    assert "Once saved:" in form and "to any address" in form
    assert row("Default Frontend").grants == []


def test_a_new_connector_begins_with_the_client(admin: Client) -> None:
    url = links(admin, refused("relay_denied"))["New connector for 127.0.0.6"]
    first = admin.get(url, follow=True)
    assert 'value="Client 127.0.0.6"' in first.text
    step = first.redirect_chain[-1][0]
    entries = Form(first.text).sent | {"usage": "Custom", "go": "next"}
    local = admin.post(step, entries, follow=True)
    remote = admin.post(
        local.redirect_chain[-1][0], {"bindings": "0.0.0.0:2526", "fqdn": "", "go": "next"}, follow=True
    )
    assert ">\n127.0.0.6</textarea>" in remote.text or ">127.0.0.6</textarea>" in remote.text


def test_a_recipient_and_a_domain_are_added_in_three_clicks(admin: Client) -> None:
    url = links(admin, refused("recipient_unknown"))["Add new.colleague@contoso.com to the directory"]
    admin.post(url, Form(admin.get(url).text).sent)
    assert Recipient.objects.filter(address="new.colleague@contoso.com").exists()
    stranger = refused("relay_denied", command="RCPT TO:<a@fabrikam.example> NOTIFY=NEVER")
    url = links(admin, stranger)["Add fabrikam.example to the accepted domains"]
    admin.post(url, Form(admin.get(url).text).sent)
    assert AcceptedDomain.objects.filter(domain_name="fabrikam.example").exists()


def test_a_public_client_is_not_offered_a_relay_as_harmless(admin: Client) -> None:
    text = admin.get(reverse("tracking:session", args=[refused("relay_denied", "203.0.113.7").pk])).text
    link = re.search(r'<a href="[^"]*"( class="is-danger")?>(?:(?!</a>).)*Add 203\.0\.113\.7 to', text)
    assert link and link[1]
    assert "Opens a relay: whoever comes from 203.0.113.7" in text


def test_who_has_signed_in_is_granted_as_such(admin: Client) -> None:
    before = (("<", "AUTH PLAIN *****"), (">", "235 2.7.0 Authentication successful"))
    found = links(admin, refused("relay_denied", before=before))
    assert "Grant “Accept any recipient (relay)” to Authenticated users on “Default Frontend”" in found


def test_the_page_of_a_refusal_keeps_its_session(admin: Client) -> None:
    session = refused("recipient_unknown")
    text = admin.get(reverse("tracking:session", args=[session.pk])).text
    link = reverse("refusals:page", args=["recipient_unknown"]) + f"?session={session.pk}"
    assert link in text
    assert "Add new.colleague@contoso.com to the directory" in admin.get(link).text
    assert "Add new.colleague" not in admin.get(reverse("refusals:page", args=["recipient_unknown"])).text
    assert admin.get(reverse("refusals:page", args=["recipient_unknown"]) + "?session=%00nonsense").status_code == 200


def test_every_link_of_every_rule_leads_to_an_element_that_exists(admin: Client) -> None:
    """Also to the cell of a matrix, and to the field of a tab; each page is looked at once."""
    seen: dict[str, str] = {}

    def page_of(url: str) -> str:
        if url not in seen:
            answer = admin.get(url, follow=True)
            assert answer.status_code == 200, url
            seen[url] = answer.text
        return seen[url]

    for rule in (name for _title, table in GROUPS for name in table):
        session = refused(rule, command=COMMANDS["MAIL"] if "sender" in rule else COMMANDS["RCPT"])
        own = reverse("refusals:page", args=[rule]) + f"?session={session.pk}"
        for page in (reverse("tracking:session", args=[session.pk]), own):
            main = page_of(page).split("<main")[1]
            for url in {unescape(each) for each in re.findall(r'<a [^>]*?href="(/[^"]*)"(?! download)', main)}:
                there, _hash, place = url.partition("#")
                assert not place or f'id="{place}"' in page_of(there), f"{page}: {url}"
                assert place or page_of(there), url


def test_every_remedy_belongs_to_a_rule() -> None:
    assert REMEDIES.keys() <= REFUSALS.keys()
