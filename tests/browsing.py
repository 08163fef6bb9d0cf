"""A browser that signs in to the console, and what its scripts complain of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any
from urllib.parse import urljoin

from django.test import Client
from django.urls import reverse
from playwright.sync_api import BrowserContext, ConsoleMessage, Keyboard, Locator, Page, expect

PASSWORD = "correct horse battery"
ACTS = ("check", "click", "fill", "focus", "press", "select_option", "set_checked", "type", "uncheck")

expect.set_options(timeout=30_000)  # a busy machine is no failure


def act_on_loaded_pages_only() -> None:
    """From now on, whatever is done to a page waits until it has loaded: what stands there can be read, found and
    pressed before the scripts are there that should hear it.
    """
    for kind in (Page, Locator):
        for name in ACTS:
            setattr(kind, name, _once_loaded(getattr(kind, name)))
    keyboard: Callable[[Page], Keyboard] = Page.keyboard.fget  # type: ignore[attr-defined]
    Page.keyboard = property(_once_loaded(keyboard))  # type: ignore[assignment]


def _once_loaded(act: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(act)
    def waits(of: Page | Locator, *arguments: Any, **options: Any) -> Any:
        (of if isinstance(of, Page) else of.page).wait_for_load_state()
        return act(of, *arguments, **options)

    return waits


def breaks_policy(line: ConsoleMessage) -> bool:
    return "Content Security Policy" in line.text


def is_error(line: ConsoleMessage) -> bool:
    return line.type == "error"


def sign_in(page: Page, url: str, password: str = PASSWORD) -> None:
    """As `admin`, on the way to a page."""
    page.goto(url)
    page.fill("[name=username]", "admin")
    page.fill("[name=password]", password)
    page.press("[name=password]", "Enter")


def begin_session(context: BrowserContext, url: str) -> None:
    """`admin` has signed in to the console of this process, to which `url` belongs, without typing."""
    client = Client()
    client.post(reverse("accounts:sign-in"), {"username": "admin", "password": PASSWORD})
    site = urljoin(url, "/")
    cookies = client.cookies.items()
    context.add_cookies([{"name": name, "value": each.coded_value, "url": site} for name, each in cookies])


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
        begin_session(page.context, url)
        page.goto(url)
        expect(page.locator("h1")).to_have_text(heading)
        yield page
