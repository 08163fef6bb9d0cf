"""The whole road of one message: a browser makes what lets it in, real mail comes, and the browser finds it again, and
why other mail was refused. Each stage goes on where the one before it ended.
"""

from __future__ import annotations

import re
import smtplib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from console.processes.address import free_port
from tests.browsing import sign_in, uncomplaining
from tests.conftest import wait_for
from tests.running_copy import RunningCopy

# Every stage asks for the browser: pytest would move one that does not to the end.
pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("console")]

CONNECTOR, SUBJECT = "Scanners", "Scan of page 1"


@pytest.fixture(scope="module")
def port() -> int:
    """Where the connector that the browser makes listens."""
    return free_port()


@pytest.fixture(scope="module")
def console(running_copy: RunningCopy, browser: Browser) -> Iterator[Page]:
    """A signed-in browser for all stages; no script may fail and nothing breach the Content-Security-Policy."""
    page = browser.new_page(base_url=f"http://{running_copy.console}")
    with uncomplaining(page):
        sign_in(page, "/", running_copy.password)
        expect(page.locator("h1")).to_have_text("Overview")
        yield page
        page.close()


def go(console: Page, feature: str) -> None:
    """Through the feature pane, as a reader does."""
    console.click(f".feature-pane a:text-is('{feature}')")
    expect(console.locator("h1")).to_have_text(feature)


def step(console: Page) -> None:
    console.click("form.sheet .btn-primary")


def session(port: int) -> smtplib.SMTP:
    client = smtplib.SMTP("127.0.0.1", port, local_hostname="scanner-2")
    client.ehlo()
    return client


def listens(port: int) -> bool:
    with suppress(OSError), smtplib.SMTP("127.0.0.1", port):
        return True
    return False


def revision(console: Page) -> int:
    return int(console.locator("#revision-state a:not(.attention-count) b").first.inner_text())


def test_a_first_visit_loads_little_and_never_again(running_copy: RunningCopy, browser: Browser) -> None:
    """From the sign-in page to the overview at most 150 KB come, heads and all; then the page alone."""
    context = browser.new_context(base_url=f"http://{running_copy.console}")
    page = context.new_page()
    network, octets = context.new_cdp_session(page), list[int]()
    network.send("Network.enable")
    network.on("Network.loadingFinished", lambda told: octets.append(told["encodedDataLength"]))
    with page.expect_response(re.compile(r"/gatepost\.[0-9a-f]{12}\.css$")) as told:
        sign_in(page, "/", running_copy.password)
    assert "immutable" in told.value.headers["cache-control"]
    expect(page.locator("h1")).to_have_text("Overview")
    page.wait_for_load_state("networkidle")
    first = sum(octets)
    assert 50_000 < first <= 150 * 1024
    page.reload(wait_until="networkidle")
    assert sum(octets) - first < 40_000
    context.close()


def test_the_overview_shows_the_first_steps(console: Page) -> None:
    expect(console.locator("main")).to_contain_text("First steps")
    expect(console.locator("#revision-state")).to_contain_text("live on 1 of 1 transport")


def test_a_domain_is_accepted(console: Page) -> None:
    go(console, "Accepted domains")
    expect(console.locator("tbody tr")).to_contain_text("gatepost.test")
    console.click("text=New accepted domain")
    console.fill("[name=domain_name]", "contoso com")
    step(console)
    expect(console.locator(".field-error")).to_contain_text("Write it like mail.contoso.com.")
    console.fill("[name=domain_name]", "contoso.com")
    step(console)
    expect(console.locator("#details h2")).to_have_text("contoso.com")


def test_a_recipient_is_listed(console: Page) -> None:
    go(console, "Directory")
    console.click("text=New recipient")
    console.fill("[name=address]", "anna@contoso.com")
    console.fill("[name=display_name]", "Anna Berg")
    step(console)
    expect(console.locator("#details h2")).to_have_text("anna@contoso.com")


def test_the_wizard_makes_a_connector_that_listens_at_once(console: Page, port: int) -> None:
    go(console, "Receive connectors")
    before = revision(console)
    console.click("text=New receive connector")
    console.fill("[name=name]", CONNECTOR)
    console.check("[value=Internet]")
    step(console)
    ticked = console.locator("[name=bindings-ticked]:checked")
    while ticked.count():
        ticked.first.uncheck()
    console.fill("[name=bindings]", f"127.0.0.1:{port}")
    console.fill("[name=fqdn]", "mx.contoso.com")
    step(console)
    console.fill("[name=remote_ip_ranges]", "127.0.0.0/8")
    step(console)
    expect(console.locator(".sentence")).to_contain_text("Anyone at 127.0.0.0/8 may send, without signing in")
    expect(console.locator("main")).to_contain_text("Strangers cannot relay.")
    console.click(".btn-primary:has-text('Create')")
    expect(console.locator("main")).to_contain_text(f"{CONNECTOR} is made and saved as revision {before + 1}.")
    wait_for(lambda: listens(port), "the new connector does not listen", 5)
    expect(console.locator("#revision-state a:not(.attention-count) b")).to_have_text([str(before + 1), "1 of 1"])


def test_its_log_is_switched_on_while_a_session_stays_open(console: Page, port: int) -> None:
    before = revision(console)
    with session(port) as client:
        console.click("text=Open properties")
        expect(console.locator("h1")).to_have_text(CONNECTOR)
        console.select_option("[name=protocol_logging_level]", "Verbose")
        step(console)
        expect(console.locator(".message.tone-success")).to_contain_text(f"{CONNECTOR} is saved.")
        expect(console.locator("#revision-state a:not(.attention-count) b")).to_have_text([str(before + 1), "1 of 1"])
        assert client.noop()[0] == 250


def test_mail_is_taken_and_refused_as_the_documents_say(port: int) -> None:
    with session(port) as client:
        assert client.mail("scanner@contoso.com") == (250, b"2.1.0 Sender OK")
        assert client.rcpt("anna@contoso.com") == (250, b"2.1.5 Recipient OK")
        assert client.rcpt("nobody@contoso.com") == (550, b"5.1.1 User unknown")
        assert client.rcpt("bob@fabrikam.example") == (550, b"5.7.1 Unable to relay")
        code, text = client.data(f"From: scanner@contoso.com\r\nSubject: {SUBJECT}\r\n\r\nSee attached.\r\n")
        assert code == 250 and text.startswith(b"2.6.0 <") and text.endswith(b"Queued mail for delivery")


def test_the_message_is_in_the_mailbox(console: Page, running_copy: RunningCopy) -> None:
    mailbox = Path(running_copy.home, "mailboxes", "contoso.com", "anna", "new")
    wait_for(lambda: mailbox.is_dir() and any(mailbox.iterdir()), "nothing was delivered")
    go(console, "Mailboxes")
    console.click("tbody .row-link:has-text('anna@contoso.com')")
    console.click("#details >> text=Open mailbox")
    message = console.locator("tbody tr")
    expect(message).to_have_count(1)
    expect(message).to_contain_text(SUBJECT)
    message.locator(".row-link").click()
    console.click("#details >> text=Open message")
    expect(console.locator("h1")).to_have_text(SUBJECT)
    expect(console.locator(".letter-text")).to_have_text("See attached.")
    console.click(".tabs >> text=Headers")
    expect(console.locator(".letter-headers")).to_contain_text("by mx.contoso.com")


def test_the_log_says_why_and_leads_to_the_connector(console: Page) -> None:
    go(console, "Protocol log")
    refused = console.locator("tbody tr", has_text="scanner@contoso.com")
    expect(refused).to_have_count(1)
    refused.locator(".row-link").click()
    console.click("#details >> text=Open session")
    refusals = console.locator("tr.refused")
    expect(refusals.locator(".said")).to_have_text(["550 5.1.1 User unknown", "550 5.7.1 Unable to relay"])
    why = refusals.last.locator(".why")
    expect(why).to_contain_text("changed last by admin")
    why.locator(f"a:text-is('{CONNECTOR}')").click()
    expect(console.locator("h1")).to_have_text(CONNECTOR)
    expect(console.locator(".tabs [aria-current]")).to_have_text("Security")
