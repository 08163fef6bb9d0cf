"""Get-, New-, Set-, Remove- and Test-SendConnector (Exchange reference, sections 8.1 and 12.2)."""

from __future__ import annotations

from collections.abc import Iterator

from console.connectors import actions, models
from console.management_shell.cmdlets.family import Family
from console.management_shell.cmdlets.guard import guarded
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.values import Record, read_text
from transport.config import rules
from transport.config.send_connector import SendConnector, SendUsage, TlsAuthLevel

ANY_ADDRESS = "0.0.0.0"
"""What Exchange prints where the system chooses the source address."""

ORDER = (
    "DNSRoutingEnabled", "TlsDomain", "TlsAuthLevel", "ErrorPolicies", "SmartHosts", "Port",
    "ConnectionInactivityTimeOut", "ForceHELO", "FrontendProxyEnabled", "IgnoreSTARTTLS", "CloudServicesMailEnabled",
    "Fqdn", "TlsCertificateName", "RequireTLS", "RequireOorg", "Enabled", "ProtocolLoggingLevel",
    "SmartHostAuthMechanism", "AuthenticationCredential", "UseExternalDNSServersEnabled", "DomainSecureEnabled",
    "SourceIPAddress", "SmtpMaxMessagesPerConnection", "ConnectorType", "SmartHostsString", "AddressSpaces",
    "IsScopedConnector", "IsSmtpConnector", "Comment", "SourceTransportServers", "MaxMessageSize", "Name", "Identity",
)  # fmt: skip
"""Exchange reference, section 12.2; what Exchange has not comes behind."""


def _as_exchange(connector: SendConnector) -> dict[str, object]:
    """What Exchange prints otherwise than the table, or has beside it: null where there is nothing."""
    level = connector.tls_auth_level
    texts = {"TlsDomain": connector.tls_domain, "Fqdn": connector.fqdn, "Comment": connector.comment}
    return {
        **{name: text or None for name, text in texts.items()},
        "TlsCertificateName": connector.tls_certificate_name or None,
        "TlsAuthLevel": None if level is TlsAuthLevel.None_ else level.value,
        "SourceIPAddress": connector.source_ip_address or ANY_ADDRESS,
        "SmartHostsString": ",".join(connector.smart_hosts),
        "IsSmtpConnector": True,
    }


FAMILY = Family(
    noun="SendConnector",
    words="Send connector",
    struct=SendConnector,
    rows=lambda: models.SendConnector.objects.all(),
    columns=("Identity", "AddressSpaces", "Enabled"),
    order=ORDER,
    more=_as_exchange,
)


def _new(call: Call) -> Iterator[Record]:
    usage = next((usage for usage in SendUsage if call.get(usage.value)), SendUsage.Custom)
    start = rules.send_start(call.get("Usage") or usage, call.arguments["Name"])
    return FAMILY.made(call, start, lambda connector, names: actions.create(call.host.actor, connector, names))


def _set(call: Call) -> Iterator[Record]:
    actor = call.host.actor
    return FAMILY.changed(
        call, lambda row, changes, names: actions.update(actor, SendConnector, row.pk, changes, None, names)
    )


def _test(call: Call) -> Iterator[object]:
    row = FAMILY.find(call.arguments["Identity"])
    finding = actions.try_out(call.host.actor, row.pk, call.arguments["Sender"], call.arguments["Recipient"])
    for step in finding.steps:
        values: dict[str, object] = {
            "Connector": row.name,
            "Stage": step.stage.value,
            "Host": step.host,
            "StatusCode": "Success" if step.is_good else "Failure",
            "Details": step.words,
            "Advice": step.advice,
        }
        yield Record("SendConnectorTest", values, ("Stage", "Host", "StatusCode", "Details"))
    if call.get("Transcript"):
        yield from (f"{line.event} {line.text}" for line in finding.transcript)


def _remove(call: Call) -> Iterator[Record]:
    return FAMILY.removed(call, lambda row, names: actions.remove(call.host.actor, SendConnector, row.pk, names))


SETTINGS = FAMILY.parameters("name")
TABLE = {
    each.name: guarded(each, FAMILY.fields)
    for each in (
        FAMILY.get(
            {
                "Get-SendConnector": "All Send connectors.",
                "Get-SendConnector Internet | fl": "One, in full.",
            }
        ),
        Cmdlet(
            "New-SendConnector",
            _new,
            (
                FAMILY.parameter("name", mandatory=True, position=0),
                *(
                    Parameter(usage.value, switch=True, help=f"The same as -Usage {usage.value}.")
                    for usage in SendUsage
                ),
                *SETTINGS,
            ),
            "Makes a Send connector.",
            {
                'New-SendConnector -Name "Internet" -AddressSpaces * -DNSRoutingEnabled $true': (
                    "Mail for other domains goes to their MX hosts."
                ),
                'New-SendConnector "To the partner" -AddressSpaces "SMTP:fabrikam.com;5" -DNSRoutingEnabled $false '
                "-SmartHosts mail.fabrikam.com,[10.10.10.100]": "Mail for one domain goes to smart hosts.",
            },
            changes=True,
        ),
        Cmdlet(
            "Set-SendConnector",
            _set,
            (FAMILY.identity_parameter(), FAMILY.parameter("name"), *SETTINGS),
            "Changes settings of a Send connector.",
            {"Set-SendConnector Internet -Fqdn mail.contoso.com": "The name that it gives in EHLO."},
            changes=True,
        ),
        Cmdlet(
            "Test-SendConnector",
            _test,
            (
                FAMILY.identity_parameter(),
                Parameter("Sender", read_text, mandatory=True, help="From whom a message would be."),
                Parameter("Recipient", read_text, mandatory=True, help="To whom."),
                Parameter("Transcript", switch=True, help="Shows what was said as well; secrets are masked."),
            ),
            "Tries a Send connector out up to a recipient, within 30 seconds. No message is sent.",
            {
                "Test-SendConnector Internet -Sender anna@contoso.com -Recipient bob@fabrikam.com": (
                    "Would mail get through, and where does it end?"
                ),
            },
        ),
        Cmdlet(
            "Remove-SendConnector",
            _remove,
            (FAMILY.identity_parameter(),),
            "Removes a Send connector; what waits for it is routed anew.",
            {"Remove-SendConnector Internet -Confirm:$false": "Removes it without asking."},
            changes=True,
        ),
    )
}
