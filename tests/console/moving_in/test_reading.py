"""Every format of PowerShell, and what is no export at all."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.moving_in import reading
from console.moving_in.objects import ReadError, Source
from console.moving_in.reading import read
from tests.console.moving_in.exports import (
    DOMAINS,
    RECEIVE,
    SEND,
    as_csv,
    as_json,
    as_list,
    fixture,
    items,
    structs,
    translated,
)

HEAD = '<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">'
FILES = pytest.mark.parametrize("name", [RECEIVE, SEND, DOMAINS])


def one(properties: str) -> bytes:
    return f'{HEAD}<Obj RefId="0"><Props>{properties}</Props></Obj></Objs>'.encode()


def test_clixml_has_types_references_and_values_of_every_kind():
    connectors = items(RECEIVE)
    assert [each.source for each in connectors] == [Source.RECEIVE_CONNECTOR] * 5
    first = connectors[0]
    assert first.get("Bindings") == ["0.0.0.0:2525", "[::]:2525"]
    assert first.get("authmechanism") == "Tls, Integrated, BasicAuth, BasicAuthRequireTLS, ExchangeServer"
    assert first.get("MaxInboundConnectionPerSource") == "Unlimited"
    assert first.get("Id") == first.get("Identity"), "a reference to an object that was named before"
    assert first.get("DefaultDomain") is None


@FILES
def test_serialized_objects_are_never_kept(name: str):
    assert b"SerializationData" in fixture(name)
    assert all("AAEAAAD" not in str(each.properties) for each in items(name)), "the head of a .NET object"


@FILES
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_marks(name: str, encoding: str):
    text = fixture(name).decode("utf-8-sig")
    assert read(text.encode(encoding)) == read(fixture(name))


@FILES
@pytest.mark.parametrize("form", [as_json, as_csv, lambda name: as_csv(name, ";"), as_list, lambda n: as_list(n, 200)])
def test_all_formats_mean_the_same(name: str, form):
    assert structs(translated(form(name))) == structs(translated(fixture(name)))


def test_a_type_of_a_remote_session_is_known_as_well():
    text = fixture(DOMAINS).decode("utf-8-sig").replace("<T>Microsoft.", "<T>Deserialized.Microsoft.")
    assert read(text.encode()) == read(fixture(DOMAINS))


def test_escaped_characters_and_halves_of_characters():
    found = read(one('<S N="User">a</S><S N="ExtendedRights">x_x000A_y_x005F_z_xD83D__xDE00_</S>'))[0]
    assert found[0].get("ExtendedRights") == "x\ny_z😀"
    assert "\ud83d" not in str(read(one('<S N="User">_xD83D_</S><S N="ExtendedRights">_x0000_</S>')))


def test_objects_of_other_kinds_are_counted():
    text = json.dumps([{"Name": "x", "ProhibitSendQuota": 1}, {"DomainName": "a.example", "DomainType": 0}])
    found, others = read(text.encode())
    assert (len(found), others) == (1, 1)


def test_a_list_that_was_cut_off_when_it_was_printed_is_not_taken_for_whole():
    text = (
        "Name           : Relay\nBindings       : {0.0.0.0:25}\nRemoteIPRanges : {10.0.0.1, 10.0.0.2, 10.0.0.3, 1...}\n"
    )
    (relay,) = translated(text)
    line = next(line for line in relay.lines if line.name == "RemoteIPRanges")
    assert "cut this list off" in line.reason
    assert relay.struct.remote_ip_ranges == ()


def test_a_list_that_was_copied_with_the_command_before_it_is_no_json():
    text = "\n[PS] C:\\>Get-ReceiveConnector | fl\n\nName           : Relay\nRemoteIPRanges : {10.0.0.1}\n"
    (relay,) = translated(text)
    assert relay.name == "Relay"


BOMB = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>' + HEAD + "<Obj><S>&b;</S></Obj></Objs>"
TWICE = '<Obj N="p{0}" RefId="{0}"><Props><Ref N="a" RefId="{1}"/><Ref N="b" RefId="{1}"/></Props></Obj>'
DOUBLING = "".join(TWICE.format(n, n - 1) for n in range(2, 50))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "nothing in it"),
        (b"\xef\xbb\xbf \n", "nothing in it"),
        (BOMB.encode(), "document type or entities"),
        (BOMB.encode("utf-16"), "document type or entities"),
        (b'<!DOCTYPE Objs SYSTEM "file:///etc/passwd"><Objs/>', "document type or entities"),
        ((HEAD + "<Obj><Props>&xxe;</Props></Obj></Objs>").encode(), "no well-formed XML"),
        ((HEAD + "<Obj>" * 100 + "</Obj>" * 100 + "</Objs>").encode(), "nested too deep"),
        (one('<Obj N="p1" RefId="1"><Props/></Obj>' + DOUBLING), "refer to each other"),
        (
            one('<S N="User">a</S><Obj N="ExtendedRights" RefId="1"><Props><Ref N="x" RefId="1"/></Props></Obj>'),
            "refer",
        ),
        (b"<html><body>Sign in</body></html>", "not what Export-Clixml writes"),
        (fixture(DOMAINS)[:5000], "no well-formed XML"),
        (b'{"Name": ', "no well-formed JSON"),
        (b"[" * 100_000, "nested too deep"),
        (b"[" + b"1," * 2_000_000 + b"1]", "too many values"),
        (b'[{"DomainName": "a", "DomainType": ' + b"[" * 200 + b"]" * 200 + b"}]", "nested too deep"),
        (b'[{"Name": "mailbox"}]', "No connector, domain"),
        (b"dear colleague,\nthe list you asked for", "No connector, domain"),
        (b"Name,Size\nx,1\n", "No connector, domain"),
        (b"\x00\x01\x02\x03binary", "No connector, domain"),
    ],
)
def test_what_is_no_export_is_refused_with_a_reason(content: bytes, words: str):
    with pytest.raises(ReadError, match=words):
        read(content)


def test_a_file_that_is_too_large(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reading, "LARGEST", 1000)
    read(one('<S N="User">a</S><S N="ExtendedRights">x</S>'))
    with pytest.raises(ReadError, match="larger than"):
        read(fixture(DOMAINS))


def test_too_many_objects(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reading, "MOST_OBJECTS", 2)
    with pytest.raises(ReadError, match="more than 2 objects"):
        read(fixture(DOMAINS))


def understood_or_refused(content: bytes) -> None:
    with suppress(ReadError):
        str(read(content)).encode()


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace")))
def test_any_octets_are_understood_or_refused(content: bytes):
    understood_or_refused(content)


@given(st.data())
def test_a_damaged_export_is_understood_or_refused(data: st.DataObject):
    whole = fixture(SEND)[:6000] if data.draw(st.booleans()) else one('<S N="User">a</S><S N="ExtendedRights">x</S>')
    at = data.draw(st.integers(0, len(whole)))
    damage = data.draw(st.sampled_from([b"", b"<Obj>", b"</Props>", b"&lt;", b"<!--", b"]]>", b"\xff", b"</Objs>"]))
    understood_or_refused(whole[:at] + damage + whole[at + data.draw(st.integers(0, 40)) :])


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = (
    "Name Identity Bindings RemoteIPRanges PermissionGroups AuthMechanism MaxMessageSize Fqdn ConnectionTimeout "
    "MessageRateLimit Enabled AddressSpaces SmartHosts DomainName DomainType User ExtendedRights Deny IPRange "
    "ExpirationTime TLSReceiveDomainSecureList MaxRecipientEnvelopeLimit"
)
PROPERTIES = st.sampled_from(NAMES.split())


@given(st.lists(st.dictionaries(PROPERTIES, VALUES, min_size=2), min_size=1, max_size=3))
def test_values_of_any_type_are_translated_or_explained(objects: list[dict[str, object]]):
    try:
        found = translated(json.dumps(objects))
    except ReadError:
        return
    for each in found:
        assert each.struct is not None or each.problem or each.source in (Source.PERMISSION, Source.TRANSPORT_CONFIG)
        assert all(line.reason for line in each.lines if line.verdict.value != "applied"), "no verdict without a reason"
