"""How many recipients there are is told at once, and is true after every change."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from console.accounts.models import Preferences
from console.actors import Role
from console.crud import counting
from console.directory import actions
from tests.console.builders import ADMIN

pytestmark = pytest.mark.django_db


def told(client: Client, text: str = "") -> str:
    """What stands below the list."""
    page = client.get(reverse("directory:list"), {"q": text}).text
    return page.split('role="status">')[1].split("<")[0].split("·")[0].strip()


def test_they_are_counted_anew_only_after_a_change(signed_in):
    reader = signed_in(Role.VIEW_ONLY)
    assert told(reader) == "0 recipients"
    first = actions.add(ADMIN, "bob@contoso.com")
    actions.add(ADMIN, "eve@contoso.com")
    assert told(reader) == "2 recipients"
    with CaptureQueriesContext(connection) as asked:
        assert told(reader) == "2 recipients"
    assert not [each["sql"] for each in asked if "COUNT" in each["sql"] and "directory_recipient" in each["sql"]]
    actions.remove(ADMIN, first)
    assert told(reader) == "1 recipient"


def test_the_last_pages_are_read_from_the_end_and_show_what_they_would(signed_in):
    for number in range(60):
        actions.add(ADMIN, f"r{number:02}@contoso.com")
    reader = signed_in(Role.VIEW_ONLY)
    Preferences.objects.create(user=User.objects.get(), page_size=25)

    def shown(page: int, sort: str) -> list[str]:
        answer = reader.get(reverse("directory:list"), {"page": page, "sort": sort})
        return [str(row["obj"].address)[1:3] for row in answer.context["table"]]

    every = [f"{number:02}" for number in range(60)]
    assert [each for page in (1, 2, 3) for each in shown(page, "")] == every
    assert [each for page in (1, 2, 3) for each in shown(page, "-address")] == every[::-1]
    assert shown(3, "") == every[50:]


def test_a_search_counts_no_further_than_somebody_pages(signed_in, monkeypatch):
    for name in ("a", "b", "c"):
        actions.add(ADMIN, f"{name}@contoso.com")
    reader = signed_in(Role.VIEW_ONLY)
    assert told(reader, "contoso") == "3 recipients match"
    monkeypatch.setattr(counting, "COUNTED", 2)
    assert told(reader, "contoso") == "more than 2 recipients match"
    assert told(reader) == "3 recipients"
