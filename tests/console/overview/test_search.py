"""Somebody types an address, a setting or a code into the search of the top bar, and gets what it is about."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse, reverse_lazy

from console.actors import Role
from console.connectors.actions import create
from console.protection import actions as protection
from console.publishing.published import every_kind
from tests.console.builders import ADMIN, RELAY, receive_connector
from transport.config.connection_filter import IPList, IPListEntry
from transport.config.endpoint import ALL_IPV4
from transport.config.setting import settings


def found(client: Client, text: str) -> str:
    return client.get(reverse("overview:search"), {"q": text}).text


def test_an_address_is_answered_by_its_connector_as_the_transport_would(admin: Client) -> None:
    """The question of the product: who answers this address, and what may it do?"""
    for name, ranges, grants in (
        ("Default Frontend", [ALL_IPV4], ()),
        ("Anonymous Relay", ["127.0.2.0/24"], (RELAY,)),
        ("Turned off", ["127.0.2.200"], ()),
    ):
        create(
            ADMIN,
            receive_connector(
                name, ranges=ranges, grants=grants, bindings=["0.0.0.0:25"], enabled=name != "Turned off"
            ),
            confirmed_name=name,
        )
    text = found(admin, "127.0.2.200")
    assert "Who answers 127.0.2.200" in text
    assert "by its range 127.0.2.0/24, on 0.0.0.0:25" in text
    assert "may send, without signing in, to any address" in text
    assert "by its range all of IPv4" in found(admin, "[192.0.2.7]")
    assert "No connector: it would not be let in." in found(admin, "2001:DB8:0::7")
    assert "Who answers" not in found(admin, "127.0.2.0/24")
    assert "Anonymous Relay" in admin.get(reverse("connectors:receive-list"), {"q": "127.0.2.77"}).text


def test_an_address_on_a_list_says_so(admin: Client) -> None:
    entries = [IPListEntry(ip_list=IPList.Block, ip_range="198.51.100.0/24", comment="scanner")]
    protection.add_entries(ADMIN, entries)
    text = found(admin, "198.51.100.9")
    assert "On the IP Block list: 198.51.100.0/24 (scanner)." in text
    assert "198.51.100.0/24" in admin.get(reverse("protection:block-list"), {"q": "198.51.100.9"}).text
    assert "198.51.100.0/24" not in admin.get(reverse("protection:block-list"), {"q": "198.51.101.9"}).text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("tarpit", "TarpitInterval"),
        ("tarpitint", "Receive connectors · TarpitInterval"),
        ("message expiration", "Transport limits · MessageExpirationTimeout"),
        ("ip block", "IP Block list"),
        ("protocol log", reverse_lazy("tracking:list")),
        ("5.7.1", "Unable to relay"),
        ("relay_denied", "Unable to relay"),
        ("Suspend-Queue", "script=Get-Help+Suspend-Queue"),
    ],
)
def test_pages_settings_refusals_and_commands_are_found(admin: Client, text: str, told: str) -> None:
    assert str(told) in found(admin, text)


def test_every_setting_that_is_found_leads_to_an_element_that_exists(admin: Client) -> None:
    for kind in (each for each in every_kind() if each.is_single):
        for field, setting in settings(kind.struct).items():
            links = re.findall(r'href="([^"#]+)#(id_[^"]+)"', found(admin, setting.name))
            url = next(url for url, place in links if place == f"id_{field}")
            assert f'id="id_{field}"' in admin.get(url).text, (kind.noun, field)


def test_pages_that_a_role_may_not_open_are_not_found(signed_in: Callable[..., Client], admin: Client) -> None:
    assert "/administration/admin-roles/" in found(admin, "administrators").split("<main")[1]
    assert "/administration/admin-roles/" not in found(signed_in(Role.VIEW_ONLY), "administrators")
