"""Over SMTP to the hosts of a next hop, in their order, until one of them takes the message (RFC 5321 §5.1)."""

import logging
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import accumulate
from time import monotonic

import psycopg

from transport.config import bounds
from transport.config.send_connector import SendConnector
from transport.deliver import accounts, claims, signing
from transport.deliver.connectivity import towards
from transport.deliver.database import Pool
from transport.deliver.host_lookup import LookUpFailed
from transport.deliver.remembered import PACES
from transport.deliver.securing import UNDEMANDING, Protection, Uncounted, Unprotected
from transport.deliver.sign_in import sign_in
from transport.deliver.smtp_client import OutOfOrder, SmtpClient
from transport.deliver.smtp_connection import Displaced, Lost, Refused, TimedOut
from transport.deliver.way import NOBODY, Asked, Held, Outcome, Peer, Unreachable
from transport.held_body import Elsewhere
from transport.send import attempt, provider_replies, remote_reply, require_tls, tls_report_way
from transport.send.attempt import End, Next, Pace
from transport.send.dsn import Action
from transport.send.fitting import fit
from transport.send.hosts import Host
from transport.send.mime_parts import head_and_rest
from transport.send.parcel import Parcel, Verdicts, alike, put_off_by, split
from transport.send.remote_reply import Fate, Verdict

LOOKED_AT = 16 << 20
"""Octets of messages after which no further one is looked at before those are sent."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Letter:
    """A parcel under way from host to host; `verdicts` are what the last host that was asked said of it. `unfit`: no
    host was asked, because none that was reached could take it as it is.
    """

    parcel: Parcel
    verdicts: Verdicts = field(default_factory=dict)
    peer: Peer = NOBODY
    unfit: bool = False


class SmtpRelay:
    """Keeps its connection from one batch to the next. `hosts` may raise LookUpFailed before the first.

    `domain` is what the next hop is known by: the recipients' domain, or a name of the smart hosts.
    """

    lingers = 2.0
    speaks: type[SmtpClient] = SmtpClient
    relayed = Action.RELAYED
    """What a message has become that a host took which reports no success itself."""

    def __init__(
        self, hosts: Callable[[], Iterator[Host]], connector: SendConnector, domain: str, pool: Pool,
        demands: Protection = UNDEMANDING, account: str = "",
    ) -> None:  # fmt: skip
        """`demands`: what TLS with each host must be; `account`: the credential that signs in, if not the first."""
        self._hosts, self._connector, self._domain, self._pool = hosts, connector, domain, pool
        self._demands, self._account = demands, account
        self._client: SmtpClient | None = None
        self._words, self._refusal = "no host to try", ""
        self._until = 0.0
        self.lingers = min(self.lingers, float(connector.connection_inactivity_time_out))
        self._missed = False
        self.peer = NOBODY
        self.reached, self.asked = False, Asked()
        self.confirms: Action | None = None

    def send(self, parcels: list[Parcel]) -> Iterator[Outcome]:
        waiting = deque(Letter(small) for parcel in parcels for small in split(parcel))
        self._until = _attempt_ends()
        self._missed = False
        tried = 0
        try:
            for host in self._in_order():
                tried += 1
                yield from self._offer(host, waiting)
                if not waiting:
                    break
                if monotonic() >= self._until:
                    self._missed = True
                    break
        except LookUpFailed as error:
            yield from self._not_found(error.verdict, waiting)
        yield from self._leave(waiting, tried)

    def _in_order(self) -> Iterator[Host]:
        """The host of the kept connection comes first: it works."""
        kept = self._client.peer if self._client is not None else None
        if kept is not None:
            yield kept
        for host in self._hosts():
            if host != kept:
                yield host

    def _not_found(self, verdict: Verdict, waiting: deque[Letter]) -> Iterator[Outcome]:
        if verdict.fate is not Fate.FAILED:
            raise Unreachable(verdict.text) from None
        self.peer = NOBODY
        while waiting:
            parcel = waiting.popleft().parcel
            yield parcel, alike(parcel, verdict)

    def _leave(self, waiting: deque[Letter], tried: int) -> Iterator[Outcome]:
        """What no host took: those that one has answered wait, the others were not tried."""
        for letter in waiting:
            if letter.verdicts:
                self.peer = letter.peer
                for_now = letter.unfit and self._missed
                yield letter.parcel, self._for_now(letter.verdicts) if for_now else letter.verdicts
        if not all(letter.verdicts for letter in waiting):
            if found := provider_replies.before_mail(self._connector, self._refusal):
                raise Held.by(found, "")
            raise Unreachable(remote_reply.unreachable(self._words, tried).text)

    def _for_now(self, verdicts: Verdicts) -> Verdicts:
        """Of what is unfit for the hosts that were reached, while another one might take it."""
        return {row: remote_reply.unfit_for_now(each, self._words) for row, each in verdicts.items()}

    def _offer(self, host: Host, waiting: deque[Letter]) -> Iterator[Outcome]:
        """Everything to one host, on as many connections as it wants; what it puts off waits afterwards."""
        put_off: list[Letter] = []
        pace, struck, next_step = PACES.recall(host, self._connector.port), False, Next.AGAIN
        while waiting and next_step is not Next.ELSEWHERE:
            before = len(waiting)
            try:
                client = self._connected(host, pace, self._uncounted(waiting))
                yield from self._carry(client, waiting, put_off)
            except Lost as error:
                self._weigh(error)
                struck = struck and len(waiting) == before
                next_step, pace = self._after(host, error, pace, struck)
                self._missed = self._missed or next_step is Next.ELSEWHERE
                self._words = f"{host.name}: {error}"
                if isinstance(error, Displaced):
                    self._until = monotonic()
                if isinstance(error, Unprotected):
                    yield from self._offer_anyhow(host, waiting, put_off)
                if next_step is Next.WITHOUT:
                    struck = True
                    put_off.append(self._put_off(waiting.popleft(), error))
                self._drop()
        waiting.extendleft(reversed(put_off))

    def _weigh(self, error: Lost) -> None:
        """Raises Held when a host ended a connection that had begun well, with a word about all mail."""
        self._refusal = str(error) if isinstance(error, Refused) else ""
        if self._client is not None and (found := provider_replies.ruling(self._connector, self._refusal)):
            raise Held.by(found, self._client.account)

    def _after(self, host: Host, error: Lost, pace: Pace, struck: bool) -> tuple[Next, Pace]:
        one = self._client
        if one is None or isinstance(error, Displaced):
            return Next.ELSEWHERE, pace
        end = End(
            one.pace, one.sent > 0, one.heard, one.early, one.took_early, isinstance(error, OutOfOrder),
            not isinstance(error, Refused | TimedOut), struck,
        )  # fmt: skip
        return attempt.after(end)

    def _carry(self, client: SmtpClient, waiting: deque[Letter], put_off: list[Letter]) -> Iterator[Outcome]:
        """As many as the connection may still carry. While it speaks, the first that waits is in hand."""
        self.peer = Peer(client.peer.label, client.protection, client.session_id)
        client.asked = self.asked
        fitting = yield from self._fitting(client, waiting, put_off)
        try:
            for _, verdicts in client.send_parcels(fitting, self._pieces):
                self._until = _attempt_ends()
                client.allow(self._until)
                yield from self._judged(client, waiting.popleft(), verdicts, put_off)
        except (Lost, Held, psycopg.Error):
            raise
        except Exception as error:
            yield self._unexpected(waiting.popleft().parcel, error)
            self._drop()
            return
        if client.sent >= self._connector.max_messages_per_connection:
            self.close()

    def _fitting(
        self, client: SmtpClient, waiting: deque[Letter], put_off: list[Letter]
    ) -> Generator[Outcome, None, list[Parcel]]:
        """Returns the parcels as this host can take them; what it need not be asked about another host may take."""
        fitting = []
        for letter in handful(waiting, self._connector.max_messages_per_connection - client.sent):
            try:
                pieces = partial(self._pieces, letter.parcel)
                found: Parcel | Verdict | Verdicts = self._unsafe(client, letter.parcel) or fit(
                    letter.parcel, client.extensions, pieces
                )
                if isinstance(found, Parcel) and self._connector.dkim_signing_enabled:
                    found = signing.signed(found, pieces, self._pool)
            except psycopg.Error:
                raise
            except Exception as error:
                found = self._unexpected(letter.parcel, error)[1]
            if isinstance(found, Parcel):
                fitting.append(found)
                continue
            waiting.remove(letter)
            if isinstance(found, dict):
                yield letter.parcel, found
            else:
                put_off.append(self._unfit(letter, found))
        return fitting

    def _judged(
        self, client: SmtpClient, letter: Letter, verdicts: Verdicts, put_off: list[Letter]
    ) -> Iterator[Outcome]:
        """Final verdicts at once; of those that a host puts off, the last host's will count."""
        self.reached = True
        self.confirms = None if "dsn" in client.extensions else self.relayed
        later = put_off_by(verdicts)
        if any(verdict.fate is Fate.DELIVERED for verdict in verdicts.values()):
            client.took(letter.parcel.size)
            if client.slowed and client.sent == 1:
                PACES.remember(client.peer, self._connector.port, client.pace)
        if later:
            part = replace(letter.parcel, recipients={row: letter.parcel.recipients[row] for row in later})
            put_off.append(Letter(part, later, self.peer))
        if len(later) < len(verdicts):
            yield letter.parcel, {row: each for row, each in verdicts.items() if row not in later}

    def _put_off(self, letter: Letter, error: Lost) -> Letter:
        verdict = remote_reply.postponed("4.4.2", f"Connection dropped: {error}")
        return Letter(letter.parcel, alike(letter.parcel, verdict), self.peer)

    def _unfit(self, letter: Letter, verdict: Verdict) -> Letter:
        """What a host before this one has put off still waits for that one."""
        if letter.verdicts and not letter.unfit:
            return letter
        return Letter(letter.parcel, alike(letter.parcel, verdict), self.peer, unfit=True)

    def _unexpected(self, parcel: Parcel, error: Exception) -> Outcome:
        """What nobody foresaw is an outcome of the message it came with."""
        if isinstance(error, Elsewhere):
            return parcel, alike(parcel, remote_reply.postponed("4.3.0", str(error)))
        log.exception("message %s", parcel.id)
        verdict = remote_reply.unexpected(error)
        return parcel, alike(parcel, verdict)

    def _connected(self, host: Host, pace: Pace, protection: Protection | None = None) -> SmtpClient:
        kept = self._client
        if kept is not None and kept.peer == host and kept.is_quiet:
            kept.allow(self._until)
            return kept
        self._drop()
        with towards(self._domain):
            self._client = self.speaks.connect(host, self._connector, pace, self._until, protection or self._demands)
        self._sign_in(self._client)
        return self._client

    def _sign_in(self, client: SmtpClient) -> None:
        """Where several accounts share the mail, one that cannot sign in leaves it to the others."""
        try:
            sign_in(client, self._connector, accounts.of(self._connector, self._pool, self._account))
        except Held as held:
            if self._account and len(self._connector.authentication_credential) > 1:
                raise held.of(self._account) from None
            raise

    def _unsafe(self, client: SmtpClient, parcel: Parcel) -> Verdict | None:
        """Why this host may not have a message that requires TLS."""
        local = client.peer.is_socket
        return require_tls.refusal(
            parcel, self._connector.require_tls_mode, client.extensions, secured=bool(client.tls) or local,
            proven=client.is_proven or local,
        )  # fmt: skip

    def _offer_anyhow(self, host: Host, waiting: deque[Letter], put_off: list[Letter]) -> Iterator[Outcome]:
        """To a host that fails what its domain publishes: the messages that ask for that (TLS-Required: No)."""
        chosen = deque(letter for letter in waiting if self._is_optional(letter.parcel))
        if not chosen:
            return
        for letter in chosen:
            waiting.remove(letter)
        try:
            yield from self._carry(self._connected(host, Pace.SINGLE, self._demands.at_least), chosen, put_off)
        except Lost as error:
            self._words = f"{host.name}: {error}"
        self._drop()
        waiting.extend(chosen)

    def _is_optional(self, parcel: Parcel) -> bool:
        return require_tls.is_optional(parcel, head_and_rest(self._pieces(parcel))[0])

    def _uncounted(self, waiting: Iterable[Letter]) -> Protection | None:
        """A connection for nothing but reports about TLS, which are from nobody, is in no report (RFC 8460 §5.3)."""
        return Uncounted(self._demands) if all(self._is_report(letter.parcel) for letter in waiting) else None

    def _is_report(self, parcel: Parcel) -> bool:
        return not parcel.sender and tls_report_way.is_report(head_and_rest(self._pieces(parcel))[0])

    def _pieces(self, parcel: Parcel) -> Iterator[bytes]:
        return claims.pieces(self._pool, parcel)

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def close(self) -> None:
        if self._client is not None:
            self._client.part()
            self._client = None


def handful(waiting: Iterable[Letter], most: int) -> list[Letter]:
    """At least one, and at most so many, that are looked at before the first of them is sent: no host, and no place,
    waits until a hundred large messages are read.
    """
    before = accumulate((letter.parcel.size for letter in waiting), initial=0)
    return [letter for letter, octets in zip(waiting, before, strict=False) if octets < LOOKED_AT][:most]


def _attempt_ends() -> float:
    return monotonic() + (bounds.NEXT_HOP_ATTEMPT.seconds or 0)
