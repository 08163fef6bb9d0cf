"""A browser that signs in to the console, and what its scripts complain of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from playwright.sync_api import ConsoleMessage, Page, expect

PASSWORD = "correct horse battery"


def breaks_policy(line: ConsoleMessage) -> bool:
    return "Content Security Policy" in line.text


def is_error(line: ConsoleMessage) -> bool:
    return line.type == "error"


def sign_in(page: Page, url: str, password: str = PASSWORD) -> None:
    """As `admin`, on the way to a page."""
    page.goto(url)
    page.fill("[name=username]", "admin")
    page.fill("[name=password]", password)
    page.keyboard.press("Enter")


@contextmanager
def uncomplaining(page: Page, complains: Callable[[ConsoleMessage], bool] = breaks_policy) -> Iterator[None]:
    """Until the end no script may fail, nor the browser complain."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if complains(line) else None)
    yield
    assert complaints == [], complaints


@contextmanager
def signed_in(
    page: Page, url: str, heading: str, complains: Callable[[ConsoleMessage], bool] = breaks_policy
) -> Iterator[Page]:
    """The page with this heading, without a complaint until the end."""
    with uncomplaining(page, complains):
        sign_in(page, url)
        expect(page.locator("h1")).to_have_text(heading)
        page.wait_for_load_state()  # the heading is there before the scripts are
        yield page
