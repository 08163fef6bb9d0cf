"""Mailboxes in the browser."""

import errno
import sys
from email.message import EmailMessage
from pathlib import Path
from uuid import uuid4

import pytest
from django.urls import reverse

from console.actors import SYSTEM, Role
from console.audit.models import Entry
from console.directory import actions as directory
from console.mailboxes import reading_room
from transport.config import bounds
from transport.deliver import maildir

pytestmark = pytest.mark.django_db


@pytest.fixture
def deliver(home):
    def deliver(address, subject="Hello", text="A text", at=1_700_000_000, raw=None):
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = "Anna <anna@partner.example>", address, subject
        message.set_content(text)
        name = maildir.file_name(at, uuid4(), address)
        store = maildir.Store(home / "mailboxes")
        store.write(address, name, [message.as_bytes() if raw is None else raw])
        store.sync()
        return name

    return deliver


def url(name, *more, box=("contoso.com", "bob")):
    return reverse(f"mailboxes:{name}", args=[*box, *more])


def test_without_mail_the_page_says_what_will_come(admin, home):
    assert "No mailboxes yet" in admin.get(reverse("mailboxes:list")).text


def test_mailboxes_and_their_messages_newest_first(admin, deliver):
    deliver("bob@contoso.com", "Older", at=1_700_000_000)
    deliver("bob@contoso.com", "Newer", at=1_700_000_900)
    deliver("o'neil+tag@contoso.com")
    assert "bob@contoso.com" in admin.get(reverse("mailboxes:list")).text
    page = admin.get(url("message-list")).text
    assert page.index("Newer") < page.index("Older")
    odd = admin.get(reverse("mailboxes:list")).context["table"][1]["open"]
    assert admin.get(odd).status_code == 200


def test_an_address_in_another_script_is_shown_as_it_is(admin, deliver):
    key = deliver("Übung.山田@xn--bcher-kva.example", "Größen")
    page = admin.get(reverse("mailboxes:list"))
    assert "übung.山田@xn--bcher-kva.example" in page.text
    opened = page.context["table"][0]["open"]
    assert "Größen" in admin.get(opened).text
    box = ("xn--bcher-kva.example", "%C3%BCbung.%E5%B1%B1%E7%94%B0")
    assert admin.get(url("message", key, box=box)).status_code == 200
    assert b"Subject: " in admin.get(url("message-file", key, box=box)).getvalue()
    assert "Größen" in admin.get(reverse("mailboxes:details", args=["/".join(box)])).text


AUTH_AS = "X-MS-Exchange-Organization-AuthAs: %s\r\n"
RESOLVE_SENDER = "X-MS-Exchange-Organization-Resolve-Sender: %s\r\n"


@pytest.mark.parametrize(
    ("stamps", "shown"),
    [
        (AUTH_AS % "Internal", "Anna Berg"),
        (AUTH_AS % "Anonymous", "Scanner"),
        (AUTH_AS % "Anonymous" + AUTH_AS % "Internal", "Scanner"),
        (AUTH_AS % "Anonymous" + RESOLVE_SENDER % "True", "Scanner"),
        (RESOLVE_SENDER % "True" + AUTH_AS % "Anonymous", "Anna Berg"),
        (RESOLVE_SENDER % "False" + AUTH_AS % "Internal", "Scanner"),
        ("", "Scanner"),
    ],
)
def test_a_sender_of_the_directory_is_resolved_for_authenticated_mail_only(admin, deliver, stamps, shown):
    directory.add(SYSTEM, "anna@contoso.com", "Anna Berg")
    raw = f"{stamps}From: Scanner <Anna@Contoso.com>\r\nSubject: Scan\r\n\r\n".encode()
    key = deliver("bob@contoso.com", raw=raw)
    pages = url("message-list"), url("message-details", key), reverse("mailboxes:details", args=["contoso.com/bob"])
    for page in (*pages, url("message", key)):
        text = admin.get(page).text
        assert shown in text and ({"Anna Berg", "Scanner"} - {shown}).pop() not in text, page


def test_the_names_of_a_page_are_asked_for_at_once(admin, deliver, django_assert_max_num_queries):
    for number in range(20):
        directory.add(SYSTEM, f"user{number}@contoso.com", f"User {number}")
        stamp = "X-MS-Exchange-Organization-AuthAs: Internal\r\n"
        deliver("bob@contoso.com", raw=f"{stamp}From: user{number}@contoso.com\r\n\r\n".encode())
    admin.get(url("message-list"))  # what the top bar counts holds for some seconds
    with django_assert_max_num_queries(12):
        assert "User 19" in admin.get(url("message-list")).text


def test_a_message_in_every_way(admin, deliver):
    key = deliver("bob@contoso.com", "<script>alert(1)</script>", "A text with <b>marks</b>")
    for way in ("text", "html", "headers", "source"):
        answer = admin.get(url("message", key), {"view": way})
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
    assert "A text with &lt;b&gt;marks" in admin.get(url("message", key)).text
    assert "anna@partner.example" in admin.get(url("message-details", key)).text


def test_the_html_frame_can_do_nothing(admin, deliver):
    raw = b"Content-Type: text/html\n\n<p>Hi</p><script>x</script><img src=http://t.example/>"
    answer = admin.get(url("message-html", deliver("bob@contoso.com", raw=raw)))
    policy = answer["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'")
    assert "script" not in answer.text
    assert "t.example" not in answer.text
    assert answer["X-Frame-Options"] == "SAMEORIGIN"


def test_attachments_are_only_ever_downloaded(admin, deliver):
    message = EmailMessage()
    message.set_content("see file")
    message.add_attachment("<script>x</script>", subtype="html", filename='..\\evil".html')
    key = deliver("bob@contoso.com", raw=message.as_bytes())
    answer = admin.get(url("attachment", key, 2))
    assert answer["Content-Disposition"].startswith("attachment; filename=")
    assert ".." not in answer["Content-Disposition"]
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer.getvalue().strip() == b"<script>x</script>"
    assert admin.get(url("attachment", key, 99)).status_code == 404


def test_download_gives_the_bytes_that_were_delivered(admin, deliver):
    raw = b"Subject: x\r\n\r\nbare \xff bytes\r\n.\r\n"
    key = deliver("bob@contoso.com", raw=raw)
    answer = admin.get(url("message-file", key))
    assert b"".join(answer.streaming_content) == raw
    assert answer["Content-Disposition"] == f'attachment; filename="{key}.eml"'


def test_search_looks_into_headers_and_encoded_text(admin, deliver):
    deliver("bob@contoso.com", "Zahlen für März", "plain")
    deliver("bob@contoso.com", "Other", "Grüße aus Köln " * 10)
    assert "Other" not in admin.get(url("message-list"), {"q": "märz"}).text
    found = admin.get(url("message-list"), {"q": "KÖLN grüße"}).text
    assert ("Other" in found, "Zahlen" in found) == (True, False)


def test_messages_are_deleted_for_good_and_it_is_written_down(admin, deliver, home):
    keys = [deliver("bob@contoso.com", f"Number {n}") for n in range(3)]
    asked = admin.post(url("message-act"), {"verb": "remove", "pk": keys[:2]}, follow=True)
    assert "Number 0" in asked.text
    admin.post(url("message-remove"), {"pk": keys[:2]})
    assert len(list((home / "mailboxes/contoso.com/bob/new").iterdir())) == 1
    entry = Entry.objects.get(kind="Mailbox")
    assert (entry.object_name, entry.before["messages"]) == ("bob@contoso.com", 2)


def test_what_the_disk_refuses_to_delete_stays_and_is_said(admin, deliver, monkeypatch):
    key = deliver("bob@contoso.com", "Stays")

    def refuse(path: Path, missing_ok: bool = False) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "unlink", refuse)
    answer = admin.post(url("message-remove"), {"pk": key})
    assert (answer.status_code, "Read-only file system" in answer.text) == (422, True)
    assert not Entry.objects.exists()


CONTENT = [
    lambda key: url("message", key),
    lambda key: url("message", key) + "?view=source",
    lambda key: url("message-html", key),
    lambda key: url("message-file", key),
    lambda key: url("attachment", key, 0),
]


def test_who_may_not_write_sees_the_list_but_neither_reads_nor_deletes(signed_in, deliver):
    key = deliver("bob@contoso.com", "Salaries", "of the board")
    reader, clerk = signed_in(Role.VIEW_ONLY), signed_in(Role.RECIPIENT_MANAGEMENT)
    for client in (reader, clerk):
        pages = [client.get(page).text for page in (url("message-list"), url("message-details", key))]
        assert all("Salaries" in page and "of the board" not in page for page in pages)
        assert url("message", key) not in pages[1]
        assert url("message", key) not in client.get(reverse("mailboxes:details", args=["contoso.com/bob"])).text
        assert [client.get(content(key)).status_code for content in CONTENT] == [403] * len(CONTENT)
    assert reader.post(url("message-remove"), {"pk": key}).status_code == 403
    assert signed_in(Role.HYGIENE_MANAGEMENT).get(url("message-list")).status_code == 403
    assert not Entry.objects.exists()


def test_who_may_not_read_messages_finds_them_by_what_the_list_shows_only(signed_in, admin, deliver):
    deliver("bob@contoso.com", "Salaries", "of the board")
    reader = signed_in(Role.VIEW_ONLY)
    for text, seen in (("salaries", True), ("ANNA bob", True), ("board", False), ("mime", False)):
        assert ("Salaries" in reader.get(url("message-list"), {"q": text}).text) == seen, text
    assert "Salaries" in admin.get(url("message-list"), {"q": "board"}).text


@pytest.mark.parametrize(
    ("content", "verb"), [*zip(CONTENT, ["read", "read", "read", "exported", "exported"], strict=True)]
)
def test_who_reads_or_takes_a_message_is_recorded_each_time_it_is_shown(admin, deliver, content, verb):
    key = deliver("bob@contoso.com", "Salaries")
    admin.get(url("message-list"))
    admin.get(url("message-details", key))
    assert not Entry.objects.exists()
    answer = admin.get(content(key))
    assert answer.status_code == 200 and answer.getvalue()
    entry = Entry.objects.get()
    assert (entry.kind, entry.object_name, entry.verb) == ("Message", key, verb)
    assert entry.after == {"mailbox": "bob@contoso.com", "sender": "anna@partner.example", "subject": "Salaries"}
    assert "Salaries" in admin.get(reverse("audit:details", args=[entry.pk])).text


def test_a_message_as_html_is_recorded_once_by_the_frame_that_shows_it(admin, deliver):
    key = deliver("bob@contoso.com", raw=b"Subject: x\r\nContent-Type: text/html\r\n\r\n<p>Hi")
    assert "<iframe" in admin.get(url("message", key), {"view": "html"}).text
    assert not Entry.objects.exists()
    admin.get(url("message-html", key))
    assert Entry.objects.get().verb == "read"


@pytest.mark.parametrize("place", ["..", ".", "../..", "%2e%2e", "a/../..", "\x00", "nobody", "..%2f.."])
def test_no_url_leads_out_of_the_mailboxes(admin, deliver, home, place):
    deliver("bob@contoso.com")
    (home / "secret").write_text("secret")
    for box in ((place, "bob"), ("contoso.com", place), (place, place)):
        if all("/" not in part for part in box):
            assert admin.get(url("message-list", box=box)).status_code == 404
    if "/" not in place:
        assert admin.get(url("message-file", place)).status_code == 404
    assert admin.get(f"/recipients/mailboxes/{place}/").status_code in (301, 404)


def test_a_link_in_the_tree_is_not_followed(admin, deliver, home):
    deliver("bob@contoso.com")
    (home / "mailboxes/contoso.com/eve").symlink_to(home)
    (home / "mailboxes/contoso.com/bob/new/link").symlink_to("/etc/passwd")
    assert admin.get(url("message-list", box=("contoso.com", "eve"))).status_code == 404
    assert admin.get(url("message-file", "link")).status_code == 404
    assert "eve@contoso.com" not in admin.get(reverse("mailboxes:list")).text


@pytest.fixture
def dying_reader(monkeypatch):
    monkeypatch.setattr(reading_room, "COMMAND", (sys.executable, "-c", "import os; os.abort()"))


def test_a_message_that_is_too_complex_is_offered_as_source_and_as_a_file(admin, deliver, dying_reader):
    raw = b"From: Mallory <m@x.example>\r\nSubject: Too much\r\nContent-Type: text/html\r\n\r\n<b>the source"
    key = deliver("bob@contoso.com", raw=raw)
    for way in ("", "text", "html", "headers"):
        page = admin.get(url("message", key), {"view": way}).text
        assert "too complex to show" in page and "Too much" in page and "m@x.example" in page
        assert url("message-file", key) in page and "?view=source" in page
    assert "&lt;b&gt;the source" in admin.get(url("message", key), {"view": "source"}).text
    assert b"".join(admin.get(url("message-file", key)).streaming_content) == raw
    assert "too complex" in admin.get(url("message-html", key)).text
    refused = admin.get(url("attachment", key, 0))
    assert (refused.status_code, refused.get("Content-Disposition")) == (422, None)
    assert "Too much" in admin.get(url("message-list")).text


def test_a_search_that_finds_no_place_says_so(admin, deliver, monkeypatch):
    deliver("bob@contoso.com", "Hello")
    monkeypatch.setattr(reading_room, "places", reading_room.Places(0, 1, patience=0.01))
    page = admin.get(url("message-list"), {"q": "hello"}).text
    assert "Too many messages are being read" in page and "Hello" not in page


def test_html_that_is_too_complex_says_so_in_its_frame_and_its_text_can_be_read(admin, deliver):
    tags = "".join(f"<b title={number}>" for number in range(3000))
    key = deliver("bob@contoso.com", raw=f"Content-Type: text/html\n\n<p>{tags}</p>{'<p>x' * 18000}<p>the end".encode())
    frame = admin.get(url("message-html", key))
    assert "too complex to show" in frame.text and frame["Content-Security-Policy"].startswith("sandbox;")
    assert "the end" in admin.get(url("message", key)).text


def test_both_halves_and_the_picture_between_them_are_in_the_frame(admin, deliver):
    parts = [
        b"text/html\n\n<p>one",
        b"image/png\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo=",
        b"text/html\n\ntwo",
    ]
    body = b"".join(b"--b\nContent-Type: " + part + b"\n" for part in parts)
    key = deliver("bob@contoso.com", raw=b"Content-Type: multipart/mixed; boundary=b\n\n" + body + b"--b--\n")
    page = admin.get(url("message-html", key)).text.partition("<body>")[2]
    assert page.index("one") < page.index("data:image/png;base64,iVBORw0KGgo=") < page.index("two")


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_of_a_longer_source_the_first_part_is_shown_and_it_is_said(admin, deliver, more):
    most = bounds.MESSAGE_SOURCE.octets
    key = deliver("bob@contoso.com", raw=b"Subject: M\xfcller\r\nX: \xc3\xbc\n\n".ljust(most - 1 + more, b"x") + b"y")
    page = admin.get(url("message", key), {"view": "source"})
    assert "Subject: Müller\nX: ü\n" in page.context["source"]
    assert (page.context["source"].endswith("y"), "Download the message to see the rest" in page.text) == (
        more <= 0,
        more > 0,
    )
