"""What would have let a message in: each change is tried, and the smallest that suffices stands first."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from console.connectors.actions import create
from console.domains import actions as domains
from console.protection import actions as protection
from console.publishing import queries as publishing
from console.tracking.remedies import Reach
from console.what_if.queries import Tried, answer, remedies, tried
from tests.console.builders import ADMIN, RELAY, accepted_domain, receive_connector
from tests.console.clients import all_come_from
from transport.config.connection_filter import IPList, IPListEntry
from transport.config.endpoint import ALL_IPV4
from transport.config.filters import RecipientFilter
from transport.trace.what_if import Dialogue


@pytest.fixture(autouse=True)
def configuration(db: None) -> None:
    """The Internet on port 25, and devices of 127.0.2.0/24 that relay there."""
    domains.create(ADMIN, accepted_domain(default=True))
    create(ADMIN, receive_connector("Default Frontend", ranges=[ALL_IPV4], bindings=["0.0.0.0:25"]))
    inner = receive_connector("Anonymous Relay", ranges=["127.0.2.0/24"], bindings=["0.0.0.0:25"], grants=(RELAY,))
    create(ADMIN, inner, confirmed_name="Anonymous Relay")


def found(recipient: str = "bob@fabrikam.com", client: str = "10.1.1.9") -> list[Tried]:
    saved = publishing.saved()
    asked = Dialogue(
        client=client, local=("10.0.0.1", 25), helo="printer", sender="scan@contoso.com", recipients=(recipient,)
    )
    return tried(saved, remedies(answer(saved, asked, {}), asked), asked, {})


def test_one_more_address_is_less_than_a_right_for_everybody() -> None:
    first, *others = found()
    assert first.is_smallest and first.lets_in and not first.opens
    assert first.remedy.label == "Add 10.1.1.9 to “Anonymous Relay”"
    assert [each.is_smallest for each in others] == [False] * len(others)
    grant = next(each for each in others if each.remedy.reach is Reach.CONNECTOR)
    assert grant.lets_in and "Everyone on the Internet could send mail to any address" in grant.opens[0]
    assert [each for each in others if each.lets_in][-1] is grant


def test_a_right_for_one_address_that_is_a_gateway_says_who_stands_behind_it() -> None:
    all_come_from("10.1.1.9", "Default Frontend")
    one = next(each for each in found() if each.remedy.label == "Add 10.1.1.9 to “Anonymous Relay”")
    assert one.lets_in and "it is likely a gateway, and everybody behind it" in one.opens[0]


def test_what_does_not_suffice_says_what_refuses_then() -> None:
    protection.set_filter(ADMIN, RecipientFilter(recipient_validation_enabled=True))
    domain = next(each for each in found() if each.remedy.reach is Reach.DOMAIN)
    assert domain.lets_in is False and domain.refusal.startswith("550 5.1.1 ")


def test_a_recipient_who_is_not_listed_is_added() -> None:
    protection.set_filter(ADMIN, RecipientFilter(recipient_validation_enabled=True))
    (only,) = found("new.colleague@contoso.com")
    assert only.is_smallest and only.lets_in and not only.opens


def test_of_a_blocked_client_the_allow_list_spares_the_other_filters_too() -> None:
    protection.add_entries(ADMIN, [IPListEntry(ip_list=IPList.Block, ip_range="10.1.0.0/16")])
    allowed, unblocked = found("nobody@contoso.com")
    assert (allowed.remedy.label, allowed.lets_in) == ("Put 10.1.1.9 on the IP Allow list", True)
    assert (unblocked.lets_in, unblocked.refusal) == (False, "550 5.1.1 User unknown")


def test_the_page_shows_what_was_tried(admin: Client) -> None:
    question = {"client": "10.1.1.9", "local": "10.0.0.1:25", "helo": "x", "sender": "a@contoso.com"}
    page: Any = admin.get(reverse("what_if:page"), question | {"recipients": "bob@fabrikam.com"}).text
    assert "smallest change" in page and "Nobody else may relay by it." in page
    assert page.index("Add 10.1.1.9 to “Anonymous Relay”") < page.index("Grant “")
    assert "With its address alone: Anonymous users, with the right “Accept any recipient (relay)”." in page
