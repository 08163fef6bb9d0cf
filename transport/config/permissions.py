"""Permission groups, the principals behind them and the rights they grant on a Receive connector.

Source: Exchange reference, section 2.1; document 003 lists the Anonymous and the Externally Secured rights alike.
"""

from __future__ import annotations

import msgspec

from transport.config.labelled import Labelled


class Right(Labelled):
    """An extended right on a Receive connector. The value is the name that Exchange's cmdlets print.

    A text because sets of rights are asked for each command, and a plain Enum spells its hash out in Python.
    """

    SUBMIT = "ms-Exch-SMTP-Submit", "Submit"
    ACCEPT_ANY_RECIPIENT = "ms-Exch-SMTP-Accept-Any-Recipient", "Accept any recipient (relay)"
    ACCEPT_ANY_SENDER = "ms-Exch-SMTP-Accept-Any-Sender", "Accept any sender"
    ACCEPT_AUTHORITATIVE_DOMAIN_SENDER = (
        "ms-Exch-SMTP-Accept-Authoritative-Domain-Sender", "Accept authoritative domain sender",
    )  # fmt: skip
    ACCEPT_AUTHENTICATION_FLAG = "ms-Exch-SMTP-Accept-Authentication-Flag", "Accept authentication flag"
    BYPASS_ANTI_SPAM = "ms-Exch-Bypass-Anti-Spam", "Bypass anti-spam"
    BYPASS_MESSAGE_SIZE_LIMIT = "ms-Exch-Bypass-Message-Size-Limit", "Bypass message size limit"
    ACCEPT_EXCH50 = (
        "ms-Exch-SMTP-Accept-Exch50", "Accept Exch50", "XEXCH50, a command of Exchange 2003, is not spoken here.",
    )  # fmt: skip
    ACCEPT_HEADERS_ROUTING = "ms-Exch-Accept-Headers-Routing", "Accept routing headers"
    ACCEPT_HEADERS_ORGANIZATION = "ms-Exch-Accept-Headers-Organization", "Accept organization headers"
    ACCEPT_HEADERS_FOREST = "ms-Exch-Accept-Headers-Forest", "Accept forest headers"


_LOG_NAMES = {
    Right.SUBMIT: "SMTPSubmit",
    Right.ACCEPT_ANY_RECIPIENT: "SMTPAcceptAnyRecipient",
    Right.ACCEPT_AUTHENTICATION_FLAG: "SMTPAcceptAuthenticationFlag",
    Right.ACCEPT_ANY_SENDER: "SMTPAcceptAnySender",
    Right.ACCEPT_AUTHORITATIVE_DOMAIN_SENDER: "SMTPAcceptAuthoritativeDomainSender",
    Right.BYPASS_ANTI_SPAM: "BypassAntiSpam",
    Right.BYPASS_MESSAGE_SIZE_LIMIT: "BypassMessageSizeLimit",
    Right.ACCEPT_EXCH50: "SMTPAcceptEXCH50",
    Right.ACCEPT_HEADERS_ROUTING: "AcceptRoutingHeaders",
    Right.ACCEPT_HEADERS_FOREST: "AcceptForestHeaders",
    Right.ACCEPT_HEADERS_ORGANIZATION: "AcceptOrganizationHeaders",
}


def logged(held: frozenset[Right]) -> str:
    """Rights as the protocol log's “Set Session Permissions” event has them, in Exchange's order."""
    return " ".join(name for right, name in _LOG_NAMES.items() if right in held)


class PermissionGroup(Labelled):
    """Exchange's permission groups of a Receive connector, by their shell names and the EAC's labels."""

    AnonymousUsers = "AnonymousUsers", "Anonymous users"
    ExchangeUsers = "ExchangeUsers", "Exchange users"
    ExchangeServers = "ExchangeServers", "Exchange servers"
    ExchangeLegacyServers = "ExchangeLegacyServers", "Legacy Exchange servers"
    Partners = "Partners"


ANONYMOUS = r"NT AUTHORITY\ANONYMOUS LOGON"
AUTHENTICATED_USERS = r"NT AUTHORITY\Authenticated Users"
EXCHANGE_SERVERS = r"MS Exchange\Hub Transport Servers"
EXTERNALLY_SECURED = r"MS Exchange\Externally Secured Servers"
LEGACY_SERVERS = "ExchangeLegacyInterop"
PARTNER_SERVERS = r"MS Exchange\Partner Servers"

PRINCIPALS = {
    ANONYMOUS: "Anonymous users",
    AUTHENTICATED_USERS: "Authenticated users",
    EXCHANGE_SERVERS: "Exchange servers",
    EXTERNALLY_SECURED: "Externally secured servers",
    LEGACY_SERVERS: "Legacy Exchange servers",
    PARTNER_SERVERS: "Partner servers",
}
"""Principal → the words a person reads."""

_EXTERNALLY_SECURED_RIGHTS = frozenset(Right) - {Right.ACCEPT_HEADERS_ORGANIZATION, Right.ACCEPT_HEADERS_FOREST}
GRANTED_BY_GROUP: dict[PermissionGroup, dict[str, frozenset[Right]]] = {
    PermissionGroup.AnonymousUsers: {
        ANONYMOUS: frozenset(
            {
                Right.SUBMIT,
                Right.ACCEPT_ANY_SENDER,
                Right.ACCEPT_AUTHORITATIVE_DOMAIN_SENDER,
                Right.ACCEPT_HEADERS_ROUTING,
            }
        )
    },
    PermissionGroup.ExchangeUsers: {
        AUTHENTICATED_USERS: frozenset(
            {Right.SUBMIT, Right.ACCEPT_ANY_RECIPIENT, Right.BYPASS_ANTI_SPAM, Right.ACCEPT_HEADERS_ROUTING}
        )
    },
    PermissionGroup.ExchangeServers: {
        EXCHANGE_SERVERS: frozenset(Right),
        EXTERNALLY_SECURED: _EXTERNALLY_SECURED_RIGHTS,
    },
    PermissionGroup.ExchangeLegacyServers: {LEGACY_SERVERS: _EXTERNALLY_SECURED_RIGHTS},
    PermissionGroup.Partners: {PARTNER_SERVERS: frozenset({Right.SUBMIT, Right.ACCEPT_HEADERS_ROUTING})},
}


class Grant(msgspec.Struct, frozen=True, order=True, forbid_unknown_fields=True):
    """A right that an administrator gave to, or with `deny` took from, a principal by hand (Add-ADPermission)."""

    principal: str
    right: str
    deny: bool = False


def right_named(name: str) -> Right:
    """The right of an Exchange name in any case. Raises ValueError for an unknown name."""
    for right in Right:
        if right.value.lower() == name.lower():
            return right
    raise ValueError(f"“{name}” is no right of a Receive connector.")


def group_rights(groups: frozenset[PermissionGroup], principal: str) -> frozenset[Right]:
    """What the permission groups of a connector give to a principal."""
    found: frozenset[Right] = frozenset()
    for group, principals in GRANTED_BY_GROUP.items():
        if group in groups:
            found |= principals.get(principal, frozenset())
    return found


class Origin(msgspec.Struct, frozen=True):
    """Where a right comes from: the permission groups that give it, to which principal each, the principals to whom it
    was granted by hand, and those to whom it was denied so.
    """

    right: Right
    by_group: tuple[tuple[PermissionGroup, str], ...] = ()
    granted: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()

    @property
    def is_held(self) -> bool:
        """Whether a session with it may use it."""
        return bool(self.by_group or self.granted) and not self.denied


def origins(groups: frozenset[PermissionGroup], grants: tuple[Grant, ...], *principals: str) -> list[Origin]:
    """Where each right of a session that stands for all these principals comes from, as `rights` reckons."""
    return [_origin(right, groups, grants, principals) for right in Right]


def _origin(
    right: Right, groups: frozenset[PermissionGroup], grants: tuple[Grant, ...], principals: tuple[str, ...]
) -> Origin:
    names = {principal.casefold() for principal in principals}
    mine = [each for each in grants if each.principal.casefold() in names and right_named(each.right) is right]
    given = (
        (group, principal)
        for group, holders in GRANTED_BY_GROUP.items()
        for principal in principals
        if group in groups and right in holders.get(principal, ())
    )
    granted = (each.principal for each in mine if not each.deny)
    denied = (each.principal for each in mine if each.deny)
    return Origin(right, tuple(given), tuple(granted), tuple(denied))


def rights(groups: frozenset[PermissionGroup], grants: tuple[Grant, ...], *principals: str) -> frozenset[Right]:
    """The rights of a session that stands for all these principals: what groups and grants by hand give to any of them,
    less what is denied to any. Names are compared without case.
    """
    names = {principal.casefold() for principal in principals}
    mine = [grant for grant in grants if grant.principal.casefold() in names]
    allowed = {right_named(grant.right) for grant in mine if not grant.deny}
    denied = {right_named(grant.right) for grant in mine if grant.deny}
    by_group = (group_rights(groups, principal) for principal in principals)
    return frozenset().union(*by_group, allowed) - denied
