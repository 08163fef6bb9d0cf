"""No open relay by accident: the name of the connector is asked for, whichever way it comes about."""

from __future__ import annotations

from typing import Any

import pytest

from console.publishing.relay_guard import RelayNotConfirmed, require_confirmation
from tests.console.builders import RELAY, receive_connector, send_connector
from transport.config.permissions import PermissionGroup
from transport.config.receive_connector import AuthMechanism
from transport.config.send_connector import RequestMail
from transport.config.snapshot import Snapshot
from transport.receive.relay_openings import newly_open
from transport.receive.relay_proof import proof

pytestmark = pytest.mark.django_db  # which gateways the protocol log shows


def snapshot(*connectors: Any) -> Snapshot:
    return Snapshot(receive_connectors=connectors)


def relay(name: str = "Relay", **changes: Any):
    return receive_connector(name, grants=(RELAY,), **changes)


def opened(before: Snapshot, after: Snapshot) -> dict[str, list[str]]:
    return {
        name: [str(each) for each in opening.ranges]
        for name, opening in newly_open(proof(before), proof(after)).items()
    }


def test_a_plain_connector_needs_no_confirmation():
    assert opened(snapshot(), snapshot(receive_connector())) == {}


def test_a_new_relay():
    assert opened(snapshot(), snapshot(relay(ranges=["192.168.5.77"]))) == {"Relay": ["192.168.5.77"]}


def test_externally_secured_clients_are_strangers_too():
    secured = receive_connector(
        "Secured",
        auth_mechanism=frozenset({AuthMechanism.ExternalAuthoritative}),
        permission_groups=frozenset({PermissionGroup.ExchangeServers}),
    )
    assert list(opened(snapshot(), snapshot(secured))) == ["Secured"]


def test_a_disabled_relay_is_confirmed_when_it_is_enabled():
    assert opened(snapshot(), snapshot(relay(enabled=False))) == {}
    assert list(opened(snapshot(relay(enabled=False)), snapshot(relay()))) == ["Relay"]


def test_saving_a_confirmed_relay_again_asks_nothing():
    assert opened(snapshot(relay()), snapshot(relay(comment="new", name="Renamed"))) == {}


def test_a_wider_range_asks_again_a_narrower_one_does_not():
    narrow, wide = snapshot(relay(ranges=["10.1.0.0/16"])), snapshot(relay(ranges=["10.0.0.0/8"]))
    assert list(opened(narrow, wide)) == ["Relay"]
    assert opened(wide, narrow) == {}


def test_another_port_asks_again():
    assert list(opened(snapshot(relay()), snapshot(relay(bindings=["10.2.3.4:2525"])))) == ["Relay"]


def test_removing_the_narrow_connector_in_front_of_a_relay_opens_the_relay():
    shield = receive_connector("Shield", ranges=["10.1.0.0/16"])
    assert opened(snapshot(relay(), shield), snapshot(relay())) == {"Relay": ["10.1.0.0-10.1.255.255"]}


def test_a_binding_to_every_address_stands_behind_one_to_a_single_address():
    shield = receive_connector("Shield", ranges=["10.0.0.0/8"])
    assert opened(snapshot(relay(bindings=["0.0.0.0:25"])), snapshot(relay(bindings=["0.0.0.0:25"]), shield)) == {}


def test_the_danger_is_said_in_words():
    with pytest.raises(RelayNotConfirmed) as caught:
        require_confirmation(proof(snapshot()), proof(snapshot(relay(ranges=["0.0.0.0-255.255.255.255"]))), set())
    assert "Everyone on the Internet" in caught.value.dangers["Relay"]
    require_confirmation(proof(snapshot()), proof(snapshot(relay())), {"Relay"})


def test_all_names_are_asked_for_at_once_and_none_of_them_again():
    both = snapshot(relay("One", ranges=["10.0.0.1"]), relay("Two", ranges=["10.0.0.2"]))
    with pytest.raises(RelayNotConfirmed) as caught:
        require_confirmation(proof(snapshot()), proof(both), {"One"})
    assert list(caught.value.dangers) == ["One", "Two"]
    require_confirmation(proof(snapshot()), proof(both), {"One", "Two"})


def test_a_shield_on_one_address_in_front_of_a_relay_on_every_address():
    shield = receive_connector("Shield", ranges=["10.0.0.0/8"], bindings=["10.2.3.4:25"])
    every = relay(bindings=["0.0.0.0:25"], ranges=["10.0.0.0/8"])
    assert opened(snapshot(every, shield), snapshot(every)) == {"Relay": ["10.0.0.0/8"]}
    assert opened(snapshot(every), snapshot(every, shield)) == {}


def test_clients_of_the_other_family_never_come_to_a_binding():
    assert opened(snapshot(), snapshot(relay(ranges=["fd00::/8"]))) == {}
    assert opened(snapshot(), snapshot(relay(ranges=["fd00::/8"], bindings=["[::1]:25"]))) == {"Relay": ["fd00::/8"]}


def asking(name: str = "Asks", server: str = "mail.isp.example") -> Snapshot:
    asks = send_connector(
        name,
        request_mail=RequestMail.Atrn,
        request_mail_server=server,
        request_mail_receive_connector="Relay",
    )
    return Snapshot(receive_connectors=(relay(enabled=True),), send_connectors=(asks,))


def test_another_server_that_we_ask_for_mail_asks_again_another_name_of_the_connector_does_not():
    assert list(opened(snapshot(relay()), asking())) == ["Asks"]
    assert opened(asking(), asking("Renamed")) == {}
    assert list(opened(asking(), asking(server="other.example"))) == ["Asks"]
