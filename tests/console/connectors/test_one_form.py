"""The tabs of a connector are one form: one Save, one preview, nothing lost on the way from tab to tab."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from console.accounts import actions as accounts
from console.connectors import actions, models, queries
from console.connectors.forms import ReceiveForm, SendForm
from console.connectors.properties import labels
from console.users import actions as users
from tests.browsing import PASSWORD, signed_in
from tests.console.builders import ADMIN, receive_connector, send_connector
from tests.console.page_form import Form

pytestmark = pytest.mark.django_db
ASK = {"HX-Request": "true", "HX-Target": "preview"}


def page_of(row: Any, tab: str = "general", kind: str = "receive") -> str:
    return reverse(f"connectors:{kind}-properties", args=[row.pk, tab])


@pytest.mark.parametrize(("kind", "form"), [("receive", ReceiveForm), ("send", SendForm)])
def test_every_tab_is_on_the_page_and_saved_with_it(admin: Any, kind: str, form: Any) -> None:
    made = receive_connector() if kind == "receive" else send_connector()
    row = actions.create(ADMIN, made)
    for tab in labels(form.tabs()):
        text = admin.get(page_of(row, tab, kind)).text
        assert all(f'id="{each}" aria-label' in text for each in labels(form.tabs()))
        assert f'class="panel current" id="{tab}"' in text and text.count("data-save") == 1


def test_what_is_entered_on_several_tabs_is_one_save(admin: Any) -> None:
    row = actions.create(ADMIN, receive_connector())
    sent = Form(admin.get(page_of(row)).text).sent
    entries = {"comment": "Printers", "fqdn": "mail.contoso.com", "tarpit_interval": "00:00:09"}
    assert admin.post(page_of(row, "limits"), sent | entries).status_code == 302
    saved = queries.receive(models.ReceiveConnector.objects.get())
    assert (saved.comment, saved.fqdn, saved.tarpit_interval) == ("Printers", "mail.contoso.com", 9)


def test_the_page_opens_at_the_tab_with_the_error(admin: Any) -> None:
    row = actions.create(ADMIN, receive_connector())
    sent = Form(admin.get(page_of(row)).text).sent | {"tarpit_interval": "soon"}
    page = admin.post(page_of(row, "general"), sent)
    assert page.status_code == 422 and 'class="panel current" id="limits"' in page.text


def test_the_sentence_is_struck_through_where_the_entries_change_it(admin: Any) -> None:
    row = actions.create(ADMIN, receive_connector())
    sent = Form(admin.get(page_of(row)).text).sent | {"remote_ip_ranges": "10.9.9.9"}
    preview = admin.post(page_of(row, "scoping"), sent, headers=ASK).text
    assert "<del>Anyone at 10.0.0.0/8 may send" in preview
    assert preview.count("Anyone at 10.9.9.9 may send") == 2, "in the sentence, and beside Save"


def test_a_send_connectors_sentence_too(admin: Any) -> None:
    row = actions.create(ADMIN, send_connector())
    sent = Form(admin.get(page_of(row, kind="send")).text).sent | {"address_spaces": "fabrikam.com"}
    preview = admin.post(page_of(row, "address-space", "send"), sent, headers=ASK).text
    assert "<del>Mail for all other domains" in preview and "Mail for fabrikam.com goes to" in preview


def test_what_must_be_confirmed_is_asked_with_the_preview_and_is_no_error(admin: Any) -> None:
    row = actions.create(ADMIN, receive_connector("Relay", ranges=["192.168.5.77"]))
    sent = Form(admin.get(page_of(row)).text).sent | {"right-0-accept-any-recipient": "grant"}
    preview = admin.post(page_of(row, "security"), sent, headers=ASK).text
    assert "Confirm this before it is saved." in preview and 'name="confirmation"' in preview
    assert "field-error" not in preview and "exactly as it stands here" not in preview
    unconfirmed = admin.post(page_of(row, "security"), sent)
    assert unconfirmed.status_code == 422 and 'name="confirmation"' in unconfirmed.text
    assert "field-error" not in unconfirmed.text and "Nothing is saved yet" not in unconfirmed.text
    wrong = admin.post(page_of(row, "security"), sent | {"confirmation": "relay"})
    assert "exactly as it stands here" in wrong.text
    assert admin.post(page_of(row, "security"), sent | {"confirmation": "Relay"}).status_code == 302


def test_people_have_two_editors_too(admin: Any) -> None:
    group = users.add_group(ADMIN, "Scanners", "Those on the second floor")
    page = reverse("users:group-edit", args=[group.pk])
    sent = Form(admin.get(page).text).sent
    users.change_group(ADMIN, group, "On the third floor")
    assert admin.post(page, sent).status_code == 302
    group.refresh_from_db()
    assert group.description == "On the third floor", "who changed nothing takes nothing back"
    asked = admin.post(page, sent | {"description": "In the cellar"})
    assert "Save what I entered: In the cellar" in asked.text
    assert "Keep what is saved now: On the third floor" in asked.text


def test_the_matrix_hides_whom_no_client_can_be_here(admin: Any) -> None:
    row = actions.create(ADMIN, receive_connector())
    form = admin.get(page_of(row, "security")).context["form"]
    assert [heading for heading, comes in form.principals if comes] == ["Anonymous users"]
    sent = Form(admin.get(page_of(row)).text).sent | {"auth_mechanism": ["Tls", "BasicAuth"]}
    form = admin.post(page_of(row, "security"), sent, headers=ASK).context["form"]
    assert [heading for heading, comes in form.principals if comes] == ["Anonymous users", "Authenticated users"]
    by_hand = Form(admin.get(page_of(row)).text).sent | {"right-5-submit": "deny"}
    form = admin.post(page_of(row, "security"), by_hand, headers=ASK).context["form"]
    assert ("Partner servers", True) in form.principals, "what is set by hand is never hidden"
    assert [line.right.name for line in form.lines() if line.differs] == ["SUBMIT"]


def test_a_range_is_put_right_where_it_stands(admin: Any) -> None:
    row = actions.create(ADMIN, receive_connector())
    sent = Form(admin.get(page_of(row)).text).sent | {"remote_ip_ranges": "10.0.0.0/8\n172.160.0.0/12\n10.1.0.0/16"}
    preview = admin.post(page_of(row, "scoping"), sent, headers=ASK).text
    assert 'value="172.160.0.0/12 &gt; 172.16.0.0/12"' in preview and preview.count("Correct it") == 2
    page = admin.post(page_of(row, "scoping"), sent | {"correct": "172.160.0.0/12 > 172.16.0.0/12"})
    assert page.status_code == 200
    again = Form(page.text).sent
    assert again["remote_ip_ranges"] == ["10.0.0.0/8\n172.16.0.0/12\n10.1.0.0/16"]
    page = admin.post(page_of(row, "scoping"), again | {"correct": "10.1.0.0/16 > "})
    assert Form(page.text).sent["remote_ip_ranges"] == ["10.0.0.0/8\n172.16.0.0/12"]
    assert queries.receive(models.ReceiveConnector.objects.get()) == queries.receive(row)


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("scripts", [True, False])
def test_switching_tabs_loses_nothing(page: Page, live_server: LiveServer, scripts: bool) -> None:
    accounts.first_start(PASSWORD)
    row = actions.create(ADMIN, receive_connector())
    browser = page.context.browser
    assert browser is not None
    tab = page if scripts else browser.new_context(java_script_enabled=False).new_page()
    with signed_in(tab, live_server.url + page_of(row), "Office"):
        tab.fill("[name=comment]", "Printers")
        tab.click(".tabs a:text-is('Limits')")
        expect(tab.locator("[name=comment]")).to_be_hidden()
        tab.fill("[name=tarpit_interval]", "00:00:09")
        tab.click(".tabs a:text-is('Scoping')")
        expect(tab.locator("[name=tarpit_interval]")).to_be_hidden()
        tab.fill("[name=fqdn]", "mail.contoso.com")
        tab.click(".tabs a:text-is('General')")
        expect(tab.locator("[name=comment]")).to_have_value("Printers")
        tab.click("button:has-text('Save')")
        expect(tab.locator("#messages")).to_contain_text("Office is saved.")
    saved = queries.receive(models.ReceiveConnector.objects.get())
    assert (saved.comment, saved.fqdn, saved.tarpit_interval) == ("Printers", "mail.contoso.com", 9)


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_by_keyboard_and_before_leaving(page: Page, live_server: LiveServer) -> None:
    accounts.first_start(PASSWORD)
    row = actions.create(ADMIN, receive_connector())
    with signed_in(page, live_server.url + page_of(row, "limits"), "Office"):
        page.goto(live_server.url + page_of(row, "general") + "#id_tarpit_interval")
        expect(page.locator(".tabs [aria-current]")).to_have_text("Limits")
        expect(page.locator("[name=tarpit_interval]")).to_be_in_viewport()
        page.fill("[name=tarpit_interval]", "00:00:09")
        asked: list[str] = []
        page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
        page.click(".tabs a:text-is('Activity')")
        expect(page.locator("[name=tarpit_interval]")).to_have_value("00:00:09")
        assert asked == ["beforeunload"]
        page.keyboard.press("Control+s")
        expect(page.locator("#messages")).to_contain_text("Office is saved.")
        assert asked == ["beforeunload"], "what is saved is not asked about"


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_matrix_is_one_stop_of_the_tab_key(page: Page, live_server: LiveServer) -> None:
    accounts.first_start(PASSWORD)
    row = actions.create(ADMIN, receive_connector())
    with signed_in(page, live_server.url + page_of(row, "security"), "Office"):
        page.check("#every-principal")
        page.focus("#right-0-submit")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowRight")
        expect(page.locator("#right-1-accept-any-recipient")).to_be_focused()
        page.keyboard.press("d")
        expect(page.locator("#right-1-accept-any-recipient")).to_have_value("deny")
        expect(page.locator("td.hand-deny #right-1-accept-any-recipient")).to_be_focused()
        page.keyboard.press("Tab")
        assert not page.evaluate("document.activeElement.closest('.rights')")
        page.check("#only-by-hand")
        expect(page.locator(".rights tbody tr:visible")).to_have_count(1)


def test_who_leaves_for_another_page_without_a_script_finds_what_was_entered(admin: Any) -> None:
    row = actions.create(ADMIN, receive_connector("Printers"))
    page = reverse("connectors:receive-properties", args=[row.pk, "general"])
    text = admin.get(page).text
    assert '<button class="leave" form="tabbed" name="leave" value="activity">' in text
    sent = Form(text).sent | {"comment": "half done", "remote_ip_ranges": "nonsense", "leave": "activity"}
    activity = reverse("connectors:receive-properties", args=[row.pk, "activity"])
    assert admin.post(page, sent).url == activity
    assert admin.get(activity).status_code == 200
    back = admin.get(reverse("connectors:receive-properties", args=[row.pk, "scoping"]))
    assert back.status_code == 200
    assert "half done" in back.text and "nonsense" in back.text
    assert "What you entered is here, and is not saved yet." in back.text
    row.refresh_from_db()
    assert row.comment == ""
    assert "half done" not in admin.get(page).text
