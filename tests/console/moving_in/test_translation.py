"""What becomes of each property, and why where it becomes something else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from console.moving_in.objects import ReadError
from console.moving_in.report import Known, Line, Translated, Verdict
from tests.console.moving_in.exports import DOMAINS, RECEIVE, SEND, fixture, structs, translated
from transport.config.accepted_domain import AcceptedDomain, DomainType
from transport.config.connection_filter import IPList, IPListEntry
from transport.config.endpoint import IPRange
from transport.config.permissions import ANONYMOUS, EXCHANGE_SERVERS, Grant, PermissionGroup, Right
from transport.config.receive_connector import AuthMechanism, MessageRateSource, SizeMode, TransportRole

RELAY = {
    "Name": "Relay",
    "Identity": "EX1\\Relay",
    "Bindings": ["0.0.0.0:25"],
    "RemoteIPRanges": ["192.168.5.77"],
    "PermissionGroups": "AnonymousUsers",
    "AuthMechanism": "Tls",
}


def relay(**more: Any) -> dict[str, Any]:
    return RELAY | more


def one(*objects: dict[str, Any], known: Known | None = None) -> Translated:
    return translated(json.dumps(objects), known)[0]


def line(found: Translated, name: str) -> Line:
    return next(each for each in found.lines if each.name == name)


def test_the_connectors_of_a_lab_server():
    found = translated(fixture(RECEIVE))
    default, proxy, frontend, outbound, client = structs(found)
    assert default.transport_role is TransportRole.HubTransport
    assert default.size_enabled is SizeMode.EnabledWithoutValue
    assert (default.max_message_size, default.max_inbound_connection_per_source) == (37_748_736, None)
    assert frontend.permission_groups == {
        PermissionGroup.AnonymousUsers, PermissionGroup.ExchangeServers, PermissionGroup.ExchangeLegacyServers
    }  # fmt: skip
    assert (client.message_rate_limit, client.message_rate_source) == (5, MessageRateSource.User)
    assert [bool(each.better_left) for each in found] == [True, True, False, True, False]
    assert "one process" in found[1].better_left
    assert (proxy.bindings[0].port, outbound.tarpit_interval) == (465, 0)


def test_a_report_says_what_is_not_as_in_exchange():
    frontend = translated(fixture(RECEIVE))[2]
    assert line(frontend, "AuthMechanism").verdict is Verdict.APPROXIMATED
    assert "not offered" in line(frontend, "AuthMechanism").reason
    capabilities = line(frontend, "TlsDomainCapabilities")
    assert (capabilities.verdict, capabilities.becomes) == (
        Verdict.NOT_ENFORCED, "fabrikam.com:AcceptCloudServicesMail",
    )  # fmt: skip
    assert "hybrid" in capabilities.reason
    assert "No such certificate is here" in line(frontend, "TlsCertificateName").reason
    assert line(frontend, "MaxMessageSize") == Line(
        "MaxMessageSize", "36 MB (37,748,736 bytes)", "36 MB (37,748,736 bytes)", Verdict.APPLIED
    )
    assert frontend.bookkeeping > 10, "Guid, WhenChanged and their like are no settings"


def test_a_send_connector_and_accepted_domains():
    (sender,) = structs(translated(fixture(SEND)))
    assert (sender.name, sender.smart_hosts) == ("Mail to O365", ("microsoft-com.mail.protection.outlook.com",))
    assert [str(space) for space in sender.address_spaces] == ["SMTP:*;1"]
    domains = structs(translated(fixture(DOMAINS)))
    assert domains[0] == AcceptedDomain(name="Solo.com", domain_name="solo.com", default=True)
    assert [each.domain_name for each in domains[1:]] == ["*.contoso.local", "*.com"]


@pytest.mark.parametrize(
    ("given", "field", "value"),
    [
        ({"MaxMessageSize": "10 MB (10,485,760 bytes)"}, "max_message_size", 10 * 1024**2),
        ({"MaxMessageSize": "10 MB (10.485.760 Bytes)"}, "max_message_size", 10 * 1024**2),
        ({"MaxMessageSize": 1048576}, "max_message_size", 1048576),
        ({"MaxMessageSize": {"IsUnlimited": False, "Value": "1 MB (1,048,576 bytes)"}}, "max_message_size", 1048576),
        ({"MaxProtocolErrors": {"IsUnlimited": True}}, "max_protocol_errors", None),
        ({"MaxProtocolErrors": {"IsUnlimited": False, "Value": 7}}, "max_protocol_errors", 7),
        ({"ConnectionTimeout": {"Ticks": 12_000_000_000, "Days": 0, "Minutes": 20}}, "connection_timeout", 1200),
        ({"ConnectionTimeout": "00:20:00.0000000"}, "connection_timeout", 1200),
        ({"AuthMechanism": 5}, "auth_mechanism", {AuthMechanism.Tls, AuthMechanism.BasicAuth}),
        ({"AuthMechanism": ["Tls", "BasicAuth"]}, "auth_mechanism", {AuthMechanism.Tls, AuthMechanism.BasicAuth}),
        ({"PermissionGroups": 0}, "permission_groups", set()),
        ({"TransportRole": 32}, "transport_role", TransportRole.HubTransport),
        ({"RequireTLS": "True"}, "require_tls", True),
        ({"Fqdn": {"Domain": "mail.contoso.com"}}, "fqdn", "mail.contoso.com"),
    ],
)
def test_strings_numbers_and_objects_mean_the_same(given: dict[str, Any], field: str, value: Any):
    assert getattr(one(relay(**given)).struct, field) == value


def test_addresses_as_objects():
    binding = {"Port": 587, "AddressFamily": 23, "Address": {"IPAddressToString": "::"}}
    remote = {"LowerBound": "10.0.0.1", "UpperBound": "10.0.0.9", "RangeFormat": 1}
    struct = one(relay(Bindings=[binding], RemoteIPRanges=[remote])).struct
    assert [str(each) for each in struct.bindings] == ["[::]:587"]
    assert [str(each) for each in struct.remote_ip_ranges] == ["10.0.0.1-10.0.0.9"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"MaxHopCount": 900}, "from 1 to 500. The nearest is taken"),
        ({"AuthMechanism": 33}, "name is not documented"),
        ({"SizeEnabled": 7}, "not documented"),
        ({"MaxMessageSize": "a lot"}, "It stays at its default"),
        ({"Fqdn": {"Whatever": 1}}, "none of the parts"),
        ({"PermissionGroups": "AnonymousUsers, Custom"}, "hand in Get-ADPermission as well"),
        ({"Bindings": ["10.2.3.4:25"]}, "10.2.3.4 must be an address of this machine"),
        ({"TlsCertificateName": "<I>CN=a<S>CN=b"}, "No such certificate is here"),
    ],
)
def test_what_cannot_be_taken_over_as_it_is_says_why(given: dict[str, Any], words: str):
    found = line(one(relay(**given)), next(iter(given)))
    assert found.verdict is Verdict.APPROXIMATED
    assert words in found.reason


def test_a_certificate_that_is_here_is_applied():
    known = Known(certificates=frozenset({"<I>CN=a<S>CN=b"}))
    assert line(one(relay(TlsCertificateName="<I>CN=a<S>CN=b"), known=known), "TlsCertificateName").reason == ""


def test_the_default_domain_is_found_by_its_name_in_exchange():
    domain = {"Name": "Company", "DomainName": "contoso.com", "DomainType": 2}
    connector, accepted = translated(json.dumps([relay(DefaultDomain="Company"), domain]))
    assert connector.struct.default_domain == "contoso.com"
    assert accepted.struct.domain_type is DomainType.InternalRelay


def grant(user: str, *rights: str, **more: Any) -> dict[str, Any]:
    return {"Identity": "EX1\\Relay", "User": user, "ExtendedRights": list(rights), "Deny": False, **more}


RELAY_RIGHT = "ms-Exch-SMTP-Accept-Any-Recipient"


@pytest.mark.parametrize(
    ("entry", "grants", "words"),
    [
        (grant("NT AUTHORITY\\ANONYMOUS LOGON", RELAY_RIGHT), [Grant(ANONYMOUS, RELAY_RIGHT)], ""),
        (grant("S-1-5-7", RELAY_RIGHT.upper()), [Grant(ANONYMOUS, RELAY_RIGHT)], ""),
        (grant("NT AUTHORITY\\ANONYMOUS LOGON", RELAY_RIGHT, Deny=True), [Grant(ANONYMOUS, RELAY_RIGHT, True)], ""),
        (grant("LAB\\Exchange Servers", RELAY_RIGHT), [Grant(EXCHANGE_SERVERS, RELAY_RIGHT)], "is MS Exchange\\Hub"),
        (grant("NT AUTHORITY\\ANONYMOUS LOGON", "ms-Exch-SMTP-Submit"), [], "group gives it already"),
        (grant("NT AUTHORITY\\ANONYMOUS LOGON", RELAY_RIGHT, IsInherited=True), [], "Inherited"),
        (grant("S-1-5-21-1-2-3-1104", RELAY_RIGHT), [], "no principal that is known here"),
        (grant("LAB\\printers", RELAY_RIGHT), [Grant("LAB\\Printers", RELAY_RIGHT)], ""),
        (grant("NT AUTHORITY\\ANONYMOUS LOGON", "Send-As"), [], "no meaning"),
    ],
)
def test_rights_given_by_hand(entry: dict[str, Any], grants: list[Grant], words: str):
    known = Known(principals={"lab\\printers": "LAB\\Printers"})
    connector, report = translated(json.dumps([relay(), entry]), known)
    assert list(connector.struct.grants) == grants
    assert words in report.lines[0].reason


def test_a_denial_is_stronger_than_a_grant_whichever_comes_first():
    both = [grant("S-1-5-7", RELAY_RIGHT), grant("S-1-5-7", RELAY_RIGHT, Deny=True)]
    for entries in (both, both[::-1]):
        connector = translated(json.dumps([relay(), *entries]))[0]
        assert connector.struct.grants == (Grant(ANONYMOUS, Right.ACCEPT_ANY_RECIPIENT.value, deny=True),)


SERVERS = "Servers/EX1/Protocols/SMTP Receive Connectors/Relay"


@pytest.mark.parametrize(
    "identity",
    ["EX1\\Relay", "Relay", "ex1\\RELAY", f"contoso.com/Configuration/Services/Microsoft Exchange/Contoso/{SERVERS}",
     "CN=Relay,CN=SMTP Receive Connectors,CN=Protocols,CN=EX1,CN=Servers,CN=Administrative Groups,DC=contoso,DC=com"],
)  # fmt: skip
def test_the_connector_of_a_permission_is_known_however_it_is_written(identity: str):
    entry = grant("S-1-5-7", RELAY_RIGHT) | {"Identity": identity}
    assert translated(json.dumps([relay(), entry]))[0].struct.grants == (Grant(ANONYMOUS, RELAY_RIGHT),)
    two = [relay(), relay(Identity="EX2\\Relay"), entry]
    assert translated(json.dumps(two))[1].struct.grants == ()


def test_permissions_of_a_connector_that_was_not_handed_in():
    (report,) = translated(json.dumps([grant("S-1-5-7", RELAY_RIGHT)]))
    assert "not in the files" in report.problem


def test_list_entries():
    entry = {"Identity": 1, "IPRange": "192.0.2.1-192.0.2.9", "ExpirationTime": "2027-01-31T17:00:00", "Comment": "x"}
    found = one(entry | {"HasExpired": False})
    assert found.struct == IPListEntry(
        ip_list=IPList.Block, ip_range="192.0.2.1-192.0.2.9", comment="x", expiration_time=1801414800
    )
    assert one(entry | {"ExpirationTime": "12/31/9999 11:59:59 PM"}).struct.expiration_time is None


def test_the_organizations_secure_domains_go_to_the_connectors_with_domain_security():
    configuration = {"TLSReceiveDomainSecureList": ["fabrikam.com"], "ShadowRedundancyEnabled": True}
    connector, report = translated(json.dumps([relay(DomainSecureEnabled=True), configuration]))
    assert connector.struct.tls_receive_domain_secure_list == ("fabrikam.com",)
    assert line(report, "TLSReceiveDomainSecureList").verdict is Verdict.APPROXIMATED
    assert line(report, "ShadowRedundancyEnabled").verdict is Verdict.NOT_ENFORCED


def test_an_object_without_a_name_is_not_imported():
    found = one({"Bindings": ["0.0.0.0:25"], "RemoteIPRanges": ["10.0.0.1"]})
    assert found.struct is None
    assert "Name is missing" in found.problem


@pytest.mark.parametrize(
    ("name", "written", "octets"),
    [
        ("MaxHeaderSize", 256, 256 * 1024),
        ("MaxHeaderSize", "256", 256 * 1024),
        ("MaxHeaderSize", "64", 64 * 1024),
        ("MaxMessageSize", "36", 36 * 1024**2),
        ("MaxMessageSize", 10240, 10240 * 1024),
        ("MaxMessageSize", " 50 ", 50 * 1024**2),
    ],
)
def test_a_size_without_a_unit_is_taken_for_the_one_that_makes_sense(name: str, written: object, octets: int):
    found = one(relay(**{name: written}))
    assert {"MaxHeaderSize": found.struct.max_header_size, "MaxMessageSize": found.struct.max_message_size}[
        name
    ] == octets
    assert line(found, name).verdict is Verdict.APPROXIMATED
    assert "has no unit" in line(found, name).reason


@pytest.mark.parametrize(("name", "written"), [("MaxHeaderSize", "0"), ("MaxMessageSize", 9 * 10**12)])
def test_a_size_that_makes_no_sense_stays_at_its_default(name: str, written: object):
    found = one(relay(**{name: written}))
    assert (found.struct.max_header_size, found.struct.max_message_size) == (256 * 1024, 10 * 1024**2)
    assert "makes no sense" in line(found, name).reason and "default" in line(found, name).reason


@pytest.mark.parametrize("written", [262144, "262144", "256 KB (262,144 bytes)", "256KB"])
def test_a_size_that_is_clear_is_applied(written: object):
    found = one(relay(MaxHeaderSize=written))
    assert found.struct.max_header_size == 262144 and line(found, "MaxHeaderSize").verdict is Verdict.APPLIED


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("10.1.2.0(255.255.255.0)", ["10.1.2.0/24"]),
        ("10.1.0.0/16|10.2.0.5", ["10.1.0.0/16", "10.2.0.5"]),
        ("10.1.0.0/16;10.2.0.5", ["10.1.0.0/16", "10.2.0.5"]),
        ("10.1.0.0/16\n10.2.0.5\r\n", ["10.1.0.0/16", "10.2.0.5"]),
        ("10.1.0.0/16, 10.2.0.5", ["10.1.0.0/16", "10.2.0.5"]),
        ("10.0.0.1 - 10.0.0.9 10.2.0.5", ["10.0.0.1-10.0.0.9", "10.2.0.5"]),
        ("10.0.0.1–10.0.0.9|2001:db8::/32", ["10.0.0.1-10.0.0.9", "2001:db8::/32"]),
        (["10.1.2.0(255.255.254.0)", "10.9.0.1"], ["10.1.2.0/23", "10.9.0.1"]),
    ],
)
def test_ranges_are_read_however_a_script_has_joined_them(written: object, meant: list[str]):
    found = one(relay(RemoteIPRanges=written))
    assert [str(each) for each in found.struct.remote_ip_ranges] == meant
    assert line(found, "RemoteIPRanges").verdict is Verdict.APPLIED


@pytest.mark.parametrize(
    "bad", ["10.2.0.500", "printer", "10.1.2.0(255.0.255.0)", "10.0.0.9-10.0.0.1", "10.1.2.0(0.0.0.255)"]
)
def test_a_bad_entry_is_named_and_the_good_ones_stay(bad: str):
    found = one(relay(RemoteIPRanges=["10.1.0.0/16", bad, "10.2.0.5"]))
    assert [str(each) for each in found.struct.remote_ip_ranges] == ["10.1.0.0/16", "10.2.0.5"]
    shown = line(found, "RemoteIPRanges")
    assert shown.verdict is Verdict.APPROXIMATED and f"Left out: “{bad}”" in shown.reason


def test_a_binding_that_cannot_be_read_is_named_and_the_others_stay():
    found = one(relay(Bindings="0.0.0.0:2525|[::]:2525;nonsense"))
    assert [str(each) for each in found.struct.bindings] == ["0.0.0.0:2525", "[::]:2525"]
    assert "nonsense" in line(found, "Bindings").reason


def test_many_bad_entries_are_counted():
    found = one(relay(RemoteIPRanges=["10.1.0.0/16", *(f"bad{number}" for number in range(20))]))
    assert "15 more cannot be read" in line(found, "RemoteIPRanges").reason


@pytest.mark.parametrize(
    ("written", "ranges"),
    [
        ("10.1.2.0 255.255.255.0", ["10.1.2.0/24"]),
        ("10.1.2.0 (255.255.255.0);10.2.0.5", ["10.1.2.0/24", "10.2.0.5"]),
        ("10.2.0.5, 10.1.2.0\t255.255.0.0 10.3.0.1", ["10.2.0.5", "10.1.2.0/16", "10.3.0.1"]),
        (["10.1.2.0 255.255.255.0", "10.2.0.5"], ["10.1.2.0/24", "10.2.0.5"]),
        ("10.2.0.5 25.5.0.1", ["10.2.0.5", "25.5.0.1"]),
    ],
)
def test_a_mask_after_a_blank_belongs_to_its_address(written: Any, ranges: list[str]):
    found = one(relay(RemoteIPRanges=written))
    assert [each.bounds for each in found.struct.remote_ip_ranges] == [IPRange(each).bounds for each in ranges]
    assert line(found, "RemoteIPRanges").verdict is Verdict.APPLIED


def test_a_list_without_quotes_in_a_csv_is_told():
    found = translated("Name,Bindings,RemoteIPRanges\nRelay,10.2.3.4:25,10.0.0.1,10.0.0.2,10.0.0.3\n")[0]
    lost = line(found, "More cells")
    assert (lost.exported, lost.verdict) == ("10.0.0.2, 10.0.0.3", Verdict.NOT_ENFORCED)
    assert "more cells" in lost.reason
    tidy = translated("Name,Bindings,RemoteIPRanges\nRelay,10.2.3.4:25,10.0.0.1,,\n")[0]
    assert all(each.name != "More cells" for each in tidy.lines)


def test_a_csv_with_one_column_twice_is_refused():
    with pytest.raises(ReadError, match="the column “remoteipranges” twice"):
        translated("Name,RemoteIPRanges,Bindings,RemoteIPRanges\nRelay,10.0.0.1,10.2.3.4:25,10.0.0.2\n")
