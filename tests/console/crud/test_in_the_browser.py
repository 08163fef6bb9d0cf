from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import Group, User
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from console.accounts import actions
from console.actors import SYSTEM, Role
from tests.browsing import PASSWORD, signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LIST = "/administration/admin-roles/"


@pytest.fixture
def console(page: Page, live_server: LiveServer) -> Iterator[Page]:
    """A signed-in browser that accepts no error of a script and no breach of the Content-Security-Policy."""
    actions.first_start(PASSWORD)
    for name in ("anna", "bruno", "carla"):
        actions.add(SYSTEM, name, PASSWORD, {Role.VIEW_ONLY})
    with signed_in(page, live_server.url + LIST, "Administrators") as console_page:
        yield console_page


def selected(page: Page):
    return page.locator("tr[aria-current] .row-link")


def test_rows_are_walked_with_the_keyboard(console: Page) -> None:
    console.keyboard.press("j")
    console.keyboard.press("j")
    expect(selected(console)).to_have_text("anna")
    expect(console.locator("#details h2")).to_have_text("anna")
    anna = User.objects.get(username="anna")
    expect(console).to_have_url(f"{console.url.split('/administration')[0]}{LIST}{anna.pk}/")
    console.keyboard.press("k")
    expect(console.locator("#details h2")).to_have_text("admin")
    console.keyboard.press("j")
    expect(console.locator("#details h2")).to_have_text("anna")
    console.keyboard.press("Enter")
    expect(console.locator("h1")).to_have_text("anna")
    console.go_back()
    expect(console.locator("#details h2")).to_have_text("anna")


def test_walking_the_rows_leaves_one_way_back(console: Page) -> None:
    before = console.evaluate("history.length")
    for key in "jjkj":
        console.keyboard.press(key)
    expect(console.locator("#details h2")).to_have_text("anna")
    assert console.evaluate("history.length") == before


def test_the_details_are_there_while_a_row_is_chosen(console: Page) -> None:
    details = console.locator("#details")
    expect(details).to_be_hidden()
    console.click("text=bruno")
    expect(details.locator("h2")).to_have_text("bruno")
    width = details.bounding_box()["width"]
    console.focus("[data-edge]")
    console.keyboard.press("ArrowLeft")
    assert details.bounding_box()["width"] > width
    console.keyboard.press("Escape")
    expect(details).to_be_hidden()
    expect(console).to_have_url(re.compile(f"{LIST}$"))
    console.click("text=carla")
    console.click("[data-close-details]")
    expect(details).to_be_hidden()


def test_a_row_is_one_line_high_and_a_card_on_a_phone(console: Page) -> None:
    height = "[...document.querySelectorAll('tbody tr')].map(row => Math.round(row.getBoundingClientRect().height))"
    actions.add(SYSTEM, "a-name-that-is-much-longer-than-the-others" * 3, PASSWORD, set(Role))
    console.reload()
    assert all(36 <= each <= 40 for each in console.evaluate(height))
    console.set_viewport_size({"width": 390, "height": 844})
    assert all(each <= 60 for each in console.evaluate(height))
    expect(console.locator("thead")).not_to_be_in_viewport()
    assert console.evaluate("document.documentElement.scrollWidth") == 390
    console.click("text=bruno")
    expect(console.locator("#details h2")).to_have_text("bruno")
    top = console.locator("#details").bounding_box()["y"]
    assert 0 < top < 844
    assert console.evaluate("scrollY") == 0


def test_who_comes_back_finds_the_list_scrolled_as_it_was(console: Page) -> None:
    User.objects.bulk_create(User(username=f"user{number:02}") for number in range(60))
    console.reload()
    top = "document.querySelector('[data-list] .table-scroll').scrollTop"
    console.evaluate(f"{top} = 700")
    console.locator("tr[data-row] .row-link").nth(30).click()
    name = console.locator("#details h2").inner_text()
    console.locator(".details-open a").click()
    expect(console.locator("h1")).to_have_text(name)
    console.locator(".crumbs a").first.click()
    expect(console.locator("h1")).to_have_text("Administrators")
    console.wait_for_function(f"{top} > 600")


def test_keys_lead_to_new_filter_search_and_help(console: Page) -> None:
    console.keyboard.press("f")
    expect(console.locator(".filter-box input")).to_be_focused()
    console.keyboard.type("bru")
    expect(console.locator("tbody tr")).to_have_count(1)
    expect(console.locator(".count")).to_contain_text("1 administrator matches")
    console.keyboard.press("Escape")
    console.keyboard.press("/")
    expect(console.locator(".everything input")).to_be_focused()
    console.keyboard.press("Escape")
    console.keyboard.press("?")
    expect(console.locator("#keys")).to_be_visible()
    console.keyboard.press("Escape")
    expect(console.locator("#keys")).to_be_hidden()
    console.keyboard.press("n")
    expect(console.locator("h1")).to_have_text("New administrator")


def test_single_keys_can_be_turned_off(console: Page) -> None:
    console.keyboard.press("?")
    console.uncheck("[data-keys-on]")
    console.keyboard.press("Escape")
    console.keyboard.press("n")
    console.reload()
    console.keyboard.press("n")
    expect(console.locator("h1")).to_have_text("Administrators")
    console.click("details.account summary")
    console.click("[data-keys]")
    expect(console.locator("[data-keys-on]")).not_to_be_checked()


def test_the_first_error_has_the_focus(console: Page) -> None:
    console.goto(console.url + "new")
    console.fill("[name=username]", "dora")
    console.check("input[value='Hygiene Management']")
    console.click("form.sheet .btn-primary")
    expect(console.locator("#id_password")).to_be_focused()
    expect(console.locator("#id_password")).to_have_attribute("aria-invalid", "true")
    expect(console.locator("[name=username]")).to_have_value("dora")


def test_several_rows_at_once(console: Page) -> None:
    disable = console.locator("button[value=disable]")
    expect(disable).to_be_disabled()
    console.check("input[aria-label=anna]")
    console.check("input[aria-label=bruno]")
    expect(console.locator("button[value=edit]")).to_be_disabled()
    disable.click()
    expect(console.locator(".message")).to_have_count(2)
    assert User.objects.filter(is_active=False).count() == 2


def test_the_theme_changes_at_once_and_stays(console: Page) -> None:
    console.click("details.account summary")
    console.click("button[value=dark]")
    expect(console.locator("html")).to_have_attribute("data-theme", "dark")
    console.reload()
    expect(console.locator("html")).to_have_attribute("data-theme", "dark")


def test_the_revision_state_refreshes_by_itself(console: Page) -> None:
    expect(console.locator("#revision-state")).to_contain_text("Nothing is published yet")
    from console.publishing.models import ConfigRevision

    ConfigRevision.objects.create(number=7, document="{}", checksum="", author="admin", comment="")
    expect(console.locator("#revision-state a:not(.attention-count) b").first).to_have_text("7")


def test_a_role_that_is_taken_away_counts_from_the_next_request(console: Page) -> None:
    User.objects.get(username="admin").groups.set([Group.objects.get(name=Role.VIEW_ONLY.value)])
    console.reload()
    expect(console.locator("h1")).to_have_text("Your role does not allow this")


def test_everything_can_be_read_and_saved_without_javascript(browser, live_server: LiveServer) -> None:
    actions.first_start(PASSWORD)
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(live_server.url + LIST)
    page.fill("[name=username]", "admin")
    page.fill("[name=password]", PASSWORD)
    page.click("text=Sign in >> nth=-1")
    page.click("text=New administrator")
    page.fill("[name=username]", "anna")
    page.check("input[value='Hygiene Management']")
    page.fill("[name=password]", PASSWORD)
    page.fill("[name=again]", PASSWORD)
    page.click("form.sheet .btn-primary")
    expect(page.locator("#details h2")).to_have_text("anna")
    page.click("#toolbar button[value=disable]")
    expect(page.locator("#details")).to_contain_text("Disabled")
    page.context.close()
