"""Get-, New-, Set-, Remove- and Test-SendConnector (Exchange reference, sections 8.1 and 12.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from django.db import transaction

from console.connectors import actions, models
from console.credentials import actions as credentials
from console.management_shell.cmdlets.family import Family
from console.management_shell.cmdlets.guard import CONFIRM_RELAY, guarded
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.secrets import PS_CREDENTIAL
from console.management_shell.language.values import Record, read_text, revealed
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
    keep = _credential(call, call.arguments["Name"])
    return FAMILY.made(call, start, keep(lambda connector, names: actions.create(call.host.actor, connector, names)))


def _set(call: Call) -> Iterator[Record]:
    actor, with_password = call.host.actor, isinstance(call.get("AuthenticationCredential"), Record)
    keep = _credential(call, FAMILY.find(call.arguments["Identity"]).name)

    def update(row: Any, changes: Any, names: Any) -> Any:
        return actions.update(actor, SendConnector, row.pk, changes, None, names)

    return FAMILY.changed(call, keep(update), more=with_password)


def _credential(call: Call, name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A user name with a password, as Exchange takes it, becomes a credential that is called as the connector; written
    together with that. Other arguments are names of credentials that are here.
    """
    given = call.get("AuthenticationCredential")
    if not isinstance(given, Record):
        return lambda write: write
    call.arguments["AuthenticationCredential"] = (name,)
    user_name, password = str(given.get("UserName")), revealed(given.get("Password"))

    def keep(write: Callable[..., Any]) -> Callable[..., Any]:
        def both(*what: Any) -> Any:
            with transaction.atomic():
                credentials.put_password(call.host.actor, name, user_name, password)
                return write(*what)

        return both

    return keep


def _read_credential(value: object) -> object:
    is_one = isinstance(value, Record) and value.type_name == PS_CREDENTIAL
    return value if is_one else NAMED.read(value)


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


NAMED = FAMILY.parameter("authentication_credential")
SETTINGS = (
    *FAMILY.parameters("name", "authentication_credential"),
    replace(
        NAMED, read=_read_credential, help=f"{NAMED.help} Or a user name with its password: (Get-Credential anna)."
    ),
)
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
                CONFIRM_RELAY,
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
            (FAMILY.identity_parameter(), FAMILY.parameter("name"), *SETTINGS, CONFIRM_RELAY),
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
            (FAMILY.identity_parameter(), CONFIRM_RELAY),
            "Removes a Send connector; what waits for it is routed anew.",
            {"Remove-SendConnector Internet -Confirm:$false": "Removes it without asking."},
            changes=True,
        ),
    )
}
