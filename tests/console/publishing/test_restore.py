"""A revision can be written back, whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import fields

from console.certificates import actions as certificates
from console.connectors import actions
from console.connectors.models import ReceiveConnector as Row
from console.domains import actions as domains
from console.protection import actions as protection
from console.publishing import queries
from console.publishing.actions import change
from console.publishing.compile import compile_snapshot
from console.publishing.models import ConfigRevision
from console.publishing.published import every_derived, every_kind, kind_of
from console.publishing.relay_guard import RelayNotConfirmed
from console.publishing.restore import restore, write_back
from tests.config.example_values import EXAMPLES
from tests.console.builders import ADMIN, HYGIENE, RELAY, accepted_domain, receive_connector, send_connector
from transport.config import document, kinds
from transport.config.accepted_domain import AcceptedDomain
from transport.config.connection_filter import ConnectionFilter, IPListEntry, IPListProvider
from transport.config.filters import RecipientFilter, SenderFilter
from transport.config.kinds import Kind, Setting
from transport.config.permissions import PRINCIPALS, Grant, Right
from transport.config.receive_connector import ReceiveConnector
from transport.config.send_connector import SendConnector
from transport.config.setting import settings as table
from transport.config.snapshot import Snapshot

pytestmark = pytest.mark.django_db
FORMER = Path(__file__).parents[2] / "config" / "documents" / "format_0.json"


def everything():
    certificates.first_start()
    actions.create(ADMIN, receive_connector("Office"))
    actions.create(ADMIN, send_connector("Internet"))
    domains.create(ADMIN, accepted_domain("contoso.com"))
    protection.first_start()


def without_number(snapshot):
    return msgspec.structs.replace(snapshot, revision=0)


def test_everything_is_as_it_was_under_the_same_keys():
    everything()
    old = compile_snapshot(0)
    row = Row.objects.get()
    actions.update(ADMIN, ReceiveConnector, row.pk, {"name": "Renamed", "comment": "new"})
    actions.update(ADMIN, ReceiveConnector, row.pk, {"name": "Office"})
    actions.create(ADMIN, receive_connector("Second", bindings=["10.0.0.9:25"]))
    domains.create(ADMIN, accepted_domain("fabrikam.com", default=True))
    revision = restore(ADMIN, 4)
    assert revision.number == ConfigRevision.objects.count() == 9
    assert without_number(queries.snapshot(queries.newest_with_document())) == old
    assert Row.objects.get().pk == row.pk


def test_restoring_what_is_in_place_makes_no_revision():
    everything()
    assert restore(ADMIN, 4) is None


def test_names_may_be_exchanged():
    one = actions.create(ADMIN, receive_connector("A", bindings=["10.0.0.1:25"]))
    two = actions.create(ADMIN, receive_connector("B", bindings=["10.0.0.2:25"]))
    old = compile_snapshot(0)
    for pk, name in ((one.pk, "C"), (two.pk, "A"), (one.pk, "B")):
        actions.update(ADMIN, ReceiveConnector, pk, {"name": name})
    restore(ADMIN, 2)
    assert compile_snapshot(0) == old


def test_a_damaged_revision_changes_nothing():
    everything()
    ConfigRevision.objects.filter(number=2).update(document='{"receive_connectors": 7}')
    with pytest.raises(ValidationError, match="Revision 2 cannot be restored"):
        restore(ADMIN, 2)
    assert Row.objects.count() == 1
    assert ConfigRevision.objects.count() == 4


def test_an_open_relay_does_not_come_back_without_its_name():
    relay = receive_connector("Anonymous Relay", grants=(RELAY,))
    row = actions.create(ADMIN, relay, confirmed_name="Anonymous Relay")
    actions.remove(ADMIN, ReceiveConnector, row.pk)
    with pytest.raises(RelayNotConfirmed) as caught:
        restore(ADMIN, 1)
    assert list(caught.value.dangers) == ["Anonymous Relay"]
    assert not Row.objects.exists()
    restore(ADMIN, 1, confirmed={"Anonymous Relay"})
    assert Row.objects.exists()


def test_only_organization_management_may_restore():
    everything()
    with pytest.raises(PermissionDenied):
        restore(HYGIENE, 1)


def test_a_revision_of_the_former_format_is_compared_and_restored(admin):
    former = FORMER.read_text()
    ConfigRevision.objects.create(
        number=7, document=former, checksum=document.checksum(former.encode()), author="anna", comment=""
    )
    assert "{10.2.0.0/16, 10.9.1.1-10.9.1.9}" in admin.get(reverse("publishing:compare", args=[0, 7])).text
    assert queries.relays().keys() == {"Printers"}
    everything = {"Printers", "Contoso", "Branch"}
    with change(ADMIN, "everything goes") as under_way:
        pass
    assert under_way.revision is not None
    restore(ADMIN, 7, confirmed=everything)
    assert compile_snapshot(7) == document.decode(former)
    with change(ADMIN, "nothing") as under_way:
        pass
    assert under_way.revision is None


TEXT = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=["Cs"]), min_size=1, max_size=20
)
GRANTS = [Grant(who, right.value, deny) for who in PRINCIPALS for right in Right for deny in (False, True)]


def values(setting: Setting) -> st.SearchStrategy[Any]:
    """Any value that a setting may have by its kind and bounds."""
    if setting.kind.value.is_list or setting.kind is Kind.GRANTS:
        every = GRANTS if setting.kind is Kind.GRANTS else kinds.parse(setting, EXAMPLES[setting.kind])
        return st.lists(st.sampled_from(every), unique=True, min_size=1).map(lambda found: tuple(sorted(found)))
    if setting.kind is Kind.FLAG:
        return st.booleans()
    if setting.kind is Kind.CHOICE:
        return st.sampled_from(setting.choices)
    if setting.kind is Kind.FLAG_SET:
        return st.frozensets(st.sampled_from(setting.choices))
    if setting.kind is Kind.RANGE:
        return st.sampled_from(["192.0.2.7", "2001:db8::/32"])
    if setting.kind is Kind.TIME:
        return st.none() | st.integers(0, 2**33)
    if setting.kind in (Kind.COUNT, Kind.SIZE, Kind.TIMESPAN):
        numbers = st.integers(setting.minimum, setting.maximum)
        return numbers | st.none() if setting.unlimited else numbers
    return TEXT


def structs(struct: type, **fixed: Any) -> st.SearchStrategy[Any]:
    return st.builds(struct, **{field: values(setting) for field, setting in table(struct).items()} | fixed)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    receive=structs(ReceiveConnector, name=TEXT.map(str.strip)),
    send=structs(SendConnector),
    domain=structs(AcceptedDomain, default=st.just(True)),
    recipient_filter=structs(RecipientFilter),
    sender_filter=structs(SenderFilter),
    connection_filter=structs(ConnectionFilter),
    entry=structs(IPListEntry),
    provider=structs(IPListProvider),
)
def test_rows_snapshot_document_and_back(
    receive, send, domain, recipient_filter, sender_filter, connection_filter, entry, provider
):
    """Models → compile → encode → decode → rows → the same document, with every field off its default."""
    for kind in every_kind():
        kind.model.objects.all().delete()
    given = receive, send, domain, recipient_filter, sender_filter, connection_filter, entry, provider
    for struct in given:
        row = kind_of(type(struct)).make(struct)
        row.pk = 1
        row.save(force_insert=True)
    snapshot = compile_snapshot(1)
    assert (snapshot.receive_connectors, snapshot.send_connectors) == ((receive,), (send,))
    assert (snapshot.accepted_domains, snapshot.recipient_filter) == ((domain,), recipient_filter)
    assert (snapshot.sender_filter, snapshot.connection_filter) == (sender_filter, connection_filter)
    assert (snapshot.ip_list_entries, snapshot.ip_list_providers) == ((entry,), (provider,))
    encoded = document.encode(snapshot)
    for kind in every_kind():
        kind.model.objects.all().delete()
    write_back(document.decode(encoded))
    assert document.encode(compile_snapshot(1)) == encoded


def test_every_part_of_a_revision_is_declared_by_an_app():
    declared = {each.part for each in (*every_kind(), *every_derived())}
    assert declared == {each.name for each in fields(Snapshot)} - {"revision"}
