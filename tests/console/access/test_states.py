"""What opens, asks, tells or complains on a page keeps nobody out either, and is read on paper."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from django.conf import settings
from django.urls import resolve, reverse
from django.utils import timezone
from playwright.sync_api import ConsoleMessage, Page, expect
from pytest_django.live_server_helper import LiveServer

from console.directory import actions as directory
from console.tracking.models import Session
from tests.accessibility import obstacles
from tests.browsing import is_error, uncomplaining
from tests.console.access import walk
from tests.console.access.installation import furnish
from tests.console.builders import ADMIN
from transport import identity
from transport.reference import References

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]


def fails(line: ConsoleMessage) -> bool:
    """What a page gives up since the next one was asked for has not failed, though htmx tells it."""
    return is_error(line) and not line.text.startswith(("htmx:afterRequest", "htmx:sendAbort"))


def errors(page: Page) -> None:
    page.click("form.sheet .btn-primary")
    expect(page.locator("[data-error-summary]")).to_be_visible()


def keys(page: Page) -> None:
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()


def menu(summary: str) -> Callable[[Page], None]:
    def opened(page: Page) -> None:
        page.click(f"summary:has-text('{summary}')")
        page.wait_for_load_state("networkidle")

    return opened


def pane(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 900})
    page.click("[data-pane-toggle]")
    expect(page.locator(".feature-pane nav")).to_be_visible()


def row(page: Page) -> None:
    page.click(".row-link >> nth=0")
    expect(page.locator("#details h2")).to_be_visible()


def told(page: Page) -> None:
    page.check("tbody input[name=pk] >> nth=0")
    page.click("#toolbar [value=disable]")
    expect(page.locator(".message >> nth=0")).to_be_visible()


def all_that_match(page: Page) -> None:
    page.check("[data-choose-all]")
    page.click("#toolbar [value=disable]")
    expect(page.locator(".buttons .btn-primary, .buttons .btn-danger")).to_be_visible()


def several(page: Page) -> None:
    page.check("[data-check-all]")
    page.click("#toolbar [value=edit]")
    expect(page.locator(".several >> nth=0")).to_be_visible()


def removal(page: Page) -> None:
    page.check("tbody input[name=pk] >> nth=0")
    page.click("#toolbar [value=remove]")
    expect(page.locator("h1")).to_contain_text("Remove")


def relay(page: Page) -> None:
    page.click(".row-link:has-text('Default Frontend')")
    page.keyboard.press("e")
    page.click(".tabs a:text-is('Security')")
    page.locator("[name=right-0-accept-any-recipient]").select_option("grant")
    expect(page.locator(".typed")).to_be_visible()
    page.fill("[name=confirmation]", "Default")
    page.click("[data-save]")
    expect(page.locator(".typed .field-error")).to_be_visible()


def wizard(page: Page) -> None:
    page.fill("[name=name]", "Scanners")
    page.click(".btn-primary:has-text('Next')")
    expect(page.locator("[name=bindings]")).to_be_visible()
    page.fill("[name=bindings]", "nonsense")
    page.click(".btn-primary:has-text('Next')")
    expect(page.locator(".field-error")).to_be_visible()


def tags(page: Page) -> None:
    page.check("tbody input[name=pk] >> nth=0")
    page.click("#toolbar [value=tag]")
    expect(page.locator("[name=add]")).to_be_visible()


def alerts(page: Page) -> None:
    page.fill("[name=alert_recipients]", "nobody")
    errors(page)


def question(page: Page) -> None:
    """Unfolded as far as it goes."""
    page.eval_on_selector_all("main details", "all => all.forEach((each) => (each.open = true))")


def question_with_errors(page: Page) -> None:
    page.fill("[name=client]", "nobody")
    errors(page)


def handed_in(page: Page) -> None:
    page.set_input_files("[type=file]", FIXTURES / "receive-connectors.clixml")
    page.click("main .btn-primary")
    expect(page.locator("main [href*='/preview/']").first).to_be_visible()


def object_of_it(page: Page) -> None:
    handed_in(page)
    page.click("main [href*='/preview/'] >> nth=0")
    expect(page.locator("main table")).to_be_visible()


def list_of_recipients(page: Page) -> None:
    page.set_input_files("[type=file]", {"name": "a.csv", "mimeType": "text/csv", "buffer": b"eve@contoso.com, Eve"})
    page.click("main .btn-primary")
    page.wait_for_url("**/import/*/")


def queue(page: Page) -> None:
    page.check("tbody input[name=pk] >> nth=0")
    page.click("#toolbar [value=suspend]")
    expect(page.locator(".buttons .btn-primary")).to_be_visible()


def proof(page: Page) -> None:
    """A file, opened by itself."""
    text = page.request.get(urljoin(page.url, reverse("relay_proof:download", args=[1]))).text()
    page.goto("about:blank")
    page.set_content(text)


def explained(page: Page) -> None:
    """A public page, at the address that a refusal ends with."""
    began = identity.session_id(timezone.now().timestamp())
    reference = References(settings.GATEPOST_SECRET_KEY.encode()).make(began, "recipient_unknown")
    page.goto(urljoin(page.url, reverse("refused", args=[reference])))


def signed_out(page: Page) -> None:
    page.context.clear_cookies()
    page.reload()
    expect(page.locator("[type=password]")).to_be_visible()


def nothing(page: Page) -> None:
    """As it is when it is opened."""


FIXTURES = Path(__file__).parents[2] / "fixtures"
WHAT_IF = "/trace/what-if/?client=192.0.2.9&local=10.0.0.1:25&helo=printer&sender=anna@partner.example"

# fmt: off
STATES: dict[str, tuple[str, Callable[[Page], None]]] = {
    "a form with errors": ("/mail-flow/accepted-domains/new", errors),
    "the keys": ("/mail-flow/receive-connectors/", keys),
    "the account's menu": ("/", menu("Account")),
    "the commands": ("/", menu("Show commands")),
    "saved filters": ("/mail-flow/receive-connectors/", menu("Saved filters")),
    "columns to choose": ("/mail-flow/receive-connectors/", menu("View")),
    "filters": ("/trace/protocol-log/", menu("Filters")),
    "the pane as a drawer": ("/", pane),
    "a row that is chosen": ("/trace/protocol-log/", row),
    "a message": ("/mail-flow/receive-connectors/", told),
    "all that match": ("/mail-flow/receive-connectors/", all_that_match),
    "several at once": ("/mail-flow/receive-connectors/", several),
    "a removal": ("/mail-flow/receive-connectors/", removal),
    "a relay to confirm": ("/mail-flow/receive-connectors/", relay),
    "an error in the wizard": ("/mail-flow/receive-connectors/new/", wizard),
    "a search": ("/search?q=contoso", nothing),
    "a search in vain": ("/search?q=zebra", nothing),
    "a list without a match": ("/recipients/directory/?q=zebra", nothing),
    "a week": ("/?range=7d", nothing),
    "tags": ("/mail-flow/receive-connectors/", tags),
    "alerts to nobody": ("/mail-flow/transport/organization/", alerts),
    "what would be refused": (f"{WHAT_IF}&recipients=bob@elsewhere.example", question),
    "what would be accepted": (f"{WHAT_IF}&recipients=bob@contoso.com", question),
    "a question with errors": ("/trace/what-if/", question_with_errors),
    "an import": ("/administration/import-from-exchange/", handed_in),
    "an object of an import": ("/administration/import-from-exchange/", object_of_it),
    "a list of recipients": ("/recipients/directory/import", list_of_recipients),
    "a question about a queue": ("/mail-flow/queues/", queue),
    "a proof for an auditor": ("/trace/relay-proof/", proof),
    "who was refused": ("/refused/", nothing),
    "a refusal, explained": ("/", explained),
    "signed out": ("/", signed_out),
}
# fmt: on
TOGETHER = 6
"""So many tests look at the states: each needs an installation of its own, which takes longer than a state."""


@pytest.mark.parametrize("begin", range(TOGETHER))
def test_no_state(console: Page, live_server: LiveServer, home: Path, begin: int) -> None:
    furnish(home)
    console.on("dialog", lambda dialog: dialog.accept())  # what a state has typed may be lost
    wrong: list[str] = []
    for state in list(STATES)[begin::TOGETHER]:
        url, make = STATES[state]
        with uncomplaining(console, fails):
            console.goto(live_server.url + url)
            make(console)
            wrong += [f"{state}: {each}" for each in obstacles(console, moving=False)]
        for page in (page for page, of in walk.STATES.items() if of == state):
            assert resolve(urlsplit(console.url).path).view_name == page
    assert not wrong, "\n".join(wrong)


EMPTY = [
    "overview:home", "connectors:receive-list", "connectors:send-list", "credentials:list", "domains:list", "dkim:list",
    "tls_reports:list", "queues:list", "queues:message-list", "system_messages:list", "protection:block-list",
    "protection:provider-list", "certificates:list", "directory:list", "users:list", "users:group-list",
    "kerberos:list", "mailboxes:list", "events:list", "tracking:list", "refusals:list", "audit:list", "publishing:list",
]  # fmt: skip


def test_no_page_of_an_empty_installation(console: Page, live_server: LiveServer, home: Path) -> None:
    wrong = []
    with uncomplaining(console, is_error):
        for name in EMPTY:
            console.goto(live_server.url + reverse(name))
            wrong += [f"{name}: {each}" for each in obstacles(console)]
    assert not wrong, "\n".join(wrong)


def test_not_found_and_not_allowed(console: Page, live_server: LiveServer) -> None:
    console.goto(f"{live_server.url}/nowhere/")
    expect(console.locator("h1")).to_be_visible()
    assert obstacles(console) == []


LAST_IN_SIGHT = """
const last = [...document.querySelectorAll("main tbody tr, main .said")].at(-1);
const clips = (box) => getComputedStyle(box).overflowY !== "visible" && box.scrollHeight > box.clientHeight + 1;
const boxes = [];
for (let box = last; box !== document.body; box = box.parentElement) boxes.push(box);
return boxes.filter(clips).map((box) => box.className);
"""


def test_on_paper_a_list_is_whole_and_nothing_is_to_be_clicked(console: Page, live_server: LiveServer) -> None:
    for number in range(50):
        directory.add(ADMIN, f"r{number}@contoso.com", "Somebody")
    console.goto(live_server.url + reverse("directory:list"))
    _printed(console)


def test_on_paper_a_session_is_whole(console: Page, live_server: LiveServer) -> None:
    now = timezone.now()
    said = [[_stamp(now, n), "<", f"RCPT TO:<r{n}@contoso.com>", ""] for n in range(200)]
    facts = {"transport": "mx1", "connector": "c", "local_endpoint": "10.0.0.1:25", "remote_address": "192.0.2.1"}
    Session.objects.create(session_id="A1", remote_port=1, started_at=now, ended_at=now, events=said, **facts)
    console.goto(live_server.url + reverse("tracking:session", args=["A1"]))
    _printed(console)


def _stamp(start: datetime, n: int) -> str:
    return (start + timedelta(seconds=n)).isoformat(timespec="milliseconds")


def _printed(page: Page) -> None:
    page.emulate_media(media="print", color_scheme="dark")
    for operated in (".feature-pane", ".top-bar", ".toolbar", ".filter-box"):
        assert all(not each.is_visible() for each in page.locator(operated).all()), operated
    assert page.evaluate(f"(() => {{ {LAST_IN_SIGHT} }})()") == []
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
