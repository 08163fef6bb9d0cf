"""How each kind of next hop is spoken to."""

from collections.abc import Callable, Iterator

from msgspec.structs import replace

from transport.config.accepted_domain import AcceptedDomain, DeliverTo
from transport.config.receive_connector import ProtocolLoggingLevel
from transport.config.send_connector import RequireTlsMode, SendConnector
from transport.deliver import host_lookup, look_up, mailboxes, sts_policies
from transport.deliver.claims import HopState
from transport.deliver.database import Pool
from transport.deliver.host_lookup import LookUpFailed
from transport.deliver.lmtp import LmtpRelay
from transport.deliver.mailboxes import Mailboxes
from transport.deliver.smtp_relay import SmtpRelay
from transport.deliver.tls_demands import Demands
from transport.deliver.undeliverable import Undeliverable
from transport.deliver.way import Way
from transport.send import hosts
from transport.send.hosts import Host
from transport.send.route import OF_DOMAIN, DeliveryType, Router, delivery_type

USUAL_PORT = {DeliveryType.LMTP: 24}
"""Of hosts that name none; of all other kinds 25."""


def _smart_hosts(connector: SendConnector, state: HopState, router: Router) -> Iterator[Host]:
    policy = hosts.policy(router.snapshot, router.server, connector.port, None)
    return host_lookup.smart_hosts(list(connector.smart_hosts), policy, look_up.asking(connector, router.snapshot))


def _mail_exchangers(connector: SendConnector, state: HopState, router: Router) -> Iterator[Host]:
    policy = hosts.policy(router.snapshot, router.server, connector.port, connector.internal_ip_ranges)
    return host_lookup.mail_exchangers(state.domain, policy, look_up.asking(connector, router.snapshot))


RELAYS: dict[DeliveryType, tuple[type[SmtpRelay], Callable[[SendConnector, HopState, Router], Iterator[Host]]]] = {
    DeliveryType.SMART_HOST: (SmtpRelay, _smart_hosts),
    DeliveryType.DNS: (SmtpRelay, _mail_exchangers),
}
"""Through a Send connector: in which language, and to which hosts."""


def hosts_through(connector: SendConnector, domain: str, router: Router) -> Iterator[Host]:
    """The hosts to which mail for a domain goes through a connector, in their order. Raises LookUpFailed."""
    kind = delivery_type(connector)
    state = HopState("", kind, domain, connector.name, suspended=False, retry_count=0, waiting=None)
    return RELAYS[kind][1](connector, state, router)


OF_DOMAINS: dict[DeliveryType, type[SmtpRelay]] = {DeliveryType.LMTP: LmtpRelay, DeliveryType.HOST: SmtpRelay}
"""Without a Send connector, to the hosts that an accepted domain names."""


def way_for(state: HopState, router: Router, pool: Pool, account: str = "") -> Way | None:
    """How mail for a next hop leaves under the newest configuration; None when it must be routed anew. `account`: the
    credential that signs in.
    """
    if state.delivery_type is DeliveryType.MAILBOX:
        return Mailboxes(mailboxes.root(), router, pool)
    if state.delivery_type in OF_DOMAINS:
        return _way_of_domain(state, router, pool)
    if state.delivery_type is DeliveryType.UNDELIVERABLE:
        return Undeliverable(state.domain)
    if state.delivery_type is DeliveryType.PICK_UP:
        return _way_of_kept(state, router, pool)
    connector = router.send_connector(state.connector)
    if connector is None or not connector.enabled or delivery_type(connector) is not state.delivery_type:
        return None
    return _way_of_connector(connector, state, router, pool, account)


def _way_of_connector(connector: SendConnector, state: HopState, router: Router, pool: Pool, account: str = "") -> Way:
    relay, find = RELAYS[delivery_type(connector)]
    named = replace(connector, fqdn=connector.fqdn or router.server)
    demands = Demands(named, state.domain, router.snapshot, sts_policies.of_connector(named, router, pool))
    return relay(lambda: find(connector, state, router), named, state.domain, pool, demands, account)


def _way_of_kept(state: HopState, router: Router, pool: Pool) -> Way | None:
    """Mail that was asked for by ETRN goes where we would send it: to the hosts of the accepted domain, or by a Send
    connector (RFC 1985 §3).
    """
    domain = router.accepted_domains.find(state.domain)
    if domain is None or domain.deliver_to is not DeliverTo.PickUp:
        return None
    if domain.delivery_hosts:
        return _way_to_hosts(SmtpRelay, domain, state, router, pool)
    return _way_of_connector(router.carrier(state.domain) or SendConnector(name="MX"), state, router, pool)


def _way_of_domain(state: HopState, router: Router, pool: Pool) -> Way | None:
    """To the hosts of the accepted domain that the next hop is named after."""
    domains = (one for one in router.snapshot.accepted_domains if one.domain_name == state.domain)
    domain = next((one for one in domains if OF_DOMAIN.get(one.deliver_to) is state.delivery_type), None)
    return _way_to_hosts(OF_DOMAINS[state.delivery_type], domain, state, router, pool) if domain is not None else None


def _way_to_hosts(relay: type[SmtpRelay], domain: AcceptedDomain, state: HopState, router: Router, pool: Pool) -> Way:
    connector = SendConnector(
        name=f"Accepted domain {domain.domain_name}", dns_routing_enabled=False,
        smart_hosts=tuple(map(str, domain.delivery_hosts)), port=USUAL_PORT.get(state.delivery_type, 25),
        fqdn=router.server, require_tls_mode=RequireTlsMode.IfPossible,
        protocol_logging_level=ProtocolLoggingLevel.Verbose,
    )  # fmt: skip
    return relay(lambda: _hosts_of_domain(domain, connector.port, router), connector, state.domain, pool)


def _hosts_of_domain(domain: AcceptedDomain, port: int, router: Router) -> Iterator[Host]:
    """The addresses of its hosts, in the administrator's order. Raises LookUpFailed when none has one."""
    failed: LookUpFailed | None = None
    found = False
    asking = look_up.Asking(router.snapshot.connection_filter.dns_servers)
    for one in domain.delivery_hosts:
        if one.is_socket:
            found = True
            yield Host(one.name, one.name)
            continue
        policy = hosts.policy(router.snapshot, router.server, one.port or port, None)
        try:
            for host in host_lookup.smart_hosts([one.name], policy, asking):
                found = True
                yield replace(host, port=one.port or port)
        except LookUpFailed as error:
            failed = error
    if not found:
        raise failed or LookUpFailed(hosts.nobody(domain.domain_name, ()))
