"""The document: every field survives the round trip, and what is no document is refused in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.config.example_values import EXAMPLES
from transport.config import kinds
from transport.config.accepted_domain import AcceptedDomain
from transport.config.connection_filter import ConnectionFilter, IPListEntry, IPListProvider
from transport.config.document import DocumentError, checksum, decode, encode
from transport.config.filters import RecipientFilter, SenderFilter
from transport.config.kinds import Kind, Setting
from transport.config.permissions import ANONYMOUS, Grant, Right
from transport.config.receive_connector import ReceiveConnector
from transport.config.send_connector import SendConnector
from transport.config.setting import settings
from transport.config.snapshot import Snapshot
from transport.config.transport_config import TransportConfig
from transport.config.transport_limits import TransportLimits

OF_KIND = {
    Kind.TEXT: st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20),
    Kind.FLAG: st.booleans(),
    Kind.GRANTS: st.sampled_from(list(Right)).map(lambda right: (Grant(ANONYMOUS, right.value, True),)),
    Kind.TIME: st.none() | st.integers(0, 2**33),
}


def values(setting: Setting) -> st.SearchStrategy[object]:
    if setting.kind is Kind.CHOICE:
        return st.sampled_from(list(setting.choices or ()))
    if setting.kind is Kind.FLAG_SET:
        return st.frozensets(st.sampled_from(list(setting.choices or ())))
    if setting.kind in (Kind.COUNT, Kind.SIZE, Kind.TIMESPAN):
        return st.integers(setting.minimum, setting.maximum)
    if setting.kind in OF_KIND:
        return OF_KIND[setting.kind]
    return st.just(kinds.parse(setting, EXAMPLES[setting.kind]))


def objects(struct: type) -> st.SearchStrategy[object]:
    return st.builds(struct, **{field: values(setting) for field, setting in settings(struct).items()})


TABLES = [ReceiveConnector, SendConnector, AcceptedDomain, RecipientFilter, SenderFilter]
TABLES += [ConnectionFilter, IPListEntry, IPListProvider, TransportLimits, TransportConfig]
snapshots = st.builds(
    Snapshot,
    revision=st.integers(0, 10**9),
    receive_connectors=st.tuples(objects(ReceiveConnector)),
    send_connectors=st.tuples(objects(SendConnector)),
    accepted_domains=st.tuples(objects(AcceptedDomain)),
    recipient_filter=objects(RecipientFilter),
    sender_filter=objects(SenderFilter),
    connection_filter=objects(ConnectionFilter),
    ip_list_entries=st.tuples(objects(IPListEntry)),
    ip_list_providers=st.tuples(objects(IPListProvider)),
    transport_limits=objects(TransportLimits),
    transport_config=objects(TransportConfig),
)


@given(snapshots)
def test_round_trip(snapshot: Snapshot) -> None:
    assert decode(encode(snapshot)) == snapshot
    assert checksum(encode(snapshot)) == checksum(encode(decode(encode(snapshot))))


@given(st.one_of(map(objects, TABLES)))
def test_what_is_shown_can_be_typed_again(thing: object) -> None:
    for field, setting in settings(type(thing)).items():
        if setting.kind is not Kind.GRANTS:
            text = kinds.show(setting, getattr(thing, field))
            text = text[1:-1] if isinstance(getattr(thing, field), tuple) else text
            assert kinds.parse(setting, text) == getattr(thing, field), setting.name


@pytest.mark.parametrize(
    "document",
    [b"", b"null", b"[]", b"{", b'{"revision":"x"}', b'{"receive_connectors":[{}]}', b"\xff", b"[" * 5000,
     b'{"receive_connectors":[{"name":"x","auth_mechanism":["Telepathy"]}]}'],
)  # fmt: skip
def test_what_is_no_document_is_refused_in_words(document: bytes) -> None:
    with pytest.raises(DocumentError, match="cannot be read"):
        decode(document)
