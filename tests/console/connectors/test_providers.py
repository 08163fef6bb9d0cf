"""A connector to a provider: the steps there, one form, and then the tab that tries it out."""

from __future__ import annotations

import html

import pytest
from django.urls import reverse

from console.actors import Role
from console.connectors import queries
from console.credentials import actions as credentials
from tests.console.builders import ADMIN
from transport.config.credential import CredentialKind, Secrets
from transport.config.providers import PRESETS
from transport.config.send_connector import Provider, SmartHostAuth, TlsAuthLevel

pytestmark = pytest.mark.django_db


def page_of(provider):
    return reverse("connectors:send-provider", args=[provider.value])


def add_credential(kind=CredentialKind.Microsoft365):
    wanted = credentials.Wanted(user_name="device@contoso.com", tenant="contoso.com", client_id="1-2-3")
    secrets = Secrets(password="pw") if kind is CredentialKind.Password else Secrets(client_secret="cs")
    return credentials.add(ADMIN, f"The {kind.value}", kind, wanted, secrets)


def test_every_provider_is_offered_and_has_a_page_with_its_steps(admin):
    page = admin.get(reverse("connectors:send-providers"))
    for preset in PRESETS:
        assert page_of(preset.provider) in page.text
        shown = admin.get(page_of(preset.provider))
        assert shown.status_code == 200 and preset.provider.label in shown.text
    assert admin.get(reverse("connectors:send-provider", args=["Nobody"])).status_code == 404
    assert reverse("connectors:send-providers") in admin.get(reverse("connectors:send-list")).text


def test_microsoft_365_is_set_up_from_one_page(admin):
    page = admin.get(page_of(Provider.Microsoft365))
    assert "New-ServicePrincipal -AppId" in page.text and "end of December 2026" in page.text
    assert "?kind=Microsoft365" in page.text and "There is none yet" in page.text
    add_credential()
    add_credential(CredentialKind.Password)
    google = credentials.Wanted(user_name="device@contoso.com")
    credentials.add(ADMIN, "Of Google", CredentialKind.GoogleServiceAccount, google, Secrets(key_file="{}"))
    page = admin.get(page_of(Provider.Microsoft365))
    assert "The Microsoft365" in page.text and "The Password" not in page.text and "Of Google" not in page.text
    entered = {"name": "To the cloud", "credential": "The Microsoft365", "address_spaces": "*"}
    answer = admin.post(page_of(Provider.Microsoft365), entered)
    (made,) = queries.send_connectors()
    assert answer.url.endswith("/test/")
    assert (made.name, made.smart_hosts, made.port) == ("To the cloud", ("smtp.office365.com",), 587)
    assert made.smart_host_auth_mechanism is SmartHostAuth.OAuth and made.require_tls
    assert made.authentication_credential == ("The Microsoft365",)
    assert (made.tls_auth_level, made.tls_domain) == (TlsAuthLevel.DomainValidation, "smtp.office365.com")


def test_who_adds_the_credential_on_the_way_comes_back_and_finds_it_chosen(admin):
    """The steps say “Add the credential”; after it one stood at the list of credentials, and the way back was lost."""
    add_credential(CredentialKind.Password)
    page = admin.get(page_of(Provider.SendGrid))
    link = reverse("credentials:new") + "?kind=Password&provider=SendGrid&user_name=apikey"
    assert link in html.unescape(page.text)
    assert 'value="apikey"' in admin.get(link).text and page_of(Provider.SendGrid) in admin.get(link).text
    answer = admin.post(link, {"name": "Grid & Co", "user_name": "apikey", "password": "SG.secret"}, follow=True)
    assert answer.redirect_chain[-1][0] == page_of(Provider.SendGrid) + "?credential=Grid+%26+Co"
    assert '<option value="Grid &amp; Co" selected>' in answer.text and "Grid &amp; Co is saved" in answer.text
    elsewhere = admin.get(reverse("credentials:new") + "?kind=Password&provider=//evil.test").text
    assert "evil.test/" not in elsewhere and reverse("credentials:list") in elsewhere


def test_a_region_becomes_the_host(admin):
    add_credential(CredentialKind.Password)
    entered = {"name": "SES", "credential": "The Password", "address_spaces": "*", "place": "eu-central-1"}
    admin.post(page_of(Provider.AmazonSES), entered)
    (made,) = queries.send_connectors()
    assert made.smart_hosts == ("email-smtp.eu-central-1.amazonaws.com",)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"place": "evil.test/"}, "Region: That of the SES account"),
        ({"credential": ""}, "Add the credential first, in the step above."),
        ({"credential": "Somebody else's"}, "Select a valid choice"),
        ({"name": ""}, "Enter the name."),
        ({"address_spaces": "not a domain!"}, "not a domain!"),
    ],
)
def test_what_is_missing_is_said_at_its_field(admin, changes, words):
    add_credential(CredentialKind.Password)
    entered = {"name": "SES", "credential": "The Password", "address_spaces": "*", "place": "eu-central-1"} | changes
    page = admin.post(page_of(Provider.AmazonSES), entered)
    assert page.status_code == 422 and words in page.text and not queries.send_connectors()


def test_who_only_reads_sets_up_nothing(signed_in):
    viewer = signed_in(Role.VIEW_ONLY)
    assert viewer.get(page_of(Provider.SendGrid)).status_code == 403
    assert "Connect to a provider" not in viewer.get(reverse("connectors:send-list")).text
