"""The sentence, the warnings and the matrix of a connector."""

from __future__ import annotations

import pytest

from console.connectors.rights_matrix import matrix
from console.connectors.sentence import sentence
from console.connectors.warnings import warnings
from tests.console.builders import RELAY, accepted_domain, receive_connector
from transport.config.accepted_domain import DomainType
from transport.config.endpoint import everyone
from transport.config.permissions import ANONYMOUS, AUTHENTICATED_USERS, Grant, PermissionGroup, Right
from transport.config.receive_connector import AuthMechanism
from transport.config.snapshot import Snapshot

CLIENTS = {
    "auth_mechanism": frozenset({AuthMechanism.Tls, AuthMechanism.BasicAuth, AuthMechanism.BasicAuthRequireTLS}),
    "permission_groups": frozenset({PermissionGroup.ExchangeUsers}),
}
SECURED = {
    "auth_mechanism": frozenset({AuthMechanism.ExternalAuthoritative}),
    "permission_groups": frozenset({PermissionGroup.ExchangeServers}),
}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "Anyone at 10.0.0.0/8 may send, without signing in, to your accepted domains only, up to 10 MB."),
        (
            {"ranges": ["192.168.5.77"], "grants": (RELAY,)},
            "Anyone at 192.168.5.77 may send, without signing in, to any address, up to 10 MB.",
        ),
        (
            {"remote_ip_ranges": everyone(), "max_message_size": 36 * 1024**2},
            "Anyone may send, without signing in, to your accepted domains only, up to 36 MB.",
        ),
        (SECURED, "Anyone at 10.0.0.0/8 may send, trusted without signing in, to any address, of any size."),
        ({"permission_groups": frozenset()}, "may connect, but nobody may send: no permission group is chosen."),
        ({"permission_groups": frozenset({PermissionGroup.ExchangeUsers})}, "Exchange users must sign in"),
        ({"require_tls": True}, "to your accepted domains only, up to 10 MB, on TLS only."),
        ({"tarpit_interval": 0}, "up to 10 MB. Refusals are not held back."),
        ({"tarpit_interval": 60}, "Each refusal is held back for 60 seconds."),
        (CLIENTS, "Users who sign in from 10.0.0.0/8 may send to any address, up to 10 MB."),
        (
            CLIENTS | {"permission_groups": frozenset({PermissionGroup.AnonymousUsers, PermissionGroup.ExchangeUsers})},
            "to your accepted domains only, up to 10 MB. Users who sign in may send to any address.",
        ),
        (
            {
                "permission_groups": frozenset({PermissionGroup.Partners}),
                "domain_secure_enabled": True,
                "tls_receive_domain_secure_list": ("partner.example",),
            },
            "Partners, known by their certificate, from 10.0.0.0/8 may send to your accepted domains only",
        ),
        ({"enabled": False}, "Disabled. Once enabled: Anyone at 10.0.0.0/8 may send"),
        ({"ranges": ["0.0.0.0-255.255.255.255"]}, "Anyone with an IPv4 address may send"),
        ({"ranges": ["10.0.0.1", "10.0.0.2"]}, "Anyone at 10.0.0.1 and 10.0.0.2 may send"),
        ({"ranges": [f"10.0.0.{n}" for n in range(9)]}, "10.0.0.0, 10.0.0.1, 10.0.0.2 and 6 more ranges"),
        ({"grants": (Grant(ANONYMOUS, Right.SUBMIT.value, True),)}, "nobody may send"),
    ],
)
def test_sentence(changes, words):
    assert words in sentence(receive_connector(**changes))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"grants": (RELAY,)}, "All its remote addresses are private"),
        ({"grants": (RELAY,), "ranges": ["203.0.113.0/24", "8.8.8.0/24"]}, "203.0.113.0/24, 8.8.8.0/24 hold public"),
        ({"grants": (RELAY,), "ranges": ["10.0.0.0/8", "8.8.8.0/24"]}, "and 8.8.8.0/24 holds public addresses"),
        ({"grants": (RELAY,), "remote_ip_ranges": everyone()}, "This is an open relay"),
        (SECURED | {"ranges": ["8.8.8.8"]}, "anyone there may send to any address"),
        ({"ranges": ["172.160.0.0/12"]}, "did you mean 172.16.0.0/12?"),
        ({"auth_mechanism": frozenset({AuthMechanism.BasicAuth})}, "passwords cross the network readable"),
        ({"auth_mechanism": frozenset({AuthMechanism.Integrated})}, "add the permission group Exchange users"),
        ({"ranges": ["172.160.5.0/24"]}, "did you mean 172.16.5.0/24?"),
        ({"ranges": ["172.160.0.0-172.175.255.255"]}, "did you mean 172.16.0.0/12?"),
        ({"ranges": ["172.165.0.0/16"]}, "holds public addresses. The private network is 172.16.0.0/12."),
        ({"ranges": ["192.168.1.1/24"]}, "192.168.1.1/24 means the whole network 192.168.1.0/24"),
        ({"ranges": ["10.1.0.0/16", "10.0.0.0/8"]}, "10.1.0.0/16 lies inside 10.0.0.0/8 and adds nothing."),
        ({"ranges": ["10.0.0.5-10.0.0.9", "10.0.0.1-10.0.0.6"]}, "10.0.0.1-10.0.0.6 and 10.0.0.5-10.0.0.9 overlap."),
        ({"ranges": ["::1", "::/64"]}, "::1 lies inside ::/64 and adds nothing."),
    ],
)
def test_warnings(changes, words):
    assert words in " ".join(warnings(receive_connector(**changes)))


def test_disjoint_ranges_of_both_families_are_fine():
    assert warnings(receive_connector(ranges=["10.0.0.0/8", "11.0.0.0/8", "0.0.0.0/8", "::/0", "192.168.5.77"])) == []


def test_a_plain_connector_has_no_warning_but_a_domain_for_everything_has():
    assert warnings(receive_connector(), [accepted_domain()]) == []
    every = accepted_domain("*", domain_type=DomainType.ExternalRelay)
    said = " ".join(warnings(receive_connector(), [every]))
    assert "its clients may send to every domain." in said
    assert "takes mail for every domain: a relay in effect." in said
    for everything in (accepted_domain("*.com"), accepted_domain("com", match_subdomains=True)):
        assert "takes mail for every .com domain, which is hardly" in warnings(receive_connector(), [everything])[0]
    for one in (accepted_domain("*.contoso.com"), accepted_domain("localhost")):
        assert warnings(receive_connector(), [one]) == []


@pytest.mark.parametrize("suffix", ["com", "co.uk", "kawasaki.jp", "ck", "xn--p1ai", "github.io", "test", "COM"])
def test_a_domain_for_what_others_own_is_a_relay_whatever_the_suffix(suffix):
    domains = [accepted_domain(f"*.{suffix}".lower(), domain_type=DomainType.ExternalRelay)]
    everyone_may = receive_connector(remote_ip_ranges=everyone())
    said = sentence(everyone_may, Snapshot(accepted_domains=tuple(domains)))
    assert f"to your accepted domains and every .{suffix.lower()} domain, up to 10 MB" in said
    assert "This is an open relay: everyone on the Internet" in warnings(everyone_may, domains)[0]


@pytest.mark.parametrize("name", ["*.contoso.com", "*.contoso.co.uk", "*.city.kawasaki.jp", "*.www.ck", "com", "co.uk"])
def test_a_domain_of_ones_own_is_none(name):
    domains = (accepted_domain(name, domain_type=DomainType.ExternalRelay),)
    assert "to your accepted domains only" in sentence(receive_connector(), Snapshot(accepted_domains=domains))
    assert warnings(receive_connector(), domains) == []


def test_reserved_top_level_domains_are_barred_where_the_connector_says_so():
    domains = (accepted_domain("*.test", domain_type=DomainType.ExternalRelay),)
    barred = receive_connector(reject_reserved_top_level_recipient_domains=True)
    assert "to your accepted domains only" in sentence(barred, Snapshot(accepted_domains=domains))


def test_an_authoritative_domain_for_everything_is_named_though_nothing_is_relayed():
    domains = (accepted_domain("*.com"), accepted_domain("*.uk", domain_type=DomainType.InternalRelay))
    said = sentence(receive_connector(), Snapshot(accepted_domains=domains))
    assert "to your accepted domains (with every .com domain) and every .uk domain, up to 10 MB." in said


def test_users_and_groups_with_rights_of_their_own_are_named():
    grants = (
        Grant("CONTOSO\\Scanners", Right.ACCEPT_ANY_RECIPIENT.value),
        Grant("CONTOSO\\Guest", Right.SUBMIT.value, True),
        Grant("CONTOSO\\Robots", Right.ACCEPT_ANY_SENDER.value),
    )
    deny = Grant(AUTHENTICATED_USERS, Right.ACCEPT_ANY_RECIPIENT.value, True)
    plain = sentence(receive_connector(**CLIENTS, grants=grants))
    assert plain == "Users who sign in from 10.0.0.0/8 may send to any address, up to 10 MB."
    submitters = Grant(AUTHENTICATED_USERS, Right.SUBMIT.value)
    no_group = CLIENTS | {"permission_groups": frozenset()}
    said = sentence(receive_connector(**no_group, grants=(*grants, submitters)))
    assert "Users who sign in from 10.0.0.0/8 may send to your accepted domains only, up to 10 MB." in said
    assert "CONTOSO\\Scanners from 10.0.0.0/8 may send to any address" in said
    assert "any address" not in sentence(receive_connector(**CLIENTS, grants=(*grants, deny)))


def test_a_connector_whose_addresses_others_answer_says_so():
    relay = receive_connector("Relay", ranges=["10.0.0.0/24"], grants=(RELAY,))
    halves = [receive_connector(f"Half {n}", ranges=[f"10.0.0.{n}/25"]) for n in (0, 128)]
    said = sentence(relay, Snapshot(receive_connectors=(*halves, relay)))
    assert said.startswith("Nobody reaches it: others answer its addresses")
    assert sentence(relay, Snapshot(receive_connectors=(halves[0], relay))).startswith("Anyone at 10.0.0.0/24")


def test_matrix():
    lines = matrix(receive_connector(grants=(RELAY, Grant(ANONYMOUS, Right.SUBMIT.value, True))))
    cells = {line.right: line.cells[0] for line in lines}
    assert (cells[Right.SUBMIT].by_group, cells[Right.SUBMIT].hand, cells[Right.SUBMIT].held) == (True, "deny", False)
    assert (cells[Right.ACCEPT_ANY_RECIPIENT].hand, cells[Right.ACCEPT_ANY_RECIPIENT].held) == ("grant", True)
    assert cells[Right.ACCEPT_ANY_SENDER].held
    assert not cells[Right.BYPASS_ANTI_SPAM].held
