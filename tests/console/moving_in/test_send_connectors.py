"""What becomes of an exported Send connector: nothing is lost that can be kept, and the rest says why."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from console.commands.script import new_commands
from console.moving_in.report import Line, Translated, Verdict
from console.publishing import queries as publishing
from tests.console.builders import send_connector
from tests.console.management_shell.shell import Shell
from tests.console.moving_in.exports import SEND, as_csv, as_json, as_list, fixture, translated
from transport.config import rules
from transport.config.send_connector import ErrorPolicy, SendConnector, SendUsage, SmartHostAuth, TlsAuthLevel

PLAIN = {"Name": "Out", "AddressSpaces": ["SMTP:*;1"], "DNSRoutingEnabled": False, "SmartHosts": ["mail.contoso.com"]}


def exported(**properties: Any) -> Translated:
    (found,) = translated(json.dumps([PLAIN | properties]))
    return found


def line(found: Translated, name: str) -> Line:
    return next(each for each in found.lines if each.name == name)


@pytest.mark.parametrize("content", [fixture(SEND), as_json(SEND), as_csv(SEND), as_list(SEND)])
def test_in_each_format_the_export_says_the_same(content: bytes | str) -> None:
    (found,) = translated(content)
    assert found.struct == SendConnector(
        name="Mail to O365", dns_routing_enabled=False, smart_hosts=("microsoft-com.mail.protection.outlook.com",),
        address_spaces=found.struct.address_spaces, tls_certificate_name="<I>CN=localhost<S>CN=localhost",
        cloud_services_mail_enabled=True, source_transport_servers=("WIN-CTD3L0RGEN4",),
    )  # fmt: skip
    assert not rules.send_problems(found.struct, ())
    kept = {each.name for each in found.lines if each.verdict is Verdict.NOT_ENFORCED and each.becomes}
    assert kept == {"CloudServicesMailEnabled", "SourceTransportServers"}
    assert all(each.reason for each in found.lines if each.verdict is not Verdict.APPLIED)


@pytest.mark.parametrize(
    ("given", "field", "value"),
    [
        ({"TlsAuthLevel": None}, "tls_auth_level", TlsAuthLevel.None_),
        ({"TlsAuthLevel": "DomainValidation"}, "tls_auth_level", TlsAuthLevel.DomainValidation),
        ({"TlsDomain": None, "Fqdn": None}, "tls_domain", ""),
        ({"ErrorPolicies": "Default"}, "error_policies", frozenset()),
        ({"ErrorPolicies": 0}, "error_policies", frozenset()),
        ({"ErrorPolicies": "DowngradeDnsFailures"}, "error_policies", {ErrorPolicy.DowngradeDnsFailures}),
        ({"SmartHostAuthMechanism": 0}, "smart_host_auth_mechanism", SmartHostAuth.None_),
        ({"SourceIPAddress": "0.0.0.0"}, "source_ip_address", ""),
        ({"SourceIPAddress": {"IPAddressToString": "192.0.2.9"}}, "source_ip_address", "192.0.2.9"),
        ({"MaxMessageSize": "Unlimited"}, "max_message_size", None),
        ({"MaxMessageSize": "35 MB (36,700,160 bytes)"}, "max_message_size", 36700160),
        ({"ConnectionInactivityTimeOut": "1.00:00:00"}, "connection_inactivity_time_out", 86400),
        ({"SourceTransportServers": ["EDGE1", "EDGE2"]}, "source_transport_servers", ("EDGE1", "EDGE2")),
    ],
)
def test_null_defaults_numbers_and_objects(given: dict[str, Any], field: str, value: Any) -> None:
    found = exported(**given)
    assert getattr(found.struct, field) == value, found.lines


@pytest.mark.parametrize(
    ("given", "name", "becomes", "why"),
    [
        ({"Port": 0}, "Port", "25", "Nobody listens on port 0"),
        ({"AddressSpaces": ["SMTP:contoso.com;5", "X400:c=US;a= ;p=Contoso;1"]}, "AddressSpaces",
         "{SMTP:contoso.com;5}", "Only addresses of SMTP"),
        ({"AddressSpaces": ["SMTP:--;1"]}, "AddressSpaces", "{SMTP:--;1}", ""),
        ({"SmartHostAuthMechanism": "ExchangeServer"}, "SmartHostAuthMechanism", "None", "cannot be used here"),
        ({"AuthenticationCredential": {"UserName": "contoso\\relay"}}, "AuthenticationCredential", "{}", "no password"),
    ],
)  # fmt: skip
def test_what_is_not_as_it_was_says_why(given: dict[str, Any], name: str, becomes: str, why: str) -> None:
    said = line(exported(**given), name)
    assert (said.becomes, said.verdict is Verdict.APPROXIMATED) == (becomes, bool(why))
    assert why in said.reason


def test_what_signs_in_waits_disabled_for_its_credential() -> None:
    found = exported(SmartHostAuthMechanism="BasicAuthRequireTLS", Enabled=True, AuthenticationCredential=None)
    assert (found.struct.enabled, found.struct.smart_host_auth_mechanism) == (False, SmartHostAuth.BasicAuthRequireTLS)
    assert not rules.send_problems(found.struct, ())
    assert "no credential yet" in line(found, "Enabled").reason
    assert "no password" in line(found, "AuthenticationCredential").reason


EVERYTHING = {
    "DNSRoutingEnabled": True, "SmartHosts": [], "AddressSpaces": ["SMTP:*.contoso.com;5", "SMTP:--;1"],
    "TlsAuthLevel": "DomainValidation", "RequireTLS": True, "DomainSecureEnabled": True, "Fqdn": "out.contoso.com",
    "ErrorPolicies": "DowngradeDnsFailures, UpgradeCustomFailures", "ConnectionInactivityTimeOut": "00:05:00",
    "MaxMessageSize": "Unlimited", "ProtocolLoggingLevel": "Verbose", "SmtpMaxMessagesPerConnection": 7,
    "SourceIPAddress": "192.0.2.9", "UseExternalDNSServersEnabled": True, "SourceTransportServers": ["EDGE1", "EDGE2"],
    "Comment": "Ask “Jane” for $more", "ConnectorType": "XPremises", "RequireOorg": True, "IsScopedConnector": True,
    "FrontendProxyEnabled": True, "TlsCertificateName": "<I>CN=Contoso CA<S>CN=out.contoso.com", "Enabled": False,
}  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(
    "given",
    [
        {},
        EVERYTHING,
        {"SmartHostAuthMechanism": "BasicAuthRequireTLS", "Enabled": True},
        {"TlsDomain": "mail.contoso.com", "TlsAuthLevel": "DomainValidation", "RequireTLS": True, "ForceHELO": False},
        {"IgnoreSTARTTLS": True, "ForceHELO": True, "Port": 2525, "SmartHosts": ["[10.0.0.9]", "b.contoso.com"]},
    ],
)
def test_the_commands_of_an_import_make_the_same_connector(given: dict[str, Any]) -> None:
    found = exported(**given)
    Shell().run("\n".join(new_commands(found.struct)))
    assert publishing.saved().send_connectors == (found.struct,)


def test_the_commands_say_what_a_type_presets_otherwise() -> None:
    internal = send_connector(
        usage=SendUsage.Internal, dns_routing_enabled=False, smart_hosts=("a.test",), max_message_size=36700160
    )
    assert "-MaxMessageSize 35MB" in new_commands(internal)[0]
    assert "MaxMessageSize" not in new_commands(replace(internal, max_message_size=None))[0]
