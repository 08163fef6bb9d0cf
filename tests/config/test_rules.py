"""Conflicts between connectors, with words that say how to mend them."""

from __future__ import annotations

from ipaddress import IPv4Address

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.receive.builders import connector, domain
from transport.config import kinds, rules
from transport.config.endpoint import everyone
from transport.config.permissions import PermissionGroup
from transport.config.receive_connector import (
    AuthMechanism,
    ExtendedProtectionPolicy,
    ReceiveConnector,
    TransportRole,
    Usage,
)
from transport.config.setting import settings
from transport.config.snapshot import Snapshot

SECURED = frozenset({AuthMechanism.ExternalAuthoritative, AuthMechanism.Tls})
SERVERS = frozenset({PermissionGroup.ExchangeServers})


def fields(subject: object, *others: object) -> list[str]:
    return [problem.field for problem in rules.problems(subject, others)]  # type: ignore[arg-type]


def test_nested_ranges_stand_together() -> None:
    assert fields(connector("A", ranges="192.168.1.1/24"), connector("B", ranges="192.168.1.10"), connector("C")) == []


@pytest.mark.parametrize("ranges", ["192.168.1.128-192.168.2.5", "192.168.0.200-192.168.1.0", "192.168.1.0/24"])
def test_partial_overlap_and_equal_ranges_are_refused_by_name(ranges: str) -> None:
    (problem,) = rules.problems(connector("New", ranges=ranges), [connector("Branch", ranges="192.168.1.0/24")])
    assert problem.field == "remote_ip_ranges" and "“Branch”" in problem.message


def test_the_same_ranges_on_another_binding_are_fine() -> None:
    assert fields(connector("New", bindings="10.2.3.4:25"), connector("Default", bindings="10.2.3.5:25")) == []


def test_two_roles_cannot_share_a_binding() -> None:
    hub = connector("Hub", ranges="10.0.0.1", transport_role=TransportRole.HubTransport)
    assert "bindings" in fields(hub, connector("Front"))


def test_names_differ_whatever_their_case() -> None:
    assert "name" in fields(connector("default", bindings="[::1]:25"), connector("Default"))


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"auth_mechanism": frozenset({AuthMechanism.ExternalAuthoritative})}, "auth_mechanism"),
        ({"auth_mechanism": frozenset({AuthMechanism.BasicAuthRequireTLS, AuthMechanism.Tls})}, "auth_mechanism"),
        ({"auth_mechanism": frozenset({AuthMechanism.BasicAuthRequireTLS, AuthMechanism.BasicAuth})}, "auth_mechanism"),
        ({"auth_mechanism": SECURED | {AuthMechanism.BasicAuth}, "permission_groups": SERVERS}, "auth_mechanism"),
        ({"auth_mechanism": frozenset(), "require_tls": True}, "require_tls"),
        ({"auth_mechanism": frozenset(), "domain_secure_enabled": True}, "domain_secure_enabled"),
        (
            {"auth_mechanism": SECURED, "permission_groups": SERVERS, "domain_secure_enabled": True},
            "domain_secure_enabled",
        ),
        ({"chunking_enabled": False}, "binary_mime_enabled"),
        ({"max_hop_count": 501}, "max_hop_count"),
        ({"name": "x" * 65}, "name"),
        ({"tls_certificate_name": "mail.contoso.com"}, "tls_certificate_name"),
        ({"banner": "Mail Server"}, "banner"),
        ({"banner": "220 a\r\n250 b"}, "banner"),
        ({"connection_inactivity_timeout": 600}, "connection_inactivity_timeout"),
    ],
)
def test_a_connector_that_contradicts_itself(values: dict[str, object], field: str) -> None:
    assert field in fields(connector(**values))  # type: ignore[arg-type]


def test_externally_secured_goes_with_exchange_servers() -> None:
    secured = connector(
        auth_mechanism=frozenset({AuthMechanism.ExternalAuthoritative, AuthMechanism.Tls}),
        permission_groups=frozenset({PermissionGroup.ExchangeServers, PermissionGroup.AnonymousUsers}),
    )
    assert fields(secured) == []


def test_none_stands_alone() -> None:
    setting = settings(ReceiveConnector)["auth_mechanism"]
    assert kinds.parse(setting, "None") == frozenset()
    with pytest.raises(ValueError, match="None stands alone"):
        kinds.parse(setting, "None, Tls")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"suppress_x_anonymous_tls": True}, "never offered here"),
        ({"enable_auth_gssapi": True}, "Integrated Windows authentication only"),
        ({"extended_protection_policy": ExtendedProtectionPolicy.Require}, "which is not chosen"),
        ({"auth_mechanism": frozenset({AuthMechanism.BasicAuth})}, "add the permission group Exchange users"),
        ({"permission_groups": frozenset({PermissionGroup.ExchangeUsers})}, "no way to sign in"),
        ({"permission_groups": frozenset({PermissionGroup.Partners})}, "enable Domain Security"),
        ({"domain_secure_enabled": True}, "knows no partner yet"),
        ({"auth_mechanism": frozenset({AuthMechanism.ExchangeServer})}, "kept, not offered"),
    ],
)
def test_what_is_allowed_but_does_nothing_is_said(values: dict[str, object], words: str) -> None:
    made = connector(**values)  # type: ignore[arg-type]
    assert not fields(made)
    assert words in " ".join(rules.advice(made))


@pytest.mark.parametrize("usage", Usage)
def test_the_presets_of_each_use_contradict_nothing(usage: Usage) -> None:
    made = msgspec.structs.replace(rules.preset(usage, "New"), remote_ip_ranges=everyone())
    assert fields(made) == []
    assert bool([*rules.advice(made)]) is (usage in (Usage.Internal, Usage.Partner))


def test_the_presets_bring_what_exchange_brings() -> None:
    client, partner = rules.preset(Usage.Client, "C"), rules.preset(Usage.Partner, "P")
    assert {each.value for each in client.auth_mechanism} == {"Tls", "BasicAuth", "BasicAuthRequireTLS", "Integrated"}
    assert AuthMechanism.ExchangeServer in rules.preset(Usage.Internal, "I").auth_mechanism
    assert partner.domain_secure_enabled


def test_exactly_one_default_domain() -> None:
    none = Snapshot(accepted_domains=(domain("a.example"),))
    two = Snapshot(accepted_domains=(domain("a.example", default=True), domain("b.example", default=True)))
    one = Snapshot(accepted_domains=(domain("a.example", default=True), domain("b.example")))
    assert [bool(rules.snapshot_problems(snapshot)) for snapshot in (none, two, one)] == [True, True, False]


spans = st.tuples(st.integers(0, 30), st.integers(0, 30)).map(sorted)


@given(st.lists(spans, min_size=1, max_size=4), st.lists(spans, min_size=1, max_size=4))
def test_overlaps_are_found_like_by_comparing_each_pair(mine: list[list[int]], theirs: list[list[int]]) -> None:
    def made(name: str, owned: list[list[int]]) -> object:
        return connector(name, ranges=" ".join(f"{IPv4Address(low)}-{IPv4Address(high)}" for low, high in owned))

    clash = any((a, b) == (c, d) or (a < c <= b < d) or (c < a <= d < b) for a, b in mine for c, d in theirs)
    assert bool(fields(made("A", mine), made("B", theirs))) is clash


@pytest.mark.parametrize("usage", Usage)
def test_only_connectors_for_servers_of_ones_own_let_clients_talk_first(usage: Usage) -> None:
    assert rules.preset(usage, "x").early_talker_rejection_enabled is (usage is not Usage.Internal)
