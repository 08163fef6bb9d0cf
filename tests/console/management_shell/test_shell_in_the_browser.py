from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from console.accounts import actions as accounts
from console.connectors import actions, models
from tests.browsing import PASSWORD, sign_in, signed_in
from tests.console.builders import ADMIN, receive_connector

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

URL = "/administration/management-shell/"


@pytest.fixture
def shell(page: Page, live_server: LiveServer) -> Iterator[Page]:
    """A signed-in browser on the shell; no script may fail there, no Content-Security-Policy be breached."""
    accounts.first_start(PASSWORD)
    actions.create(ADMIN, receive_connector("Office"))
    with signed_in(page, live_server.url + URL, "Management shell") as console_page:
        yield console_page


def box(shell: Page):
    return shell.locator("#script")


def enter(shell: Page, script: str) -> None:
    box(shell).fill(script)
    box(shell).press("Enter")


def test_enter_runs_and_the_output_comes_below_the_one_before(shell: Page) -> None:
    enter(shell, "Get-ReceiveConnector | fl Name")
    expect(shell.locator(".shell-entry")).to_have_count(1)
    expect(box(shell)).to_have_value("")
    expect(box(shell)).to_be_focused()
    enter(shell, "Get-Nonsense")
    expect(shell.locator(".shell-entry")).to_have_count(2)
    expect(shell.locator(".shell-error")).to_contain_text("is not recognized")
    expect(shell.locator(".shell-output")).to_have_text("Name : Office")


def test_shift_enter_begins_a_line_and_the_arrows_walk_through_the_history(shell: Page) -> None:
    box(shell).type("1..2 | % {")
    box(shell).press("Shift+Enter")
    box(shell).type('"n$_" }')
    box(shell).press("Enter")
    expect(shell.locator(".shell-output")).to_have_text("n1\nn2")
    enter(shell, "'second'")
    expect(shell.locator(".shell-output")).to_have_count(2)
    box(shell).type("draft")
    box(shell).press("ArrowUp")
    expect(box(shell)).to_have_value("'second'")
    box(shell).press("ArrowUp")
    expect(box(shell)).to_have_value('1..2 | % {\n"n$_" }')
    for _ in range(3):
        box(shell).press("ArrowDown")
    expect(box(shell)).to_have_value("draft")
    shell.reload()
    box(shell).press("ArrowUp")
    expect(box(shell)).to_have_value("'second'")


def test_tab_completes_and_leaves_the_box_when_there_is_nothing_to_complete(shell: Page) -> None:
    box(shell).type("set-receivec")
    box(shell).press("Tab")
    expect(box(shell)).to_have_value("Set-ReceiveConnector ")
    box(shell).type("Offi")
    box(shell).press("Tab")
    expect(box(shell)).to_have_value("Set-ReceiveConnector Office ")
    box(shell).type("-ProtocolLoggingL")
    box(shell).press("Tab")
    expect(box(shell)).to_have_value("Set-ReceiveConnector Office -ProtocolLoggingLevel ")
    box(shell).press("Tab")
    expect(shell.locator("#suggestions li")).to_have_text(["NoneProtocolLoggingLevel", "VerboseProtocolLoggingLevel"])
    box(shell).press("ArrowDown")
    box(shell).press("Enter")
    expect(box(shell)).to_have_value("Set-ReceiveConnector Office -ProtocolLoggingLevel Verbose ")
    box(shell).press("Escape")
    box(shell).press("Tab")
    expect(shell.get_by_role("button", name="Run")).to_be_focused()


def test_a_question_is_answered_in_place(shell: Page) -> None:
    enter(shell, "Remove-ReceiveConnector Office")
    expect(shell.get_by_role("button", name="Yes", exact=True)).to_be_focused()
    assert models.ReceiveConnector.objects.exists()
    shell.keyboard.press("Enter")
    expect(shell.locator(".shell-question")).to_have_count(0)
    expect(shell.locator(".shell-entry")).to_have_count(1)
    assert not models.ReceiveConnector.objects.exists()


def test_an_example_is_put_into_the_box_and_not_run(shell: Page) -> None:
    shell.get_by_text("Get-Command *connector*").click()
    expect(box(shell)).to_have_value("Get-Command *connector*")
    expect(shell.locator(".shell-entry")).to_have_count(0)


def test_a_file_is_downloaded(shell: Page) -> None:
    enter(shell, "Get-ReceiveConnector | Export-Csv -Path c.csv")
    with shell.expect_download() as download:
        shell.get_by_role("link", name="c.csv").click()
    assert "Office" in download.value.path().read_text("utf-8-sig")


def test_output_outlives_a_reload_until_it_is_cleared(shell: Page) -> None:
    enter(shell, "Get-ReceiveConnector | fl Name")
    expect(shell.locator(".shell-output")).to_have_text("Name : Office")
    shell.reload()
    expect(shell.locator(".shell-output")).to_have_text("Name : Office")
    box(shell).press("Control+l")
    expect(shell.locator(".shell-entry")).to_have_count(0)
    shell.reload()
    expect(shell.locator(".shell-first")).to_be_visible()
    enter(shell, "'one'")
    expect(shell.locator(".shell-entry")).to_have_count(1)
    enter(shell, "cls")
    expect(shell.locator(".shell-output")).to_have_count(0)


def test_ctrl_r_looks_in_the_history(shell: Page) -> None:
    enter(shell, "'apples'")
    expect(shell.locator(".shell-output")).to_have_count(1)
    enter(shell, "'pears'")
    expect(shell.locator(".shell-output")).to_have_count(2)
    box(shell).type("app")
    box(shell).press("Control+r")
    expect(shell.locator("#suggestions li")).to_have_text(["'apples'"])
    box(shell).press("Enter")
    expect(box(shell)).to_have_value("'apples'")


def test_another_session_does_not_see_what_was_said(shell: Page) -> None:
    enter(shell, "'seen'")
    expect(shell.locator(".shell-output")).to_have_text("seen")
    shell.context.clear_cookies()
    sign_in(shell, shell.url)
    expect(shell.locator(".shell-first")).to_be_visible()
    expect(shell.locator(".shell-output")).to_have_count(0)
