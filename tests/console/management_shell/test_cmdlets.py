"""A cmdlet does what the form does: same actions, same revision, same roles, same history."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from console.actors import Actor, Role
from console.audit.models import Entry
from console.commands.wording import argument
from console.connectors import actions as connectors
from console.directory import actions as directory
from console.domains import actions as domains
from console.publishing import queries as publishing
from console.transport_settings import actions as transport_settings
from tests.config.example_values import EXAMPLES
from tests.console.builders import (
    ADMIN,
    HYGIENE,
    READER,
    RELAY,
    accepted_domain,
    receive_connector,
    send_connector,
)
from tests.console.clients import all_come_from
from tests.console.management_shell.shell import Shell
from transport.config import kinds, rules
from transport.config.endpoint import Binding, IPRange
from transport.config.kinds import Kind, Setting
from transport.config.permissions import ANONYMOUS, Grant, PermissionGroup, Right
from transport.config.receive_connector import AuthMechanism, ReceiveConnector, Usage
from transport.config.send_connector import SendConnector
from transport.config.setting import settings
from transport.config.snapshot import Snapshot
from transport.config.transport_limits import TransportLimits

pytestmark = pytest.mark.django_db


@pytest.fixture
def shell() -> Shell:
    domains.create(ADMIN, accepted_domain())
    connectors.create(ADMIN, receive_connector("Office"))
    return Shell()


def saved() -> Snapshot:
    return publishing.snapshot(publishing.newest_with_document())


def office() -> ReceiveConnector:
    return next(each for each in saved().receive_connectors if each.name == "Office")


OTHER_VALUES: dict[Kind, Any] = {
    Kind.TEXT: "Two words, and a comma; $x `n “quoted” 'so'",
    Kind.SIZE: 1234567,
    Kind.TIMESPAN: 299,
}
FITTING = {
    "banner": "220 Mail Server",
    "tls_certificate_name": "<I>CN=Contoso CA, O=Contoso<S>CN=mail.contoso.com",
    "max_hop_count": 12,
    "connection_timeout": 4000,
    "auth_mechanism": frozenset({AuthMechanism.Tls, AuthMechanism.BasicAuth, AuthMechanism.BasicAuthRequireTLS}),
    "permission_groups": frozenset({PermissionGroup.ExchangeUsers, PermissionGroup.Partners}),
    "chunking_enabled": True,
}


def another(field: str, setting: Setting, now: Any) -> Any:
    """A value of a setting that is not the present one."""
    if field in FITTING:
        return FITTING[field]
    if setting.kind is Kind.FLAG:
        return not now
    if setting.kind is Kind.FLAG_SET:
        return frozenset(list(setting.choices or ())[:1]) - now
    if setting.choices is not None:
        return next(member for member in setting.choices if member is not now)
    return OTHER_VALUES.get(setting.kind) or kinds.parse(setting, EXAMPLES[setting.kind])


CHANGED = [field for field, each in settings(ReceiveConnector).items() if not each.read_only]


@pytest.mark.parametrize("field", sorted({*CHANGED} - {"grants", "name", "binary_mime_enabled"}))
def test_each_setting_of_a_connector_is_a_parameter_and_a_property(shell: Shell, field: str) -> None:
    setting = settings(ReceiveConnector)[field]
    wanted = another(field, setting, getattr(office(), field))
    shell.run(f"Set-ReceiveConnector Office -{setting.name} {argument(setting, wanted)}")
    assert getattr(office(), field) == wanted
    before = publishing.newest()
    shell.run(f"$c = Get-ReceiveConnector Office; Set-ReceiveConnector Office -{setting.name} $c.{setting.name}")
    assert publishing.newest() == before, "what is shown means the same again"


def test_a_new_connector_is_the_one_that_the_wizard_makes(shell: Shell) -> None:
    wanted = rules.preset(Usage.Partner, "Fabrikam")
    shell.run("New-ReceiveConnector Fabrikam -Partner -Bindings 0.0.0.0:25,[::]:25 -RemoteIPRanges 203.0.113.0/24")
    made = next(each for each in saved().receive_connectors if each.name == "Fabrikam")
    assert made == type(wanted)(
        **{field: getattr(wanted, field) for field in wanted.__struct_fields__}
        | {"remote_ip_ranges": (IPRange("203.0.113.0/24"),)}
    )


def test_the_document_is_the_same_whoever_wrote_it(shell: Shell) -> None:
    shell.run("New-SendConnector Out -AddressSpaces 'SMTP:*;1' -SmtpMaxMessagesPerConnection 5")
    shell.run("Set-AcceptedDomain contoso.com -MatchSubDomains $true")
    by_shell = saved()
    shell.run("Remove-SendConnector Out -Confirm:$false; Set-AcceptedDomain contoso.com -MatchSubDomains $false")
    connectors.create(ADMIN, send_connector("Out", max_messages_per_connection=5))
    row = domains.models.AcceptedDomain.objects.get()
    domains.update(ADMIN, row.pk, {"match_subdomains": True})
    by_form = saved()
    assert (by_shell.send_connectors, by_shell.accepted_domains) == (by_form.send_connectors, by_form.accepted_domains)


def test_the_history_says_who_did_it(shell: Shell) -> None:
    shell.run('Set-ReceiveConnector Office -Banner "220 Mail Server"')
    entry = Entry.objects.order_by("-pk").first()
    assert entry and (entry.actor, entry.kind, entry.object_name) == ("admin", "Receive connector", "Office")
    assert publishing.newest().comment == "Receive connector Office: Banner"  # type: ignore[union-attr]


READING = ["Get-ReceiveConnector", "Get-ADPermission Office", "Get-AcceptedDomain", "Get-TransportService", "Get-Queue"]
WRITING = [
    "Set-ReceiveConnector Office -Comment x",
    "Get-ReceiveConnector Office | Remove-ReceiveConnector -Confirm:$false",
    r"Add-ADPermission Office -User 'NT AUTHORITY\ANONYMOUS LOGON' -ExtendedRights ms-Exch-Bypass-Anti-Spam",
    "New-SendConnector Out -AddressSpaces *",
    "New-AcceptedDomain Fabrikam -DomainName fabrikam.com",
    "Set-RecipientFilterConfig -Enabled $false",
    "Add-IPBlockListEntry -IPAddress 192.0.2.7",
    "Set-TransportService -MessageExpirationTimeout 1.00:00:00",
    "New-ExchangeCertificate -DomainName mail.contoso.com",
    "New-Recipient anna@contoso.com",
    "Suspend-Queue * -Confirm:$false",
]


@pytest.mark.parametrize("command", READING)
def test_a_reader_reads(shell: Shell, command: str) -> None:
    Shell(READER).run(command)
    assert "needs the role" in str(Shell(Actor("nobody", frozenset())).refused(command))


@pytest.mark.parametrize("command", WRITING[:-1])
def test_a_reader_changes_nothing(shell: Shell, command: str) -> None:
    before = publishing.newest()
    assert "needs the role" in str(Shell(READER).refused(command))
    assert publishing.newest() == before


@pytest.mark.parametrize("command", WRITING)
def test_what_if_writes_nothing(shell: Shell, command: str) -> None:
    before, entries = publishing.newest(), Entry.objects.count()
    shell.run(command.replace("-Confirm:$false", "") + " -WhatIf")
    assert shell.notes or "Queue" in command
    assert (publishing.newest(), Entry.objects.count()) == (before, entries)


def test_hygiene_management_may_not_touch_accepted_domains(shell: Shell) -> None:
    hygiene = Shell(HYGIENE)
    hygiene.run("Set-ReceiveConnector Office -Comment x")
    assert str(hygiene.refused("Remove-AcceptedDomain contoso.com -Confirm:$false")) == (
        "Remove-AcceptedDomain: This needs the role Organization Management."
    )


@pytest.mark.parametrize(
    ("command", "parameter", "words"),
    [
        ("Set-ReceiveConnector Nowhere -Banner '220 x'", "Identity", "object 'Nowhere' couldn't be found"),
        (r"Set-ReceiveConnector EX01\Office -Banner '220 x'", "Identity", "This server is called"),
        ("Set-ReceiveConnector Office -Banner Hello", "Banner", "must start with 220"),
        ("Set-ReceiveConnector Office -ProtocolLoggingLevel Loud", "ProtocolLoggingLevel", "Allowed: None, Verbose."),
        ("Set-ReceiveConnector Office -PermissionGroups Friends", "PermissionGroups", "AnonymousUsers, ExchangeUsers"),
        ("Set-ReceiveConnector Office -PermissionGroups None,Partners", "PermissionGroups", "None stands alone"),
        ("Set-ReceiveConnector Office -MaxInboundConnection 5,000", "MaxInboundConnection", "not a list"),
        ("Set-ReceiveConnector Office -Comment a,b", "Comment", "not a list"),
        ("Set-ReceiveConnector Office -MaxHopCount 501", "MaxHopCount", "from 1 to 500"),
        ("Set-ReceiveConnector Office -MaxMessageSize 1KB", "MaxMessageSize", "from 64 KB (65,536 bytes)"),
        ("Set-ReceiveConnector Office -ConnectionTimeout 5", "ConnectionTimeout", "00:10:00"),
        ("Set-ReceiveConnector Office -TarpitInterval 601", "TarpitInterval", "from 00:00:00 to 00:10:00"),
        ("Set-ReceiveConnector Office -Enabled maybe", "Enabled", "Allowed: $true, $false."),
        ("Set-ReceiveConnector Office -RemoteIPRanges 10.0.0.0/99", "RemoteIPRanges", "no IP address or range"),
        ("Set-ReceiveConnector Office -RemoteIPRanges @{Plus='192.0.2.1'}", "RemoteIPRanges", "@{Add=…}"),
        ("Set-ReceiveConnector Office -RequireTLS $true -AuthMechanism None", "RequireTLS", "Nobody could send"),
        ("Set-ReceiveConnector Office -Bindings $null", "Bindings", "at least one address and port"),
        ("Set-ReceiveConnector Office -Name $null", "Name", "Enter a value"),
        ("New-ReceiveConnector Office -Internet -Bindings 192.0.2.1:25", "Name", "already"),
        ("New-ReceiveConnector New -Custom -Bindings 192.0.2.1:25", "RemoteIPRanges", "needs -RemoteIPRanges"),
        ("New-ReceiveConnector New -Custom -Internet", "Usage", "Choose one intended use"),
        ("Add-ADPermission Office nobody -ExtendedRights ms-Exch-SMTP-Submit", "User", "Nobody is called"),
        ("Add-ADPermission Office 'ANONYMOUS LOGON' -ExtendedRights All", "ExtendedRights", "ms-Exch-SMTP-Submit"),
        (
            "Add-ADPermission Office 'ANONYMOUS LOGON' -ExtendedRights ms-Exch-SMTP-Submit -AccessRights All",
            "AccessRights", "extended rights only",
        ),
        ("Set-AcceptedDomain contoso.com -MakeDefault $false", "MakeDefault", "One domain is always the default"),
        ("Set-AcceptedDomain contoso.com -DomainType Own", "DomainType", "InternalRelay"),
        ("New-SendConnector Out -AddressSpaces * -SmartHosts mail.x.test", "SmartHosts", "MX routing"),
        ("Add-IPBlockListEntry", "IPAddress", "either -IPAddress or -IPRange"),
        ("Add-IPBlockListEntry -IPAddress 192.0.2", "IPAddress", "no IP address"),
        ("Set-TransportService -DelayNotificationTimeout 3.00:00:00", "DelayNotificationTimeout", "before the message"),
        ("New-ExchangeCertificate -KeySize 1024", "KeySize", "2048 or 3072"),
        ("New-ExchangeCertificate -SubjectName mail", "SubjectName", "CN=mail.contoso.com"),
        ("Get-ExchangeCertificate 00", "Thumbprint", "no certificate"),
        ("New-Recipient not-an-address", "PrimarySmtpAddress", "is no address"),
        ("Get-AcceptedDomain | Set-ReceiveConnector -Comment x", "Identity", "takes a Receive connector"),
        ("Get-Queue -Filter 'Status -is 5'", "Filter", "-is is not possible"),
        ("Get-MessageTrackingLog -Start yesterday", "Start", "2027-01-31 17:00"),
    ],
)  # fmt: skip
def test_an_error_names_the_parameter_and_what_is_possible(
    shell: Shell, command: str, parameter: str, words: str
) -> None:
    before = publishing.newest()
    error = shell.refused(command)
    assert error.parameter == parameter and words in str(error), str(error)
    assert publishing.newest() == before


def test_an_error_points_at_the_argument_whoever_refused_it(shell: Shell) -> None:
    command = "Set-ReceiveConnector Office -Comment x -Banner Hello -MaxHopCount 3"
    error = shell.refused(command)
    assert (error.line, command[error.column - 1 :]) == (1, "Hello -MaxHopCount 3")


@pytest.mark.parametrize("value", ["a`nb", "a`0b", "a`ab", "\x7f", "$('x' * 100000)"])
@pytest.mark.parametrize("parameter", ["Name", "Banner", "Fqdn", "TlsCertificateName", "DefaultLogonDomain"])
def test_a_hostile_text_is_refused(shell: Shell, parameter: str, value: str) -> None:
    before = publishing.newest()
    assert shell.refused(f'Set-ReceiveConnector Office -{parameter} "{value}"').parameter in (parameter, "")
    assert publishing.newest() == before


def test_a_list_is_replaced_added_to_and_taken_from(shell: Shell) -> None:
    def ranges(change: str) -> list[str]:
        shell.run(f"Set-ReceiveConnector Office -RemoteIPRanges {change}")
        return [str(each) for each in office().remote_ip_ranges]

    assert ranges("192.0.2.1,192.0.2.9-192.0.2.12") == ["192.0.2.1", "192.0.2.9-192.0.2.12"]
    assert ranges("@{Add='192.0.2.128/25'; Remove='192.0.2.1-192.0.2.1'}") == ["192.0.2.9-192.0.2.12", "192.0.2.128/25"]
    assert ranges("@{Remove='192.0.2.9-192.0.2.12','192.0.2.77'}") == ["192.0.2.128/25"]


def test_addresses_are_added_to_a_connector_that_a_variable_holds(shell: Shell):
    shell.run("""
        $connector = Get-ReceiveConnector Office
        $connector.RemoteIPRanges += "192.0.2.17", "192.0.2.18"
        Set-ReceiveConnector Office -RemoteIPRanges $connector.RemoteIPRanges""")
    assert [str(each) for each in office().remote_ip_ranges][-2:] == ["192.0.2.17", "192.0.2.18"]
    shell.run("$connector.Name = 'Elsewhere'; $connector | Set-ReceiveConnector -Comment 'the same one'")
    assert office().comment == "the same one"


def test_ranges_and_bindings_have_the_parts_that_scripts_look_at(shell: Shell) -> None:
    shell.run("Set-ReceiveConnector Office -RemoteIPRanges 192.0.2.0/24,::1 -Bindings 127.0.0.1:2525")
    assert shell.run("(Get-ReceiveConnector Office).RemoteIPRanges.Expression -join ' '") == "192.0.2.0/24 ::1"
    printed = shell.run("(Get-ReceiveConnector Office).RemoteIPRanges | ft LowerBound,UpperBound -HideTableHeaders")
    assert printed.split() == ["192.0.2.0", "192.0.2.255", "::1", "::1"]
    assert "Office" in shell.run("Get-ReceiveConnector | ? { $_.Bindings.Port -eq 2525 }")
    assert '"192.0.2.0/24"' in shell.run("Get-ReceiveConnector Office | ConvertTo-Json")


@pytest.mark.parametrize(
    "written", ["01/31/2099 5:00 PM", "1/31/2099 5:00:00PM", "01/31/2099 17:00", "2099-01-31T17:00Z"]
)
def test_times_are_read_as_exchange_and_iso_8601_write_them(shell: Shell, written: str) -> None:
    shell.run(f'Add-IPBlockListEntry -IPAddress 192.0.2.1 -ExpirationTime "{written}"')
    assert saved().ip_list_entries[0].expiration_time == datetime(2099, 1, 31, 17, tzinfo=UTC).timestamp()


def test_null_clears_and_nothing_changed_is_said(shell: Shell) -> None:
    shell.run("Set-ReceiveConnector Office -Banner '220 x' -Fqdn mx.contoso.com")
    shell.run("Set-ReceiveConnector Office -Banner $null -Fqdn ''")
    assert (office().banner, office().fqdn) == ("", "")
    shell.run("Set-ReceiveConnector Office -Banner $null")
    assert shell.warnings == ["The command completed, but nothing of 'Office' was changed."]


def test_what_nobody_obeys_is_kept_with_a_word(shell: Shell) -> None:
    shell.run("Set-ReceiveConnector Office -SuppressXAnonymousTls $true")
    assert "is kept, but not enforced" in shell.warnings[0]
    assert office().suppress_x_anonymous_tls


def test_identities_with_and_without_the_server(shell: Shell, settings: Any) -> None:
    for name in ("office", rf"{settings.GATEPOST_NODE}\Office", r"*\office", "Off*", "*"):
        assert "Office" in shell.run(f'Get-ReceiveConnector "{name}"')
    assert shell.run('Get-ReceiveConnector "Nothing*"') == ""
    assert "couldn't be found" in str(shell.refused("Set-ReceiveConnector Off* -Comment x"))


def test_the_server_is_called_as_snippets_call_it(shell: Shell, settings: Any) -> None:
    for identity in (r'"$env:COMPUTERNAME\Office"', r"$Env:ComputerName\Office", r'"$($env:computername)\Office"'):
        assert "Office" in shell.run(f"Get-ReceiveConnector {identity}")
    assert "Office" in shell.run("Get-ReceiveConnector -Server $env:COMPUTERNAME") and not shell.warnings
    assert "cannot be given a value" in str(shell.refused("$env:COMPUTERNAME = 'x'"))
    assert "none of the system" in str(shell.refused('"$env:PATH"'))


def test_an_open_relay_is_confirmed_by_name_and_by_nothing_else(shell: Shell) -> None:
    shell.run("Set-ReceiveConnector Office -RemoteIPRanges 0.0.0.0/0")
    grant = "Add-ADPermission Office 'ANONYMOUS LOGON' -ExtendedRights ms-Exch-SMTP-Accept-Any-Recipient"
    for attempt in ("", " -Confirm:$false", " -ConfirmRelay Other", " -ConfirmRelay office"):
        assert '-ConfirmRelay "Office"' in str(shell.refused(grant + attempt))
    shell.typed = "office"
    assert shell.refused(grant).parameter == "ConfirmRelay"
    assert office().grants == ()
    shell.typed = "Office"
    shell.run(grant)
    assert office().grants == (RELAY,)


@pytest.mark.parametrize("ranges", ["192.168.5.77", "203.0.113.25", "10.0.0.0/8,fd00::/8"])
def test_a_relay_for_a_few_clients_needs_no_more_than_the_connectors_name_in_the_command(
    shell: Shell, ranges: str
) -> None:
    grant = "Add-ADPermission -User 'ANONYMOUS LOGON' -ExtendedRights ms-Exch-SMTP-Accept-Any-Recipient"
    shell.run(f"Set-ReceiveConnector Office -RemoteIPRanges {ranges}")
    for everyone in (f"Get-ReceiveConnector | {grant}", f"Get-ReceiveConnector Off* | {grant}"):
        assert shell.refused(everyone).parameter == "ConfirmRelay"
    shell.run(f"Get-ReceiveConnector office | {grant}")
    assert office().grants == (RELAY,) and "without signing in" in shell.warnings[0]


def test_a_relay_for_a_gateway_is_confirmed_whichever_connector_gives_it(shell: Shell) -> None:
    """In a container all clients seem to be 172.17.0.1: a relay for that one address would be one for everybody."""
    all_come_from("172.17.0.1", "Office")
    new = "New-ReceiveConnector Relay -Custom -Bindings 10.2.3.4:25 -RemoteIPRanges {} "
    new += "-AuthMechanism ExternalAuthoritative -PermissionGroups ExchangeServers"
    for ranges in ("172.17.0.1", "172.16.0.0/12"):
        error = shell.refused(new.format(ranges))
        assert error.parameter == "ConfirmRelay" and "Office came from 172.17.0.1: it is likely a gateway" in str(error)
    shell.run(new.format("172.17.0.2"))
    assert "gateway" not in shell.warnings[0]
    shell.run(f"Remove-ReceiveConnector Relay -Confirm:$false; {new.format('172.17.0.1')} -ConfirmRelay Relay")


def test_a_command_that_opens_two_connectors_is_confirmed_for_the_one_that_it_does_not_name(shell: Shell) -> None:
    shell.run("Set-ReceiveConnector Office -RemoteIPRanges 192.168.5.77")
    shell.run(
        "New-ReceiveConnector Wide -Custom -Bindings 10.2.3.4:25 -RemoteIPRanges 192.168.5.0-192.168.5.77 "
        "-AuthMechanism ExternalAuthoritative -PermissionGroups ExchangeServers"
    )
    move = "Set-ReceiveConnector Office -RemoteIPRanges 192.168.5.78"
    move += " -AuthMechanism ExternalAuthoritative -PermissionGroups ExchangeServers"
    assert '"Wide"' in str(shell.refused(move))
    shell.run(f"{move} -ConfirmRelay Wide")
    assert [str(each) for each in office().remote_ip_ranges] == ["192.168.5.78"]


def test_a_network_of_the_internet_may_relay_only_when_that_is_confirmed(shell: Shell) -> None:
    shell.run("Set-ReceiveConnector Office -RemoteIPRanges 203.0.113.0/24,192.168.5.77")
    grant = "Add-ADPermission Office -User 'ANONYMOUS LOGON' -ExtendedRights ms-Exch-SMTP-Accept-Any-Recipient"
    assert "Some of these addresses are public" in str(shell.refused(grant))
    shell.run(f"{grant} -ConfirmRelay Office")
    assert office().grants == (RELAY,)


def test_rights_are_shown_with_where_they_come_from_and_taken_back(shell: Shell) -> None:
    deny = r"-User 'NT AUTHORITY\ANONYMOUS LOGON' -ExtendedRights ms-Exch-Accept-Headers-Routing,ms-Exch-SMTP-Submit"
    shell.run(f"Add-ADPermission Office {deny} -Deny")
    assert {each.right for each in office().grants if each.deny} == {
        Right.ACCEPT_HEADERS_ROUTING.value, Right.SUBMIT.value,
    }  # fmt: skip
    shown = shell.run("Get-ADPermission Office | where {$_.Deny} | ft -HideTableHeaders ExtendedRights")
    assert shown.split() == ["{ms-Exch-Accept-Headers-Routing}", "{ms-Exch-SMTP-Submit}"]
    shell.run(f"Remove-ADPermission Office {deny} -Deny -Confirm:$false")
    assert office().grants == ()
    shell.run(f"Remove-ADPermission Office {deny} -Confirm:$false")
    assert "permission group AnonymousUsers" in shell.warnings[0]


def test_permission_groups_show_custom_and_take_it_back(shell: Shell) -> None:
    row = connectors.models.ReceiveConnector.objects.get()
    connectors.update(ADMIN, ReceiveConnector, row.pk, {"grants": (Grant(ANONYMOUS, Right.BYPASS_ANTI_SPAM.value),)})
    assert "AnonymousUsers, Custom" in shell.run("Get-ReceiveConnector | fl PermissionGroups")
    shell.run("Set-ReceiveConnector Office -PermissionGroups ExchangeUsers,Custom")
    assert "Custom is only shown" in shell.warnings[0]
    assert office().permission_groups == {PermissionGroup.ExchangeUsers} and len(office().grants) == 1


def test_rights_for_a_user_and_a_group(shell: Shell) -> None:
    from console.users import actions as users

    users.add_group(ADMIN, "Printers")
    shell.run("Add-ADPermission Office -User printers -ExtendedRights ms-Exch-SMTP-Accept-Any-Recipient")
    assert office().grants == (Grant("Printers", Right.ACCEPT_ANY_RECIPIENT.value),)


def test_connectors_are_disabled_and_enabled(shell: Shell) -> None:
    shell.run("Get-ReceiveConnector | Disable-ReceiveConnector -Confirm:$false")
    assert not office().enabled
    shell.run("Enable-ReceiveConnector Office")
    assert office().enabled
    assert "write -Confirm:$false" in str(shell.refused("Disable-ReceiveConnector Office"))


def test_a_default_domain_is_replaced(shell: Shell) -> None:
    shell.run("New-AcceptedDomain Fabrikam -DomainName fabrikam.com -DomainType ExternalRelay")
    shell.run("Set-AcceptedDomain fabrikam.com -MakeDefault $true")
    assert [each.default for each in saved().accepted_domains] == [False, True]
    assert shell.run("Get-AcceptedDomain fabrikam.com | ft -HideTableHeaders Name,DomainType,Default").split() == [
        "Fabrikam", "ExternalRelay", "True",
    ]  # fmt: skip


def test_one_cmdlet_writes_one_revision(shell: Shell) -> None:
    before = publishing.newest()
    shell.run("Set-TransportService -MessageRetryInterval 00:01:00 -ExternalDNSServers 192.0.2.53 -DnsTimeout 00:00:03")
    assert publishing.newest().number == before.number + 1  # type: ignore[union-attr]
    assert saved().transport_limits == TransportLimits(message_retry_interval=60)
    assert saved().connection_filter.dns_servers == (Binding("192.0.2.53", 53),)
    shell.run("Set-IPBlockListConfig -Enabled $false")
    shell.run("Set-IPBlockListProvidersConfig -BypassedRecipients abuse@contoso.com")
    found = saved().connection_filter
    assert (found.ip_block_list_enabled, found.bypassed_recipients) == (False, ("abuse@contoso.com",))
    assert found.dns_timeout == 3


def test_the_name_servers_of_the_machine_and_a_list_exclude_each_other(shell: Shell) -> None:
    """As lines that were written for Exchange say it."""
    assert "True" in shell.run("Get-TransportService | fl ExternalDNSAdapterEnabled")
    assert "Say which servers" in str(shell.refused("Set-TransportService -ExternalDNSAdapterEnabled $false"))
    shell.run("Set-TransportService -ExternalDNSAdapterEnabled $false -ExternalDNSServers 192.0.2.53")
    assert saved().connection_filter.dns_servers == (Binding("192.0.2.53", 53),)
    command = "Set-TransportService -ExternalDNSAdapterEnabled $true"
    assert "counts only with" in str(shell.refused(f"{command} -ExternalDNSServers 192.0.2.54"))
    assert saved().connection_filter.dns_servers == (Binding("192.0.2.53", 53),)
    shell.run(command)
    assert saved().connection_filter.dns_servers == ()


def test_secure_domains_are_those_of_the_connectors(shell: Shell) -> None:
    command = "Set-TransportConfig -TLSReceiveDomainSecureList fabrikam.com,contoso.com"
    assert "none has Domain Security" in str(shell.refused(command))
    shell.run(f"Set-ReceiveConnector Office -DomainSecureEnabled $true; {command}")
    assert office().tls_receive_domain_secure_list == ("fabrikam.com", "contoso.com")
    shell.run("Set-TransportConfig -TLSReceiveDomainSecureList @{Remove='contoso.com'}")
    assert "{fabrikam.com}" in shell.run("Get-TransportConfig | fl TLS*")
    assert "needs the role" in str(Shell(READER).refused(command))


def test_somebody_else_was_quicker(shell: Shell) -> None:
    transport_settings.save(ADMIN, TransportLimits(message_retry_interval=60))
    page = transport_settings.PAGES[TransportLimits]
    row = page.row()
    transport_settings.save(ADMIN, TransportLimits(message_retry_interval=61))
    with pytest.raises(Exception, match="meanwhile"):
        transport_settings.save(ADMIN, TransportLimits(message_retry_interval=62), row.version)


def test_entries_of_the_ip_lists(shell: Shell) -> None:
    shell.run("Add-IPBlockListEntry -IPRange 192.0.2.0/24 -Comment x -ExpirationTime '2027-01-31 17:00'")
    shell.run("Add-IPAllowListEntry -IPAddress 192.0.2.7")
    assert "already" in str(shell.refused("Add-IPBlockListEntry -IPRange 192.0.2.0-192.0.2.255"))
    block, allow = sorted(saved().ip_list_entries, key=lambda each: each.ip_list.value, reverse=True)
    assert block.expiration_time == int(datetime(2027, 1, 31, 17, tzinfo=UTC).timestamp())
    assert allow.ip_range == "192.0.2.7"
    assert shell.run("(Get-IPBlockListEntry -IPAddress 192.0.3.1 | Measure-Object).Count") == "0"
    shell.run("Get-IPBlockListEntry | ? {$_.IPRange -eq '192.0.2.0/24'} | Remove-IPBlockListEntry -Confirm:$false")
    assert saved().ip_list_entries == (allow,)


def test_providers_push_each_other_down(shell: Shell) -> None:
    shell.run("Add-IPBlockListProvider One -LookupDomain one.example.org -BitmaskMatch 127.0.0.4")
    shell.run("Add-IPBlockListProvider Two -LookupDomain two.example.org; Set-IPBlockListProvider Two -Priority 1")
    found = {each.name: each for each in saved().ip_list_providers}
    assert (found["One"].priority, found["Two"].priority) == (2, 1)
    assert (found["One"].any_match, found["Two"].any_match) == (False, True)
    assert "couldn't be found" in str(shell.refused("Set-IPAllowListProvider One -Priority 5"))


def test_recipients(shell: Shell) -> None:
    shell.run("New-Recipient Anna@Contoso.com -DisplayName 'Anna A.'")
    directory.add(ADMIN, "bob@contoso.com", "Bob")
    assert shell.run("Get-Recipient *@contoso.com | ft -HideTableHeaders Name").splitlines() == ["", "Anna A.", "Bob"]
    shell.run("Get-Recipient bob@contoso.com | Set-Recipient -DisplayName Robert")
    assert "Robert" in shell.run("Get-Recipient -Anr rob")
    assert shell.run("(Get-Recipient -ResultSize 1 | Measure-Object).Count") == "1"
    shell.run("Remove-Recipient bob@contoso.com -Confirm:$false")
    assert "couldn't be found" in str(shell.refused("Get-Recipient bob@contoso.com"))


def test_send_connector_settings(shell: Shell) -> None:
    smart = {"dns_routing_enabled": False, "smart_hosts": ("mail.far.test",)}
    signing_in = smart | {"authentication_credential": ("Somebody",)}
    needed: dict[str, dict[str, Any]] = {
        "tls_auth_level": {"require_tls": True}, "implicit_tls": smart, "smart_host_auth_mechanism": signing_in,
        "delivery_window": {"delivery_times": ("Mon-Fri 08:00-18:00",)},
        "request_mail": {"request_mail_server": "isp.far.test"},
    }  # fmt: skip
    fitting = {
        "name": "Out 2", "dns_routing_enabled": True, "smart_hosts": (), "source_receive_connectors": ("Office",),
        "accept_messages_from": ("Clerks",), "reject_messages_from": ("Clerks",),
    }  # fmt: skip
    from console.users import actions as users

    users.add_group(ADMIN, "Clerks")
    for field, setting in settings(SendConnector).items():
        row = connectors.create(ADMIN, send_connector("Out", **needed.get(field, {})))
        now = saved().send_connectors[0]
        wanted = fitting[field] if field in fitting else another(field, setting, getattr(now, field))
        asked = " -ConfirmRelay Out" if field == "allow_relay" else ""
        shell.run(f'Set-SendConnector "Out" -{setting.name} {argument(setting, wanted)}{asked}')
        assert getattr(saved().send_connectors[0], field) == wanted
        connectors.remove(ADMIN, SendConnector, row.pk)


ROLES = [Role.HYGIENE_MANAGEMENT, Role.RECIPIENT_MANAGEMENT]


@pytest.mark.parametrize("role", ROLES)
def test_only_organization_management_changes_the_transport(shell: Shell, role: Role) -> None:
    limited = Shell(Actor("limited", frozenset({role})))
    assert "needs the role" in str(limited.refused("Set-TransportConfig -ExternalDelayDsnEnabled $false"))
