"""A session that ends while somebody types: after the sign-in the entries are there again, and nothing is saved."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from console.accounts import actions as accounts
from console.accounts import kept_entries
from console.actors import SYSTEM, Role
from console.connectors import actions, models
from tests.browsing import PASSWORD, signed_in
from tests.console.builders import ADMIN, receive_connector
from tests.console.page_form import Form

pytestmark = pytest.mark.django_db
WAS_HERE = "Your session had ended. What you entered is here"


@pytest.fixture
def reader() -> Client:
    """Somebody has signed in with it before."""
    accounts.first_start(PASSWORD)
    client = Client()
    sign_in(client)
    return client


def sign_in(client: Client, name: str = "admin", then: str = "/") -> Any:
    entered = {"username": name, "password": PASSWORD, "next": then}
    return client.post(reverse("accounts:sign-in"), entered, follow=True)


def the_session_ends() -> None:
    Session.objects.all().delete()


def edited(client: Client) -> tuple[str, dict[str, Any]]:
    row = actions.create(ADMIN, receive_connector())
    page = reverse("connectors:receive-properties", args=[row.pk, "general"])
    return page, Form(client.get(page).text).sent | {"comment": "Printers", "permission_groups": ["ExchangeUsers"]}


def test_the_entries_are_there_after_the_sign_in_and_not_saved(reader: Client) -> None:
    page, sent = edited(reader)
    the_session_ends()
    asked = reader.post(page, sent, follow=True)
    assert "Your session has ended. Sign in, and what you entered is here again." in asked.text
    again = sign_in(reader, then=page)
    assert WAS_HERE in again.text
    entered = Form(again.text).sent
    assert entered["comment"] == ["Printers"] and entered["permission_groups"] == ["ExchangeUsers"]
    assert "nobody may send" in again.text, "the sentence is that of the entries"
    assert models.ReceiveConnector.objects.get().comment == ""
    assert reader.post(page, entered).status_code == 302
    assert models.ReceiveConnector.objects.get().comment == "Printers"
    assert WAS_HERE not in reader.get(page).text


@pytest.mark.parametrize(
    ("url", "entries"),
    [
        ("domains:new", {"domain_name": "wingtip.example", "name": "Wingtip"}),
        ("protection:sender-filter", {"blocked_domains": "pest.example"}),
        ("users:new", {"name": "scanner", "display_name": "On the second floor"}),
        ("accounts:admin-new", {"username": "dora", "full_name": "Dora"}),
        ("connectors:receive-wizard-step", {"name": "Printers", "usage": "Internet", "go": "next"}),
    ],
)
def test_on_other_forms_too(reader: Client, url: str, entries: dict[str, str]) -> None:
    page = reverse(url, args=["a1b2c3d4", "introduction"] if "wizard" in url else [])
    sent = Form(reader.get(page).text).sent | entries
    the_session_ends()
    reader.post(page, sent)
    again = Form(sign_in(reader, then=page).text).sent
    assert {name: again[name] for name in entries if name != "go"} == {
        name: [value] for name, value in entries.items() if name != "go"
    }


def test_no_password_is_kept(reader: Client) -> None:
    page = reverse("accounts:admin-new")
    sent = {"username": "dora", "password": "winter-rain-on-tin", "again": "winter-rain-on-tin"}
    the_session_ends()
    reader.post(page, sent)
    assert "dora" in reader.session[kept_entries.KEPT]["entries"]
    assert "winter" not in str(dict(reader.session))


def test_nobody_else_gets_the_entries(reader: Client) -> None:
    page, sent = edited(reader)
    accounts.add(SYSTEM, "bert", PASSWORD, {Role.ORGANIZATION_MANAGEMENT})
    the_session_ends()
    reader.post(page, sent)
    text = sign_in(reader, "bert", page).text
    assert "Printers" not in text and WAS_HERE not in text
    assert kept_entries.KEPT not in reader.session


def test_of_strangers_nothing_is_stored(reader: Client) -> None:
    page, sent = edited(reader)
    the_session_ends()
    Client().post(page, sent)
    reader.post(page, sent | {"comment": "x" * kept_entries.LONGEST})
    assert not any(kept_entries.KEPT in session.get_decoded() for session in Session.objects.all())


def test_what_only_does_something_leads_back_to_its_list(reader: Client) -> None:
    the_session_ends()
    users = reverse("accounts:admin-list")
    gone = reader.post(
        reverse("accounts:admin-act"), {"verb": "disable", "pk": "1"}, headers={"Referer": f"http://testserver{users}"}
    )
    assert gone.url.endswith(f"?next={users}")
    assert User.objects.get().is_active


def test_the_sign_in_says_why_it_is_there(reader: Client) -> None:
    the_session_ends()
    assert "Your session has ended. Sign in to go on" in reader.get("/mail-flow/queues/", follow=True).text
    assert "Sign in to go on" not in Client().get("/mail-flow/queues/", follow=True).text


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_in_the_browser(page: Page, live_server: LiveServer) -> None:
    accounts.first_start(PASSWORD)
    row = actions.create(ADMIN, receive_connector())
    url = live_server.url + reverse("connectors:receive-properties", args=[row.pk, "scoping"])
    with signed_in(page, url, "Office"):
        the_session_ends()
        page.fill("[name=fqdn]", "mail.contoso.com")
        expect(page.locator("#messages")).to_contain_text("Your session has ended. Save:")
        page.keyboard.press("Control+s")
        expect(page.locator("main")).to_contain_text("what you entered is here again")
        page.fill("[name=username]", "admin")
        page.fill("[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        expect(page.locator("#messages")).to_contain_text("Your session had ended.")
        expect(page.locator("[name=fqdn]")).to_have_value("mail.contoso.com")
        page.keyboard.press("Control+s")
        expect(page.locator("#messages")).to_contain_text("Office is saved.")


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_back_and_reload_show_a_page_with_errors_again(page: Page, live_server: LiveServer) -> None:
    accounts.first_start(PASSWORD)
    with signed_in(page, live_server.url + reverse("domains:new"), "New accepted domain"):
        page.fill("[name=domain_name]", "no domain!")
        page.keyboard.press("Control+s")
        expect(page.locator(".field-error")).to_contain_text("is no valid name")
        page.reload()
        expect(page.locator(".field-error")).to_contain_text("is no valid name")
        page.click(".feature-pane a:text-is('Queues')")
        expect(page.locator("h1")).to_have_text("Queues")
        page.go_back()
        expect(page.locator(".field-error")).to_contain_text("is no valid name")
        expect(page.locator("[name=domain_name]")).to_have_value("no domain!")
        page.fill("[name=domain_name]", "wingtip.example")
        page.keyboard.press("Control+s")
        expect(page.locator("#messages")).to_contain_text("is saved")
