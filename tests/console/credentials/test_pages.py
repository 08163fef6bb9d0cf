"""Credentials in the browser: added, changed, used, removed, and never shown."""

from __future__ import annotations

import json
from datetime import timedelta

import msgspec
import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from console.actors import Role
from console.audit.models import Entry
from console.connectors import actions as connectors
from console.credentials.models import Credential
from console.publishing.models import ConfigRevision
from tests.console.builders import ADMIN, send_connector
from tests.shell.certificates import SECRET, certificate
from transport.config import document
from transport.config.credential import CredentialKind, Secrets
from transport.config.send_connector import SmartHostAuth

pytestmark = pytest.mark.django_db
PASSWORD = "winter-rain-on-tin"
NEW = reverse("credentials:new") + "?kind=Password"


def add(admin, **changes):
    entered = {"name": "Mailbox", "user_name": "device@contoso.com", "password": PASSWORD} | changes
    return admin.post(NEW, entered, follow=True)


def secrets_of(row):
    return msgspec.json.decode(Fernet(settings.GATEPOST_SECRET_KEY).decrypt(row.encrypted.encode()), type=Secrets)


def test_a_new_credential_begins_with_its_kind(admin):
    page = admin.get(reverse("credentials:new"))
    assert "User name and password" in page.text and "?kind=Password" in page.text
    assert admin.get(reverse("credentials:new") + "?kind=Nonsense").status_code == 404


def test_a_password_is_kept_encrypted_and_stands_on_no_page_in_no_history_and_in_no_revision(admin):
    page = add(admin, max_connections="3", messages_per_minute="30")
    assert "Mailbox is saved" in page.text and "3 connections" in page.text and PASSWORD not in page.text
    row = Credential.objects.get()
    assert secrets_of(row) == Secrets(password=PASSWORD) and PASSWORD not in row.encrypted
    (entry,) = Entry.objects.filter(kind="Credential")
    assert PASSWORD not in str(entry.after) and row.encrypted not in str(entry.after)
    out = send_connector("Out")
    assert not ConfigRevision.objects.filter(document__contains="device@contoso.com").exists()
    connectors.create(ADMIN, out)
    text = ConfigRevision.objects.latest("number").document
    assert PASSWORD not in text and row.encrypted not in text
    assert document.decode(text.encode()).send_connectors
    edit = admin.get(reverse("credentials:edit", args=[row.pk]))
    assert PASSWORD not in edit.text and "Leave empty to keep" in edit.text


def test_a_changed_password_is_a_line_in_the_history_and_an_empty_one_keeps_the_old(admin):
    add(admin)
    row = Credential.objects.get()
    url = reverse("credentials:edit", args=[row.pk])
    admin.post(url, {"user_name": "other@contoso.com", "password": ""})
    row.refresh_from_db()
    assert (row.user_name, secrets_of(row)) == ("other@contoso.com", Secrets(password=PASSWORD))
    admin.post(url, {"user_name": "other@contoso.com", "password": "a new one of these"})
    row.refresh_from_db()
    assert secrets_of(row) == Secrets(password="a new one of these")
    told = [entry.after.get("Secret") for entry in Entry.objects.filter(kind="Credential").order_by("pk")]
    assert told == [None, None, "a new one was set"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "Enter the name."),
        ({"password": ""}, "Enter the password."),
        ({"user_name": "a\x07b"}, "printable"),
        ({"max_connections": "0"}, "greater than or equal to 1"),
        ({"secret_ends": "someday"}, "Enter a valid date."),
    ],
)
def test_what_cannot_stand_is_said_at_its_field(admin, changes, words):
    page = add(admin, **changes)
    assert page.status_code == 422 and words in page.text and not Credential.objects.exists()
    assert PASSWORD not in page.text


def test_a_name_is_taken_once_in_whatever_case(admin):
    add(admin)
    page = add(admin, name="MAILBOX")
    assert "There is a credential “MAILBOX” already" in page.text and "Type the secret again" in page.text


def test_a_credential_in_use_is_not_removed_and_who_uses_it_is_said(admin):
    add(admin)
    row = Credential.objects.get()
    out = send_connector("To the cloud")
    out = msgspec.structs.replace(
        out, dns_routing_enabled=False, smart_hosts=("smtp.contoso.com",),
        smart_host_auth_mechanism=SmartHostAuth.BasicAuth, authentication_credential=("mailbox",),
    )  # fmt: skip
    used = connectors.create(ADMIN, out)
    page = admin.post(reverse("credentials:remove"), {"pk": row.pk})
    assert page.status_code == 422 and "Mailbox is in use by To the cloud" in page.text
    assert "To the cloud" in admin.get(reverse("credentials:list")).text
    connectors.remove(ADMIN, type(out), used.pk)
    admin.post(reverse("credentials:remove"), {"pk": row.pk})
    assert not Credential.objects.exists()
    assert Entry.objects.filter(kind="Credential").latest("pk").verb == "removed"


@pytest.mark.parametrize(("days", "words"), [(3, "3 days left"), (1, "1 day left"), (-2, "ended")])
def test_the_end_of_a_secret_is_told_before_it_comes(admin, days, words):
    page = add(admin, secret_ends=(timezone.localdate() + timedelta(days=days)).isoformat())
    assert words in page.text


def test_who_only_reads_adds_nothing(signed_in):
    viewer = signed_in(Role.VIEW_ONLY)
    assert viewer.get(NEW).status_code == 403
    assert viewer.get(reverse("credentials:list")).status_code == 200


def page_of(kind):
    return reverse("credentials:new") + f"?kind={kind.value}"


APPLICATION = {
    "name": "Cloud",
    "user_name": "device@contoso.com",
    "tenant": "contoso.onmicrosoft.com",
    "client_id": "11111111-2222-3333-4444-555555555555",
}


def test_an_application_of_microsoft_365_proves_itself_by_a_secret(admin):
    page = admin.post(page_of(CredentialKind.Microsoft365), APPLICATION | {"client_secret": PASSWORD}, follow=True)
    assert "Cloud is saved" in page.text and PASSWORD not in page.text
    assert secrets_of(Credential.objects.get()) == Secrets(client_secret=PASSWORD)


def test_or_by_a_certificate_which_says_when_it_ends(admin):
    key = rsa.generate_private_key(65537, 2048)
    carried = certificate("app.test", days=20, key=key)
    content = Fernet(SECRET).decrypt(carried.encrypted_key.encode()) + carried.chain.encode()
    entered = APPLICATION | {"file": SimpleUploadedFile("app.pem", content)}
    page = admin.post(page_of(CredentialKind.Microsoft365), entered, follow=True)
    row = Credential.objects.get()
    kept = secrets_of(row)
    assert kept.certificate == carried.chain and kept.key.startswith("-----BEGIN PRIVATE KEY-----")
    assert 18 <= (row.secret_ends - timezone.localdate()).days <= 21 and "days left" in page.text
    assert kept.key not in page.text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "Enter the client secret, or choose a certificate with its key."),
        ({"client_secret": "x", "tenant": ""}, "Enter the tenant ID."),
        ({"client_secret": "x", "tenant": "a/../b"}, "as the provider shows it"),
        ({"client_secret": "x", "file": b"y"}, "not both"),
        ({"file": b"no certificate"}, "neither PEM"),
        ({"file": b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}, "no private key"),
    ],
)
def test_what_an_application_lacks_is_said(admin, changes, words):
    entered = APPLICATION | changes
    if "file" in entered:
        entered["file"] = SimpleUploadedFile("app.pem", entered["file"])
    page = admin.post(page_of(CredentialKind.Microsoft365), entered)
    assert page.status_code == 422 and words in page.text and not Credential.objects.exists()


def test_a_service_account_is_its_key_file(admin):
    content = json.dumps({"type": "service_account", "client_email": "gw@x.test", "private_key": "PEM of the key"})
    entered = {"name": "Google", "user_name": "device@contoso.com"}
    file = SimpleUploadedFile("key.json", content.encode())
    page = admin.post(page_of(CredentialKind.GoogleServiceAccount), entered | {"file": file}, follow=True)
    row = Credential.objects.get()
    assert "gw@x.test" in page.text and secrets_of(row) == Secrets(key_file=content) and "PEM of" not in page.text
    admin.post(reverse("credentials:edit", args=[row.pk]), {"user_name": "other@contoso.com"})
    row.refresh_from_db()
    assert (row.user_name, row.client_id, secrets_of(row).key_file) == ("other@contoso.com", "gw@x.test", content)


@pytest.mark.parametrize("content", [b"{}", b"[1]", b"no json", b"[" * 50_000, b'{"client_email": 1}'])
def test_what_is_no_key_file_is_not_taken(admin, content):
    entered = {"name": "Google", "user_name": "device@contoso.com", "file": SimpleUploadedFile("key.json", content)}
    page = admin.post(page_of(CredentialKind.GoogleServiceAccount), entered)
    assert page.status_code == 422 and "no key file of a service account" in page.text


def test_a_refresh_token_comes_with_its_clients_secret(admin):
    entered = {"name": "Gmail", "user_name": "device@gmail.com", "client_id": "client.apps.test", "client_secret": "s"}
    page = admin.post(page_of(CredentialKind.GoogleRefreshToken), entered)
    assert "Enter the refresh token." in page.text
    admin.post(page_of(CredentialKind.GoogleRefreshToken), entered | {"refresh_token": "r"})
    row = Credential.objects.get()
    assert secrets_of(row) == Secrets(client_secret="s", refresh_token="r")
    again = {"user_name": row.user_name, "client_id": row.client_id, "client_secret": "only one"}
    assert "Enter both" in admin.post(reverse("credentials:edit", args=[row.pk]), again).text
