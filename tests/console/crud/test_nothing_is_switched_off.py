"""A form that is opened and saved changes nothing: every setting has a control on its page, special layouts too."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from django.urls import reverse

from console.connectors import actions as connectors
from console.connectors.properties import TABS
from console.domains import actions as domains
from console.publishing import queries
from tests.console.builders import ADMIN, accepted_domain, receive_connector, send_connector

pytestmark = pytest.mark.django_db


class Controls(HTMLParser):
    """What a browser would post of the main form."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.posted: dict[str, list[str]] = {}
        self._name, self._text, self._chosen = "", "", ""
        self.feed(page[page.index("<main") :])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found: dict[str, Any] = dict(attrs)
        name, kind = found.get("name") or "", found.get("type", "text")
        if tag == "input" and name and kind not in ("submit", "button", "file"):
            if kind not in ("checkbox", "radio") or "checked" in found:
                self._put(name, found.get("value") or ("on" if kind == "checkbox" else ""))
        elif tag in ("textarea", "select"):
            self._name, self._text, self._chosen = name, "", ""
        elif tag == "option" and "selected" in found:
            self._put(self._name, found.get("value") or "")

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._put(self._name, self._text.removeprefix("\n"))

    def _put(self, name: str, value: str) -> None:
        self.posted.setdefault(name, []).append(value)


def pages() -> dict[str, str]:
    receive = connectors.create(ADMIN, receive_connector("Relay", ranges=["192.168.5.77"]))
    send = connectors.create(ADMIN, send_connector("Out"))
    domain = domains.create(ADMIN, accepted_domain("contoso.com"))
    found = {tab: reverse("connectors:receive-properties", args=[receive.pk, tab]) for tab in TABS}
    found["send connector"] = reverse("connectors:send-edit", args=[send.pk])
    found["accepted domain"] = reverse("domains:edit", args=[domain.pk])
    return found


@pytest.mark.parametrize("name", [*TABS, "send connector", "accepted domain"])
def test_opening_and_saving_a_form_changes_nothing(admin: Any, name: str) -> None:
    page = pages()[name]
    before = queries.saved()
    controls = Controls(admin.get(page).text).posted
    answer = admin.post(page, controls, follow=True)
    assert answer.status_code == 200, answer.text
    after = queries.saved()
    assert (after.receive_connectors, after.send_connectors, after.accepted_domains) == (
        before.receive_connectors,
        before.send_connectors,
        before.accepted_domains,
    )
