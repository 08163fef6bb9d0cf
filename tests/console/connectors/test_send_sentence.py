"""What a Send connector does, in a plain sentence; nothing is claimed that is not obeyed."""

from __future__ import annotations

from typing import Any

import pytest

from console.connectors.send_sentence import send_sentence
from tests.console.builders import send_connector
from transport.config.address_space import AddressSpace
from transport.config.rules import send_advice, send_problems
from transport.config.send_connector import SendConnector, SmartHostAuth, TlsAuthLevel
from transport.config.setting import defaults, settings

SMART: dict[str, Any] = {"dns_routing_enabled": False, "smart_hosts": ("mail.fabrikam.com",)}
SIGNED: dict[str, Any] = SMART | {
    "smart_host_auth_mechanism": SmartHostAuth.BasicAuth, "authentication_credential": ("Fabrikam",),
}  # fmt: skip
VERIFIED = {"require_tls": True, "tls_auth_level": TlsAuthLevel.DomainValidation, "tls_domain": "mail.fabrikam.com"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "Mail for all other domains goes to the mail servers (MX) of its recipient's domain, over TLS where"),
        (SMART | {"port": 587}, "leaves through mail.fabrikam.com, port 587, without signing in, over TLS where it is"),
        (SIGNED | VERIFIED, "signed in as Fabrikam, only over TLS with a valid certificate of mail.fabrikam.com."),
        ({"ignore_starttls": True}, ", always in the clear."),
        ({"address_spaces": (AddressSpace("--"),)}, "Mail for all accepted domains goes"),
        ({"address_spaces": tuple(map(AddressSpace, ("a.b", "c.d", "e.f", "g.h", "i.j")))}, "a.b, c.d, e.f and 2 more"),
        ({"senders": ("contoso.com",)}, "Mail of contoso.com for all other domains"),
        ({"source_receive_connectors": ("Printers",)}, "Mail that came in through Printers for all other"),
        ({"reject_messages_from": ("Clerks",)}, "Mail of Clerks is turned away."),
        ({"max_message_size": 10 * 1024**2}, "Messages may have up to 10 MB."),
        ({"enabled": False}, "Disabled. Once enabled: Mail for"),
    ],
)
def test_a_sentence(changes: dict[str, Any], said: str) -> None:
    assert said in send_sentence(send_connector(**changes))


def test_what_nothing_obeys_is_not_claimed() -> None:
    """Whatever is not enforced, the sentence is that of a connector without it."""
    usual, table = defaults(SendConnector), settings(SendConnector)
    for name in [name for name, each in table.items() if each.not_enforced and isinstance(usual[name], bool)]:
        assert send_sentence(send_connector(**{name: not usual[name]})) == send_sentence(send_connector())


@pytest.mark.parametrize(
    ("changes", "at"),
    [
        ({"require_tls": True, "ignore_starttls": True}, {"ignore_starttls"}),
        ({"tls_auth_level": TlsAuthLevel.EncryptionOnly}, {"tls_auth_level"}),
        (SMART | {"require_tls": True, "tls_auth_level": TlsAuthLevel.DomainValidation}, {"tls_domain"}),
        (SMART | {"domain_secure_enabled": True}, {"domain_secure_enabled"}),
        ({"domain_secure_enabled": True, "ignore_starttls": True}, {"domain_secure_enabled"}),
        ({"implicit_tls": True}, {"implicit_tls"}),
        (SIGNED | {"authentication_credential": ()}, {"authentication_credential"}),
        (SIGNED | {"authentication_credential": (), "enabled": False}, set()),
        (SIGNED | {"force_helo": True}, {"force_helo"}),
        (SIGNED | {"smart_host_auth_mechanism": SmartHostAuth.OAuth, "ignore_starttls": True}, {"ignore_starttls"}),
        ({"smart_host_auth_mechanism": SmartHostAuth.ExternalAuthoritative}, {"smart_host_auth_mechanism"}),
        ({"smart_hosts": ("mail.x.test",)}, {"smart_hosts"}),
        ({"max_outbound_connections": 5, "max_per_domain_outbound_connections": 6},
         {"max_per_domain_outbound_connections"}),
        (SIGNED | VERIFIED, set()),
    ],
)  # fmt: skip
def test_what_may_not_stand_together(changes: dict[str, Any], at: set[str]) -> None:
    assert {problem.field for problem in send_problems(send_connector(**changes), ())} == at


def test_advice() -> None:
    assert list(send_advice(send_connector(**SIGNED | VERIFIED))) == []
    assert "readable" in next(send_advice(send_connector(**SIGNED)))
    assert "in the clear" in next(send_advice(send_connector(ignore_starttls=True)))
