"""The SMTP process: environment → parts wired together, drain and stop. The only place that knows every part."""

import asyncio
import ctypes
import encodings.idna  # (asyncio imports it late, when root and perhaps its files are out of reach)
import encodings.punycode  # noqa: F401 (what idna asks for, as late)
import logging
import os
import signal
import socket
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Never

import msgspec
import uvloop

from transport import log_lines, memory, node, service_manager
from transport.config.snapshot import Snapshot
from transport.deliver import database, locked, pulling, turned
from transport.durable_file import only_one
from transport.node import MINIMUM_FREE
from transport.postgresql import lively
from transport.receive.policy import Policy
from transport.reference import References
from transport.shell import clock, health, privileges, sockets
from transport.shell.clients.dialogue import Dialogue
from transport.shell.clients.listeners import Listeners
from transport.shell.clients.open_sessions import OpenSessions
from transport.shell.clients.pick_ups import PickUps
from transport.shell.clients.reception import InForce, Reception
from transport.shell.clients.shared_counts import SharedCounts
from transport.shell.clients.source_budget import SourceBudget
from transport.shell.clients.tls_contexts import TlsContexts
from transport.shell.database import Connection, follow
from transport.shell.feeds import config_feed, recipient_feed
from transport.shell.feeds.config_feed import ConfigFeed
from transport.shell.feeds.node_state import NodeState
from transport.shell.feeds.recipient_feed import RecipientFeed
from transport.shell.journal.journal import Journal
from transport.shell.log.protocol_log import protocol_log
from transport.shell.log.session_record import record_log
from transport.shell.master.borrowed import Borrowed, Own
from transport.shell.master.channel import Channel
from transport.shell.master.counts import Counts
from transport.shell.master.place import Place, place
from transport.shell.metrics import prometheus
from transport.shell.people.backoff import Backoff
from transport.shell.people.credentials import Credentials
from transport.shell.people.kerberos import Kerberos
from transport.shell.queries import QUERIES
from transport.shell.report import Report

DRAIN, DRAIN_LOOK = 5.0, 0.05
"""Seconds that sessions have to end, and between two looks at them."""
HANG_UP = 2.0
"""Seconds in which PostgreSQL and Redis are told that we end."""
M_MMAP_THRESHOLD = -3
WORTH_TRIMMING = 16 << 20
"""Bytes of arriving messages; to look for less is not worth the milliseconds."""
REOPEN_EVERY = 3
"""Seconds between two tries to open what could not be listened on."""

PULL_EVERY, ATTACH, PULLS = 15.0, 30.0, 2
"""Seconds between two looks at who is to be asked for mail, seconds to begin with it, and so many at a time."""

log = logging.getLogger(__name__)


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """What the process is told from outside. `name` is unique among all transports, `node` names the machine."""

    home: Path
    name: str
    node: str
    database_url: str
    redis_url: str
    secret: bytes
    health: str
    user: str
    minimum_free: int = MINIMUM_FREE
    place: Place | None = None

    @property
    def directories(self) -> tuple[Path, Path, Path, Path]:
        """Journal, protocol log, session records and state of this transport."""
        return node.directories(self.home, self.name)


def environment(variables: Mapping[str, str]) -> Environment:
    """The variables as README.md lists them. Raises OSError when the secret cannot be read."""
    home = node.home(variables)
    here = node.name(variables)
    return Environment(
        home=home,
        name=variables.get("GATEPOST_TRANSPORT") or here,
        node=here,
        database_url=lively(variables.get("DATABASE_URL", "")),
        redis_url=variables.get("REDIS_URL", ""),
        secret=node.secret(variables),
        health=variables.get("GATEPOST_HEALTH", ""),
        user=variables.get("GATEPOST_USER") or "nobody",
        minimum_free=node.minimum_free(variables),
        place=place(variables),
    )


class Transport:
    """Everything that runs in the process, between `start` and `stop`."""

    def __init__(self, settings: Environment, loop: asyncio.AbstractEventLoop) -> None:
        journal, log_folder, record_folder, state = settings.directories
        # Two transports of one name would write into each other's journal.
        self._lock = only_one(
            state / "lock", f"another transport is running on {state}; give each its own GATEPOST_TRANSPORT"
        )
        self._settings, self._loop = settings, loop
        database.address, locked.secret = lambda: settings.database_url, lambda: settings.secret
        self._pulls = ThreadPoolExecutor(PULLS, thread_name_prefix="pull")
        self._recipients = RecipientFeed(state / "recipients.index")
        self._journal = Journal(journal, loop, minimum_free=settings.minimum_free)
        self._protocol_log, self._records = protocol_log(log_folder), record_log(record_folder)
        counts = _counts(settings.place)
        backoff = Backoff(counts.failed, counts.known) if counts else None
        asked = SourceBudget(counts.asked, "pick-up ") if counts else None
        self._credentials = Credentials(settings.database_url, settings.secret, backoff)
        self._reception = Reception(
            settings.name,
            settings.node,
            loop,
            self._journal,
            self._recipients,
            self._protocol_log,
            self._records,
            self._credentials,
            PickUps(settings.database_url, turned.hand_over, asked),
            References(settings.secret),
            counts,
        )
        self._channel: Channel | None = None
        if settings.place is not None:
            self._channel = Channel(socket.socket(fileno=settings.place.channel), loop, self._answer, self._orphaned)
        given = settings.place.given if settings.place else ()
        source = Borrowed(self._channel, given) if self._channel else Own(sockets.of_this_process(os.environ))
        self._listeners = Listeners(lambda: Dialogue(self._reception), source)
        self._feed = ConfigFeed(state, self._put_in_force)
        url = settings.redis_url
        self._shared_counts = SharedCounts(url, settings.name, self._reception, self._node()) if url else None
        self._report = Report(
            self._reception,
            self._feed,
            self._listeners,
            self._shared_counts,
            bool(settings.database_url),
            settings.place.former if settings.place is not None and not settings.place.number else (),
        )
        self._open_sessions = OpenSessions(self._reception)
        self._node_state = NodeState(state, settings.node, self._drain)
        self._tasks: list[asyncio.Task[Never]] = []
        self._health: asyncio.Server | None = None

    async def start(self) -> None:
        """Serve the last revision from disk, then follow PostgreSQL. Raises OSError when /healthz cannot be served."""
        await self._node_state.start_from_disk()
        await self._feed.start_from_disk()
        if self._settings.health and self._channel is None:
            self._health = await health.serve(self._settings.health, self._healthy, self._metrics)
        url = self._settings.database_url
        jobs = [self._tick()]
        if url:
            jobs.append(follow(url, config_feed.CHANNEL, config_feed.POLL, self._step))
            jobs.append(follow(url, "gatepost_pull", PULL_EVERY, self._pull))
            jobs.append(follow(url, recipient_feed.CHANNEL, recipient_feed.POLL, self._recipients.step))
        if self._shared_counts is not None:
            jobs.append(self._shared_counts.follow())
        self._tasks = [self._loop.create_task(job) for job in jobs]

    def _node(self) -> str:
        """The name of all transports that count together."""
        place = self._settings.place
        return place.node if place is not None else self._settings.name

    async def _healthy(self) -> tuple[bool, dict[str, object]]:
        return self._report.health()

    async def _metrics(self) -> str:
        return prometheus({self._settings.name: self._report.metrics()})

    async def _answer(self, question: str, _: object) -> tuple[object, None]:
        """To our master, who speaks for all transports of the node."""
        if question == "turn":
            return None, None
        return (self._report.health() if question == "health" else self._report.metrics()), None

    def _orphaned(self) -> None:
        """The kernel ends us as well."""
        log.error("the master of this transport has gone")

    async def _step(self, connection: Connection) -> None:
        await self._feed.step(connection)
        await self._open_sessions.step(connection)
        await self._report.step(connection)
        await self._node_state.step(connection)
        if self._shared_counts is not None:
            self._shared_counts.nodes = self._node_state.nodes

    async def _drain(self, draining: bool) -> None:
        """A node that drains takes no new client, and says so to load balancers; what it has goes on."""
        self._reception.draining = draining
        log.info("draining: no new sessions" if draining else "active: sessions are taken")
        if (in_force := self._reception.in_force) is not None:
            await self._listen(in_force.policy.snapshot)

    async def _listen(self, snapshot: Snapshot) -> None:
        """A node that drains closes its sockets; on those that systemd has, clients are told to go elsewhere."""
        await self._listeners.match(Snapshot() if self._reception.draining else snapshot)

    async def _pull(self, connection: Connection) -> None:
        """Ask other servers for the mail that waits for us and comes over the connection which we open."""
        cursor = await connection.execute(QUERIES["take_handed"])
        for (name,) in await cursor.fetchall():
            self._pulls.submit(self._take, name)

    def _take(self, name: str) -> None:
        try:
            pulling.take(name, self._serve)
        except Exception as error:
            log.error("mail requested by %s: %s", name, " ".join(str(error).split()))

    def _serve(self, opened: socket.socket, swapped: pulling.Swapped) -> None:
        """For another thread."""
        asyncio.run_coroutine_threadsafe(self._attach(opened, swapped), self._loop).result(ATTACH)

    async def _attach(self, opened: socket.socket, swapped: pulling.Swapped) -> None:
        opened.setblocking(False)
        await self._loop.create_connection(lambda: Dialogue(self._reception, swapped), sock=opened)

    async def _put_in_force(self, snapshot: Snapshot) -> None:
        before = self._reception.in_force
        server, secret = self._settings.node, self._settings.secret
        tls = TlsContexts(snapshot, server, secret, before.tls if before is not None else None)
        kerberos = Kerberos(snapshot, secret)
        for problem in (*tls.problems, *filter(None, [kerberos.problem])):
            log.error("%s", problem)
        policy = Policy(snapshot, server, kerberos.acceptor is not None)
        self._reception.in_force = InForce(policy, tls, kerberos)
        await self._listen(snapshot)

    async def _tick(self) -> Never:
        seconds = 0
        while True:
            await asyncio.sleep(1)
            service_manager.alive()
            seconds += 1
            try:
                await self._reception.tick(clock.now())
                if self._node_state.is_inactive:
                    self._reception.end_sessions()
                await self._feed.go_back()
                self._give_memory_back()
                if seconds % REOPEN_EVERY == 0:
                    await self._listeners.open_missing()
            except Exception:
                log.exception("the transport's clockwork")

    def _give_memory_back(self) -> None:
        """When most of the most that arriving messages held since the last time is free again."""
        journal = self._journal
        if journal.most_held >= WORTH_TRIMMING and journal.held <= journal.most_held // 2:
            _trim_memory()
            journal.most_held = journal.held

    async def stop(self) -> None:
        """Stop listening, let sessions end, put everything on disk."""
        self._listeners.close()
        deadline = self._loop.time() + DRAIN
        while self._loop.time() < deadline:
            self._reception.stop()
            if not self._reception.sessions:
                break
            await asyncio.sleep(DRAIN_LOOK)
        for task in self._tasks:
            task.cancel()
        if self._health is not None:
            self._health.close()
        for session in list(self._reception.sessions):
            session.abort()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=HANG_UP)
        await self._credentials.aclose()
        if self._shared_counts is not None:
            await self._shared_counts.aclose()
        self._recipients.save()
        self._journal.close()
        self._protocol_log.close()
        self._records.close()


def _counts(place: Place | None) -> Counts | None:
    """Those of the node. Of a master that is of another release they cannot be read: then each counts for itself."""
    if place is None or place.of == 1:
        return None
    try:
        counts = Counts(place.counts, place.number)
    except (OSError, ValueError) as error:
        log.error("limits count on each transport alone until the master is started again: %s", error)
        return None
    counts.gauges.clear()
    return counts


def _give_large_buffers_back() -> None:
    """Buffers of 128 KiB and more go back to the system when freed; glibc would raise this limit by itself."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, 1 << 17)


def _trim_memory() -> None:
    """What lies free between pieces that are in use goes back to the system, too."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


async def _serve(settings: Environment) -> None:
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    worker = Transport(settings, loop)
    await worker.start()
    service_manager.ready()
    memory.settle()
    await stopping.wait()
    log.info("stopping")
    service_manager.stopping()
    await worker.stop()


def main() -> None:
    """Run until SIGTERM."""
    log_lines.to_standard_error()
    os.umask(0o077)
    try:
        settings = environment(os.environ)
        if settings.place is not None:
            privileges.end_with(settings.place.master)
        _give_large_buffers_back()
        privileges.raise_open_files()
        privileges.drop(settings.user, settings.directories)
        uvloop.run(_serve(settings))
    except (OSError, LookupError) as error:
        log.error("the transport cannot start: %s", error)
        raise SystemExit(1) from None
    log.info("stopped")
