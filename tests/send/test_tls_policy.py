"""What a Send connector's settings demand of the TLS with a host."""

from __future__ import annotations

import pytest

from transport.config.rules import send_problems
from transport.config.send_connector import SendConnector, TlsAuthLevel
from transport.send import certificate_names, tls_policy
from transport.send.tls_policy import Demand, Encryption

LEVELS = [
    ({}, Encryption.IF_OFFERED, False, ()),
    ({"ignore_starttls": True}, Encryption.NEVER, False, ()),
    ({"force_helo": True}, Encryption.NEVER, False, ()),
    ({"require_tls": True}, Encryption.REQUIRED, False, ()),
    ({"implicit_tls": True}, Encryption.REQUIRED, False, ()),
    ({"require_tls": True, "tls_auth_level": TlsAuthLevel.EncryptionOnly}, Encryption.REQUIRED, False, ()),
    ({"require_tls": True, "tls_auth_level": TlsAuthLevel.CertificateValidation}, Encryption.REQUIRED, True, ()),
    (
        {"require_tls": True, "tls_auth_level": TlsAuthLevel.DomainValidation},
        Encryption.REQUIRED, True, ("far.test", ".far.test"),
    ),
    (
        {"require_tls": True, "tls_auth_level": TlsAuthLevel.DomainValidation, "tls_domain": "mx.far.test"},
        Encryption.REQUIRED, True, ("mx.far.test",),
    ),
    (
        {"require_tls": True, "tls_auth_level": TlsAuthLevel.DomainValidation, "tls_domain": "*.far.test"},
        Encryption.REQUIRED, True, (".far.test",),
    ),
    ({"domain_secure_enabled": True}, Encryption.REQUIRED, True, ("far.test", ".far.test")),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "encryption", "chain", "names"), LEVELS)
def test_a_level_is_what_the_settings_say(settings, encryption, chain, names):
    demand = tls_policy.level(SendConnector(name="Out", **settings), "far.test", ("far.test",))
    assert (demand.encryption, demand.chain, demand.names) == (encryption, chain, (names,) if names else ())


def test_domain_security_is_for_the_secure_domains_only():
    secure = SendConnector(name="Out", domain_secure_enabled=True)
    assert tls_policy.level(secure, "other.test", ("far.test",)) == Demand()
    assert tls_policy.level(secure, "sales.far.test", ("far.test",)).chain
    assert tls_policy.level(SendConnector(name="Out"), "far.test", ("far.test",)) == Demand()


@pytest.mark.parametrize(
    ("held", "wanted", "speaks"),
    [
        ("mx.far.test", "mx.far.test", True),
        ("MX.far.test", "mx.FAR.test", True),
        ("*.far.test", "mx.far.test", True),
        ("*.far.test", "far.test", False),
        ("*.far.test", "a.b.far.test", False),
        ("*.test", "far.test", True),
        ("*.", "far", False),
        ("*", "far", False),
        ("far.test", "mx.far.test", False),
        ("mx.far.test", ".far.test", True),
        ("a.b.far.test", ".far.test", True),
        ("*.far.test", ".far.test", True),
        ("far.test", ".far.test", False),
        ("notfar.test", ".far.test", False),
        ("192.0.2.1", "192.0.2.1", True),
    ],
)
def test_for_which_names_a_certificate_speaks(held, wanted, speaks):
    assert certificate_names.speaks_for(["other.test", held], [wanted]) is speaks


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"require_tls": True, "ignore_starttls": True}, "ignore_starttls"),
        ({"require_tls": True, "force_helo": True}, "force_helo"),
        ({"tls_auth_level": TlsAuthLevel.EncryptionOnly}, "tls_auth_level"),
        ({"implicit_tls": True}, "implicit_tls"),
        (
            {
                "require_tls": True, "tls_auth_level": TlsAuthLevel.DomainValidation, "dns_routing_enabled": False,
                "smart_hosts": ("mail.far.test",),
            },
            "tls_domain",
        ),
        ({"domain_secure_enabled": True, "ignore_starttls": True}, "domain_secure_enabled"),
        (
            {"domain_secure_enabled": True, "dns_routing_enabled": False, "smart_hosts": ("mail.far.test",)},
            "domain_secure_enabled",
        ),
    ],
)  # fmt: skip
def test_what_cannot_stand_together_is_said_at_its_field(settings, field):
    connector = SendConnector(name="Out", **settings)
    assert field in [problem.field for problem in send_problems(connector, ())]
