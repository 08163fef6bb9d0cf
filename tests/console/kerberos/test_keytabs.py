"""Keytabs in the browser: loaded, renewed, restored, removed, and never shown."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from console.actors import SYSTEM, Role
from console.audit.models import Entry
from console.connectors import actions as connectors
from console.kerberos import actions, queries
from console.kerberos.models import Keytab
from console.publishing.compile import compile_snapshot
from console.publishing.models import ConfigRevision
from console.publishing.restore import restore
from tests.config.test_keytab import MAGIC, MAIL, entry
from tests.console.builders import ADMIN, receive_connector
from transport.config.keytab import Key
from transport.config.receive_connector import AuthMechanism

pytestmark = pytest.mark.django_db
CONTENT = MAGIC + entry()
NEWER = MAGIC + entry(version=2) + entry(version=3)


def file(content: bytes = CONTENT) -> SimpleUploadedFile:
    return SimpleUploadedFile("smtp.keytab", content)


def load(admin, name="mail", content=CONTENT):
    return admin.post(reverse("kerberos:new"), {"name": name, "file": file(content)}, follow=True)


def test_a_keytab_is_loaded_published_and_listed_without_its_secret(admin):
    page = load(admin)
    assert "mail is saved" in page.text and "smtp/mail.contoso.com@CONTOSO.COM, version 2, aes256-cts" in page.text
    (carried,) = compile_snapshot(0).keytabs
    assert (carried.name, carried.keys) == ("mail", (MAIL,))
    assert Fernet(settings.GATEPOST_SECRET_KEY).decrypt(carried.encrypted) == CONTENT
    (written,) = Entry.objects.filter(kind="Keytab").values_list("verb", "after")
    assert written == ("created", {"Name": "mail", "Keys": str(MAIL)})
    assert carried.encrypted not in page.text


def test_a_newer_file_takes_the_place_of_the_one_before(admin):
    load(admin)
    admin.post(reverse("kerberos:edit", args=[Keytab.objects.get().pk]), {"name": "other", "file": file(NEWER)})
    (carried,) = compile_snapshot(0).keytabs
    assert (carried.name, carried.keys) == ("mail", (MAIL, Key(MAIL.principal, 3, "aes256-cts")))


def test_an_old_revision_brings_its_keys_back(admin):
    load(admin)
    before = compile_snapshot(0).keytabs
    admin.post(reverse("kerberos:remove"), {"pk": Keytab.objects.get().pk})
    assert compile_snapshot(0).keytabs == ()
    restore(ADMIN, ConfigRevision.objects.count() - 1)
    assert compile_snapshot(0).keytabs == before


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        ({"name": "", "file": file()}, "name", "Enter the name"),
        ({"name": "MAIL", "file": file()}, "name", "already"),
        ({"name": "other"}, "file", "Choose the keytab file"),
        ({"name": "other", "file": file(b"-----BEGIN CERTIFICATE-----")}, "file", "no keytab"),
        ({"name": "other", "file": file(MAGIC)}, "file", "holds no key"),
        ({"name": "other", "file": file(MAGIC + b"x" * 70_000)}, "file", "larger than 64 KB"),
    ],
)
def test_what_cannot_be_loaded_is_explained_at_its_field(admin, values, field, said):
    actions.add(SYSTEM, "mail", CONTENT)
    answer = admin.post(reverse("kerberos:new"), values)
    assert answer.status_code == 422 and said in " ".join(answer.context["form"].errors[field])
    assert Keytab.objects.count() == 1


def test_only_organization_management_may_write(signed_in):
    reader, clerk = signed_in(Role.VIEW_ONLY), signed_in(Role.RECIPIENT_MANAGEMENT)
    assert reader.get(reverse("kerberos:list")).status_code == 200
    assert clerk.post(reverse("kerberos:new"), {"name": "mail", "file": file()}).status_code == 403


def test_a_connector_says_why_kerberos_is_not_offered_until_it_is(admin, monkeypatch):
    integrated = frozenset({AuthMechanism.Tls, AuthMechanism.Integrated})
    row = connectors.create(ADMIN, receive_connector(enable_auth_gssapi=True, auth_mechanism=integrated))
    tabs = ("security", "extensions")
    security, extensions = (reverse("connectors:receive-properties", args=[row.pk, tab]) for tab in tabs)
    monkeypatch.setattr(queries, "find_spec", lambda name: None)
    assert "pyspnego[kerberos]" in admin.get(security).text
    monkeypatch.setattr(queries, "find_spec", lambda name: name)
    assert "There is no keytab yet" in admin.get(security).text
    assert "AUTH NTLM" in admin.get(extensions).text
    load(admin)
    assert "There is no keytab yet" not in admin.get(security).text
    assert "AUTH GSSAPI NTLM" in admin.get(extensions).text
