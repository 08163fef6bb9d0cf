"""Providers that take mail as smart hosts: where, how one signs in, how much they take, and what has to be registered
there. Source: Sending mail outward, sections 1.2, 1.3, 1.4, 1.5 and 1.7; only what two places say, or the provider.
"""

from __future__ import annotations

import re

import msgspec
from msgspec.structs import replace

from transport.config.credential import CredentialKind
from transport.config.send_connector import Provider, SendConnector, SmartHostAuth, TlsAuthLevel


class Step(msgspec.Struct, frozen=True):
    """Something to do at the provider; `commands` to copy, what is in angle brackets to be replaced."""

    text: str
    commands: str = ""


class Place(msgspec.Struct, frozen=True):
    """What the host name depends on. `choices`: (what is entered, label); none: anything that `pattern` allows."""

    label: str
    help: str
    pattern: str = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
    choices: tuple[tuple[str, str], ...] = ()


class Limits(msgspec.Struct, frozen=True):
    """What a provider takes of one account; None where it names no limit, or another one for each customer.
    `minute_counts_recipients`, `day_counts_recipients`: what of it, and so the account's own limit, means recipients.
    """

    connections: int | None = None
    messages_per_minute: int | None = None
    messages_per_hour: int | None = None
    messages_per_day: int | None = None
    recipients_per_day: int | None = None
    minute_counts_recipients: bool = False
    day_counts_recipients: bool = False


class Preset(msgspec.Struct, frozen=True, kw_only=True):
    """`host` holds `{place}` where there is a `place`; `kind`: of the credential, None where none is needed;
    `user_name`: which one it is, `fixed_user_name`: for everybody; `size` in octets.
    """

    provider: Provider
    purpose: str
    host: str
    place: Place | None = None
    port: int = 587
    mechanism: SmartHostAuth = SmartHostAuth.BasicAuthRequireTLS
    kind: CredentialKind | None = CredentialKind.Password
    user_name: str = ""
    fixed_user_name: str = ""
    size: int | None = None
    limits: Limits = Limits()
    steps: tuple[Step, ...] = ()
    warnings: tuple[str, ...] = ()


MEGABYTE = 1024 * 1024
BASIC_ENDS = (
    "With a password instead of OAuth: Microsoft switches that off by default at the end of December 2026. An "
    "administrator may switch it on again; in the second half of 2027 Microsoft names the day of its end."
)

# A row of the table is a paragraph, whatever its length.
# fmt: off
PRESETS = (
    Preset(
        provider=Provider.Microsoft365,
        purpose="Sends to anyone, as a mailbox of your tenant.",
        host="smtp.office365.com",
        mechanism=SmartHostAuth.OAuth, kind=CredentialKind.Microsoft365,
        user_name="The mailbox that mail is sent as, not the application.",
        limits=Limits(connections=3, messages_per_minute=30, recipients_per_day=10_000, day_counts_recipients=True),
        steps=(
            Step(
                "In Entra, register an application: single tenant, no redirect URI. Note its application (client) ID, "
                "and the directory (tenant) ID. Make a client secret, which is shown once, or upload a certificate.",
            ),
            Step(
                "Under API permissions choose APIs my organization uses, Office 365 Exchange Online, Application "
                "permissions, SMTP.SendAsApp. Then grant admin consent. Permissions of Graph are not needed.",
            ),
            Step(
                "In Exchange Online PowerShell, make the service principal. The object ID is that of the enterprise "
                "application, not of the app registration: with the other one every sign-in is answered 535 5.7.3.",
                "New-ServicePrincipal -AppId <application ID> -ObjectId <object ID of the enterprise application>",
            ),
            Step(
                "Let it use the mailbox; and, to send as another address too, let it do that.",
                "Add-MailboxPermission -Identity <mailbox> -User <object ID of the enterprise application> "
                "-AccessRights FullAccess\n"
                "Add-RecipientPermission -Identity <other address> -Trustee <object ID of the enterprise application> "
                "-AccessRights SendAs",
            ),
            Step(
                "SMTP AUTH must be on for the mailbox. It takes 15 to 30 minutes until it holds.",
                "Set-CASMailbox -Identity <mailbox> -SmtpClientAuthenticationDisabled $false",
            ),
        ),
        warnings=(
            BASIC_ENDS,
            "A client secret ends: enter the day with the credential, and you are warned before.",
            "Mail of senders that the mailbox may not send as comes back (550 5.7.60).",
            "Sent items fill the mailbox; when it is full, nothing is sent any more.",
        ),
    ),
    Preset(
        provider=Provider.Microsoft365Relay,
        purpose="Sends to anyone, for every address of your accepted domains, without a mailbox and without a sign-in.",
        host="{place}.mail.protection.outlook.com",
        place=Place(
            "Name of your domain there",
            "The first part of the MX record of your domain in Microsoft 365, such as contoso-com of "
            "contoso-com.mail.protection.outlook.com.",
        ),
        port=25, mechanism=SmartHostAuth.None_, kind=None,
        steps=(
            Step("In the Exchange admin center, add an inbound connector for your organization's email server."),
            Step(
                "Let it recognize this server by its certificate (recommended), or by its public address, which is "
                "static and used by nobody else. For a certificate, choose ours on the connector, under Security.",
            ),
            Step("The domain of the sender must be an accepted domain of the tenant."),
        ),
        warnings=(
            "When address or certificate change, every message is answered 550 5.7.64 until the connector there knows "
            "the new one.",
            "A tenant has a limit of external recipients in 24 hours: 500 × licences to the power of 0.7, + 9,500.",
        ),
    ),
    Preset(
        provider=Provider.HighVolumeEmail,
        purpose="Sends much mail inside your own tenant.",
        host="smtp.hve.mx.microsoft",
        user_name="The address of the HVE account.",
        size=10 * MEGABYTE,
        steps=(
            Step("In the Exchange admin center, make an account for High Volume Email."),
            Step("Give it a billing policy: without one it sends nothing."),
        ),
        warnings=(
            "It reaches recipients of your own tenant only, since June 2025: let the connector's address space be your "
            "own domains.",
            "At most 50 recipients and 10 MB for each message.",
            "Signing in with a password ends in September 2028.",
        ),
    ),
    Preset(
        provider=Provider.AzureCommunicationServices,
        purpose="Sends to anyone, by Azure Communication Services.",
        host="smtp.azurecomm.net",
        user_name="The SMTP user name that the Azure portal shows.",
        size=10 * MEGABYTE,
        limits=Limits(connections=250, messages_per_minute=30, messages_per_hour=100),
        steps=(
            Step("In Azure, make a Communication Services resource with a domain of yours."),
            Step("Register an application in Entra for it. Its client secret is the password."),
        ),
        warnings=(
            "30 messages a minute and 100 an hour at first; Azure raises it on request.",
            "At most 50 recipients and 10 MB for each message.",
            "The client secret ends: enter the day with the credential, and you are warned before.",
        ),
    ),
    Preset(
        provider=Provider.GoogleRelay,
        purpose="Sends to anyone, for the users of Google Workspace, known by the address of this server.",
        host="smtp-relay.gmail.com",
        mechanism=SmartHostAuth.None_, kind=None,
        limits=Limits(messages_per_day=10_000, recipients_per_day=10_000),
        steps=(
            Step(
                "In the Google admin console, set up the SMTP relay service: who may send, from which addresses, and "
                "with TLS.",
            ),
        ),
        warnings=(
            "10,000 messages to 10,000 recipients for each registered user in 24 hours, counted by the sender of the "
            "envelope.",
            "The whole organization has limits: at most 4.6 million messages in 24 hours, and 319,444 in 10 minutes.",
        ),
    ),
    Preset(
        provider=Provider.Gmail,
        purpose="Sends to anyone, as one user of Gmail or Google Workspace.",
        host="smtp.gmail.com",
        mechanism=SmartHostAuth.OAuth, kind=CredentialKind.GoogleServiceAccount,
        user_name="The address of the user.",
        limits=Limits(messages_per_day=2_000),
        steps=(
            Step("In Google Cloud, make a project, a service account in it, and a JSON key of that."),
            Step(
                "In the Google admin console, give the service account domain-wide delegation for this scope. The "
                "scope gmail.send does not work over SMTP.",
                "https://mail.google.com/",
            ),
            Step(
                "Without Google Workspace: make an app password for the user, a credential of the kind User name and "
                "password, and choose basic authentication over TLS only.",
            ),
        ),
        warnings=("2,000 messages a day.",),
    ),
    Preset(
        provider=Provider.AmazonSES,
        purpose="Sends to anyone, by Amazon SES.",
        host="email-smtp.{place}.amazonaws.com",
        place=Place("Region", "That of the SES account, such as eu-central-1."),
        user_name="The SMTP user name, not an access key of IAM.",
        limits=Limits(minute_counts_recipients=True, day_counts_recipients=True),
        steps=(
            Step("In the SES console, make SMTP credentials. They hold in this region only."),
            Step("Leave the sandbox: in it only verified recipients get mail."),
        ),
        warnings=(
            "In the sandbox: 200 messages in 24 hours, and one a second.",
        ),
    ),
    Preset(
        provider=Provider.SendGrid,
        purpose="Sends to anyone, by SendGrid.",
        host="smtp.sendgrid.net",
        user_name="The word apikey, for everybody; the password is the API key.", fixed_user_name="apikey",
        limits=Limits(connections=10_000),
        steps=(
            Step("In SendGrid, make an API key that may send mail."),
        ),
        warnings=("SendGrid changes its addresses: let firewalls know the name.",),
    ),
    Preset(
        provider=Provider.Mailgun,
        purpose="Sends to anyone, by Mailgun.",
        host="{place}",
        place=Place(
            "Region", "That in which the sending domain was made.",
            choices=(("smtp.mailgun.org", "US"), ("smtp.eu.mailgun.org", "EU")),
        ),
        user_name="The whole address of an SMTP user of the sending domain, such as postmaster@mg.contoso.com.",
        size=25 * MEGABYTE,
        steps=(
            Step("In Mailgun, make an SMTP user of the sending domain. The API key is no password."),
        ),
        warnings=("At most 25 MB for each message.",),
    ),
)
# fmt: on
BY_PROVIDER = {each.provider: each for each in PRESETS}


def limits_of(provider: Provider) -> Limits:
    """What one account may send there, as far as it is known."""
    return BY_PROVIDER[provider].limits if provider in BY_PROVIDER else Limits()


def counting_recipients() -> tuple[Provider, ...]:
    """Those where a message to three recipients counts three times in a day."""
    return tuple(each.provider for each in PRESETS if each.limits.day_counts_recipients)


def host_of(preset: Preset, place: str = "") -> str:
    """The smart host. Raises ValueError, that says what to enter."""
    if preset.place is None:
        return preset.host
    allowed = [value for value, _ in preset.place.choices]
    entered = place.strip().lower()
    if entered not in allowed if allowed else not re.fullmatch(preset.place.pattern, entered):
        raise ValueError(f"{preset.place.label}: {preset.place.help}")
    return preset.host.format(place=entered)


def connector(
    preset: Preset, start: SendConnector, place: str = "", credentials: tuple[str, ...] = ()
) -> SendConnector:
    """A connector as it has to be for this provider. Raises ValueError, that says what to enter."""
    host = host_of(preset, place)
    made = replace(
        start, dns_routing_enabled=False, smart_hosts=(host,), provider=preset.provider, port=preset.port,
        smart_host_auth_mechanism=preset.mechanism, authentication_credential=credentials if preset.kind else (),
        require_tls=True, tls_auth_level=TlsAuthLevel.DomainValidation, tls_domain=host,
    )  # fmt: skip
    return replace(made, max_message_size=preset.size) if preset.size else made
