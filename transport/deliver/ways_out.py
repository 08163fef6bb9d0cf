"""How each kind of next hop is spoken to."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from transport.config.send_connector import SendConnector
from transport.deliver import host_lookup
from transport.deliver.claims import HopState
from transport.deliver.database import Pool
from transport.deliver.mailboxes import Mailboxes
from transport.deliver.smtp_relay import SmtpRelay
from transport.deliver.way import Way
from transport.send import hosts
from transport.send.hosts import Host
from transport.send.route import DeliveryType, Router, delivery_type


def way_for(state: HopState, router: Router, pool: Pool) -> Way | None:
    """How mail for a next hop leaves under the newest configuration; None when it must be routed anew."""
    return WAYS[state.delivery_type](state, router, pool)


def _mailboxes(state: HopState, router: Router, pool: Pool) -> Way:
    home = Path(os.environ.get("GATEPOST_HOME") or "var").absolute()
    return Mailboxes(home / "mailboxes", router, pool)


def _smart_hosts(state: HopState, router: Router, pool: Pool) -> Way | None:
    connector = _connector(state, router)
    if connector is None:
        return None
    policy = hosts.policy(router.snapshot, router.server, connector.port, None)
    names, servers = list(connector.smart_hosts), router.snapshot.connection_filter.dns_servers
    return _smtp(connector, router, pool, lambda: host_lookup.smart_hosts(names, policy, servers))


def _mail_exchangers(state: HopState, router: Router, pool: Pool) -> Way | None:
    connector = _connector(state, router)
    if connector is None:
        return None
    policy = hosts.policy(router.snapshot, router.server, connector.port, connector.internal_ip_ranges)
    servers = router.snapshot.connection_filter.dns_servers
    return _smtp(connector, router, pool, lambda: host_lookup.mail_exchangers(state.domain, policy, servers))


def _nowhere(state: HopState, router: Router, pool: Pool) -> None:
    return None


WAYS: dict[DeliveryType, Callable[[HopState, Router, Pool], Way | None]] = {
    DeliveryType.MAILBOX: _mailboxes,
    DeliveryType.SMART_HOST: _smart_hosts,
    DeliveryType.DNS: _mail_exchangers,
    DeliveryType.UNREACHABLE: _nowhere,
}


def _connector(state: HopState, router: Router) -> SendConnector | None:
    """The Send connector of a next hop, as long as mail through it still leaves that way."""
    usable = (one for one in router.snapshot.send_connectors if one.enabled and one.name == state.connector)
    return next((one for one in usable if delivery_type(one) is state.delivery_type), None)


def _smtp(connector: SendConnector, router: Router, pool: Pool, find: Callable[[], Iterator[Host]]) -> SmtpRelay:
    fqdn = connector.fqdn or router.server
    return SmtpRelay(find, connector.port, fqdn, connector.max_messages_per_connection, pool)
