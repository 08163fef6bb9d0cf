"""What is known of providers fits the settings of a connector."""

from __future__ import annotations

import pytest

from transport.config import rules
from transport.config.address_space import AddressSpace
from transport.config.credential import CredentialKind, fits
from transport.config.providers import BY_PROVIDER, PRESETS, Preset, connector, host_of, limits_of
from transport.config.rules import out_of_bounds, send_advice, send_problems
from transport.config.send_connector import Provider, SendConnector, SmartHostAuth

START = SendConnector(name="Out", address_spaces=(AddressSpace("*"),))
PLACES = {
    Provider.AmazonSES: "eu-central-1",
    Provider.Microsoft365Relay: "Contoso-com",
    Provider.Mailgun: "smtp.eu.mailgun.org",
}


def made(preset: Preset) -> SendConnector:
    return connector(preset, START, PLACES.get(preset.provider, ""), ("Cloud",))


def test_there_is_a_preset_for_every_provider_but_an_own_server() -> None:
    assert set(BY_PROVIDER) == set(Provider) - {Provider.Other} and len(PRESETS) == len(BY_PROVIDER)


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.provider.value)
def test_a_preset_makes_a_connector_that_can_be_saved_and_needs_no_advice(preset: Preset) -> None:
    found = made(preset)
    assert [*send_problems(found, ()), *out_of_bounds(found)] == []
    assert list(send_advice(found)) == []
    assert found.require_tls and found.smart_hosts == (found.tls_domain,) and found.provider is preset.provider


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.provider.value)
def test_the_credential_that_it_asks_for_is_one_that_it_can_use(preset: Preset) -> None:
    if preset.kind is None:
        assert preset.mechanism is SmartHostAuth.None_ and made(preset).authentication_credential == ()
    else:
        assert fits(preset.kind, preset.mechanism) and preset.user_name
        assert made(preset).authentication_credential == ("Cloud",)


@pytest.mark.parametrize("preset", [each for each in PRESETS if each.place], ids=lambda preset: preset.provider.value)
@pytest.mark.parametrize("entered", ["", "a.b", "x y", "a@b", "-", "é", "evil.test/", "a" * 64])
def test_a_place_is_one_label_and_never_leads_to_another_host(preset: Preset, entered: str) -> None:
    with pytest.raises(ValueError, match=preset.place.label if preset.place else ""):
        host_of(preset, entered)


def test_the_relay_connector_of_a_tenant_is_found_by_its_name() -> None:
    assert made(BY_PROVIDER[Provider.Microsoft365Relay]).smart_hosts == ("contoso-com.mail.protection.outlook.com",)
    assert made(BY_PROVIDER[Provider.Microsoft365Relay]).port == 25


def test_limits_are_those_of_the_reference() -> None:
    known = limits_of(Provider.Microsoft365)
    assert (known.connections, known.messages_per_minute, known.recipients_per_day) == (3, 30, 10_000)
    assert limits_of(Provider.Other) == limits_of(Provider.Mailgun)


def test_an_exchange_server_cannot_be_signed_in_to_and_the_form_says_why() -> None:
    wanted = SendConnector(
        name="Out", address_spaces=(AddressSpace("*"),), dns_routing_enabled=False, smart_hosts=("ex.test",),
        smart_host_auth_mechanism=SmartHostAuth.ExchangeServer,
    )  # fmt: skip
    (problem,) = rules.send_problems(wanted, ())
    assert problem.field == "smart_host_auth_mechanism" and "one Active Directory" in problem.message


@pytest.mark.parametrize("kind", CredentialKind)
def test_each_kind_of_credential_fits_one_way_of_signing_in(kind: CredentialKind) -> None:
    usable = {each for each in SmartHostAuth if fits(kind, each)}
    assert usable == (
        {SmartHostAuth.OAuth} if kind.is_oauth else {SmartHostAuth.BasicAuth, SmartHostAuth.BasicAuthRequireTLS}
    )
