"""The live tail, the conversation and the download, with a real browser."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from console.accounts import actions as accounts
from tests.browsing import PASSWORD, is_error, signed_in
from tests.console.tracking.test_pages import make_session

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def log(page: Page, live_server: LiveServer) -> Iterator[Page]:
    """A signed-in browser on the protocol log that accepts no error of a script or of the policy."""
    accounts.first_start(PASSWORD)
    with signed_in(page, live_server.url + reverse("tracking:list"), "Protocol log", is_error) as console_page:
        yield console_page


def test_new_sessions_appear_until_the_log_is_paused(log: Page) -> None:
    make_session(1, helo="first.example")
    expect(log.locator("#list")).to_contain_text("first.example")
    log.click("text=Pause")
    make_session(2, helo="second.example")
    expect(log.locator(".live-state")).to_contain_text("Paused")
    log.click("text=Go on")
    expect(log.locator("#list")).to_contain_text("second.example")


def test_new_sessions_wait_while_somebody_reads_further_down(log: Page) -> None:
    for number in range(40):
        make_session(number)
    log.reload()
    log.locator(".split-list .table-scroll").evaluate("box => { box.scrollTop = 300 }")
    make_session(99, helo="late.example")
    expect(log.locator("[data-arrived]")).to_have_text("1 new session")
    assert log.locator(".split-list .table-scroll").evaluate("box => box.scrollTop") == 300
    log.click("[data-arrived]")
    expect(log.locator("#list")).to_contain_text("late.example")


def test_a_row_opens_the_conversation_and_keeps_the_buttons(log: Page) -> None:
    session = make_session(1, (0, ">", "550 5.7.1 Unable to relay", "relay_denied; revision 1"), refused=1)
    log.reload()
    log.locator("tr[data-row]").click()
    expect(log.locator("#details")).to_contain_text("550 5.7.1 Unable to relay")
    expect(log.locator("text=Exchange CSV")).to_be_visible()
    log.click("#details >> text=Open session")
    expect(log.locator("h1")).to_contain_text(session.session_id)
    expect(log.locator("tr.refused .why")).to_contain_text("relay_denied")


def test_the_download_follows_the_filter(log: Page) -> None:
    make_session(1, (0, "<", "QUIT", ""), helo="one.example")
    make_session(2, (0, "<", "QUIT", ""), helo="two.example")
    log.reload()
    log.fill(".filter-box input", "helo:two")
    expect(log.locator("tr[data-row]")).to_have_count(1)
    with log.expect_download() as started:
        log.click("text=Exchange CSV")
    rows = list(csv.reader(Path(started.value.path()).read_text().splitlines()[5:]))
    assert [row[2] for row in rows] == [f"{2:016X}"]


def test_a_refusal_leads_to_its_page_and_the_list_is_filtered_while_one_types(log: Page) -> None:
    make_session(1, (0, ">", "550 5.7.1 Unable to relay", "relay_denied; revision 1"), refused=1)
    log.reload()
    log.locator("tr[data-row]").click()
    log.click("#details >> text=Open session")
    log.click("tr.refused .why >> text=relay_denied")
    expect(log.locator("h1")).to_have_text("relay_denied")
    log.click(".crumbs >> text=Refusals")
    log.fill(".filters [name=q]", "5.1.1 user unknown")
    expect(log.locator("#refusals tbody tr")).to_have_count(2)
    expect(log).to_have_url(re.compile("q=5.1.1"))
    log.locator("tbody tr", has_text="recipient_unknown").locator("a").first.click()
    expect(log.locator("h1")).to_have_text("recipient_unknown")
