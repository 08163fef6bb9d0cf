from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.test import Client
from django.utils import timezone

from console.actors import Actor, Role
from console.audit.actions import record, together
from console.audit.models import Entry
from tests.console.management_shell.shell import Shell

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


def test_what_is_kept_of_a_message_that_was_read_is_no_setting(admin: Client) -> None:
    told = {"sender": "bob@contoso.com", "subject": "Figures", "suspended_until": None}
    text = admin.get(f"{LIST}{record(ANNA, 'Message', 'x', 'read', None, told).pk}/").text
    assert "Kept with this entry" in text and "<h3>Settings" not in text and "suspended until" in text
    german = admin.get(f"{LIST}{Entry.objects.get().pk}/", headers={"accept-language": "de"}).text
    assert "<dt>Absender</dt>" in german and "<dt>Betreff</dt>" in german


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
    changed(ANNA, "Printers")
    record(BRUNO, "Recipient", "x@a.example", "added", None, None)
    assert "x@a.example" not in admin.get(LIST, {"actor": "anna"}).text
    assert "Printers" not in admin.get(LIST, {"kind": "Recipient"}).text
    found = admin.get(LIST, {"q": "printers connector"}).text
    assert "Printers" in found
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


def test_a_time_narrows_the_history(admin: Client) -> None:
    changed(name="Long ago")
    Entry.objects.update(time=timezone.now() - timedelta(days=3))
    changed(name="Just now")
    assert "Long ago" not in admin.get(LIST, {"last": "24h"}).text
    assert "Just now" not in admin.get(LIST, {"q": "-last:24h"}).text
    day_before = f"{timezone.now() - timedelta(days=1):%Y-%m-%dT%H:%M}"
    text = admin.get(LIST, {"until": day_before}).text
    assert "Long ago" in text and "Just now" not in text


def test_lines_of_one_script_are_one_row_that_opens(admin: Client) -> None:
    changed(name="Before")
    with together():
        for number in range(3):
            changed(name=f"Printer {number}")
    changed(name="After")
    text = admin.get(LIST).text
    assert "Printer 0 and 2 more" in text
    assert "Printer 1" not in text and "Printer 2" not in text
    assert "3 changes" in text
    first = Entry.objects.get(object_name="Printer 0")
    details = admin.get(f"{LIST}{first.pk}/").text
    assert "2 more changes were made together with this one" in details
    opened = admin.get(LIST, {"batch": first.batch}).text
    assert all(f"Printer {number}</strong>" in opened for number in range(3))
    assert "Before" not in opened and "After" not in opened
    assert "Printer 2" in admin.get(LIST, {"q": "printer"}).text, (
        "what is looked for is found in the middle of a script"
    )
    file = b"".join(admin.get(f"{LIST}rows.csv").streaming_content).decode()
    assert file.count("Printer") == 3


def test_what_one_form_and_one_script_of_the_shell_do_is_together(admin: Client) -> None:
    script = '1..3 | % { New-AcceptedDomain -Name "d$_" -DomainName "d$_.example" }'
    Shell().run(script)
    assert Entry.objects.filter(kind="Accepted domain").values("batch").distinct().count() == 1
    rows = list(Entry.objects.filter(kind="Accepted domain"))
    assert len(rows) == 3 and rows[0].batch
    admin.post("/mail-flow/accepted-domains/act?q=d", {"verb": "remove", "all": "rows", "count": "2"})
    removed = Entry.objects.filter(verb="removed")
    assert len(removed) == 2, "the default domain stays"
    assert len({each.batch for each in removed} | {rows[0].batch}) == 2
