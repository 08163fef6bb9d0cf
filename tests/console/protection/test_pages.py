"""Recipient filter and Sender filter: what is saved is published, what is wrong is said at the field."""

from __future__ import annotations

import pytest
from django.urls import reverse

from console.actors import Role
from console.audit.models import Entry
from console.protection import actions
from console.publishing import queries
from console.publishing.models import ConfigRevision
from tests.console.builders import numbers
from tests.console.page_form import Form
from transport.config.filters import FilterAction, RecipientFilter, SenderFilter

pytestmark = pytest.mark.django_db
PAGE = "protection:recipient-filter"
SENDERS = "protection:sender-filter"
AS_AT_FIRST = numbers(SenderFilter) | {"enabled": "on", "external_mail_enabled": "on"}
RECIPIENTS = AS_AT_FIRST | numbers(RecipientFilter)


def published():
    return queries.snapshot(queries.newest_with_document())


def test_it_is_on_in_a_new_installation_and_can_be_turned_off_and_on(admin):
    actions.first_start()
    page = admin.get(reverse(PAGE))
    assert "Block messages sent to recipients not listed in the Global Address List" in page.text
    assert "550 5.1.1 User unknown" in page.text
    page = admin.post(reverse(PAGE), RECIPIENTS, follow=True)
    assert "The recipient filter is saved" in page.text
    assert not published().recipient_filter.recipient_validation_enabled
    admin.post(reverse(PAGE), RECIPIENTS | {"recipient_validation_enabled": "on"})
    assert published().recipient_filter.recipient_validation_enabled
    assert ConfigRevision.objects.count() == 3


def test_blocked_recipients_and_the_budget(admin):
    entered = {"block_list_enabled": "on", "blocked_recipients": "Former@Contoso.com\r\n\r\nother@contoso.com"}
    admin.post(reverse(PAGE), RECIPIENTS | entered | {"unknown_recipient_limit": "Unlimited"})
    saved = published().recipient_filter
    assert saved.blocked_recipients == ("former@contoso.com", "other@contoso.com")
    assert saved.unknown_recipient_limit is None
    change = Entry.objects.get(kind="Recipient filter")
    assert change.after["BlockedRecipients"] == "{former@contoso.com, other@contoso.com}"


@pytest.mark.parametrize(
    ("page", "field", "text", "words"),
    [
        (PAGE, "blocked_recipients", "anna", "“anna” is no address"),
        (PAGE, "blocked_recipients", "*@contoso.com", "wildcards are not possible"),
        (PAGE, "blocked_recipients", "\n".join(f"a{n}@b.example" for n in range(801)), "these are 801"),
        (PAGE, "unknown_recipient_limit", "0", "Enter a value from 1"),
        (SENDERS, "blocked_senders", "pest", "“pest” is no address"),
        (SENDERS, "blocked_domains", "*.pest.example", "wildcards are not possible"),
        (SENDERS, "blocked_domains_and_subdomains", "a@pest.example", "is no domain"),
    ],
)
def test_what_is_wrong_is_said_at_the_field(admin, page, field, text, words):
    shown = admin.post(reverse(page), RECIPIENTS | {"action": "Reject", field: text})
    assert shown.status_code == 422
    assert words in str(shown.context["form"].errors[field])
    assert not ConfigRevision.objects.exists()


def test_a_list_that_is_not_in_use_is_pointed_out(admin):
    filled = RECIPIENTS | {"blocked_recipients": "former@contoso.com"}
    assert "the list is not in use" in admin.post(reverse(PAGE), filled, follow=True).text
    assert "not in use" not in admin.post(reverse(PAGE), filled | {"block_list_enabled": "on"}, follow=True).text


def test_800_addresses_fit(admin):
    addresses = "\n".join(f"a{n}@b.example" for n in range(800))
    admin.post(reverse(PAGE), RECIPIENTS | {"blocked_recipients": addresses})
    assert len(published().recipient_filter.blocked_recipients) == 800


def test_the_sender_filter_is_published_and_told_in_a_sentence(signed_in):
    hygiene = signed_in(Role.HYGIENE_MANAGEMENT)
    assert "No sender is blocked." in hygiene.get(reverse(SENDERS)).text
    entered = {"action": "Reject", "blocked_domains": "Pest.example", "blank_sender_blocking_enabled": "on"}
    page = hygiene.post(reverse(SENDERS), AS_AT_FIRST | entered, follow=True)
    assert "554 5.1.0 Sender Denied" in page.text and "non-delivery reports" in page.text
    assert published().sender_filter.blocked_domains == ("pest.example",)
    hygiene.post(reverse(SENDERS), AS_AT_FIRST | entered | {"action": "StampStatus"})
    assert published().sender_filter.action is FilterAction.StampStatus
    assert Entry.objects.filter(kind="Sender filter").count() == 2


@pytest.mark.parametrize("page", [PAGE, SENDERS])
def test_somebody_else_was_faster(admin, page):
    actions.first_start()
    mine = Form(admin.get(reverse(page)).text).sent
    admin.post(reverse(page), mine | {"external_mail_enabled": []})
    told = admin.post(reverse(page), mine | {"enabled": []}, follow=True)
    assert "What somebody else saved meanwhile stays" in told.text
    theirs = Form(admin.get(reverse(page)).text).sent
    assert "external_mail_enabled" not in theirs and "enabled" not in theirs


@pytest.mark.parametrize("page", [PAGE, SENDERS])
def test_who_may_only_look(signed_in, page):
    reader = signed_in(Role.RECIPIENT_MANAGEMENT)
    assert reader.get(reverse(page)).status_code == 200
    assert reader.post(reverse(page), {}).status_code == 403
