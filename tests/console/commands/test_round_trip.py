"""The whole configuration as a script, run on an empty installation, is the same document again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from console.commands import queries
from console.commands.script import script
from console.connectors import actions as connectors
from console.domains import actions as domains
from console.protection import actions as protection
from console.publishing.compile import compile_snapshot
from console.publishing.published import every_kind
from console.publishing.restore import write_back
from console.transport_settings import actions as transport_settings
from tests.console.builders import ADMIN, RELAY, accepted_domain, receive_connector, send_connector
from tests.console.management_shell.shell import Shell
from transport.config import document
from transport.config.accepted_domain import DomainType
from transport.config.address_space import AddressSpace
from transport.config.connection_filter import ConnectionFilter, IPList, IPListEntry, IPListProvider
from transport.config.endpoint import parse_binding
from transport.config.filters import FilterAction, RecipientFilter, SenderFilter
from transport.config.permissions import AUTHENTICATED_USERS, Grant, Right
from transport.config.receive_connector import ReceiveConnector, Usage
from transport.config.rules import preset
from transport.config.snapshot import Snapshot
from transport.config.transport_config import TransportConfig
from transport.config.transport_limits import TransportLimits

pytestmark = pytest.mark.django_db

DENIED = Grant(AUTHENTICATED_USERS, Right.ACCEPT_ANY_SENDER.value, True)
HARD = 'Printer’s "relay" `n $x; | # „quoted“ – 100% {a} @{b} \\'


def now() -> Snapshot:
    return compile_snapshot(0)


def emptied() -> None:
    for kind in every_kind():
        kind.model._default_manager.all().delete()
    assert document.encode(now()) == document.encode(Snapshot())


def rebuilt_from_a_script() -> None:
    before, lines = now(), queries.whole_script()
    emptied()
    Shell().run("\n".join(lines))
    assert msgspec.to_builtins(now()) == msgspec.to_builtins(before)
    assert document.encode(now()) == document.encode(before)


def every_kind_of_object() -> None:
    domains.create(ADMIN, accepted_domain("contoso.com", name=HARD))
    domains.create(ADMIN, accepted_domain("*.fabrikam.com", domain_type=DomainType.InternalRelay))
    domains.create(ADMIN, accepted_domain("wingtip.com", default=True, match_subdomains=True))
    grants = (RELAY, Grant(AUTHENTICATED_USERS, Right.BYPASS_ANTI_SPAM.value, deny=True))
    connectors.create(ADMIN, receive_connector(HARD, grants=tuple(sorted(grants)), comment="a\nb\tc"), HARD)
    connectors.create(ADMIN, preset(Usage.Internet, "Internet"))
    connectors.create(
        ADMIN, replace(preset(Usage.Client, "Clients"), banner="220 hello", tls_domain_capabilities="a:b")
    )
    space = (AddressSpace("contoso.net", 3), AddressSpace("*.contoso.net"))
    connectors.create(
        ADMIN, send_connector(address_spaces=space, dns_routing_enabled=False, smart_hosts=("[::1]", "a.b"))
    )
    protection.set_filter(ADMIN, RecipientFilter(blocked_recipients=("a@b.example",), unknown_recipient_limit=None))
    protection.set_filter(
        ADMIN, SenderFilter(action=FilterAction.StampStatus, blocked_domains=("x.example", "y.example"))
    )
    protection.set_filter(
        ADMIN,
        ConnectionFilter(
            ip_block_list_enabled=False, ip_allow_list_providers_enabled=False, static_entry_rejection_response="Go",
            bypassed_recipients=("abuse@contoso.com",), internal_mail_enabled=True, reverse_dns_lookup_enabled=True,
            dns_servers=(parse_binding("192.0.2.53:53"), parse_binding("[2001:db8::53]:5353")), dns_timeout=7,
        ),
    )  # fmt: skip
    protection.add_entries(
        ADMIN,
        [
            IPListEntry(ip_range="192.0.2.0/24", comment=HARD, expiration_time=1_900_000_000),
            IPListEntry(ip_range="2001:db8::-2001:db8::ffff"),
            IPListEntry(ip_range="192.0.2.0/24", ip_list=IPList.Allow),
        ],
    )
    for priority, name in enumerate(("One", "Two", "Three"), 1):
        codes = {"any_match": False, "ip_addresses_match": ("127.0.0.2", "127.0.0.4"), "bitmask_match": "127.0.0.8"}
        provider = IPListProvider(name=name, lookup_domain=f"{name.lower()}.example", priority=4 - priority, **codes)
        protection.save_provider(ADMIN, provider)
    protection.save_provider(ADMIN, IPListProvider(name="Good", lookup_domain="good.example", ip_list=IPList.Allow))
    transport_settings.save(ADMIN, TransportLimits(message_expiration_timeout=86400 * 3))
    transport_settings.save(ADMIN, TransportConfig(external_delay_dsn_enabled=False))


def test_export_to_an_empty_installation():
    every_kind_of_object()
    rebuilt_from_a_script()


def test_export_to_a_new_installation_that_its_own_commands_emptied():
    every_kind_of_object()
    before, lines = now(), queries.whole_script()
    emptied()
    domains.create(ADMIN, accepted_domain("contoso.com", default=True))
    connectors.create(ADMIN, preset(Usage.Internet, "Default Frontend mail2"))
    commands = [line.removeprefix("#   ") for line in lines if line.startswith("#   ")]
    Shell().run("\n".join([*commands, *lines]))
    assert document.encode(now()) == document.encode(before)


@pytest.mark.parametrize(
    "change",
    [
        lambda row: connectors.update(ADMIN, ReceiveConnector, row.pk, {"name": "Other", "max_header_size": 100_000}),
        lambda row: connectors.update(ADMIN, ReceiveConnector, row.pk, {"comment": HARD, "max_protocol_errors": None}),
        lambda row: connectors.update(ADMIN, ReceiveConnector, row.pk, {"grants": (DENIED,)}),
        lambda row: connectors.update(ADMIN, ReceiveConnector, row.pk, {"grants": (RELAY,)}, confirmed_name=row.name),
        lambda row: connectors.set_enabled(ADMIN, ReceiveConnector, row.pk, False),
        lambda row: connectors.remove(ADMIN, ReceiveConnector, row.pk),
    ],
)
def test_a_change_as_commands_does_the_same_to_a_copy(change: Callable[[Any], Any]):
    row = connectors.create(ADMIN, receive_connector(banner="220 x"))
    before = now()
    change(row)
    after = now()
    write_back(before)
    assert document.encode(now()) == document.encode(before)
    lines = script(before, after)
    Shell().run("\n".join(lines))
    assert document.encode(now()) == document.encode(after), lines
