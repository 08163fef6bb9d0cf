"""The commands that lead from one configuration to another."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from console import navigation
from console.commands.script import new_commands, script
from console.management_shell.cmdlets import TABLE
from console.publishing.published import every_kind
from tests.console.builders import RELAY, accepted_domain, receive_connector, send_connector
from transport.config.address_space import AddressSpace
from transport.config.certificate import Certificate
from transport.config.connection_filter import ConnectionFilter, IPList, IPListEntry, IPListProvider
from transport.config.endpoint import parse_binding
from transport.config.filters import RecipientFilter
from transport.config.keytab import Keytab
from transport.config.permissions import ANONYMOUS, AUTHENTICATED_USERS, Grant, Right
from transport.config.receive_connector import TlsVersion, Usage
from transport.config.rules import preset
from transport.config.setting import settings
from transport.config.snapshot import Snapshot

ADD_RELAY = 'Add-ADPermission -User "NT AUTHORITY\\ANONYMOUS LOGON" -ExtendedRights "ms-Exch-SMTP-Accept-Any-Recipient"'


def snapshot(*connectors: Any, **parts: Any) -> Snapshot:
    return Snapshot(receive_connectors=connectors, **parts)


def test_a_new_connector_says_what_is_off_its_preset_and_who_gets_rights_by_hand():
    relay = receive_connector("Anonymous Relay", ranges=["192.168.5.77"], grants=(RELAY,), comment='a "b" $c\nd')
    assert new_commands(relay) == [
        'New-ReceiveConnector -Name "Anonymous Relay" -Comment "a `"b`" `$c`nd" -Usage Custom '
        "-PermissionGroups AnonymousUsers -RemoteIPRanges 192.168.5.77 -Bindings 10.2.3.4:25",
        f'Get-ReceiveConnector "Anonymous Relay" | {ADD_RELAY}',
    ]


def test_every_setting_that_there_is_once_is_set_by_a_cmdlet_that_there_is():
    """Else an export holds a line that nothing can run: the name may come from the setting's source."""
    for kind in every_kind():
        for setting in settings(kind.struct).values() if kind.is_single else ():
            cmdlet, parameter = kind.cmdlet_of(setting)
            assert parameter in {each.name for each in TABLE[cmdlet].parameters}, (kind.noun, setting.name)


def test_a_connector_of_an_intended_use_needs_only_its_addresses():
    command = new_commands(replace(preset(Usage.Client, "Clients"), minimum_tls_version=TlsVersion.Tls13))
    assert command == [
        'New-ReceiveConnector -Name "Clients" -Usage Client '
        '-RemoteIPRanges "0.0.0.0-255.255.255.255","::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" '
        '-Bindings "0.0.0.0:587","[::]:587" -MinimumTlsVersion Tls13'
    ]


def test_a_changed_connector_says_only_what_changed():
    before = receive_connector(banner="220 here", max_protocol_errors=2)
    after = receive_connector(max_protocol_errors=None, max_message_size=5 * 1024**2, connection_timeout=86400)
    assert script(snapshot(before), snapshot(after)) == [
        'Set-ReceiveConnector "Office" -MaxMessageSize 5MB -Banner $null -MaxProtocolErrors Unlimited '
        "-ConnectionTimeout 1.00:00:00"
    ]


def test_a_connector_with_another_name_is_renamed_rather_than_made_anew():
    before, after = receive_connector("Office"), receive_connector("Head office", comment="moved")
    assert script(snapshot(before), snapshot(after)) == [
        'Set-ReceiveConnector "Office" -Name "Head office" -Comment "moved"'
    ]


def test_a_connector_of_another_kind_is_made_anew():
    other = receive_connector("Printers", ranges=["192.0.2.7"], bindings=["10.2.3.4:26"], usage=Usage.Internet)
    commands = script(snapshot(receive_connector("Office")), snapshot(other))
    assert [command.split(" ", 1)[0] for command in commands] == ["Remove-ReceiveConnector", "New-ReceiveConnector"]
    assert commands[0].endswith('"Office" -Confirm:$false'), "a script is asked nothing"


def test_connectors_that_exchange_their_addresses_never_stand_in_each_others_way():
    one, two = receive_connector("One"), receive_connector("Two", ranges=["192.0.2.0/24"])
    swapped = (replace(one, remote_ip_ranges=two.remote_ip_ranges), replace(two, remote_ip_ranges=one.remote_ip_ranges))
    verbs = [command.split("-", 1)[0] for command in script(snapshot(one, two), snapshot(*swapped))]
    assert verbs == ["Remove", "Set", "New"]


def test_rights_are_taken_and_denied():
    user = Grant(AUTHENTICATED_USERS, Right.ACCEPT_ANY_SENDER.value)
    before = receive_connector(grants=(user,))
    after = receive_connector(grants=(Grant(ANONYMOUS, Right.ACCEPT_ANY_SENDER.value, deny=True),))
    assert script(snapshot(before), snapshot(after)) == [
        'Get-ReceiveConnector "Office" | Remove-ADPermission -User "NT AUTHORITY\\Authenticated Users" '
        '-ExtendedRights "ms-Exch-SMTP-Accept-Any-Sender" -Confirm:$false',
        'Get-ReceiveConnector "Office" | Add-ADPermission -User "NT AUTHORITY\\ANONYMOUS LOGON" '
        '-ExtendedRights "ms-Exch-SMTP-Accept-Any-Sender" -Deny',
    ]


def test_removing_a_connector_that_hands_its_clients_to_a_relay_names_the_relay():
    relay = receive_connector("Relay", grants=(RELAY,))
    narrow = receive_connector("Narrow", ranges=["10.1.0.0/16"])
    commands = script(snapshot(relay, narrow), snapshot(relay))
    assert commands == ['Remove-ReceiveConnector "Narrow" -Confirm:$false -ConfirmRelay "Relay"']


def test_send_connectors():
    sender = send_connector(
        address_spaces=(AddressSpace("*", 5),), dns_routing_enabled=False, smart_hosts=("[10.0.0.9]",)
    )
    assert new_commands(sender) == [
        'New-SendConnector -Name "Internet" -Usage Custom -DNSRoutingEnabled $false -SmartHosts "[10.0.0.9]" '
        '-AddressSpaces "SMTP:*;5"'
    ]


def test_the_default_domain_is_made_first_and_removed_last():
    one, two = accepted_domain("one.example", default=True), accepted_domain("two.example")
    both = Snapshot(accepted_domains=(two, one))
    assert script(Snapshot(), both) == [
        'New-AcceptedDomain -Name "one.example" -DomainName one.example',
        'New-AcceptedDomain -Name "two.example" -DomainName two.example',
    ]
    assert script(both, Snapshot(accepted_domains=(replace(two, default=True),))) == [
        'Set-AcceptedDomain "two.example" -MakeDefault $true',
        'Remove-AcceptedDomain "one.example" -Confirm:$false',
    ]


def test_filters():
    after = Snapshot(
        recipient_filter=RecipientFilter(blocked_recipients=("a@b.example", "c@d.example"), enabled=False),
        connection_filter=ConnectionFilter(
            ip_allow_list_enabled=False, dns_servers=(parse_binding("192.0.2.53:53"),), dns_timeout=5
        ),
    )
    assert script(Snapshot(), after) == [
        'Set-RecipientFilterConfig -Enabled $false -BlockedRecipients "a@b.example","c@d.example"',
        "Set-IPAllowListConfig -Enabled $false",
        "Set-TransportService -ExternalDNSServers 192.0.2.53:53 -DnsTimeout 00:00:05",
    ]
    assert "Set-RecipientFilterConfig -Enabled $true -BlockedRecipients $null" in script(after, Snapshot())


def test_an_ip_list_entry_with_another_comment_is_another_entry():
    entry = IPListEntry(ip_range="192.0.2.0/24", expiration_time=1801_400_400)
    before, after = Snapshot(ip_list_entries=(entry,)), Snapshot(ip_list_entries=(replace(entry, comment="spam"),))
    assert script(before, after) == [
        'Get-IPBlockListEntry | Where-Object {$_.IPRange -eq "192.0.2.0/24"} | Remove-IPBlockListEntry -Confirm:$false',
        'Add-IPBlockListEntry -IPRange 192.0.2.0/24 -Comment "spam" -ExpirationTime "2027-01-31 13:00:00 UTC"',
    ]


def test_a_provider_that_pushes_others_down_is_one_command():
    def provider(name: str, priority: int, **more: Any) -> IPListProvider:
        return IPListProvider(name=name, lookup_domain=f"{name.lower()}.example", priority=priority, **more)

    before = Snapshot(ip_list_providers=(provider("A", 1), provider("B", 2), provider("C", 1, ip_list=IPList.Allow)))
    pushed = (provider("A", 2), provider("B", 3), provider("C", 1, ip_list=IPList.Allow), provider("N", 1))
    assert script(before, Snapshot(ip_list_providers=pushed)) == [
        'Add-IPBlockListProvider -Name "N" -LookupDomain n.example -Priority 1 -AnyMatch $true'
    ]
    swapped = (provider("A", 2), provider("B", 1), provider("C", 1, ip_list=IPList.Allow))
    assert script(before, Snapshot(ip_list_providers=swapped)) == ['Set-IPBlockListProvider "B" -Priority 1']


def test_a_private_key_never_stands_in_a_script():
    certificate = Certificate(name="mail", names=("mail.contoso.com",), chain="CHAIN", encrypted_key="SECRET")
    (line,) = script(Snapshot(), Snapshot(certificates=(certificate,)))
    assert line.startswith('# The certificate "mail" (mail.contoso.com)')
    assert "SECRET" not in line
    gone = script(Snapshot(certificates=(certificate,)), Snapshot())
    assert gone == ['Remove-ExchangeCertificate "mail" -Confirm:$false']


@pytest.mark.parametrize("same", [Snapshot(), snapshot(receive_connector(grants=(RELAY,)))])
def test_nothing_changed_is_no_command(same: Snapshot):
    assert script(same, same) == []


def test_whoever_reads_that_a_keytab_is_not_in_the_script_finds_its_page_where_it_says():
    (line,) = script(Snapshot(), Snapshot(keytabs=(Keytab(name="Contoso", keys=(), encrypted=""),)))
    pages = {title: [feature.label for feature in features] for title, features in navigation.GROUPS}
    assert 'The keytab "Contoso" is not in this script: load it under Recipients, Keytabs.' in line
    assert "Keytabs" in pages["Recipients"]
