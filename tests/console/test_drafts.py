"""Changes that are collected, compared, tried, proved and activated as one revision."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse

from console.actors import Actor, Role
from console.audit.models import Entry
from console.audit.queries import DRAFT, RELAY
from console.certificates import actions as certificates
from console.connectors import actions as connectors
from console.connectors.models import ReceiveConnector as Row
from console.crud import schema
from console.drafts import actions, layout, queries
from console.publishing import queries as publishing
from console.publishing.models import ConfigRevision, Draft
from console.publishing.relay_guard import RelayNotConfirmed
from tests.console import builders
from tests.console.builders import ADMIN, HYGIENE, receive_connector
from tests.console.management_shell.shell import Shell
from tests.console.page_form import Form
from transport.config.receive_connector import ReceiveConnector

pytestmark = pytest.mark.django_db
BERTA = Actor("berta", frozenset({Role.ORGANIZATION_MANAGEMENT}))


@pytest.fixture
def office() -> Row:
    return connectors.create(ADMIN, receive_connector("Office"))


@pytest.fixture
def draft(office: Row) -> Draft:
    return actions.begin(ADMIN, "New host")


def in_force() -> int:
    newest = publishing.newest()
    assert newest is not None
    return newest.number


def comment(actor: Actor, row: Row, text: str) -> None:
    connectors.update(actor, ReceiveConnector, row.pk, {"comment": text})


def test_what_is_saved_in_a_draft_is_nowhere_else_until_it_is_activated_as_one_revision(office: Row, draft: Draft):
    before = Entry.objects.count()
    with schema.inside(draft.schema):
        comment(ADMIN, office, "new")
        connectors.create(ADMIN, receive_connector("Second", bindings=["10.0.0.9:25"]))
        assert Row.objects.count() == 2
    assert Row.objects.get().comment == "" and in_force() == 1 and Entry.objects.count() == before
    assert queries.changes(draft) == 2
    outcome = queries.outcome(Draft.objects.get())
    assert [(each.name, each.verb) for each in outcome.differences] == [("Office", "changed"), ("Second", "new")]
    revision = actions.activate(ADMIN, draft)
    assert revision is not None and (revision.number, revision.comment) == (2, "Draft New host activated")
    assert Row.objects.get(name="Office").pk == office.pk and Row.objects.count() == 2
    told = Entry.objects.filter(revision=2).values_list("object_name", "verb")
    assert set(told) == {("Office", "changed"), ("Second", "created")}
    assert Entry.objects.filter(kind=DRAFT, object_name="New host", verb="activated").exists()
    assert not Draft.objects.exists() and not schemas()


def schemas() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'draft%%'")
        return [name for (name,) in cursor.fetchall()]


def test_what_others_published_meanwhile_stays_and_what_both_changed_is_a_conflict(office: Row, draft: Draft):
    other = actions.begin(BERTA, "Other")
    for each, text in ((draft, "ours"), (other, "other")):
        with schema.inside(each.schema):
            comment(ADMIN if each is draft else BERTA, office, text)
    assert [each.name for each, _ in queries.outcome(Draft.objects.get(pk=draft.pk)).others] == ["Other"]
    connectors.create(BERTA, receive_connector("Second", bindings=["10.0.0.9:25"]))
    actions.activate(BERTA, other)
    assert Row.objects.count() == 2
    conflict = ("Receive connector", "office")
    assert queries.outcome(Draft.objects.get()).merged.conflicts == (conflict,)
    with pytest.raises(ValidationError, match="Others have published changes of the same meanwhile: office"):
        actions.activate(ADMIN, draft)
    assert actions.activate(ADMIN, draft, {conflict: True}) is not None
    assert Row.objects.get(name="Office").comment == "ours" and Row.objects.count() == 2


def test_theirs_may_count_too(office: Row, draft: Draft):
    with schema.inside(draft.schema):
        comment(ADMIN, office, "ours")
    comment(BERTA, office, "theirs")
    assert actions.activate(ADMIN, draft, {("Receive connector", "office"): False}) is None
    assert Row.objects.get().comment == "theirs"


def test_a_relay_is_asked_when_the_draft_is_activated(draft: Draft):
    with schema.inside(draft.schema):
        connectors.create(ADMIN, receive_connector("Relay", bindings=["10.0.0.9:25"], grants=(builders.RELAY,)))
    with pytest.raises(RelayNotConfirmed):
        actions.activate(ADMIN, draft)
    assert Row.objects.count() == 1
    actions.activate(ADMIN, draft, confirmed={"Relay"})
    assert Entry.objects.filter(kind=RELAY, object_name="Relay", verb="confirmed").exists()


def test_who_did_not_save_it_all_needs_the_role_of_everything(office: Row, draft: Draft):
    with schema.inside(draft.schema):
        comment(HYGIENE, office, "by hygiene")
    actions.activate(HYGIENE, draft)
    second = actions.begin(HYGIENE, "Second")
    with schema.inside(second.schema):
        comment(ADMIN, office, "by admin")
    with pytest.raises(PermissionDenied):
        actions.activate(HYGIENE, second)
    with pytest.raises(PermissionDenied):
        actions.begin(builders.READER, "Third")
    actions.discard(HYGIENE, second)
    assert Entry.objects.filter(kind=DRAFT, verb="discarded", before={"Changes": "Office (changed)"}).exists()
    assert not schemas()


def test_nothing_is_written_into_the_real_thing_when_the_draft_is_gone(office: Row, draft: Draft):
    with schema.inside(draft.schema):
        actions.discard(ADMIN, draft)
        with pytest.raises(ValidationError, match="This draft is gone"):
            comment(ADMIN, office, "lost")
    assert Row.objects.get().comment == ""


def test_activated_for_a_time_it_is_kept(office: Row, draft: Draft):
    with schema.inside(draft.schema):
        comment(ADMIN, office, "new")
    actions.activate(ADMIN, draft, minutes=5)
    assert publishing.trial() is not None and Draft.objects.exists()


def test_an_upgrade_makes_its_tables_anew(office: Row, draft: Draft):
    with schema.inside(draft.schema):
        comment(ADMIN, office, "new")
    Draft.objects.update(laid_out=0)
    actions.renew(Draft.objects.get())
    assert layout.is_laid_out(Draft.objects.get())
    with schema.inside(draft.schema):
        assert Row.objects.get().comment == "new"
    assert queries.changes(draft) == 1


def test_keys_are_not_kept_in_a_draft(draft: Draft):
    with schema.inside(draft.schema), pytest.raises(ValidationError, match="Keys are not kept in a draft"):
        certificates.make_self_signed(ADMIN, "Second", ["mail.contoso.com"])


def test_the_pages_work_in_it(office: Row, admin: Client, signed_in: Callable[..., Client]):
    admin.post(reverse("drafts:new"), {"name": "Pages"})
    draft = Draft.objects.get()
    page = reverse("connectors:receive-properties", args=[office.pk, "general"])
    html = admin.get(page).text
    assert "Draft “Pages”:" in html and "0 changes, not in force." in html
    answer = admin.post(page, Form(html).sent | {"comment": "by the form"})
    assert answer.status_code == 302, answer.text
    assert "1 change, not in force." in (shown := admin.get(page).text) and "by the form" in shown
    assert "Set-ReceiveConnector" in admin.get(reverse("commands:done")).text
    for name in ("publishing:list", "relay_proof:page", "what_if:page", "overview:home", "drafts:list"):
        assert "Draft “Pages”:" in admin.get(reverse(name)).text, name
    assert Row.objects.get().comment == "" and in_force() == 1
    other = signed_in(Role.VIEW_ONLY)
    assert "by the form" not in other.get(page).text
    other.post(reverse("drafts:use", args=[draft.pk]))
    assert "by the form" in (seen := other.get(page).text) and "Activate" not in seen
    assert "by the form" in admin.get(reverse("drafts:compare", args=[draft.pk])).text
    assert admin.post(reverse("drafts:activate", args=[draft.pk]), {}).status_code == 302
    assert Row.objects.get().comment == "by the form" and "not in force" not in admin.get(page).text
    gone = other.post(page, {"comment": "x"}, follow=True).text
    assert "The draft is gone" in gone


def test_the_page_asks_whose_change_counts(office: Row, draft: Draft, admin: Client):
    with schema.inside(draft.schema):
        comment(ADMIN, office, "ours")
    comment(BERTA, office, "theirs")
    page = reverse("drafts:activate", args=[draft.pk])
    assert "Others have published changes of the same" in admin.get(page).text
    assert admin.post(page, {}).status_code == 422
    assert admin.post(page, {"conflict-0": "draft"}).status_code == 302
    assert Row.objects.get().comment == "ours"


def test_discarded_from_the_strip_one_is_on_the_real_thing(office: Row, draft: Draft, admin: Client):
    admin.post(reverse("drafts:use", args=[draft.pk]))
    assert "is lost" in admin.get(reverse("drafts:remove") + f"?pk={draft.pk}").text
    after = admin.post(reverse("drafts:remove"), {"pk": draft.pk}, follow=True).text
    assert "not in force" not in after and not Draft.objects.exists()


def test_the_shell_works_in_it(office: Row):
    shell = Shell()
    shell.run('New-GatepostDraft "By shell"; Enter-GatepostDraft "By shell"')
    try:
        shell.run('Set-ReceiveConnector Office -Comment "by shell"')
        assert "by shell" in shell.run("Compare-GatepostDraft | fl")
        assert schema.current() and Row.objects.get().comment == "by shell"
    finally:
        shell.run("Exit-GatepostDraft")
    assert Row.objects.get().comment == ""
    shell.run('Publish-GatepostDraft "By shell"')
    assert Row.objects.get().comment == "by shell" and "By shell" not in shell.run("Get-GatepostDraft")


def test_the_shell_s_page_stays_in_the_draft(draft: Draft, admin: Client):
    page = reverse("management_shell:shell")
    admin.post(page, {"script": 'Enter-GatepostDraft "New host"'})
    assert "Draft “New host”:" in admin.get(page).text
    assert schema.current() == ""
    admin.post(page, {"script": "Exit-GatepostDraft"})
    assert "Draft “New host”:" not in admin.get(page).text
    assert schema.current() == "" and ConfigRevision.objects.count() == 1
