"""Copies in the form of a new object: filled in, but for what is secret."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from console.actors import SYSTEM
from console.credentials import actions as credentials
from console.credentials.models import Credential
from console.crud import actions
from console.crud.tags import tags_of
from console.users import actions as users
from console.users.models import Group
from tests.console.crud.test_every_list import lists
from tests.console.page_form import Form
from transport.config.credential import CredentialKind, Secrets

pytestmark = pytest.mark.django_db
NOT_COPIED = {
    "certificates:list", "dkim:list", "kerberos:list", "directory:list", "protection:block-list",
    "protection:allow-list", "tls_reports:list", "drafts:list", "acme:account-list",
    "acme:list",
}  # fmt: skip
"""What is one of a kind: a key, an address; or comes from others; or begins with what is in force."""


def test_every_kind_of_which_there_may_be_another_like_it_is_copied() -> None:
    made = {name for name, kind in lists().items() if kind.model is not None and (kind.form_class or kind.new_url)}
    assert {name for name, kind in lists().items() if kind.copied or kind.copies} == made - NOT_COPIED


def test_a_credential_is_copied_without_its_secret(admin: Client) -> None:
    wanted = credentials.Wanted(user_name="a@contoso.com", tenant="t", client_id="c", messages_per_day=9)
    secret = Secrets(client_secret="nobody-reads-this")
    row = credentials.add(SYSTEM, "One", CredentialKind.Microsoft365, wanted, secret)
    actions.tag(SYSTEM, credentials.WRITERS, "Credential", [row], ["cloud"])
    page = reverse("credentials:copy", args=[row.pk])
    text = admin.get(page).text
    assert "nobody-reads-this" not in text
    sent = Form(text).sent | {"name": "Two"}
    assert (sent["user_name"], sent["tenant"], sent["messages_per_day"]) == (["a@contoso.com"], ["t"], ["9"])
    assert admin.post(page, sent).status_code == 422
    assert admin.post(page, sent | {"client_secret": "another"}).status_code == 302
    two = Credential.objects.get(name="Two")
    assert (two.kind, two.messages_per_day, tags_of(two)) == (row.kind, 9, ["cloud"])
    assert "another" not in admin.get(reverse("credentials:details", args=[two.pk])).text


def test_a_user_is_copied_with_groups_and_a_password_of_their_own(admin: Client) -> None:
    group = Group.objects.create(name="Printers")
    user = users.add(SYSTEM, "CONTOSO", "one", "correct horse battery", "One", (), [group])
    page = reverse("users:copy", args=[user.pk])
    sent = Form(admin.get(page).text).sent
    assert (sent["domain"], sent["groups_chosen"], sent["password"]) == (["CONTOSO"], [str(group.pk)], [""])
    assert admin.post(page, sent).status_code == 422
    word = "staple of another horse"
    admin.post(page, sent | {"name": "two", "password": word, "again": word})
    two = type(user).objects.get(name="two")
    assert list(two.groups.all()) == [group]
    assert two.password != user.password
