"""Every word on every page comes from the catalogue, or is data."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags
from django.utils.translation import override, trans_real

from console.accounts.models import Preferences
from console.actors import Role
from console.audit.models import Entry
from console.crud import times
from console.crud.said import said
from console.overview import attention, guides
from console.publishing.published import every_kind
from tests.console.access.installation import furnish
from tests.messages import pseudo
from tests.messages.pages import walked
from transport.config.send_connector import Provider
from transport.config.setting import settings
from transport.send.route import DeliveryType

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]
NAMES = {"Gatepost", "Exchange", "Microsoft", "Google", "Deutsch", "English", "Esc", "ms", "beat", "outbound"}
NAMES |= {word for name in (*Role, *DeliveryType, *(each.value for each in Provider)) for word in name.split()}
PREFERENCES = reverse("accounts:preferences")
IN_FILES = ["nonsense", "Figures of the third quarter", "Hello", "Anna", "Berg"]
"""What stands in mailboxes, in examples, and in what is entered here."""


@pytest.fixture
def reader(settings: Any, tmp_path: Path) -> Iterator[Client]:
    """The browser of somebody who may do everything and reads the pseudo-language."""
    settings.LOCALE_PATHS, settings.GATEPOST_HOME = [tmp_path / "locale"], tmp_path
    pseudo.write(tmp_path / "locale")
    attention.forget()
    user = User.objects.create_user("anna")
    user.groups.set([Group.objects.get_or_create(name=role.value)[0] for role in Role])
    Preferences.objects.create(user=user, language=pseudo.PSEUDO, page_size=None)
    client = Client()
    client.force_login(user)
    yield client
    trans_real._translations.pop(pseudo.PSEUDO, None)  # type: ignore[attr-defined]


def data() -> list[str]:
    """Every text in the database and what else is no word of ours, longest first."""
    rows = (row for model in apps.get_models() for row in model._default_manager.values())
    found = {text for row in rows for each in _texts(row) for text in (each, strip_tags(each), each[:80])}
    zones = {part.replace("_", " ") for zone in times.zones() for part in (zone, *zone.split("/", 1), *zone.split("/"))}
    made_of = {text for each in guides.libraries() for text in (each.name, each.licence, *each.licence.split(", "))}
    every = {text for text in found if len(text) > 2} | zones | made_of | {*IN_FILES, "En"}
    return sorted(every - {""}, key=len, reverse=True)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)


def escaped(pages: dict[str, str]) -> dict[str, list[str]]:
    """Text → the pages where it stands outside of the catalogue."""
    found, known = defaultdict(list), data()
    for url, html in pages.items():
        for text in pseudo.escaped(html, known, NAMES):
            found[text].append(url)
    return dict(found)


def answers(client: Client, pages: dict[str, str]) -> Iterator[tuple[str, str]]:
    """What each form says to nothing, and to nonsense in every field; where it takes that, the page that follows."""
    for url, html in pages.items():
        if '<form method="post"' not in html:
            continue
        fields = re.findall(r'name="([a-z_0-9-]+)"', html)
        for entered in ({}, {name: "\x7f nonsense ;; " for name in fields if name != "csrfmiddlewaretoken"}):
            answer: Any = client.post(url, entered)
            if answer.status_code == 302 and url != PREFERENCES:
                answer = client.get(answer["Location"])
            if answer.status_code in (200, 422) and answer["Content-Type"].startswith("text/html"):
                yield f"{url} {bool(entered)}", answer.content.decode()
            Preferences.objects.update(language=pseudo.PSEUDO)
            client.force_login(User.objects.get(username="anna"))


def test_none_in_an_empty_installation(reader: Client) -> None:
    pages = walked(reader)
    assert len(pages) > 50
    assert escaped(pages) == {}


def test_none_in_a_full_one_nor_in_what_its_forms_refuse(reader: Client, tmp_path: Path) -> None:
    furnish(tmp_path)
    pages = walked(reader)
    assert escaped(pages) == {}
    assert escaped(dict(answers(reader, pages))) == {}
    with override(pseudo.PSEUDO):
        assert {each for each in recorded() if said(each) == each} == set()


def recorded() -> set[str]:
    """What the change history calls what it keeps, without the names of settings, which no language changes."""
    kept = [name for entry in Entry.objects.all() for values in (entry.before, entry.after) for name in values or {}]
    names = {"NotAfter"} | {each.name for kind in every_kind() for each in settings(kind.struct).values()}
    return {name.replace("_", " ") for name in kept if name not in names}


def test_an_escaped_word_is_found_in_texts_and_attributes_and_no_data_is_taken_for_one() -> None:
    html = """<p>⟦Save <b>Office</b> now⟧ or leave</p><input placeholder="Find it"><code>Get-Queue</code>
    <p>⟦Name⟧: Office Berlin, 10.0.0.1, Set-ReceiveConnector, a.contoso.com</p><p lang="en">Hello you</p>"""
    assert list(pseudo.escaped(html, ["Office Berlin"], set())) == ["or leave", "Find it"]
