"""The keyboard suffices: what is typed arrives in the first field, Save is one press away, the focus is seen, and it
comes back from what was opened.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from console.audit.models import Entry
from console.connectors import actions as connectors
from console.directory import actions as directory
from console.directory.models import Recipient
from console.domains import actions as domains
from console.domains.models import AcceptedDomain
from tests.browsing import is_error, uncomplaining
from tests.console.builders import ADMIN, accepted_domain, receive_connector

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


FIRST_FIELDS = {
    "connectors:receive-list": "name", "connectors:send-list": "name", "domains:list": "domain_name",
    "directory:list": "address", "users:list": "name", "users:group-list": "name", "certificates:list": "name",
    "system_messages:list": "dsn_code", "accounts:admin-list": "username", "drafts:list": "name",
    "protection:block-list": "entries", "protection:provider-list": "name", "kerberos:list": "name",
}  # fmt: skip

IN_SIGHT = """
if (document.activeElement === document.body) return ""; // beyond the last one
const [focused, style] = [document.activeElement, getComputedStyle(document.activeElement)];
const ringed = style.outlineStyle !== "none" || style.boxShadow !== "none" || focused.matches("td > .row-link");
const box = focused.getBoundingClientRect();
const at = document.elementFromPoint(box.left + Math.min(box.width, 300) / 2, box.top + Math.min(box.height, 60) / 2);
const seen = at && (focused.contains(at) || at.contains(focused) || at.closest("label")?.control === focused);
return ringed && seen ? "" : `${ringed ? "covered" : "without a ring"}: ${focused.outerHTML.slice(0, 160)}`;
"""


def test_what_is_typed_after_n_is_the_name(console: Page, live_server: LiveServer) -> None:
    domains.create(ADMIN, accepted_domain())
    for page, field in FIRST_FIELDS.items():
        console.goto(live_server.url + reverse(page))
        with console.expect_navigation(wait_until="load"):
            console.keyboard.press("n")
        expect(console.locator(f"main [name={field}]")).to_be_focused()
        console.keyboard.type("abc")
        expect(console.locator(f"main [name={field}]")).to_have_value("abc")
        console.evaluate("document.querySelector('main form').reset(); unsaved = false")


@pytest.mark.parametrize("focus", ["main [name=name]", "main textarea >> nth=0", ".feature-pane a >> nth=3", "body"])
def test_one_press_saves_once_from_anywhere(console: Page, live_server: LiveServer, focus: str) -> None:
    row: Any = domains.create(ADMIN, accepted_domain())
    console.goto(live_server.url + reverse("domains:edit", args=[row.pk]))
    console.fill("[name=name]", "Head office")
    console.locator(focus).focus() if focus != "body" else console.evaluate("document.activeElement.blur()")
    console.keyboard.press("Control+s")
    expect(console.locator("#messages")).to_contain_text("contoso.com is saved")
    assert AcceptedDomain.objects.get().name == "Head office"
    assert Entry.objects.filter(verb="changed").count() == 1


def test_the_key_for_save_removes_nothing(console: Page, live_server: LiveServer) -> None:
    row = directory.add(ADMIN, "anna@contoso.com", "Anna")
    console.goto(f"{live_server.url}{reverse('directory:remove')}?pk={row.pk}")
    console.keyboard.press("Control+s")
    expect(console.locator("h1")).to_contain_text("Remove")
    assert Recipient.objects.exists()


def test_keys_lead_from_tab_to_tab_to_features_and_to_the_form(console: Page, live_server: LiveServer) -> None:
    connectors.create(ADMIN, receive_connector())
    for key in "gr":
        console.keyboard.press(key)
    expect(console.locator("h1")).to_have_text("Receive connectors")
    console.wait_for_load_state()
    console.keyboard.press("j")
    expect(console.locator("#details h2")).to_have_text("Office")
    console.keyboard.press("e")
    expect(console.locator(".tabs [aria-current]")).to_have_text("General")
    console.evaluate("document.activeElement.blur()")
    for key, tab in (("]", "Security"), ("]", "Scoping"), ("[", "Security")):
        console.keyboard.press(key)
        expect(console.locator(".tabs [aria-current]")).to_have_text(tab)


def test_the_focus_comes_back_from_what_was_opened(console: Page, live_server: LiveServer) -> None:
    connectors.create(ADMIN, receive_connector())
    console.set_viewport_size({"width": 800, "height": 900})
    console.goto(live_server.url + reverse("connectors:receive-list"))
    row = console.locator(".row-link")
    row.focus()
    for key, shown in (("?", "#keys"), ("Enter", "#details h2")):
        console.keyboard.press(key)
        expect(console.locator(shown)).to_be_visible()
        console.keyboard.press("Escape")
        expect(console.locator(shown)).to_be_hidden()
        expect(row).to_be_focused()
    for opener, shown in ((".account summary", ".account .menu-body"), ("[data-pane-toggle]", ".feature-pane nav")):
        console.focus(opener)
        console.keyboard.press("Enter")
        expect(console.locator(shown)).to_be_visible()
        console.keyboard.press("Tab")
        console.keyboard.press("Escape")
        expect(console.locator(opener)).to_be_focused()


@pytest.mark.parametrize("page", ["home", "list", "form"])
def test_the_focus_is_always_in_sight(console: Page, live_server: LiveServer, page: str) -> None:
    row = connectors.create(ADMIN, receive_connector())
    form = reverse("connectors:receive-properties", args=[row.pk, "limits"])
    console.goto(live_server.url + {"home": "/", "list": reverse("connectors:receive-list"), "form": form}[page])
    console.evaluate("document.activeElement.blur()")
    console.keyboard.press("Tab")
    if page != "form":
        expect(console.locator(".skip")).to_be_focused()
    hidden = set()
    with uncomplaining(console, is_error):
        for _stop in range(60):
            hidden.add(console.evaluate(f"(() => {{ {IN_SIGHT} }})()"))
            console.keyboard.press("Tab")
    assert hidden == {""}
