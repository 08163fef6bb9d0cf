"""Every single setting that opens a relay is caught, by the proof and by the guard; nothing else is called one.

What is tried follows from the tables of settings: a new setting is tried by itself, with every value of a choice, every
flag of a set, and for the rest the names, domains and addresses of the world beside an example of its kind.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from random import Random
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.config.example_values import EXAMPLES
from tests.receive.builders import connector
from tests.receive.relay_worlds import wide_world
from tests.receive.test_relay_proof import check
from transport.config import kinds, rules
from transport.config.accepted_domain import AcceptedDomain, DeliverTo, DomainType
from transport.config.address_space import AddressSpace
from transport.config.delivery_host import DeliveryHost
from transport.config.endpoint import everyone
from transport.config.kinds import Kind, Setting
from transport.config.permissions import ANONYMOUS, PRINCIPALS, Grant, PermissionGroup, Right
from transport.config.send_connector import RequestMail, SendConnector
from transport.config.setting import settings as table_of
from transport.config.snapshot import Snapshot
from transport.receive.relay_openings import newly_open
from transport.receive.relay_proof import proof

RELAY = Grant(ANONYMOUS, Right.ACCEPT_ANY_RECIPIENT.value)
NAMES = "*", "*.com", "com", "*.ours.example", "fabrikam.com"
HOSTS = (DeliveryHost("host.example"),)
SOME = "127.0.1.3", "127.0.1.8"
"""Clients inside of narrow ranges, and outside."""
RANDOM = st.integers(0, 2**64).map(Random)


def one_step_away() -> Snapshot:
    """Nobody relays; each part of it lacks one thing."""
    other = frozenset({PermissionGroup.ExchangeServers})
    common: dict[str, Any] = {"ranges": "127.0.1.0/29", "max_protocol_errors": None}
    deny = Grant(ANONYMOUS, Right.ACCEPT_ANY_RECIPIENT.value, deny=True)
    return Snapshot(
        receive_connectors=(
            connector("internet", bindings="0.0.0.0:25", ranges="0.0.0.0/0", max_protocol_errors=None),
            connector("disabled", bindings="127.0.0.1:26", enabled=False, grants=(RELAY,), **common),
            connector("not secured", bindings="127.0.0.2:26", permission_groups=other, **common),
            connector("without submit", bindings="127.0.0.1:25", permission_groups=frozenset(), grants=(RELAY,),
                      **common),
            connector("denied", bindings="127.0.0.2:25", grants=(RELAY, deny), require_tls=True, **common),
            connector("other family", bindings="127.0.0.3:26", ranges="::/0", grants=(RELAY,),
                      max_protocol_errors=None),
        ),
        accepted_domains=(
            AcceptedDomain(name="ours", domain_name="ours.example", default=True),
            AcceptedDomain(name="kept", domain_name="*.co.uk"),
            AcceptedDomain(name="alone", domain_name="uk", domain_type=DomainType.ExternalRelay),
            AcceptedDomain(name="in", domain_name="*.org", deliver_to=DeliverTo.Lmtp, delivery_hosts=HOSTS),
            AcceptedDomain(name="sent on", domain_name="relay.example", domain_type=DomainType.InternalRelay),
        ),
        send_connectors=(
            SendConnector(name="out", address_spaces=(AddressSpace("*"),)),
            SendConnector(name="off", enabled=False, allow_relay=True, address_spaces=(AddressSpace("*.com"),)),
            SendConnector(name="covered", allow_relay=True, address_spaces=(AddressSpace("--"),)),
            SendConnector(name="asks", address_spaces=(AddressSpace("a.example"),), request_mail=RequestMail.Atrn,
                          request_mail_server="host.example", request_mail_receive_connector="without submit"),
        ),
    )  # fmt: skip


def mutated(snapshot: Snapshot) -> Iterator[tuple[str, Snapshot]]:
    """(what was changed, the configuration with it) for each value of each setting of each object, where it may stand;
    and without each object.
    """
    for part in snapshot.__struct_fields__:
        value = getattr(snapshot, part)
        if isinstance(value, msgspec.Struct):
            for what, each in changed(value, snapshot):
                yield from allowed(f"{part}: {what}", replace(snapshot, **{part: each}))
        for place, each in enumerate(value if isinstance(value, tuple) else ()):
            before, after = value[:place], value[place + 1 :]
            yield from allowed(f"{part}: without {each}", replace(snapshot, **{part: before + after}))
            for what, other in changed(each, snapshot):
                yield from allowed(f"{each.name}: {what}", replace(snapshot, **{part: (*before, other, *after)}))


def allowed(what: str, snapshot: Snapshot) -> Iterator[tuple[str, Snapshot]]:
    if not rules.snapshot_problems(snapshot):
        yield what, snapshot


def changed(struct: Any, snapshot: Snapshot) -> Iterator[tuple[str, Any]]:
    for field, setting in table_of(type(struct)).items():
        now = getattr(struct, field)
        for value in values(setting, now, snapshot):
            if value != now:
                yield f"{field} = {value}", replace(struct, **{field: value})


def values(setting: Setting, now: Any, snapshot: Snapshot) -> Iterator[Any]:
    """What a setting may be set to."""
    every = snapshot.receive_connectors
    match setting.kind:
        case Kind.FLAG:
            yield not now
        case Kind.CHOICE:
            yield from members(setting)
        case Kind.FLAG_SET:
            yield from (now ^ {each} for each in members(setting))
            yield from (frozenset(members(setting)), frozenset())
        case Kind.GRANTS:
            made = [Grant(who, right.value) for who in PRINCIPALS for right in Right]
            made += [Grant(ANONYMOUS, right.value, deny=True) for right in Right]
            yield from ((*now, each) for each in made)
            yield from (tuple(each for each in now if each is not gone) for gone in now)
        case Kind.RANGES:
            yield from (everyone(), everyone()[:1], everyone()[1:], *(each.remote_ip_ranges for each in every))
        case Kind.BINDINGS:
            yield from ((*now, *each.bindings) for each in every)
        case Kind.ADDRESS_SPACES:
            yield from ((*now, AddressSpace(name)) for name in NAMES)
        case Kind.DOMAIN_NAME | Kind.HOST_NAME:
            yield from NAMES
        case Kind.TEXT:
            yield from (each.name for each in every)
        case _:
            yield from example(setting)


def members(setting: Setting) -> Iterator[Enum]:
    assert setting.choices is not None
    yield from setting.choices


def example(setting: Setting) -> Iterator[Any]:
    """One that its bounds allow."""
    for text in (EXAMPLES[setting.kind], *map(str, filter(None, (setting.minimum, setting.maximum)))):
        try:
            yield kinds.parse(setting, text)
        except ValueError:
            continue


def caught(before: Snapshot, after: Snapshot, what: str) -> bool:
    """Whether a relay was opened, of which proof and guard then must tell."""
    found = check(after, SOME)
    asked = newly_open(proof(before), found)
    opens = bool(found.open_ways)
    assert asked or not opens, f"{what} opens a relay, and nobody is asked"
    assert opens or all(each.domain is not None for each in asked.values()), f"{what} opens none: {asked}"
    return bool(found.ways)


def test_whatever_opens_a_relay_is_caught_and_nothing_else() -> None:
    before = one_step_away()
    assert not check(before).ways
    opened = {what for what, after in mutated(before) if caught(before, after, what)}
    fields = {what.partition(" = ")[0] for what in opened}
    assert fields >= {
        "disabled: enabled", "not secured: auth_mechanism", "without submit: permission_groups", "denied: grants",
        "other family: remote_ip_ranges", "internet: grants", "kept: domain_type", "alone: match_subdomains",
        "in: deliver_to",
        "out: allow_relay", "off: enabled", "covered: address_spaces", "sent on: domain_name",
        "asks: request_mail_receive_connector",
    }  # fmt: skip


@settings(max_examples=25)
@given(RANDOM)
def test_of_any_configuration_the_same_is_true(random: Random) -> None:
    before = wide_world(random)
    if check(before).ways:
        return
    every = list(mutated(before))
    for what, after in random.sample(every, min(20, len(every))):
        caught(before, after, what)
