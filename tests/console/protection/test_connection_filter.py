"""Connection filter: lists that are pasted and expire, providers in their order, and the test of an address."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from console.actors import Role
from console.audit.models import Entry
from console.protection import actions, dns_look_up, models
from console.protection.forms import PasteForm
from console.publishing import queries
from console.publishing.models import ConfigRevision
from console.publishing.restore import restore
from tests.console.builders import ADMIN, HYGIENE, numbers
from tests.dns_server import DnsServer
from transport.config.connection_filter import ConnectionFilter, IPList, IPListEntry, IPListProvider
from transport.config.endpoint import Binding

PAGE = "protection:connection-filter"
AT_FIRST = numbers(ConnectionFilter) | {
    "ip_allow_list_enabled": "on", "ip_block_list_enabled": "on", "ip_allow_list_providers_enabled": "on",
    "ip_block_list_providers_enabled": "on", "external_mail_enabled": "on",
}  # fmt: skip
PROVIDER = numbers(IPListProvider) | {
    "name": "Blocker", "lookup_domain": "bl.test", "ip_list": "Block", "enabled": "on", "any_match": "on",
}  # fmt: skip


def published():
    return queries.snapshot(queries.newest_with_document())


def entry(text: str, **values: object) -> IPListEntry:
    return IPListEntry(ip_range=text, **values)


def provider(name: str, **values: object) -> IPListProvider:
    return IPListProvider(**{"name": name, "lookup_domain": f"{name.lower()}.test"} | values)


@pytest.mark.django_db
def test_settings_are_published_and_audited(signed_in):
    hygiene = signed_in(Role.HYGIENE_MANAGEMENT)
    entered = {"static_entry_rejection_response": "Go away", "dns_servers": "10.0.0.53\r\n[::1]:5353"}
    entered |= {"bypassed_recipients": "Abuse@contoso.com", "reverse_dns_lookup_enabled": "on"}
    page = hygiene.post(reverse(PAGE), AT_FIRST | entered, follow=True)
    assert "The connection filter is saved" in page.text
    saved = published().connection_filter
    assert saved.dns_servers == (Binding("10.0.0.53", 53), Binding("::1", 5353))
    assert (saved.bypassed_recipients, saved.reverse_dns_lookup_enabled) == (("abuse@contoso.com",), True)
    assert Entry.objects.get(kind="Connection filter").after["StaticEntryRejectionResponse"] == "Go away"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("static_entry_rejection_response", "Grüße", "printable ASCII"),
        ("static_entry_rejection_response", "x" * 241, "at most 240"),
        ("dns_servers", "ns.example.com", "10.2.3.4:53"),
        ("dns_timeout", "00:01:00", "00:00:30"),
    ],
)
def test_what_is_wrong_with_the_settings_is_said_at_the_field(admin, field, text, words):
    page = admin.post(reverse(PAGE), AT_FIRST | {field: text})
    assert page.status_code == 422
    assert words in str(page.context["form"].errors[field])


@pytest.mark.django_db
def test_many_are_pasted_in_one_revision_and_what_is_there_already_stays(admin):
    actions.add_entries(HYGIENE, [entry("192.0.2.0/24", comment="first")])
    lines = "192.0.2.7 # a nuisance\r\n\r\n192.0.2.0/24\r\n2001:db8::/32,\r\n198.51.100.1-198.51.100.9\r\n192.0.2.7"
    values = {"entries": lines, "comment": "pasted", "expiration_time": "2090-01-31 17:00"}
    page = admin.post(reverse("protection:block-new"), values, follow=True)
    assert "3 entries are added." in page.text
    comments = {each.ip_range: each.comment for each in published().ip_list_entries}
    assert comments == {
        "192.0.2.0/24": "first", "192.0.2.7": "a nuisance", "2001:db8::/32": "pasted",
        "198.51.100.1-198.51.100.9": "pasted",
    }  # fmt: skip
    assert ConfigRevision.objects.count() == 2
    again = admin.post(reverse("protection:block-new"), {"entries": "192.0.2.7"})
    assert again.status_code == 422 and "on the list already" in again.text
    admin.post(reverse("protection:allow-new"), {"entries": "192.0.2.7"})
    assert models.IPListEntry.objects.filter(ip_list="Allow").count() == 1


@pytest.mark.django_db
def test_every_wrong_line_is_named(admin):
    page = admin.post(reverse("protection:block-new"), {"entries": "192.0.2.7\nspam.example\n10.0.0.9-10.0.0.1"})
    assert page.status_code == 422
    assert "“spam.example”" in page.text and "comes after" in page.text
    assert not models.IPListEntry.objects.exists()
    page = admin.post(reverse("protection:block-new"), {"entries": "192.0.2.7", "expiration_time": "tomorrow"})
    assert "2027-01-31 17:00" in str(page.context["form"].errors["expiration_time"])


lines = st.lists(st.ip_addresses().map(str) | st.sampled_from(["10.0.0.0/8", "1.2.3.4-1.2.3.9", ""]), min_size=1)


@given(lines, st.sampled_from(["\n", "\r\n", ",\n", "  # why\n"]))
def test_what_is_pasted_is_read_line_by_line(texts: list[str], end: str) -> None:
    form = PasteForm({"entries": end.join(texts) + end}, ip_list=IPList.Block)
    if form.is_valid():
        assert [each.ip_range for each in form.structs] == [text for text in texts if text]
    else:
        assert not any(texts)


@pytest.mark.django_db
def test_an_expired_entry_is_shown_as_such_and_can_be_revived(admin):
    (row,) = actions.add_entries(HYGIENE, [entry("192.0.2.7")])
    assert "Applied" in admin.get(reverse("protection:block-list")).text
    page = admin.post(reverse("protection:block-act"), {"verb": "expire", "pk": row.pk}, follow=True)
    assert "Expired, not applied" in page.text
    assert published().ip_list_entries[0].expiration_time is not None
    assert "192.0.2.7" not in admin.get(reverse("protection:block-list"), {"state": "applied"}).text
    assert "192.0.2.7" in admin.get(reverse("protection:block-list"), {"state": "expired"}).text
    values = {"ip_range": "192.0.2.7", "comment": "again", "expiration_time": ""}
    admin.post(reverse("protection:block-edit", args=[row.pk]), values)
    assert published().ip_list_entries == (entry("192.0.2.7", comment="again"),)
    admin.post(reverse("protection:block-remove"), {"pk": row.pk})
    assert published().ip_list_entries == ()
    assert Entry.objects.filter(kind="IP list entry").count() == 4


@pytest.mark.django_db
def test_an_entry_cannot_become_one_that_is_there(admin):
    first, _ = actions.add_entries(HYGIENE, [entry("192.0.2.0/24"), entry("192.0.2.7")])
    page = admin.post(reverse("protection:block-edit", args=[first.pk]), {"ip_range": "192.0.2.7/32"})
    assert page.status_code == 422 and "on this list already" in page.text


@pytest.mark.django_db
def test_providers_make_room_for_one_with_their_priority(admin):
    for number, name in enumerate(("A", "B", "D"), 1):
        actions.save_provider(HYGIENE, provider(name, priority=number + (name == "D")))
    admin.post(reverse("protection:provider-new"), PROVIDER)
    order = [(each.name, each.priority) for each in models.IPListProvider.objects.all()]
    assert order == [("Blocker", 1), ("A", 2), ("B", 3), ("D", 4)]
    assert published().ip_list_providers[2].priority == 1
    moved = [change.object_name for change in Entry.objects.filter(kind="IP list provider", verb="changed")]
    assert sorted(moved) == ["A", "B"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"any_match": ""}, "any_match", "Say which return codes count"),
        ({"lookup_domain": "*.bl.test"}, "lookup_domain", "zen.example.org"),
        ({"bitmask_match": "10.0.0.1"}, "bitmask_match", "127.0.0.0/8"),
        ({"ip_addresses_match": "127.0.0.2\nlisted"}, "ip_addresses_match", "“listed”"),
        ({"rejection_response": "ü"}, "rejection_response", "printable ASCII"),
        ({"name": "taken"}, "name", "already"),
    ],
)
def test_what_is_wrong_with_a_provider_is_said_at_the_field(admin, changed, field, words):
    actions.save_provider(HYGIENE, provider("Taken"))
    page = admin.post(reverse("protection:provider-new"), PROVIDER | changed)
    assert page.status_code == 422
    assert words in str(page.context["form"].errors[field])


@pytest.mark.django_db
def test_a_provider_is_disabled_enabled_and_removed(admin):
    row = actions.save_provider(HYGIENE, provider("Blocker"))
    for verb, enabled in (("disable", False), ("enable", True)):
        admin.post(reverse("protection:provider-act"), {"verb": verb, "pk": row.pk})
        assert published().ip_list_providers[0].enabled is enabled
    admin.post(reverse("protection:provider-remove"), {"pk": row.pk})
    assert published().ip_list_providers == ()


@pytest.mark.django_db
def test_an_address_is_tried_against_lists_and_providers(admin):
    records = {("7.2.0.192.blocker.test", "A"): ["127.0.0.2"], ("8.2.0.192.friends.test", "A"): ["127.0.0.2"]}
    past = int(datetime(2020, 1, 1, tzinfo=UTC).timestamp())
    with DnsServer(records) as server:
        actions.set_filter(ADMIN, ConnectionFilter(dns_servers=(Binding("127.0.0.1", server.port),), dns_timeout=1))
        actions.save_provider(ADMIN, provider("Blocker"))
        actions.save_provider(ADMIN, provider("Friends", ip_list=IPList.Allow))
        actions.add_entries(ADMIN, [entry("198.51.100.0/24"), entry("203.0.113.0/24", expiration_time=past)])

        def tried(address: str) -> str:
            return " ".join(admin.get(reverse(PAGE), {"address": address}).text.split())

        assert "is refused because of 198.51.100.0/24" in tried("198.51.100.77")
        assert "is refused because of Blocker" in tried("192.0.2.7") and "127.0.0.2" in tried("192.0.2.7")
        assert "is trusted by Friends" in tried("192.0.2.8")
        assert "is on no list that is in use" in tried("203.0.113.1")
        assert "is no IP address" in tried("mail.example")
        server.silent = True
        assert "DNS gave no answer in time" in tried("192.0.2.200")


@pytest.mark.django_db
def test_a_revision_brings_lists_and_providers_back():
    actions.add_entries(ADMIN, [entry("192.0.2.7"), entry("192.0.2.7", ip_list=IPList.Allow)])
    actions.save_provider(ADMIN, provider("Blocker"))
    number = queries.newest().number
    for row in models.IPListEntry.objects.all():
        actions.ENTRIES.remove(ADMIN, row.pk)
    actions.PROVIDERS.remove(ADMIN, models.IPListProvider.objects.get().pk)
    restore(ADMIN, number)
    assert len(published().ip_list_entries) == 2 and len(published().ip_list_providers) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["protection:connection-filter", "protection:block-list", "protection:provider-list"])
def test_who_may_only_look(signed_in, page):
    reader = signed_in(Role.VIEW_ONLY)
    shown = reader.get(reverse(page))
    assert shown.status_code == 200 and "</svg>New " not in shown.text and ">Save</button></div>" not in shown.text


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["protection:connection-filter", "protection:block-new", "protection:provider-new"])
def test_who_may_not_write(signed_in, page):
    assert signed_in(Role.RECIPIENT_MANAGEMENT).post(reverse(page), {}).status_code == 403


@pytest.mark.django_db
def test_entries_are_found_by_address_and_comment(admin):
    (row,) = actions.add_entries(ADMIN, [entry("192.0.2.7", comment="ticket 4711")])
    for text in ("192.0.2", "4711"):
        page = admin.get(reverse("overview:search"), {"q": text})
        assert reverse("protection:block-details", args=[row.pk]) in page.text


@pytest.mark.django_db
def test_a_list_is_sorted_by_number(admin):
    texts = ["198.51.100.10", "198.51.100.9", "10.0.0.0/8", "fe80::1%eth0", "2001:db8::/32"]
    texts.append("198.51.100.2-198.51.100.3")
    actions.add_entries(HYGIENE, [entry(text) for text in texts])
    rows = admin.get(reverse("protection:block-list")).context["page"]
    assert [row.ip_range for row in rows] == [
        "10.0.0.0/8",
        "198.51.100.2-198.51.100.3",
        "198.51.100.9",
        "198.51.100.10",
        "2001:db8::/32",
        "fe80::1%eth0",
    ]
    upside_down = admin.get(reverse("protection:block-list") + "?sort=-address").context["page"]
    assert upside_down[0].ip_range == "fe80::1%eth0"


@pytest.mark.parametrize(
    ("count", "last"),
    [
        (1, "“10.0.0” is no IP address or range. Write an address"),
        (2, "“10.0.1” is no IP address or range. Write an address"),
        (3, "One more line is wrong: “10.0.2”"),
        (20, "18 more lines are wrong: “10.0.2”, “10.0.3”,"),
    ],
)
def test_of_many_wrong_lines_some_are_explained_and_the_others_named(count, last):
    lines = [*(f"10.0.{number}  # a slip" for number in range(count)), "192.0.2.1"]
    told = PasteForm({"entries": "\n".join(lines)}, ip_list=IPList.Block).errors["entries"]
    assert (len(told), told[-1][: len(last)]) == (min(count, 3), last)


def test_the_hosts_of_domains_are_those_that_dns_names_in_time():
    records = {("a.test", "A"): ["192.0.2.1"], ("a.test", "MX"): ["0 ."], ("b.test", "MX"): ["5 mx.b.test."]}
    with DnsServer(records | {("mx.b.test", "AAAA"): ["2001:db8::1"]}) as server:
        settings = ConnectionFilter(dns_servers=(Binding("127.0.0.1", server.port),))
        found = dns_look_up.hosts_of(["a.test", "b.test", "c.test"], settings)
    assert found == {"a.test": {"192.0.2.1": "a.test"}, "b.test": {"2001:db8::1": "mx.b.test"}, "c.test": {}}
    with DnsServer(records, silent=True) as server:
        settings = ConnectionFilter(dns_servers=(Binding("127.0.0.1", server.port),), dns_timeout=1)
        assert dns_look_up.hosts_of(["a.test"], settings) == {"a.test": {}}
