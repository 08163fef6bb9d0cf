"""Words that administrators put on objects, to find them by."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse

from console.actors import Role
from console.audit.models import Entry
from console.connectors import actions as connectors
from console.connectors.models import ReceiveConnector as Row
from console.crud import actions
from console.crud.models import ObjectTags
from console.crud.tags import TagsField, tags_in_use, tags_of
from console.domains import actions as domains
from console.publishing.models import ConfigRevision
from console.publishing.restore import restore
from tests.console.builders import ADMIN, READER, accepted_domain, receive_connector
from tests.console.crud.test_every_list import lists
from tests.console.page_form import Form

pytestmark = pytest.mark.django_db
WRITERS = frozenset({Role.HYGIENE_MANAGEMENT})
LIST = "connectors:receive-list"
TAGGED = sorted(name for name, kind in lists().items() if kind.is_tagged)


def connector(number: int, *tags: str) -> Row:
    row = connectors.create(ADMIN, receive_connector(f"Printer {number}", bindings=[f"10.2.3.4:{2500 + number}"]))
    actions.tag(ADMIN, WRITERS, "Receive connector", [row], tags)
    return row


def names(text: str) -> list[str]:
    return re.findall(r"<strong>(Printer \d)</strong>", text)


def test_every_kind_of_object_that_administrators_make_has_tags() -> None:
    made = {name for name, kind in lists().items() if kind.model is not None and (kind.form_class or kind.new_url)}
    assert made - {"tls_reports:list", "drafts:list"} == set(TAGGED), "reports come from others, drafts are few and end"


@pytest.mark.parametrize("name", TAGGED)
def test_every_list_with_tags_has_their_column_word_and_file(admin: Client, name: str) -> None:
    kind = lists()[name]
    assert kind.columns[-1].key == kind.filters[-1].name + "s" == "tags"
    assert admin.get(reverse(name), {"q": "tag:printers"}).status_code == 200
    assert "Select a row first" in admin.get(reverse(name.removesuffix("list") + "tags"), follow=True).text


def test_tags_are_typed_in_the_form_shown_as_chips_and_lead_to_what_has_them_too(admin: Client) -> None:
    one, two = connector(1), connector(2)
    page = reverse("connectors:receive-properties", args=[one.pk, "general"])
    before = ConfigRevision.objects.count()
    admin.post(page, Form(admin.get(page).text).sent | {"tags": "Printers, berlin printers"})
    assert tags_of(one) == ["berlin", "printers"]
    assert tags_of(two) == []
    assert ConfigRevision.objects.count() == before, "tags are no part of the configuration"
    assert 'value="berlin printers"' in admin.get(page).text
    shown = admin.get(reverse(LIST)).text
    assert '<a class="chip" href="?tag=printers">printers</a>' in shown
    assert names(admin.get(reverse(LIST), {"tag": "printers"}).text) == ["Printer 1"]
    assert names(admin.get(reverse(LIST), {"q": "tag:PRINTERS"}).text) == ["Printer 1"]
    assert names(admin.get(reverse(LIST), {"q": "-tag:printers"}).text) == ["Printer 2"]
    entry = Entry.objects.filter(verb="tagged").get()
    assert (entry.kind, entry.object_name, entry.after) == (
        "Receive connector",
        "Printer 1",
        {"Tags": "berlin, printers"},
    )


def test_all_that_match_get_tags_and_lose_them_at_once(admin: Client) -> None:
    rows = [connector(1, "old"), connector(2), connector(3, "old", "kept")]
    act = reverse("connectors:receive-act")
    page = admin.post(f"{act}?q=printer", {"verb": "tag", "all": "rows"}).url
    asked = admin.get(page).text
    assert all(words in asked for words in ("3 receive connectors", 'value="old"', 'value="kept"', "Printer 2"))
    assert admin.post(page, {}).status_code == 422
    assert admin.post(page, {"add": "new", "remove": ["old"]}).url.endswith("?q=printer")
    assert [tags_of(row) for row in rows] == [["new"], ["new"], ["kept", "new"]]
    chosen = admin.post(act, {"verb": "tag", "pk": [rows[0].pk, rows[1].pk]}).url
    admin.post(chosen, {"remove": ["new"]})
    assert [tags_of(row) for row in rows] == [[], [], ["kept", "new"]]


def test_a_new_name_a_copy_and_a_restore_keep_tags(admin: Client) -> None:
    row = connector(1, "berlin")
    revision = ConfigRevision.objects.latest("number").number
    connectors.update(ADMIN, type(receive_connector()), row.pk, {"name": "Renamed"})
    copy = reverse("connectors:receive-copy", args=[row.pk])
    sent = Form(admin.get(copy).text).sent | {"name": "Copied", "bindings": "10.2.3.4:2600"}
    assert sent["tags"] == ["berlin"]
    admin.post(copy, sent)
    assert tags_of(row) == tags_of(Row.objects.get(name="Copied")) == ["berlin"]
    connectors.update(ADMIN, type(receive_connector()), row.pk, {"comment": "x"})
    restore(ADMIN, revision)
    assert tags_of(Row.objects.get(name="Printer 1")) == ["berlin"], "it is back"
    connectors.update(ADMIN, type(receive_connector()), Row.objects.get().pk, {"comment": "x"})
    row = Row.objects.get()
    actions.tag(ADMIN, WRITERS, "Receive connector", [row], ["back"])
    restore(ADMIN, ConfigRevision.objects.latest("number").number - 1)
    assert tags_of(Row.objects.get()) == ["back", "berlin"]


def test_what_is_removed_takes_its_tags_along(admin: Client) -> None:
    one, two = connector(1, "gone"), connector(2)
    connectors.remove(ADMIN, type(receive_connector()), one.pk)
    assert tags_in_use(Row) == []
    actions.tag(ADMIN, WRITERS, "Receive connector", [two], ["here"])
    assert [each.words for each in ObjectTags.objects.all()] == [["here"]]


def test_tags_are_in_the_file_and_sort(admin: Client) -> None:
    connector(1, "b"), connector(2, "a", "z"), connector(3)
    file = admin.get(reverse("connectors:receive-csv"), {"sort": "-~tags"})
    rows = list(csv.DictReader(b"".join(file.streaming_content).decode("utf-8-sig").splitlines()))
    assert [row["Tags"] for row in rows] == ["b", "a; z", ""]


def test_a_new_object_gets_tags_from_its_form(admin: Client) -> None:
    page = reverse("domains:new")
    sent = Form(admin.get(page).text).sent | {"name": "Contoso", "domain_name": "contoso.com", "tags": "customer"}
    admin.post(page, sent)
    row = lists()["domains:list"].model.objects.get()
    assert tags_of(row) == ["customer"]
    assert "customer" in admin.get(reverse("domains:details", args=[row.pk])).text


def test_what_is_no_tag_is_refused(admin: Client) -> None:
    field = TagsField()
    for text in ("<b>", "a" * 41, "-x", "a'b", " ".join(map(str, range(21)))):
        with pytest.raises(ValidationError):
            field.clean(text)
    assert field.clean("Straße 2.og, a/b") == ["2.og", "a/b", "straße"]
    row = connector(1, *map(str, range(20)))
    page = reverse("connectors:receive-tags") + f"?pk={row.pk}"
    assert "At most 20 tags" in admin.post(page, {"add": "one-more"}).text


def test_only_who_may_change_an_object_may_tag_it(signed_in: Callable[..., Client]) -> None:
    row = domains.create(ADMIN, accepted_domain())
    with pytest.raises(PermissionDenied):
        actions.tag(READER, WRITERS, "Accepted domain", [row], ["x"])
    reader = signed_in(Role.VIEW_ONLY)
    assert reader.get(reverse("domains:tags") + f"?pk={row.pk}").status_code == 403
