"""What needs attention of the protection of mail that leaves: DANE, MTA-STS, DKIM, credentials."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from console.connectors import actions as connectors
from console.credentials.models import Credential
from console.dkim import actions as dkim
from console.dkim.models import DkimKey, State
from console.domains import actions as domains
from console.protection import actions as protection
from console.queues.models import Hold
from console.tls.models import StsPolicy
from tests.console.builders import ADMIN, HYGIENE, accepted_domain, send_connector
from tests.dns_server import DnsServer
from transport.config.connection_filter import ConnectionFilter
from transport.config.endpoint import Binding
from transport.config.send_connector import DaneMode, SmartHostAuth
from transport.deliver import look_up

pytestmark = pytest.mark.django_db
ROOT = {("", "SOA"): ["a.root. b.root. 1 2 3 4 5"]}
STRICT, USUAL = DaneMode.Mandatory, DaneMode.Opportunistic


@pytest.mark.parametrize(("mode", "signed", "told"), [(STRICT, (), True), (STRICT, ("",), False), (USUAL, (), False)])
def test_dane_only_needs_a_resolver_that_validates(
    admin: Client, mode: DaneMode, signed: tuple[str, ...], told: bool
) -> None:
    look_up.resolver.cache_clear()
    look_up._doubt.cache_clear()
    with DnsServer(ROOT, signed=signed) as server:
        at = Binding("127.0.0.1", server.port)
        protection.set_filter(HYGIENE, ConnectionFilter(dns_servers=(at,)))
        out = send_connector("Strict", smtp_dane_mode=mode, use_external_dns_servers_enabled=True)
        row = connectors.create(ADMIN, out)
        text = admin.get("/").text
    assert ("does not validate DNSSEC. All of its mail waits." in text) == told
    assert (reverse("connectors:send-properties", args=[row.pk, "security"]) in text) == told
    assert not told or "such as unbound" in text


def test_a_policy_that_cannot_be_fetched_any_more_is_told_before_it_ends(admin: Client) -> None:
    now = timezone.now()
    kept = {"policy_id": "1", "mode": "enforce", "mx": "mx.far.test", "next_try": now}
    row = StsPolicy.objects.create(domain="far.test", fetched_at=now - timedelta(days=3), max_age=604800, **kept)
    assert "cannot be fetched any more" not in admin.get("/").text
    StsPolicy.objects.update(last_error="mta-sts.far.test answered 404")
    text = admin.get("/").text
    assert "cannot be fetched any more" in text and "answered 404" in text
    assert f"{row.fetched_at + timedelta(days=7):%Y-%m-%d}" in text and "?domain=far.test" in text
    StsPolicy.objects.update(fetched_at=now - timedelta(days=8))
    assert "cannot be fetched any more" not in admin.get("/").text, "it holds no longer"


def test_a_key_that_another_secret_keeps_is_told(admin: Client) -> None:
    domains.create(ADMIN, accepted_domain("contoso.com", default=True))
    dkim.make(ADMIN, "contoso.com")
    DkimKey.objects.update(state=State.ACTIVE)
    assert "cannot be decrypted" not in admin.get("/").text
    DkimKey.objects.filter(algorithm="rsa-sha256").update(encrypted_key="of another installation")
    text = admin.get("/").text
    assert text.count("cannot be decrypted") == 1 and "let another key sign" in text


def test_a_credential_without_a_token_is_told_once(admin: Client) -> None:
    row = Credential.objects.create(name="App", kind="Password", user_name="app@contoso.com", encrypted="")
    connectors.create(
        ADMIN,
        send_connector(
            "Cloud", dns_routing_enabled=False, smart_hosts=("smtp.contoso.com",), require_tls=True,
            smart_host_auth_mechanism=SmartHostAuth.BasicAuthRequireTLS, authentication_credential=("App",),
        ),
    )  # fmt: skip
    assert "no access token" not in admin.get("/").text
    Credential.objects.update(problem="AADSTS7000222: the secret has ended")
    text = admin.get("/").text
    assert "AADSTS7000222" in text and reverse("credentials:details", args=[row.pk]) in text
    Hold.objects.create(connector="Cloud", account="", words="no token", is_fault=True, until=None, made_for="")
    text = admin.get("/").text
    assert "Its mail waits. no token" in text and "got no access token" not in text
