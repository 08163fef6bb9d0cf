"""Into mailboxes of this machine. Recipients that the directory does not hold are refused."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from time import time

import psycopg

from transport import held_body, identity, next_hops, node
from transport.config.domains import default_domain, domain_of
from transport.deliver import claims, maildir
from transport.deliver.connectivity import Connectivity
from transport.deliver.database import Connection, Pool
from transport.deliver.queries import QUERIES
from transport.deliver.slots import SLOTS
from transport.deliver.way import Asked, Outcome, Peer
from transport.send import remote_reply
from transport.send.dsn import Action
from transport.send.parcel import Parcel, Verdicts
from transport.send.remote_reply import Fate, Verdict
from transport.send.route import Router
from transport.trace.connectivity_line import MAILBOXES

DELIVERED = Verdict(Fate.DELIVERED, "250 2.1.5 Recipient OK", "2.1.5")
AT_ONCE = 16 << 20
"""Octets after which what was written is made durable and told, and what comes next waits no longer."""
UNKNOWN = remote_reply.refused("5.1.1", "RESOLVER.ADR.RecipNotFound; not found")

log = logging.getLogger(__name__)


def _of_environment() -> Path:
    return node.home() / "mailboxes"


root: Callable[[], Path] = _of_environment
"""Where they are. Whoever starts delivery may know it otherwise."""


def are_here(connection: Connection) -> bool:
    """Whether mail for mailboxes is delivered from this data directory. They are files: one node has them."""
    row = connection.execute(QUERIES["mailboxes_elsewhere"], [held_body.mark(node.home())], prepare=True).fetchone()
    return row is None


class Mailboxes:
    """Maildirs below `root`."""

    peer = Peer("mailbox")
    reached, asked = True, Asked()
    lingers = 2.0
    confirms: Action | None = Action.DELIVERED

    def __init__(self, root: Path, router: Router, pool: Pool) -> None:
        self._store, self._router, self._pool = maildir.Store(root), router, pool

    def send(self, parcels: list[Parcel]) -> Iterator[Outcome]:
        """Those that are left when this process is to end were not tried."""
        connection = Connectivity(identity.session_id(time()), MAILBOXES, "mailbox")
        listed = self._listed(address for parcel in parcels for address in parcel.recipients.values())
        for together in _together(parcels):
            if SLOTS.stopping:
                break
            for parcel, verdicts in self._put(together, listed):
                if DELIVERED in verdicts.values():
                    connection.took(parcel.size)
                yield parcel, verdicts
        connection.ended()

    def _put(self, parcels: list[Parcel], listed: set[str]) -> list[Outcome]:
        outcomes = [(parcel, self._write(parcel, listed)) for parcel in parcels]
        if failed := self._store.sync():
            for parcel, verdicts in outcomes:
                verdicts |= self._failed(parcel, failed)
        return outcomes

    def _write(self, parcel: Parcel, listed: set[str]) -> Verdicts:
        verdicts: Verdicts = {}
        for recipient, address in parcel.recipients.items():
            full = self._full(address)
            verdicts[recipient] = self._write_one(parcel, recipient, full) if full.lower() in listed else UNKNOWN
        return verdicts

    def _write_one(self, parcel: Parcel, row: int, address: str) -> Verdict:
        name = maildir.file_name(parcel.accepted_at, parcel.id, address)
        try:
            self._store.write(address, name, self._with_return_path(parcel), row)
        except (OSError, LookupError) as error:
            return _postponed(error)
        except psycopg.Error:
            raise
        except Exception as error:
            log.exception("message %s", parcel.id)
            return remote_reply.unexpected(error)
        return DELIVERED

    def _failed(self, parcel: Parcel, failed: Mapping[str, OSError]) -> Verdicts:
        """Of a parcel that was written: what is not in its mailbox after all."""
        names = {
            recipient: maildir.file_name(parcel.accepted_at, parcel.id, self._full(address))
            for recipient, address in parcel.recipients.items()
        }
        return {recipient: _postponed(failed[name]) for recipient, name in names.items() if name in failed}

    def _with_return_path(self, parcel: Parcel) -> Iterator[bytes]:
        """RFC 5321 §4.4: the last server puts the reverse-path on top."""
        pieces = claims.pieces(self._pool, parcel)
        yield f"Return-Path: <{parcel.sender}>\r\n".encode("utf-8", "replace") + next(pieces, b"")
        yield from pieces

    def _listed(self, addresses: Iterable[str]) -> set[str]:
        """Those that have a mailbox: in the directory, of a domain that needs no listing, or the postmaster."""
        wanted = {self._full(address).lower() for address in addresses}
        unlisted = {address for address in wanted if self._open_to_all(address)}
        if wanted == unlisted:
            return unlisted
        with self._pool.connection() as connection:
            return unlisted | next_hops.listed(connection, wanted - unlisted)

    def _open_to_all(self, address: str) -> bool:
        if address == self._router.snapshot.transport_config.tls_report_recipient:
            return True
        accepted = self._router.accepted_domains.find(domain_of(address))
        return address.startswith("postmaster@") or accepted is None or not accepted.address_book_enabled

    def _full(self, address: str) -> str:
        return address if "@" in address else f"{address}@{default_domain(self._router.snapshot, self._router.server)}"

    def close(self) -> None:
        self._store.close()


def _together(parcels: Iterable[Parcel]) -> Iterator[list[Parcel]]:
    """Those that are made durable at one time: small messages do not wait for all the large ones of a batch."""
    group: list[Parcel] = []
    octets = 0
    for parcel in parcels:
        group.append(parcel)
        octets += parcel.size * len(parcel.recipients)
        if octets >= AT_ONCE:
            yield group
            group, octets = [], 0
    if group:
        yield group


def _postponed(error: Exception) -> Verdict:
    return remote_reply.postponed("4.3.1", f"Insufficient system resources: {error}")
