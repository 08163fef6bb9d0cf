"""Credentials in the browser: added, changed, used, removed, and never shown."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from cryptography.fernet import Fernet
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from console.actors import Role
from console.audit.models import Entry
from console.connectors import actions as connectors
from console.credentials.models import Credential
from console.publishing.models import ConfigRevision
from tests.console.builders import ADMIN, send_connector
from transport.config import document
from transport.config.credential import Secrets
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
