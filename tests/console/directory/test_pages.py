"""The directory in the browser."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from console.actors import SYSTEM, Role
from console.audit.models import Entry
from console.directory import actions, importing, queries
from console.directory.models import Import, Recipient
from console.domains.models import AcceptedDomain

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def accepted_domain(db):
    AcceptedDomain.objects.create(name="Contoso", domain_name="contoso.com", default=True)


def addresses():
    return list(queries.listed().values_list("address", flat=True))


def test_a_recipient_is_added_listed_found_renamed_and_removed(admin):
    answer = admin.post(
        reverse("directory:new"), {"address": " Anna@Contoso.com", "display_name": "Anna Berg"}, follow=True
    )
    assert "anna@contoso.com is saved" in answer.text
    recipient = Recipient.objects.get()
    assert "anna@contoso.com" in admin.get(reverse("directory:list"), {"q": "berg CONTOSO"}).text
    assert "Nothing matches" in admin.get(reverse("directory:list"), {"q": "fabrikam"}).text
    admin.post(reverse("directory:edit", args=[recipient.pk]), {"display_name": "Anna Berger"})
    assert Recipient.objects.get().display_name == "Anna Berger"
    admin.post(reverse("directory:remove"), {"pk": recipient.pk})
    assert addresses() == []
    assert admin.get(reverse("directory:details", args=[recipient.pk])).status_code == 404


def test_every_write_gets_a_greater_change_number_and_removal_leaves_a_tombstone():
    anna = actions.add(SYSTEM, "anna@contoso.com")
    bob = actions.add(SYSTEM, "bob@contoso.com")
    renamed = actions.rename(SYSTEM, anna, "Anna")
    actions.remove(SYSTEM, bob)
    gone = Recipient.objects.get(pk=bob.pk)
    assert anna.change_number < bob.change_number < renamed.change_number < gone.change_number
    assert gone.deleted
    again = actions.add(SYSTEM, "bob@contoso.com", "Bob")
    assert (again.pk, again.deleted, again.display_name) == (bob.pk, False, "Bob")
    assert again.change_number > gone.change_number
    assert list(Entry.objects.order_by("id").values_list("verb", flat=True)) == [
        "added", "added", "changed", "removed", "added",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("address", "said"),
    [("", "required"), ("anna", "Write it like"), ("jö rg@contoso.com", "no space"), ("anna@contoso.com", "already")],
)
def test_an_address_that_cannot_be_added_is_explained_at_its_field(admin, address, said):
    actions.add(SYSTEM, "anna@contoso.com")
    answer = admin.post(reverse("directory:new"), {"address": address})
    assert answer.status_code == 422
    assert said in " ".join(answer.context["form"].errors["address"])


def test_an_address_below_a_wildcard_is_one_of_an_accepted_domain(admin):
    AcceptedDomain.objects.create(name="All", domain_name="*.contoso.com")
    answer = admin.post(reverse("directory:new"), {"address": "anna@sales.contoso.com"}, follow=True)
    assert "anna@sales.contoso.com is saved" in answer.text
    assert "no accepted domain" not in answer.text


def test_an_address_of_a_foreign_domain_is_saved_with_a_warning(admin):
    answer = admin.post(reverse("directory:new"), {"address": "x@fabrikam.example"}, follow=True)
    assert "fabrikam.example is no accepted domain" in answer.text
    assert addresses() == ["x@fabrikam.example"]


def test_only_recipient_management_may_write(signed_in):
    reader, clerk = signed_in(Role.VIEW_ONLY), signed_in(Role.RECIPIENT_MANAGEMENT)
    assert reader.get(reverse("directory:list")).status_code == 200
    assert reader.post(reverse("directory:new"), {"address": "a@contoso.com"}).status_code == 403
    assert reader.get(reverse("directory:import")).status_code == 403
    assert clerk.post(reverse("directory:new"), {"address": "a@contoso.com"}).status_code == 302
    assert addresses() == ["a@contoso.com"]


def hand_in(client, text):
    answer = client.post(reverse("directory:import"), {"text": text})
    assert answer.status_code == 302, answer.text
    job = Import.objects.latest("id")
    importing.run(job.pk)
    return client.get(reverse("directory:import-progress", args=[job.pk])).text


def test_a_list_is_imported_whole(admin):
    actions.add(SYSTEM, "old@contoso.com", "Old")
    actions.add(SYSTEM, "kept@contoso.com", "Kept")
    actions.remove(SYSTEM, actions.add(SYSTEM, "gone@contoso.com", "Gone"))
    page = hand_in(
        admin,
        "old@contoso.com,New\nkept@contoso.com\ngone@contoso.com\nnew@contoso.com,N\nnew@contoso.com\nx@f.example",
    )
    assert dict(queries.listed().values_list("address", "display_name")) == {
        "old@contoso.com": "New",
        "kept@contoso.com": "Kept",
        "gone@contoso.com": "",
        "new@contoso.com": "N",
        "x@f.example": "",
    }
    assert "3 recipients added." in page
    assert "1 was there already and got a new display name." in page
    assert "1 was there already." in page
    assert "new@contoso.com stands in line 4 already." in page
    assert "f.example" in page


def test_one_bad_line_keeps_the_whole_list_out(admin):
    page = hand_in(admin, "good@contoso.com\n<script>alert(1)</script>\n")
    assert addresses() == []
    assert "Nothing was imported." in page
    assert "&lt;script&gt;" in page
    assert "<script>alert" not in page


def test_an_import_that_is_done_is_not_done_again(admin):
    hand_in(admin, "a@contoso.com")
    job = Import.objects.get()
    changed = Recipient.objects.get().change_number
    importing.run(job.pk)
    assert Recipient.objects.get().change_number == changed
    assert bytes(job.content) == b""


def test_an_upload_says_what_is_missing(admin):
    answer = admin.post(reverse("directory:import"), {})
    assert (answer.status_code, "Choose a file" in answer.text) == (422, True)


def test_a_running_import_shows_a_bar_that_needs_no_script(admin):
    job = Import.objects.create(author="a", source="list.csv", content=b"", state="checking", lines=10, checked=4)
    page = admin.get(reverse("directory:import-progress", args=[job.pk])).text
    assert '<progress id="import-bar"' in page
    assert 'http-equiv="refresh"' in page
    assert "list.csv" in admin.get(reverse("directory:list")).text


def test_the_export_reads_back_as_the_same_list(admin):
    actions.add(SYSTEM, "anna@contoso.com", 'Berg, "Anna"')
    actions.add(SYSTEM, "evil@contoso.com", "=HYPERLINK(1)")
    answer = admin.get(reverse("directory:export"))
    content = b"".join(answer.streaming_content)
    assert b'" =HYPERLINK(1)"' in content or b",\x20=HYPERLINK(1)" in content
    Recipient.objects.all().delete()
    hand_in(admin, content.decode())
    assert dict(queries.listed().values_list("address", "display_name")) == {
        "anna@contoso.com": 'Berg, "Anna"',
        "evil@contoso.com": "=HYPERLINK(1)",
    }


def test_hostile_bytes_in_list_name_and_search_are_refused_in_words(admin):
    content = b"a\x00b@contoso.com\n\x00\nx@con\x00toso.com\nx\xffy.com\nok@y.com,\x1b[31m"
    file = SimpleUploadedFile("l\x00ist\n.csv", content)
    answer = admin.post(reverse("directory:import"), {"file": file})
    job = Import.objects.get()
    importing.run(job.pk)
    page = admin.get(answer.url).text
    assert "Nothing was imported." in page
    assert "5 lines are wrong" in page
    assert admin.get(reverse("directory:list"), {"q": "\x00"}).status_code == 200


@pytest.mark.parametrize("key", ["\x00", "²", "pear", "9" * 5000])
def test_a_key_that_no_recipient_can_have_leads_nowhere(admin, key):
    assert admin.get(reverse("directory:remove"), {"pk": key}).status_code == 404
    assert admin.post(reverse("directory:remove"), {"pk": key}).status_code == 404
