"""How each kind of next hop is spoken to."""

from collections.abc import Callable, Iterator

from msgspec.structs import replace

from transport.config.send_connector import SendConnector
from transport.deliver import host_lookup, mailboxes
from transport.deliver.claims import HopState
from transport.deliver.database import Pool
from transport.deliver.mailboxes import Mailboxes
from transport.deliver.smtp_relay import SmtpRelay
from transport.deliver.way import Way
from transport.send import hosts
from transport.send.hosts import Host
from transport.send.route import DeliveryType, Router, delivery_type


def _smart_hosts(connector: SendConnector, state: HopState, router: Router) -> Iterator[Host]:
    policy = hosts.policy(router.snapshot, router.server, connector.port, None)
    servers = router.snapshot.connection_filter.dns_servers
    return host_lookup.smart_hosts(list(connector.smart_hosts), policy, servers)


def _mail_exchangers(connector: SendConnector, state: HopState, router: Router) -> Iterator[Host]:
    policy = hosts.policy(router.snapshot, router.server, connector.port, connector.internal_ip_ranges)
    return host_lookup.mail_exchangers(state.domain, policy, router.snapshot.connection_filter.dns_servers)


RELAYS: dict[DeliveryType, tuple[type[SmtpRelay], Callable[[SendConnector, HopState, Router], Iterator[Host]]]] = {
    DeliveryType.SMART_HOST: (SmtpRelay, _smart_hosts),
    DeliveryType.DNS: (SmtpRelay, _mail_exchangers),
}
"""Through a Send connector: in which language, and to which hosts."""


def way_for(state: HopState, router: Router, pool: Pool) -> Way | None:
    """How mail for a next hop leaves under the newest configuration; None when it must be routed anew."""
    if state.delivery_type is DeliveryType.MAILBOX:
        return Mailboxes(mailboxes.root(), router, pool)
    usable = (one for one in router.snapshot.send_connectors if one.enabled and one.name == state.connector)
    connector = next((one for one in usable if delivery_type(one) is state.delivery_type), None)
    if connector is None:
        return None
    relay, find = RELAYS[state.delivery_type]
    named = replace(connector, fqdn=connector.fqdn or router.server)
    return relay(lambda: find(connector, state, router), named, state.domain, pool)
