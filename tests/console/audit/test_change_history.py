from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from console.actors import Actor, Role
from console.audit.actions import record
from console.audit.models import Entry

LIST = "/administration/change-history/"
ANNA = Actor("anna", frozenset({Role.HYGIENE_MANAGEMENT}))
BRUNO = Actor("bruno", frozenset({Role.RECIPIENT_MANAGEMENT}))


def changed(actor: Actor = ANNA, name: str = "Relay", **values: object) -> Entry:
    before = {"Enabled": False, "Bindings": ["0.0.0.0:25"], "Comment": "same"}
    after = before | {"Enabled": True, "Bindings": ["0.0.0.0:25", "[::]:25"]}
    return record(actor, "Receive connector", name, "changed", before, after, revision=42)


def test_the_newest_change_stands_on_top(admin: Client) -> None:
    changed(name="First")
    changed(name="Second")
    text = admin.get(LIST).text
    assert text.index("Second") < text.index("First")


def test_an_entry_shows_only_what_differs(admin: Client) -> None:
    entry = changed()
    text = admin.get(f"{LIST}{entry.pk}/").text
    assert "<del>False</del>" in text
    assert "<ins>True</ins>" in text
    assert "<ins>0.0.0.0:25, [::]:25</ins>" in text
    assert "Comment" not in text


def test_what_was_created_or_removed_is_shown_whole(admin: Client) -> None:
    created = record(ANNA, "Accepted domain", "a.example", "created", None, {"Type": "Authoritative"})
    removed = record(ANNA, "Accepted domain", "a.example", "removed", {"Type": "Authoritative"}, None)
    assert "<ins>Authoritative</ins>" in admin.get(f"{LIST}{created.pk}/").text
    assert "<del>Authoritative</del>" in admin.get(f"{LIST}{removed.pk}/").text


def test_filters_by_who_and_kind_and_words(admin: Client) -> None:
    changed(ANNA, "Relay")
    record(BRUNO, "Recipient", "x@a.example", "added", None, None)
    assert "x@a.example" not in admin.get(LIST, {"actor": "anna"}).text
    assert "Relay" not in admin.get(LIST, {"kind": "Recipient"}).text
    found = admin.get(LIST, {"q": "relay connector"}).text
    assert "Relay" in found
    assert "x@a.example" not in found


def test_what_clients_or_administrators_wrote_is_escaped(admin: Client) -> None:
    entry = record(ANNA, "Recipient", "<script>alert(1)</script>", "changed", {"a": "1"}, {"a": "<img src=x>"})
    text = admin.get(f"{LIST}{entry.pk}/").text
    assert "<script>alert" not in text
    assert "<img src=x>" not in text


def test_a_reader_sees_the_history_and_nobody_writes_it(signed_in: Callable[..., Client]) -> None:
    client = signed_in(Role.VIEW_ONLY)
    entry = changed()
    assert client.get(LIST).status_code == 200
    for path in (f"{LIST}new", f"{LIST}remove", f"{LIST}{entry.pk}/edit"):
        assert client.get(path).status_code == 404
    assert client.post(f"{LIST}act", {"verb": "remove", "pk": entry.pk}).status_code == 403


def test_a_message_is_called_by_its_subject_and_sender(admin: Client) -> None:
    facts = {"sender": "anna@contoso.com", "subject": "Figures of <May>", "message_id": "<1@contoso.com>"}
    entry = record(ANNA, "Message", "0193a0c2-0000-7000-8000-000000000001", "removed without NDR", None, facts)
    record(ANNA, "Message", "300 messages", "suspended", None, {"messages": 300})
    page = admin.get(LIST).text
    assert "Figures of &lt;May&gt; · anna@contoso.com" in page and "300 messages" in page
    assert "0193a0c2" not in page.partition("<table")[2].partition("</table")[0]
    assert "0193a0c2" in admin.get(f"{LIST}{entry.pk}/").text
    assert "Figures of" in admin.get(LIST, {"q": "anna@contoso.com figures"}).text
