"""The ways out of a queue: into mailboxes, or over SMTP. Both take parcels and tell what became of each."""

import logging
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

import psycopg

from console.queues.delivery import claims, maildir, next_hop
from console.queues.delivery.outcome import Outcome, Peer, Verdicts
from console.queues.delivery.parcel import Parcel
from console.queues.delivery.relay import Relay
from transport.config.domains import default_domain, domain_of
from transport.config.send_connector import SendConnector
from transport.config.snapshot import Snapshot
from transport.send import hosts, remote_reply
from transport.send.dsn import Action
from transport.send.hosts import Host
from transport.send.remote_reply import Fate, Verdict
from transport.send.route import Router

LISTED = "SELECT address FROM directory_recipient WHERE address = ANY(%s) AND NOT deleted"
DELIVERED = Verdict(Fate.DELIVERED, "250 2.1.5 Recipient OK", "2.1.5")
log = logging.getLogger(__name__)
UNKNOWN = remote_reply.refused("5.1.1", "RESOLVER.ADR.RecipNotFound; not found")


class Way(Protocol):
    peer: Peer
    """Who gave the outcome that was yielded last."""
    reached: bool
    """Whether the next hop has answered about a message."""
    lingers: float
    confirms: Action | None
    """What a sender who asks for success is told of what was delivered last; None when the next hop tells it."""

    def send(self, parcels: list[Parcel]) -> Iterator[Outcome]:
        """Every parcel with a verdict for each recipient, in any order. Raises Unreachable: the rest was not tried."""
        ...

    def close(self) -> None: ...


class Mailboxes:
    """Into Maildirs below `root`. Recipients that the directory does not hold are refused."""

    peer = Peer("mailbox")
    reached = True
    lingers = 0.0
    confirms = Action.DELIVERED

    def __init__(self, root: Path, router: Router, pool: Any) -> None:
        self._store, self._router, self._pool = maildir.Store(root), router, pool

    def send(self, parcels: list[Parcel]) -> Iterator[Outcome]:
        listed = self._listed(address for parcel in parcels for address in parcel.recipients.values())
        outcomes = [(parcel, self._write(parcel, listed)) for parcel in parcels]
        self._store.sync()
        yield from outcomes

    def _write(self, parcel: Parcel, listed: set[str]) -> Verdicts:
        verdicts: Verdicts = {}
        for recipient, address in parcel.recipients.items():
            full = self._full(address)
            verdicts[recipient] = self._write_one(parcel, full) if full.lower() in listed else UNKNOWN
        return verdicts

    def _write_one(self, parcel: Parcel, address: str) -> Verdict:
        name = maildir.file_name(parcel.accepted_at, parcel.message_id, address)
        try:
            self._store.write(address, name, self._with_return_path(parcel))
        except (OSError, LookupError) as error:
            return remote_reply.postponed("4.3.1", f"Insufficient system resources: {error}")
        except psycopg.Error:
            raise
        except Exception as error:
            log.exception("message %s", parcel.message_id)
            return remote_reply.unexpected(error)
        return DELIVERED

    def _with_return_path(self, parcel: Parcel) -> Iterator[bytes]:
        """RFC 5321 §4.4: the last server puts the reverse-path on top."""
        yield f"Return-Path: <{parcel.sender}>\r\n".encode("utf-8", "replace")
        yield from claims.pieces(self._pool, parcel)

    def _listed(self, addresses: Iterable[str]) -> set[str]:
        """Those that have a mailbox: in the directory, of a domain that needs no listing, or the postmaster."""
        wanted = {self._full(address).lower() for address in addresses}
        unlisted = {address for address in wanted if self._open_to_all(address)}
        with self._pool.connection() as connection:
            found = connection.execute(LISTED, [list(wanted - unlisted)])
            return unlisted | {row[0] for row in found}

    def _open_to_all(self, address: str) -> bool:
        accepted = self._router.accepted_domains.find(domain_of(address))
        return address.startswith("postmaster@") or accepted is None or not accepted.address_book_enabled

    def _full(self, address: str) -> str:
        return address if "@" in address else f"{address}@{default_domain(self._router.snapshot)}"

    def close(self) -> None:
        """Nothing is kept open."""


def way_for(state: claims.HopState, router: Router, root: Path, pool: Any) -> Way | None:
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
    return Relay(find, connector.port, fqdn, connector.max_messages_per_connection, pool)


def _hosts_of(connector: SendConnector, domain: str, snapshot: Snapshot) -> Callable[[], Iterator[Host]]:
    servers = snapshot.connection_filter.dns_servers
    if connector.dns_routing_enabled or not connector.smart_hosts:
        policy = hosts.policy(snapshot, connector.port, connector.internal_ip_ranges)
        return lambda: next_hop.mail_exchangers(domain, policy, servers)
    policy = hosts.policy(snapshot, connector.port, None)
    return lambda: next_hop.smart_hosts(list(connector.smart_hosts), policy, servers)
