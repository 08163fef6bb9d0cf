"""How mail for a next hop leaves: into mailboxes, or over SMTP."""

from collections.abc import Callable, Iterator
from pathlib import Path

from transport.config.send_connector import SendConnector
from transport.config.snapshot import Snapshot
from transport.deliver import host_lookup
from transport.deliver.claims import HopState
from transport.deliver.database import Pool
from transport.deliver.mailboxes import Mailboxes
from transport.deliver.smtp_relay import SmtpRelay
from transport.deliver.way import Way
from transport.send import hosts
from transport.send.hosts import Host
from transport.send.route import Router


def way_for(state: HopState, router: Router, root: Path, pool: Pool) -> Way | None:
    """How mail for a next hop leaves under the newest configuration; None when it must be routed anew."""
    if state.key == "mailbox":
        return Mailboxes(root, router, pool)
    usable = (one for one in router.snapshot.send_connectors if one.enabled and one.name == state.connector)
    connector = next(usable, None)
    if connector is None:
        return None
    smart = bool(connector.smart_hosts) and not connector.dns_routing_enabled
    if smart != state.key.startswith("smarthost:"):
        return None
    fqdn = connector.fqdn or router.snapshot.server
    find = _hosts_of(connector, state.domain, router.snapshot)
    return SmtpRelay(find, connector.port, fqdn, connector.max_messages_per_connection, pool)


def _hosts_of(connector: SendConnector, domain: str, snapshot: Snapshot) -> Callable[[], Iterator[Host]]:
    servers = snapshot.connection_filter.dns_servers
    if connector.dns_routing_enabled or not connector.smart_hosts:
        policy = hosts.policy(snapshot, connector.port, connector.internal_ip_ranges)
        return lambda: host_lookup.mail_exchangers(domain, policy, servers)
    policy = hosts.policy(snapshot, connector.port, None)
    return lambda: host_lookup.smart_hosts(list(connector.smart_hosts), policy, servers)
