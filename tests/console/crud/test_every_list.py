"""What holds for every list of the console, without a list having to know."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from console.actors import Role
from console.crud import CrudView
from console.crud.models import SavedFilter

pytestmark = pytest.mark.django_db
PART = {"HX-Target": "list"}
"""What htmx asks for, without the frame around it."""
HOSTILE = ["%00", "'%22%3B--", "-", "x:" * 300, "status:nonsense", "-status:nonsense", "%25%5F", "(((", "\\\\", "🍐"]


def patterns(of: Any) -> Iterator[URLPattern]:
    for each in of.url_patterns:
        if isinstance(each, URLResolver):
            yield from patterns(each)
        else:
            yield each


def lists() -> dict[str, type[CrudView]]:
    """The name of each list's page → its class. Messages of a mailbox have a mailbox in their address."""
    found = [getattr(each.callback, "view_class", None) for each in patterns(get_resolver())]
    kinds = {each.list_name(): each for each in found if isinstance(each, type) and issubclass(each, CrudView)}
    return {name: kind for name, kind in kinds.items() if name != "mailboxes:message-list"}


EVERY = sorted(lists())


def test_there_are_lists() -> None:
    assert len(EVERY) > 20


@pytest.mark.parametrize("name", EVERY)
def test_a_list_opens_and_offers_columns_filters_and_a_file(admin: Client, name: str) -> None:
    answer = admin.get(reverse(name))
    assert answer.status_code == 200
    for words in ("Saved filters", "Rows of a page"):
        assert words in answer.text
    file = admin.get(reverse(name.removesuffix("list") + "csv"))
    assert file["Content-Disposition"].startswith("attachment")
    heads = next(csv.reader([b"".join(file.streaming_content).decode("utf-8-sig").splitlines()[0]]))
    assert heads == [str(column.label) for column in lists()[name].columns]


@pytest.mark.parametrize("name", EVERY)
def test_columns_and_rows_of_a_page_are_the_readers(signed_in: Callable[..., Client], name: str) -> None:
    kind, one, other = lists()[name], signed_in(Role.ORGANIZATION_MANAGEMENT), signed_in(*Role)
    first, last = kind.columns[0], kind.columns[-1]
    url = reverse(name.removesuffix("list") + "view")
    assert one.post(url, {"do": "lay-out", "column": [last.key, "nonsense"], "page_size": "25"}).status_code == 302
    context = one.get(reverse(name)).context
    assert context["view"].shown_columns == list(dict.fromkeys([first, last]))
    assert context["view"].layout.page_size == 25
    assert other.get(reverse(name)).context["view"].layout.page_size is None
    one.post(url, {"do": "usual"})
    assert one.get(reverse(name)).context["view"].shown_columns == [each for each in kind.columns if not each.optional]
    keys = [each.key for each in kind.columns]
    assert all(keys)
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("name", EVERY)
def test_a_filter_is_kept_under_a_name_and_forgotten(signed_in: Callable[..., Client], name: str) -> None:
    one, other = signed_in(Role.ORGANIZATION_MANAGEMENT), signed_in(*Role)
    url = reverse(name.removesuffix("list") + "view")
    one.post(f"{url}?q=printer&page=2", {"do": "keep-filter", "name": " My  <b>printers "})
    shown = one.get(reverse(name)).text
    assert f'href="{reverse(name)}?q=printer">My &lt;b&gt;printers</a>' in shown
    kept = SavedFilter.objects.get()
    other.post(url, {"do": "forget-filter", "pk": kept.pk})
    assert SavedFilter.objects.exists()
    assert "printers" not in other.get(reverse(name)).text
    assert "Give the filter a name" in one.post(url, {"do": "keep-filter", "name": " "}, follow=True).text
    one.post(url, {"do": "forget-filter", "pk": kept.pk})
    assert not SavedFilter.objects.exists()


@pytest.mark.parametrize("name", EVERY)
def test_no_filter_breaks_a_list(admin: Client, name: str) -> None:
    kind = lists()[name]
    words = [word for each in kind.filters for word in (each.name, *each.words)]
    for text in [*HOSTILE, *(f"{word}:x" for word in words), *(f"-{word}:x" for word in words)]:
        assert admin.get(f"{reverse(name)}?q={text}", headers=PART).status_code == 200, text
    for each in kind.filters:
        assert admin.get(f"{reverse(name)}?{each.name}=nonsense", headers=PART).status_code == 200, each.name


@pytest.mark.parametrize("name", EVERY)
def test_who_comes_back_finds_the_list_as_it_was(admin: Client, name: str) -> None:
    here = reverse(name)
    admin.get(f"{here}?q=printer&page=2")
    below = {"Referer": f"http://testserver{here}12/edit-or-so"}
    if admin.get(f"{here}remove").status_code in (302, 200):
        below = {"Referer": f"http://testserver{here}remove"}
        assert admin.get(here, headers=below).url == f"{here}?q=printer&page=2"
    for elsewhere in (here, "/", f"{here}?q=printer"):
        assert admin.get(here, headers={"Referer": f"http://testserver{elsewhere}"}).status_code == 200
        admin.get(f"{here}?q=printer&page=2")
    assert admin.get(here, headers={"Referer": f"http://evil.test{here}remove"}).status_code == 200


@pytest.mark.parametrize("name", EVERY)
def test_an_empty_list_has_the_icon_of_its_feature(admin: Client, name: str) -> None:
    text = admin.get(f"{reverse(name)}?q=nothing-is-called-so").text
    if 'class="empty"' in text:
        assert "Nothing matches." in text
    shown = admin.get(reverse(name)).text
    icon = re.search(r'class="empty">.*?#([\w-]+)"', shown, re.S)
    assert icon is None or icon[1] not in ("circle-dashed", "search")


@pytest.mark.parametrize("name", EVERY)
def test_every_column_sorts_or_says_why_not(admin: Client, name: str) -> None:
    kind = lists()[name]
    view = admin.get(reverse(name)).context["view"]
    for column in kind.columns:
        assert view.sort_of(column) or kind.unsorted, column.key
        for sort in (view.sort_of(column), f"-{view.sort_of(column)}"):
            assert admin.get(reverse(name), {"sort": sort}, headers=PART).status_code == 200
