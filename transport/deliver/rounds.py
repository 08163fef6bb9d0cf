"""One round: a thread delivers to one next hop, batch after batch, until nothing is due."""

import logging
from time import monotonic
from uuid import UUID

import psycopg

from transport.deliver import claims, holds, leases, mailboxes, pulling, reports, routing, windows
from transport.deliver.claims import HopState, Results
from transport.deliver.database import Connection, pool
from transport.deliver.dispatch import DISPATCH
from transport.deliver.leases import LEASES
from transport.deliver.pacing import Budget, Grant
from transport.deliver.slots import MOST, SLOTS
from transport.deliver.unreached import UNREACHED
from transport.deliver.way import Held, Peer, Unreachable, Way
from transport.deliver.ways_out import way_for
from transport.flow import FLOW
from transport.send import dsn, remote_reply, retry
from transport.send.dsn import Action
from transport.send.pacing import NO_LIMITS, Quota
from transport.send.parcel import Parcel, Verdicts
from transport.send.provider_replies import Whose
from transport.send.remote_reply import Fate, Verdict
from transport.send.route import DeliveryType, Router

BATCH = 100
WRITE_EVERY = 0.5
WRITERS = 4
"""Threads that write into mailboxes, while one alone falls behind. More wait for each other at every call of the system
(measured with 30: 125 calls of futex for a message, and half as long again to deliver it).
"""
GATHER = 0.1
"""Seconds to wait after a small batch for mailboxes, so that the next one carries more: a batch costs more than its
messages do. After one message there is no wait: what was cut short comes one by one, and everything else behind it.
"""
PATIENCE = 60.0
"""Seconds for which results are kept while PostgreSQL is away; longer, and some mail is delivered twice."""

log = logging.getLogger(__name__)


def deliver(hop: str, worker: int) -> None:
    """Deliver what is due for a next hop. Raises psycopg.Error when PostgreSQL is away."""
    with pool().connection() as connection:
        router = routing.ROUTES.router(connection)
        state = claims.hop_state(connection, hop)
        if state is None or state.closed or not _is_ours(connection, state):
            return
    if not SLOTS.enter(hop, state.delivery_type, _places(state), state.retry_count):
        return
    try:
        if state.delivery_type.is_remote:
            _connect(state, router, worker)
        else:
            _deliver(state, router, worker, NO_LIMITS)
    except Held as held:
        _hold(state, router, held)
    finally:
        DISPATCH.missed |= SLOTS.leave(hop)


def _is_ours(connection: Connection, state: HopState) -> bool:
    """Whether this node may deliver for it."""
    return state.delivery_type is not DeliveryType.MAILBOX or mailboxes.are_here(connection)


def _connect(state: HopState, router: Router, worker: int) -> None:
    windows.check(state, router)
    with pool().connection() as connection:
        wanted = leases.wanted(connection, state, router)
    with LEASES.taken(pool(), worker, wanted) as account:
        if account is not None:
            _deliver(state, router, worker, account)


def _places(state: HopState) -> int:
    """Threads of this process that may work on a next hop: one, to try, while it fails."""
    if state.retry_count:
        return 1
    if state.delivery_type is DeliveryType.MAILBOX:
        return WRITERS
    return SLOTS.window(state.key) if state.delivery_type.is_remote else MOST


def _deliver(state: HopState, router: Router, worker: int, account: Quota) -> None:
    way = way_for(state, router, pool(), account.account)
    if way is None:
        routing.reroute()
        return
    try:
        Round(state, router, way, Budget(pool(), worker, account)).run()
    finally:
        way.close()
        if way.reached:
            _ask_for_mail(state, router)
        if state.delivery_type is DeliveryType.PICK_UP or windows.is_triggered(state, router):
            routing.keep_again(state.key)


def _ask_for_mail(state: HopState, router: Router) -> None:
    connector = router.send_connector(state.connector)
    if connector is not None and connector.request_mail_when_sending:
        with pool().connection() as connection:
            pulling.want_after_sending(connection, connector)


def _hold(state: HopState, router: Router, held: Held) -> None:
    with pool().connection() as connection:
        holds.hold(connection, state, router, held)


class Round:
    """What is shared between the batches of a round."""

    def __init__(self, state: HopState, router: Router, way: Way, budget: Budget) -> None:
        self._state, self._router, self._way, self._budget = state, router, way, budget
        self._worker = budget.worker
        self._limits = router.snapshot.transport_limits
        self._results = self._no_results()
        self._written_at = monotonic()
        self._in_trouble = state.in_trouble
        self._is_mailbox = state.delivery_type is DeliveryType.MAILBOX

    def run(self) -> None:
        while not SLOTS.stopping:
            with pool().connection() as connection:
                if routing.ROUTES.router(connection) is not self._router or not _is_ours(connection, self._state):
                    return  # what is left, a round under the new configuration takes
            windows.check(self._state, self._router)
            with self._budget.granted(BATCH) as grant:
                with pool().connection() as connection:
                    parcels = claims.claim(connection, self._state, self._worker, grant.most)
                if parcels and not self._send(parcels, grant):
                    return
            if not parcels and not self._more_comes():
                return
            if SLOTS.must_leave(self._state.key):
                return
            if self._is_mailbox and 1 < len(parcels) < BATCH // 2:
                SLOTS.wait_stopping(GATHER)

    def _more_comes(self) -> bool:
        """Soon: at mailboxes one thread waits for it, elsewhere all do, unless others wait for the place."""
        if self._is_mailbox:
            return SLOTS.more(self._state.key, self._way.lingers, alone=True)
        return SLOTS.more(self._state.key, 0.0 if SLOTS.is_crowded else self._way.lingers)

    def _send(self, parcels: list[Parcel], grant: Grant) -> bool:
        """One batch; False when the next hop turned out to be unreachable, or nothing may be sent."""
        left = {recipient: parcel for parcel in parcels for recipient in parcel.recipients}
        try:
            for parcel, verdicts in self._way.send(parcels):
                for recipient in verdicts:
                    left.pop(recipient, None)
                if self._way.reached and any(verdict.fate is not Fate.RETRY for verdict in verdicts.values()):
                    SLOTS.progressed(self._state.key)
                self._take(parcel, verdicts)
                if self._is_mailbox:
                    continue  # all that are yielded are there: tried again after a reader moved them, they come twice
                if SLOTS.stopping:
                    break
                if SLOTS.must_leave(self._state.key):
                    return False
            return True
        except Held as held:
            self._rest(held)
            return False
        except Unreachable as error:
            if not (SLOTS.stopping or SLOTS.refused(self._state.key)):
                self._fail_hop(str(error))
            return False
        except psycopg.Error:
            raise
        except Exception as error:
            log.exception("delivery to %s", self._state.key)
            self._fail_hop(remote_reply.unexpected(error).text)
            return False
        finally:
            grant.count(*self._way.asked.taken())
            self._write()
            if left:
                self._release(set(left))

    def _take(self, parcel: Parcel, verdicts: Verdicts) -> None:
        peer = self._way.peer
        delivered: Verdicts = {}
        for recipient, verdict in verdicts.items():
            if verdict.fate is Fate.DELIVERED:
                delivered[recipient] = verdict
            elif verdict.fate is Fate.FAILED:
                self._results.add_failed(parcel, recipient, verdict, peer)
            else:
                wait = 0 if verdict.at_once else self._limits.message_retry_interval
                self._results.postponed.append((recipient, verdict.text, peer, wait, verdict.unexpected))
        if delivered:
            self._results.add_delivered(parcel, delivered, peer)
            if parcel.notify and self._way.confirms is not None:
                for recipient in delivered:
                    self._results.add_told(self._way.confirms, parcel, recipient, verdicts[recipient], peer)
        # What may have arrived once must not arrive a third time: its result never waits.
        if parcel.attempted or monotonic() - self._written_at > WRITE_EVERY:
            self._write()

    def _write(self) -> None:
        """Write the results down, whatever it takes: what is not written is delivered again."""
        results, self._results = self._results, self._no_results()
        began = monotonic()
        told = False
        while len(results) or (self._in_trouble and self._way.reached):
            try:
                with pool().connection() as connection:
                    self._write_to(connection, results)
                break
            except psycopg.OperationalError as error:
                if monotonic() > began + PATIENCE or SLOTS.wait_stopping(0.5):
                    raise
                if not told:
                    log.warning("results of %s wait for PostgreSQL: %s", self._state.key, " ".join(str(error).split()))
                told = True
        self._written_at = monotonic()

    def _no_results(self) -> Results:
        return Results(self._state.delivery_type, self._state.connector)

    def _write_to(self, connection: Connection, results: Results) -> None:
        if self._in_trouble and self._way.reached:
            claims.hop_reached(connection, self._state.key)
            self._in_trouble = False
        if results.delivered and not (results.postponed or results.failed or results.shared or results.told):
            claims.write_delivered(connection, results)
        elif len(results):
            with connection.transaction():
                self._write_all(connection, results)
        FLOW.went(self._state.key, len(results.delivered) + len(results.failed))

    def _write_all(self, connection: Connection, results: Results) -> None:
        """Locks all messages at once and in one order: reports need some of them, what is dropped needs the others."""
        if results.shared:
            claims.lock_messages(connection, results.shared)
        if results.told:
            self._tell(connection, results)
        if results.delivered:
            claims.write_delivered(connection, results)
        if results.postponed:
            claims.write_postponed(connection, results)
        if results.failed:
            failed = claims.write_failed(connection, results)
            concerned = [self._concerned(*one) for one in results.failed if one[1] in failed]
            reports.send(connection, self._router, Action.FAILED, concerned)
        if results.shared:
            claims.drop_content(connection, results.shared)

    def _tell(self, connection: Connection, results: Results) -> None:
        """Reports of success, while the content of the originals is still there."""
        ready = claims.still_ready(connection, results)
        for action in (Action.DELIVERED, Action.RELAYED):
            concerned = [
                self._concerned(parcel, recipient, verdict, peer)
                for kind, parcel, recipient, verdict, peer in results.told
                if kind is action and recipient in ready
            ]
            reports.send(connection, self._router, action, concerned)

    def _concerned(self, parcel: Parcel, row: int, verdict: Verdict, peer: Peer) -> tuple[UUID, dsn.ReportedRecipient]:
        wishes = parcel.notify.get(row, ""), parcel.orcpt.get(row, "")
        host = peer.host if self._state.delivery_type.is_remote else ""
        address = parcel.recipients[row]
        return parcel.id, dsn.ReportedRecipient(address, verdict.status, verdict.text, host, *wishes)

    def _release(self, recipients: set[int]) -> None:
        claims.release(pool(), recipients, self._worker)

    def _rest(self, held: Held) -> None:
        """A next hop that others speak to just wants no more of us."""
        if held.whose is not Whose.HOP or not SLOTS.refused(self._state.key):
            _hold(self._state, self._router, held)

    def _fail_hop(self, error: str) -> None:
        with pool().connection() as connection:
            state = claims.hop_state(connection, self._state.key)
            failures = state.retry_count + 1 if state else 1
            claims.hop_failed(connection, self._state.key, error, retry.connection_wait(self._limits, failures))
        SLOTS.failed(self._state.key)
        UNREACHED.add(self._state.key, error)
