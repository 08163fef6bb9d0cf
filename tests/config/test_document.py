"""The document: every field survives the round trip, and what is no document is refused in words."""

from __future__ import annotations

import json
import typing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import fields

from tests.config.example_values import EXAMPLES
from transport.config import kinds
from transport.config.address_space import AddressSpace
from transport.config.connection_filter import ConnectionFilter
from transport.config.document import DocumentError, checksum, decode, encode
from transport.config.endpoint import Binding
from transport.config.kinds import Kind, Setting
from transport.config.permissions import ANONYMOUS, Grant, Right
from transport.config.send_connector import SendConnector
from transport.config.setting import settings
from transport.config.snapshot import FORMAT, Snapshot

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


PARTS = {each.name: each.type for each in fields(Snapshot) if each.name != "revision"}
"""Field of the snapshot → the struct that it holds, or the tuple of such structs."""


def struct_of(hint: Any) -> type:
    return next(iter(typing.get_args(hint)), hint)


def part(hint: Any) -> st.SearchStrategy[object]:
    struct = struct_of(hint)
    built = objects(struct) if settings(struct) else st.from_type(struct)
    return built if struct is hint else st.tuples(built)


snapshots = st.builds(Snapshot, revision=st.integers(0, 10**9), **{name: part(hint) for name, hint in PARTS.items()})


@given(snapshots)
def test_round_trip(snapshot: Snapshot) -> None:
    assert decode(encode(snapshot)) == snapshot
    assert checksum(encode(snapshot)) == checksum(encode(decode(encode(snapshot))))


TABLES = [struct for struct in map(struct_of, PARTS.values()) if settings(struct)]


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


def test_the_format_is_the_first_that_a_document_says() -> None:
    assert encode(Snapshot()).startswith(b'{"format":%d,' % FORMAT)


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ((), r"`colour`$"),
        (("receive_connectors", 0), r"`colour` - at `\$\.receive_connectors\[0\]`"),
        (("receive_connectors", 0, "bindings", 0), r"`colour` - at `\$\.receive_connectors\[0\]\.bindings\[0\]`"),
        (("transport_config",), r"`colour` - at `\$\.transport_config`"),
    ],
)
def test_a_key_that_nobody_knows_is_refused_and_named(where: tuple[str | int, ...], words: str) -> None:
    values = place = json.loads(encode(decode(FORMER)))
    for step in where:
        place = place[step]
    place["colour"] = "blue"
    with pytest.raises(DocumentError, match=words):
        decode(json.dumps(values))


def structs_below(hint: Any) -> set[type]:
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return {hint}.union(*(structs_below(each.type) for each in fields(hint)))
    return set().union(*map(structs_below, typing.get_args(hint)))


def test_no_struct_of_the_document_lets_an_unknown_key_pass() -> None:
    every = structs_below(Snapshot)
    assert {each for each in every if not each.__struct_config__.forbid_unknown_fields} == set()
    assert len(every) >= 18


FORMER = (Path(__file__).parent / "documents" / "format_0.json").read_bytes()
"""Written by the version before documents had a format."""


def holds(now: object, said: object) -> bool:
    """Whether a document still says what an earlier one said; it may have settings that are new since."""
    if isinstance(said, dict) and isinstance(now, dict):
        return all(key in now and holds(now[key], said[key]) for key in said)
    if isinstance(said, list) and isinstance(now, list):
        return len(now) == len(said) and all(map(holds, now, said))
    return now == said


def test_a_document_of_the_former_format_is_read() -> None:
    found = decode(FORMER)
    said = json.loads(FORMER)
    again = json.loads(encode(found))
    assert again["format"] == FORMAT
    assert holds(again, {key: said[key] for key in said if key != "server"})
    assert decode(encode(found)) == found
    assert [each.name for each in found.receive_connectors] == ["Default Frontend gateway", "Printers"]


@pytest.mark.parametrize(("servers", "used"), [((Binding("192.0.2.53", 53),), True), ((), False)])
def test_who_had_name_servers_of_its_own_goes_on_asking_them(servers: tuple[Binding, ...], used: bool) -> None:
    """Format 1 had no setting for it: every Send connector asked them."""
    out = SendConnector(name="Out", address_spaces=(AddressSpace("*"),))
    values = json.loads(
        encode(Snapshot(send_connectors=(out,), connection_filter=ConnectionFilter(dns_servers=servers)))
    )
    del values["send_connectors"][0]["use_external_dns_servers_enabled"]
    read = decode(json.dumps(values | {"format": 1}))
    assert read.send_connectors[0].use_external_dns_servers_enabled is used


@pytest.mark.parametrize("number", [-1, FORMAT + 1, '"one"'])
def test_a_format_that_is_not_known_here_is_refused(number: object) -> None:
    with pytest.raises(DocumentError, match=r"format is|Expected `int`"):
        decode(encode(Snapshot()).replace(b'"format":%d' % FORMAT, f'"format":{number}'.encode()))
