"""What may not stand together: consistency of one connector, conflicts between connectors, whole-snapshot checks.

Sources: Exchange reference, section 2.4 (A1–A14), 3.2 (unique bindings × ranges, nesting), 4.1 (accepted domains), 8.1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import msgspec

from transport.config import delivery_host, kinds
from transport.config.accepted_domain import AcceptedDomain, DeliverTo, PickUp
from transport.config.address_space import AddressSpace
from transport.config.credential import BASIC
from transport.config.endpoint import Binding, IPRange, everyone
from transport.config.host_name import host_name
from transport.config.permissions import PermissionGroup, right_named
from transport.config.receive_connector import (
    SIGN_IN,
    AuthMechanism,
    ExtendedProtectionPolicy,
    ReceiveConnector,
    Usage,
)
from transport.config.send_connector import (
    SIGNS_IN,
    DeliveryWindow,
    Provider,
    RequestMail,
    SendConnector,
    SendUsage,
    SmartHostAuth,
    TlsAuthLevel,
)
from transport.config.setting import obeyed, settings
from transport.config.snapshot import Snapshot
from transport.config.system_message import CODE, LANGUAGE, SystemMessage, identity


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an object cannot stand as it is: the field at fault and words that say how to mend it."""

    field: str
    message: str


def problems(connector: ReceiveConnector, others: Iterable[ReceiveConnector]) -> list[Problem]:
    """All problems of a Receive connector, alone and beside the other connectors (disabled ones count as well)."""
    beside = [other for other in others if other is not connector]
    return [*out_of_bounds(connector), *_own_problems(connector), *_conflicts(connector, beside)]


def out_of_bounds(struct: msgspec.Struct) -> Iterable[Problem]:
    """Every setting of an object whose value is outside its bounds; an empty text is for the rules of its kind."""
    for field, setting in settings(type(struct)).items():
        value = getattr(struct, field)
        try:
            if value != "":
                kinds.check(setting, value)
        except ValueError as error:
            yield Problem(field, str(error))


def _own_problems(connector: ReceiveConnector) -> Iterable[Problem]:
    if not connector.name.strip():
        yield Problem("name", "Give the connector a name.")
    if not connector.bindings:
        yield Problem("bindings", "Add at least one address and port to listen on, for example 0.0.0.0:25.")
    if not connector.remote_ip_ranges:
        yield Problem("remote_ip_ranges", "Add at least one remote address or range; nobody could connect otherwise.")
    yield from _authentication_problems(connector)
    if connector.banner and not (connector.banner == "220" or connector.banner.startswith("220 ")):
        yield Problem("banner", "The banner must start with 220 and a space, for example: 220 Mail Server")
    if not connector.banner.isascii() or not connector.banner.isprintable():
        yield Problem("banner", "Use printable ASCII characters on one line.")
    if connector.connection_inactivity_timeout >= connector.connection_timeout:
        yield Problem(
            "connection_inactivity_timeout", "The inactivity time-out must be shorter than the connection time-out."
        )
    if connector.binary_mime_enabled and not connector.chunking_enabled:
        yield Problem("binary_mime_enabled", "BINARYMIME needs CHUNKING: turn CHUNKING on, or BINARYMIME off.")
    identifier = connector.tls_certificate_name
    if identifier and not (identifier.startswith("<I>") and "<S>" in identifier):
        yield Problem("tls_certificate_name", "Write issuer and subject, as in <I>CN=Contoso CA<S>CN=mail.contoso.com.")
    for grant in connector.grants:
        try:
            right_named(grant.right)
        except ValueError as error:
            yield Problem("grants", str(error))
    yield from _range_problems(connector.remote_ip_ranges)


def _authentication_problems(connector: ReceiveConnector) -> Iterable[Problem]:
    mechanisms = connector.auth_mechanism
    secured = AuthMechanism.ExternalAuthoritative in mechanisms
    if AuthMechanism.BasicAuthRequireTLS in mechanisms:
        for needed in (AuthMechanism.BasicAuth, AuthMechanism.Tls):
            if needed not in mechanisms:
                yield Problem("auth_mechanism", f"“{AuthMechanism.BasicAuthRequireTLS.label}” needs “{needed.label}”.")
    others = sorted(each.label for each in mechanisms - {AuthMechanism.ExternalAuthoritative, AuthMechanism.Tls})
    if secured and others:
        yield Problem("auth_mechanism", f"“Externally secured” goes with TLS alone: take away “{'”, “'.join(others)}”.")
    if secured and PermissionGroup.ExchangeServers not in connector.permission_groups:
        yield Problem(
            "auth_mechanism",
            "“Externally secured” needs the permission group Exchange servers: its rights come from that group.",
        )
    if connector.require_tls and AuthMechanism.Tls not in mechanisms:
        yield Problem("require_tls", "Nobody could send: offer TLS under Authentication, or do not require it.")
    if connector.domain_secure_enabled and AuthMechanism.Tls not in mechanisms:
        yield Problem("domain_secure_enabled", "Domain Security needs TLS: offer it under Authentication.")
    if connector.domain_secure_enabled and secured:
        yield Problem(
            "domain_secure_enabled",
            "Domain Security checks certificates, “Externally secured” trusts every client: choose one of them.",
        )


def advice(connector: ReceiveConnector) -> Iterator[str]:
    """What is allowed but does nothing, with what to do about it (A9–A12)."""
    mechanisms, groups = connector.auth_mechanism, connector.permission_groups
    integrated, signs_in = AuthMechanism.Integrated in mechanisms, bool(mechanisms & SIGN_IN)
    if connector.suppress_x_anonymous_tls:
        yield "Hiding X-ANONYMOUSTLS changes nothing: it is never offered here."
    if connector.enable_auth_gssapi and not integrated:
        yield "Kerberos is offered with Integrated Windows authentication only; without it the choice does nothing."
    if connector.extended_protection_policy is not ExtendedProtectionPolicy.None_ and not integrated:
        yield "Extended protection concerns Integrated Windows authentication only, which is not chosen."
    elif _nobody_is_bound(connector):
        yield "Extended protection is required but TLS is not offered: nobody can sign in with Integrated Windows."
    if signs_in and PermissionGroup.ExchangeUsers not in groups and not connector.grants:
        yield "Users may sign in, but that gives them no rights: add the permission group Exchange users."
    if PermissionGroup.ExchangeUsers in groups and not signs_in:
        yield "Exchange users have no way to sign in: choose Basic or Integrated Windows authentication."
    if PermissionGroup.Partners in groups and not connector.domain_secure_enabled:
        yield "Partners have no way to prove themselves: enable Domain Security."
    if connector.domain_secure_enabled and not connector.tls_receive_domain_secure_list:
        yield "Domain Security knows no partner yet: list their domains under Secure domains."
    if AuthMechanism.ExchangeServer in mechanisms:
        yield (
            f"Exchange Server authentication is kept, not offered: {AuthMechanism.ExchangeServer.not_enforced} "
            "Let your servers in by their addresses, externally secured."
        )


def _nobody_is_bound(connector: ReceiveConnector) -> bool:
    required = connector.extended_protection_policy is ExtendedProtectionPolicy.Require
    return required and AuthMechanism.Tls not in connector.auth_mechanism


def _range_problems(ranges: tuple[IPRange, ...]) -> Iterable[Problem]:
    spans = sorted((remote.bounds, remote) for remote in ranges)
    for (first, left), (second, right) in pairwise(spans):
        if first == second and left != right:
            yield Problem("remote_ip_ranges", f"{left} and {right} are the same addresses; remove one.")


def _conflicts(connector: ReceiveConnector, others: list[ReceiveConnector]) -> Iterable[Problem]:
    for other in others:
        if other.name.lower() == connector.name.lower():
            yield Problem("name", f"There is a connector “{other.name}” already; choose another name.")
        shared = sorted(set(connector.bindings) & set(other.bindings))
        if shared and other.transport_role != connector.transport_role:
            yield Problem(
                "bindings",
                f"{shared[0]} belongs to “{other.name}”, which has the role {other.transport_role.value}. "
                "Connectors of different roles need different addresses or ports.",
            )
        if shared and _disagree(connector, other):
            yield Problem("proxy_protocol_from", _front_ends(shared[0], other))
    for binding in connector.bindings:
        beside = [other for other in others if binding in other.bindings]
        found = _overlaps([connector, *beside], binding) if beside else ()
        yield from (problem for owner, problem in found if owner is connector)


def _disagree(connector: ReceiveConnector, other: ReceiveConnector) -> bool:
    """Whether two connectors of one binding name different load balancers: one that names none leaves it to others."""
    mine, theirs = (frozenset(r.bounds for r in each.proxy_protocol_from) for each in (connector, other))
    return bool(mine and theirs and mine != theirs)


def _front_ends(binding: Binding, other: ReceiveConnector) -> str:
    return (
        f"“{other.name}” names other load balancers for {binding}, and a binding has one list. Leave this one empty, "
        "or make both the same."
    )


Span = tuple[tuple[int, int, int], int, IPRange]


def _overlaps(connectors: list[ReceiveConnector], binding: Binding) -> Iterable[tuple[ReceiveConnector, Problem]]:
    """(connector, problem) for equal ranges and partial overlaps on one binding; one sorted sweep over all ranges."""
    spans = [
        (remote.bounds, owner, remote)
        for owner, connector in enumerate(connectors)
        for remote in connector.remote_ip_ranges
    ]
    covering: list[Span] = []
    for span in sorted(spans, key=lambda item: (item[0][0], item[0][1], -item[0][2])):
        version, low, _ = span[0]
        covering = [held for held in covering if held[0][0] == version and held[0][2] >= low]
        for held in covering:
            if held[1] != span[1]:
                yield from _overlap(connectors, held, span, binding)
        covering.append(span)


def _overlap(
    connectors: list[ReceiveConnector], held: Span, span: Span, binding: Binding
) -> Iterable[tuple[ReceiveConnector, Problem]]:
    for (_, owner, mine), (_, other, theirs) in ((held, span), (span, held)):
        name = connectors[other].name
        if held[0] == span[0]:
            message = f"“{name}” answers {theirs} on {binding} already. Use another binding or another range."
        elif held[0][2] < span[0][2]:
            message = (
                f"{mine} overlaps {theirs} of “{name}” on {binding} in part. One must lie wholly inside the other."
            )
        else:
            return
        yield connectors[owner], Problem("remote_ip_ranges", message)


def send_problems(connector: SendConnector, others: Iterable[SendConnector]) -> list[Problem]:
    """All problems of a Send connector, alone and beside the other connectors (Exchange reference, section 8.1)."""
    found = [*out_of_bounds(connector), *_send_problems(connector), *_tls_problems(connector)]
    found += _sign_in_problems(connector)
    found += _pull_problems(connector)
    for other in others:
        if other is not connector and other.name.lower() == connector.name.lower():
            found.append(Problem("name", f"There is a connector “{other.name}” already; choose another name."))
    return found


def _pull_problems(connector: SendConnector) -> Iterable[Problem]:
    if connector.request_mail is RequestMail.None_:
        return
    if not connector.request_mail_server and not connector.smart_hosts:
        yield Problem("request_mail_server", "Name the server that keeps the mail: there is no smart host to ask.")
    try:
        server = delivery_host.parse(connector.request_mail_server or "localhost")
        if server.is_socket:
            yield Problem("request_mail_server", "Name a host: mail is not requested over a socket.")
    except ValueError as error:
        yield Problem("request_mail_server", str(error))
    if connector.request_mail is not RequestMail.Etrn and not connector.request_mail_receive_connector:
        yield Problem("request_mail_receive_connector", "Name the Receive connector by which the mail is taken.")
    for name in connector.request_mail_domains:
        try:
            host_name(name.removeprefix("@"))
        except ValueError as error:
            yield Problem("request_mail_domains", str(error))


def delivery_problems(domain: AcceptedDomain) -> Iterator[Problem]:
    """What is wrong with where an accepted domain's mail goes."""
    if domain.deliver_to in (DeliverTo.Lmtp, DeliverTo.Host) and not domain.delivery_hosts:
        yield Problem("delivery_hosts", "Name at least one host that takes the mail.")
    if domain.deliver_to is DeliverTo.Usual and domain.delivery_hosts:
        yield Problem("delivery_hosts", "Mail does not go to these hosts: remove them, or choose where it goes.")
    if domain.deliver_to is not DeliverTo.Lmtp and any(one.is_socket for one in domain.delivery_hosts):
        yield Problem("delivery_hosts", "A socket is for an LMTP server; name a host.")
    if domain.deliver_to is DeliverTo.PickUp:
        yield from _pick_up_problems(domain)


def _pick_up_problems(domain: AcceptedDomain) -> Iterator[Problem]:
    if not domain.pick_up_methods:
        yield Problem("pick_up_methods", "Choose at least one command that asks for the mail.")
    if not domain.pick_up_principals and not domain.pick_up_ranges:
        yield Problem("pick_up_principals", "Name who may ask for the mail, here or by address.")
    elif not domain.pick_up_principals and domain.pick_up_methods != {PickUp.Etrn}:
        yield Problem("pick_up_principals", "Name who may ask: ATRN and TURN need a sign-in.")


def connection_problems(total: int | None, per_domain: int | None) -> Iterable[Problem]:
    """Of limits of connections, for a Send connector or the organization; None: no limit."""
    if total is not None and per_domain is not None and per_domain > total:
        yield Problem("max_per_domain_outbound_connections", f"Of {total:,} connections in all, no more can go to one.")


def _send_problems(connector: SendConnector) -> Iterable[Problem]:
    if not connector.name.strip():
        yield Problem("name", "Give the connector a name.")
    if not connector.address_spaces:
        yield Problem("address_spaces", "Add at least one address space; * stands for every domain.")
    if connector.dns_routing_enabled and connector.smart_hosts:
        yield Problem("smart_hosts", "MX routing uses no smart hosts; remove them, or turn MX routing off.")
    if not connector.dns_routing_enabled and not connector.smart_hosts:
        yield Problem("smart_hosts", "Name at least one smart host, or choose MX routing.")
    yield from connection_problems(connector.max_outbound_connections, connector.max_per_domain_outbound_connections)
    if connector.delivery_window is DeliveryWindow.Timetable and not connector.delivery_times:
        yield Problem("delivery_times", "Write at which times mail leaves, or let it always run.")


def _tls_problems(connector: SendConnector) -> Iterable[Problem]:
    """Sending mail outward, section 2.1."""
    if connector.require_tls and _is_clear(connector):
        yield Problem("ignore_starttls", "It cannot be ignored where TLS is required: choose one of them.")
    if connector.require_tls and connector.force_helo and not connector.implicit_tls:
        yield Problem("force_helo", "HELO knows no STARTTLS, and TLS is required: send EHLO, or do not require TLS.")
    if connector.tls_auth_level is not TlsAuthLevel.None_ and not connector.require_tls:
        yield Problem("tls_auth_level", "This needs “Require TLS”: without it, mail may leave in the clear.")
    named = connector.tls_auth_level is TlsAuthLevel.DomainValidation
    if named and not connector.dns_routing_enabled and not connector.tls_domain:
        yield Problem("tls_domain", "Write which name the certificate of the smart hosts must have.")
    if connector.implicit_tls and connector.dns_routing_enabled:
        yield Problem("implicit_tls", "Mail servers of other domains expect STARTTLS: only smart hosts know this.")
    if connector.domain_secure_enabled and not connector.dns_routing_enabled:
        yield Problem("domain_secure_enabled", "Domain Security goes with MX routing only: turn it off.")
    if connector.domain_secure_enabled and connector.ignore_starttls:
        yield Problem("domain_secure_enabled", "Domain Security needs STARTTLS: do not ignore it.")


def _sign_in_problems(connector: SendConnector) -> Iterable[Problem]:
    """A disabled connector may wait for its credential: an export of Exchange brings none."""
    mechanism = connector.smart_host_auth_mechanism
    if mechanism is not SmartHostAuth.None_ and connector.dns_routing_enabled:
        yield Problem("smart_host_auth_mechanism", "One signs in to smart hosts only: choose None with MX routing.")
    if mechanism.not_enforced:
        text = f"{mechanism.label} cannot be used here: {mechanism.not_enforced}"
        yield Problem("smart_host_auth_mechanism", text)
    if mechanism in SIGNS_IN and connector.enabled and not connector.authentication_credential:
        yield Problem("authentication_credential", f"“{mechanism.label}” needs a credential: who signs in?")
    if mechanism in SIGNS_IN and connector.force_helo:
        yield Problem("force_helo", "HELO knows no sign-in: send EHLO, or choose None as authentication.")
    if mechanism in (SmartHostAuth.BasicAuthRequireTLS, SmartHostAuth.OAuth) and _is_clear(connector):
        yield Problem("ignore_starttls", f"“{mechanism.label}” needs TLS: do not ignore STARTTLS.")


def _is_clear(connector: SendConnector) -> bool:
    return connector.ignore_starttls and not connector.implicit_tls


def send_advice(connector: SendConnector) -> Iterator[str]:
    """What is allowed but seldom meant, with what to do about it; of settings that are obeyed."""
    acting = obeyed(connector)
    if _is_clear(acting):
        yield "Mail leaves in the clear: everyone on its way can read and change it."
    if acting.smart_host_auth_mechanism is SmartHostAuth.BasicAuth and not (acting.require_tls or acting.implicit_tls):
        yield "The password crosses the network readable where a smart host offers no TLS: choose “over TLS only”."
    yield from _sign_in_advice(acting)
    if acting.allow_relay:
        yield (
            "This overrides the default restrictions for relaying: everybody who may submit mail, also without signing "
            "in, reaches these domains."
        )


def _sign_in_advice(connector: SendConnector) -> Iterator[str]:
    """Sending mail outward, section 1.4."""
    mechanism = connector.smart_host_auth_mechanism
    checked = connector.tls_auth_level in (TlsAuthLevel.CertificateValidation, TlsAuthLevel.DomainValidation)
    if mechanism in SIGNS_IN and not (checked and connector.require_tls):
        yield "The secret goes to whoever answers for the smart host: require TLS, and a certificate with its name."
    microsofts = any(each.lower().endswith(".office365.com") for each in connector.smart_hosts)
    if mechanism in BASIC and (microsofts or connector.provider is Provider.Microsoft365):
        yield "Microsoft 365 takes no passwords by default from the end of December 2026 on: sign in with OAuth."


def system_message_problems(message: SystemMessage, others: Iterable[SystemMessage]) -> Iterator[Problem]:
    """What keeps own words for a code from standing beside the others."""
    if not CODE.fullmatch(message.dsn_code):
        yield Problem("dsn_code", "Write a code like 5.1.2 or 4.4.7: a 4 or a 5, and two numbers.")
    if not LANGUAGE.fullmatch(message.language):
        yield Problem("language", "Write a language like En, De or Pt-BR.")
    if not message.text.strip():
        yield Problem("text", "Enter the text.")
    if any(identity(other) == identity(message) for other in others):
        yield Problem("dsn_code", f"There is a text for {identity(message)} already.")


def snapshot_problems(snapshot: Snapshot) -> list[tuple[str, Problem]]:
    """(name of the object, problem) for everything that keeps a snapshot from being published."""
    found: list[tuple[str, Problem]] = []
    by_binding: dict[Binding, list[ReceiveConnector]] = {}
    for connector in snapshot.receive_connectors:
        found += [(connector.name, problem) for problem in _own_problems(connector)]
        for binding in connector.bindings:
            by_binding.setdefault(binding, []).append(connector)
    for binding, sharing in by_binding.items():
        found += [(owner.name, problem) for owner, problem in _overlaps(sharing, binding)]
        if len({connector.transport_role for connector in sharing}) > 1:
            found.append((sharing[0].name, Problem("bindings", f"{binding} is used with two transport roles.")))
        naming = [each for each in sharing if each.proxy_protocol_from]
        odd = next((each for each in naming if _disagree(each, naming[0])), None)
        if odd is not None:
            found.append((odd.name, Problem("proxy_protocol_from", _front_ends(binding, naming[0]))))
    for sender in snapshot.send_connectors:
        found += [(sender.name, problem) for problem in send_problems(sender, ())]
    found += _unknown_names(snapshot)
    for domain in snapshot.accepted_domains:
        found += [(domain.domain_name, problem) for problem in delivery_problems(domain)]
    found += _twice([connector.name.lower() for connector in snapshot.receive_connectors], "name")
    found += _twice([connector.name.lower() for connector in snapshot.send_connectors], "name")
    found += _twice([domain.domain_name for domain in snapshot.accepted_domains], "domain_name")
    if snapshot.accepted_domains and sum(domain.default for domain in snapshot.accepted_domains) != 1:
        found.append(("Accepted domains", Problem("default", "Exactly one accepted domain must be the default.")))
    return found


def _unknown_names(snapshot: Snapshot) -> Iterator[tuple[str, Problem]]:
    """Names in the lists of Send connectors that mean nobody, or no Receive connector."""
    meant = {each.name: each.principals for each in snapshot.named_senders}
    receiving = {connector.name.lower() for connector in snapshot.receive_connectors}
    for connector in snapshot.send_connectors:
        for field in ("accept_messages_from", "reject_messages_from"):
            unknown = [f"“{name}”" for name in getattr(connector, field) if name.lower() not in meant]
            if unknown:
                yield connector.name, Problem(field, UNKNOWN_SENDER.format(" or ".join(unknown)))
        for name in connector.accept_messages_from:
            if "@" in name and not meant.get(name.lower(), "?"):
                yield connector.name, Problem("accept_messages_from", f"No user has the address {name}.")
        for name in connector.source_receive_connectors:
            if name.lower() not in receiving:
                yield connector.name, Problem("source_receive_connectors", f"There is no Receive connector “{name}”.")


UNKNOWN_SENDER = "There is no user or group {}. Write a user whose name is there in several domains like CONTOSO\\anna."


def _twice(names: list[str], field: str) -> list[tuple[str, Problem]]:
    return [(name, Problem(field, f"“{name}” is there twice.")) for name, count in Counter(names).items() if count > 1]


PRESETS: dict[Usage, tuple[frozenset[PermissionGroup], frozenset[AuthMechanism]]] = {
    Usage.Custom: (frozenset(), frozenset({AuthMechanism.Tls})),
    Usage.Internet: (frozenset({PermissionGroup.AnonymousUsers}), frozenset({AuthMechanism.Tls})),
    Usage.Internal: (
        frozenset({PermissionGroup.ExchangeServers, PermissionGroup.ExchangeLegacyServers}),
        frozenset({AuthMechanism.Tls, AuthMechanism.ExchangeServer}),
    ),
    Usage.Client: (
        frozenset({PermissionGroup.ExchangeUsers}),
        frozenset(
            {
                AuthMechanism.Tls,
                AuthMechanism.BasicAuth,
                AuthMechanism.BasicAuthRequireTLS,
                AuthMechanism.Integrated,
            }
        ),
    ),
    Usage.Partner: (frozenset({PermissionGroup.Partners}), frozenset({AuthMechanism.Tls})),
}
"""Intended use → permission groups and authentication (Exchange reference, section 1.4)."""

USAGE_MEANING = {
    Usage.Custom: "Nobody may send until you choose permission groups. For relays and special cases.",
    Usage.Internet: "Anyone may send to your accepted domains, without signing in. Nothing is relayed.",
    Usage.Internal: "For Exchange servers of your organization. Nobody may send until you choose Externally secured.",
    Usage.Client: "Users who sign in may send, to any address, usually on port 587.",
    Usage.Partner: "For a partner, known by its certificate. Nobody may send until its domain is a secure domain.",
}


def preset(usage: Usage, name: str) -> ReceiveConnector:
    """A new connector as the wizard starts it for an intended use (Exchange reference, section 1.4)."""
    groups, mechanisms = PRESETS[usage]
    port = 587 if usage is Usage.Client else 25
    return ReceiveConnector(
        name=name,
        usage=usage,
        permission_groups=groups,
        auth_mechanism=mechanisms,
        domain_secure_enabled=usage is Usage.Partner,
        early_talker_rejection_enabled=usage is not Usage.Internal,
        bindings=(Binding("0.0.0.0", port), Binding("::", port)),
        remote_ip_ranges=everyone() if usage in (Usage.Internet, Usage.Client) else (),
    )


def send_start(usage: SendUsage, name: str) -> SendConnector:
    """A new Send connector of a type, as New-SendConnector starts it (Exchange reference, section 8.1)."""
    start = SendConnector(name=name, usage=usage)
    return msgspec.structs.replace(start, max_message_size=None) if usage is SendUsage.Internal else start


def send_preset(usage: SendUsage, name: str) -> SendConnector:
    """The same, as the wizard starts it: with what is chosen for this type alone, or nearly always."""
    start = send_start(usage, name)
    if usage is SendUsage.Internet:
        return msgspec.structs.replace(start, address_spaces=(AddressSpace("*"),))
    return msgspec.structs.replace(start, dns_routing_enabled=usage is not SendUsage.Internal)
