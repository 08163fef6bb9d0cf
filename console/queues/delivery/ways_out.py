"""The ways out of a queue: into mailboxes, or over SMTP. Both take parcels and tell what became of each."""

import dataclasses
import smtplib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

from console.queues.delivery import claims, maildir, next_hop, smtp_delivery
from console.queues.delivery.next_hop import Host, LookUpFailed
from console.queues.delivery.parcel import Parcel
from console.queues.delivery.smtp_delivery import MOST_RECIPIENTS, Connection, Verdicts
from transport.config.domains import default_domain, domain_of
from transport.send import remote_reply
from transport.send.dsn import Action
from transport.send.remote_reply import Fate, Verdict
from transport.send.route import Router

LISTED = "SELECT address FROM directory_recipient WHERE address = ANY(%s) AND NOT deleted"
DELIVERED = Verdict(Fate.DELIVERED, "250 2.1.5 Recipient OK", "2.1.5")
UNKNOWN = remote_reply.refused("5.1.1", "RESOLVER.ADR.RecipNotFound; not found")

Outcome = tuple[Parcel, Verdicts]


class Unreachable(Exception):
    """The next hop as a whole does not work; the text says why."""


class Way(Protocol):
    host: str
    reached: bool
    lingers: float
    confirms: Action | None
    """What a sender who asks for success is told of what was delivered last; None when the next hop tells it."""

    def send(self, parcels: list[Parcel]) -> Iterator[Outcome]:
        """Every parcel with a verdict for each recipient, in any order. Raises Unreachable: the rest was not tried."""
        ...

    def close(self) -> None: ...


class Mailboxes:
    """Into Maildirs below `root`. Recipients that the directory does not hold are refused."""

    host = "mailbox"
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


class Relay:
    """Over SMTP, on a connection that is kept from one batch to the next."""

    lingers = 2.0

    def __init__(
        self, hosts: Callable[[], Iterable[Host]], port: int, fqdn: str, most_messages: int, pool: Any
    ) -> None:
        self._hosts, self._port, self._fqdn, self._most, self._pool = hosts, port, fqdn, most_messages, pool
        self._connection: Connection | None = None
        self.host = ""
        self.reached = False
        self.confirms: Action | None = None

    def send(self, parcels: list[Parcel]) -> Iterator[Outcome]:
        waiting = deque(small for parcel in parcels for small in _split(parcel))
        while waiting:
            try:
                connection = self._connected()
            except LookUpFailed as error:
                if error.verdict.fate is not Fate.FAILED:
                    raise Unreachable(error.verdict.text) from None
                yield from ((parcel, dict.fromkeys(parcel.recipients, error.verdict)) for parcel in waiting)
                return
            except ConnectionError as error:
                raise Unreachable(remote_reply.unreachable(str(error)).text) from None
            yield from self._send_some(connection, waiting)

    def _send_some(self, connection: Connection, waiting: deque[Parcel]) -> Iterator[Outcome]:
        """As many as the connection may still carry."""
        part = [waiting.popleft() for _ in range(min(len(waiting), self._most - connection.sent))]
        sendable: deque[Parcel] = deque()
        refused = 0
        for parcel in part:
            fitting = self._fit(connection, parcel)
            if isinstance(fitting, Parcel):
                sendable.append(fitting)
            else:
                refused += 1
                yield parcel, dict.fromkeys(parcel.recipients, fitting)
        try:
            for parcel, verdicts in connection.send_parcels(list(sendable), self._pieces):
                sendable.popleft()
                self.reached = True
                yield parcel, verdicts
        except (OSError, smtplib.SMTPException, LookupError) as error:
            broken = sendable.popleft()
            waiting.extendleft(reversed(sendable))
            yield from self._broke(connection, broken, error)
            return
        connection.sent += refused
        if connection.sent >= self._most:
            self.close()

    def _fit(self, connection: Connection, parcel: Parcel) -> Parcel | Verdict:
        try:
            return connection.fit(parcel, self._pieces)
        except LookupError as error:
            return remote_reply.postponed("4.3.0", str(error))

    def _broke(self, connection: Connection, parcel: Parcel, error: Exception) -> Iterator[Outcome]:
        """The connection ended under a message: that one waits; a host that took nothing at all is out of order."""
        connection.close()
        self._connection = None
        words = " ".join(str(error).split()) or type(error).__name__
        verdict = remote_reply.postponed("4.4.2", f"Connection dropped: {connection.last_words or words}")
        yield parcel, dict.fromkeys(parcel.recipients, verdict)
        if not connection.sent:
            raise Unreachable(remote_reply.unreachable(f"{connection.peer.name}: {words}").text)

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = smtp_delivery.connect(self._hosts(), self._port, self._fqdn)
            self.host = f"{self._connection.peer.name} [{self._connection.peer.address}]"
            self.reached = True
            self.confirms = None if self._connection.reports else Action.RELAYED
        return self._connection

    def _pieces(self, parcel: Parcel) -> Iterator[bytes]:
        return claims.pieces(self._pool, parcel)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.part()
            self._connection = None


def _split(parcel: Parcel) -> Iterator[Parcel]:
    """At most 100 recipients in one transaction: every server takes as many (RFC 5321 §4.5.3.1.8)."""
    if len(parcel.recipients) <= MOST_RECIPIENTS:
        yield parcel
        return
    rows = list(parcel.recipients.items())
    for start in range(0, len(rows), MOST_RECIPIENTS):
        yield dataclasses.replace(parcel, recipients=dict(rows[start : start + MOST_RECIPIENTS]))


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
    names = list(connector.smart_hosts)

    def hosts() -> Iterator[Host]:
        return next_hop.smart_hosts(names) if smart else next_hop.mail_exchangers(state.domain)

    fqdn = connector.fqdn or router.snapshot.server
    return Relay(hosts, connector.port, fqdn, connector.max_messages_per_connection, pool)
