"""Is this copy in order? `manage.py status`, /healthz and the overview tell the same: these are the rules.

Asked is whether mail moves, not only whether processes exist: one that hangs takes no turn. Who hangs must not hold up
the answer either, so that everything is asked over fresh connections, in threads of its own, with a time limit.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from operator import attrgetter
from typing import Any, TypeVar

import psycopg
import redis
from django.conf import settings
from django.db import connection
from psycopg.rows import namedtuple_row

from console.processes.names import kind_of, numbered
from console.publishing.queries import bindings, unserved
from transport import redis_address
from transport.config.document import DocumentError
from transport.queries import SHARED
from transport.send.route import DeliveryType

LIMIT = 3.0
"""Seconds that PostgreSQL and Valkey have to answer."""
MOST_ASKING = 16
SEEN_LATELY = 8.0
"""Seconds since its last turn after which a process hangs; each takes one every second or two."""
FORGOTTEN = 300.0
"""Seconds after which one that has gone is not missed while another of its kind works: its node may be no more."""
COUNTED_WITHIN = 0.3
"""Seconds before its report in which a forwarder counts what waits."""
TAKEN_FIRST = 100
"""Recipients of a next hop, the oldest, of which somebody who works at it has taken some."""
LONGEST_WAIT = 60.0
"""Seconds that mail may lie in the journal, or be due without anybody taking it."""

TURNS = """
SELECT 'transport' AS process, name AS node, coalesce(nullif(node, ''), name) AS machine,
    abs(extract(epoch FROM now() - seen_at))::float8 AS age
FROM publishing_transport
UNION ALL SELECT process, node, node, abs(extract(epoch FROM now() - at))::float8 FROM processes_turn
ORDER BY process, node
"""
TRANSPORTS = "SELECT name, revision, problems, bindings FROM publishing_transport WHERE name = ANY(%s) ORDER BY name"
REVISION = "SELECT number, document FROM publishing_configrevision WHERE number = %s"
IN_JOURNAL = """
SELECT node, extract(epoch FROM now() - waiting_since)::float8 AS seconds, coalesce(waiting_messages, 0) AS messages
FROM processes_turn
WHERE process = 'forwarder' AND waiting_since IS NOT NULL ORDER BY waiting_since
"""
STUCK = "SELECT node FROM processes_turn WHERE process = 'forwarder' AND needs_upgrade ORDER BY node"
STOPPED = """
SELECT name FROM processes_node n WHERE state <> 'Active' AND NOT EXISTS (
    SELECT FROM processes_turn WHERE process = 'forwarder' AND node = n.name AND waiting_messages > 0)
"""
"""Those that were drained, and whose journals are empty: they may be away, until they are forgotten."""
BACKLOGS = """
SELECT node, abs(extract(epoch FROM clock_timestamp() - at))::float8, extract(epoch FROM at)::float8,
    coalesce(waiting_messages, 0), coalesce(waiting_recipients, 0), coalesce(all_counted, false)
FROM processes_turn WHERE process = 'forwarder' ORDER BY node
"""
DUE = f"""
SELECT h.domain, extract(epoch FROM now() - greatest(d.due_at, h.retry_at))::float8 AS seconds,
    h.delivery_type = '{DeliveryType.DNS}' AND EXISTS (SELECT FROM queues_lease WHERE hop <> '' AND is_strangers)
        AS in_turn,
    (SELECT name FROM processes_node WHERE holds_mailboxes AND h.delivery_type = '{DeliveryType.MAILBOX}') AS holder
FROM queues_nexthop h CROSS JOIN LATERAL (
    SELECT min(due_at) AS due_at, count(claimed_by) AS taken FROM (
        SELECT due_at, claimed_by FROM queues_recipient r
        WHERE r.next_hop = h.key AND r.status = 'ready' AND r.due_at <= now() ORDER BY due_at LIMIT {TAKEN_FIRST}) one
    ) d
WHERE NOT h.suspended AND NOT h.kept AND (h.retry_at IS NULL OR h.retry_at <= now())
    AND h.delivery_type <> 'Unreachable' AND d.due_at IS NOT NULL AND d.taken = 0
ORDER BY in_turn, greatest(d.due_at, h.retry_at) LIMIT 1
"""
"""What is due for the longest at a next hop that nobody works at: of those that wait for their turn only when no other
is left. Strangers' next hops have a part of the places, which those fill that do not answer, as long as they are many.
"""
PROCESSES = {
    "transport": "SMTP is not answered",
    "forwarder": "accepted mail stays in the journal",
    "worker": "no mail reaches a mailbox, nothing expires",
    "outbound": "no mail leaves for other servers",
    "beat": "nothing periodic is done: no notices, no expiry, no clean-up",
}
"""Who takes turns, and what it means when none of a kind does."""

OTHERS_TAKE = "the others of this node do its work"

_asking = threading.BoundedSemaphore(MOST_ASKING)
T = TypeVar("T")


class About(StrEnum):
    """What a fault is about; so pages know where to look."""

    SERVER = "server"
    """PostgreSQL or Valkey."""
    PROCESS = "process"
    NODE = "node"
    REVISION = "revision"
    JOURNAL = "journal"
    QUEUE = "queue"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is not in order, in words; `name` says of what: server, process, transport, node, domain."""

    about: About
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Sign:
    """The last sign of life of a process, so many seconds ago. `node`: of a transport its own name."""

    process: str
    node: str
    machine: str
    age: float

    @property
    def is_late(self) -> bool:
        return self.age > SEEN_LATELY


@dataclass
class Health:
    """`faults`: what is not in order. `problems`: what does not keep the copy from working as a whole. `smtp`: the
    bindings (host:port) of the enabled Receive connectors. `signs`: of every process that is not forgotten.
    """

    revision: int = 0
    transports: dict[str, int | None] = field(default_factory=dict)
    signs: list[Sign] = field(default_factory=list)
    smtp: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def missing(self) -> list[str]:
        """What is not in order, in words."""
        return [fault.text for fault in self.faults]

    @property
    def ok(self) -> bool:
        return not self.faults

    @property
    def turns(self) -> dict[str, float]:
        """Seconds since the last turn of each process, the longest of several nodes."""
        return {sign.process: round(sign.age, 1) for sign in sorted(self.signs, key=lambda sign: sign.age)}

    def is_missed(self, about: About, name: str, text: str) -> None:
        """Note a fault."""
        self.faults.append(Fault(about, name, text))


def health() -> Health:
    """Takes about `LIMIT` seconds at most."""
    return health_asked()()


def health_asked() -> Callable[[], Health]:
    """Tells `health` as it is found from now on: who has something else to do meanwhile does not wait for it."""
    return partial(_health, _asked(_facts_of_postgresql), _asked(_ping_valkey))


def _health(database: Future[Facts], broker: Future[bool]) -> Health:
    found = Health()
    answers = _answer(broker)
    if answers is None:
        found.is_missed(About.SERVER, "Valkey (Redis)", "Valkey (Redis) does not answer: mail is accepted and waits.")
    facts = _answer(database)
    if facts is None:
        text = "PostgreSQL does not answer: mail is accepted and waits in the journal."
        found.is_missed(About.SERVER, "PostgreSQL", text)
    else:
        _configuration(found, facts)
        _processes(found, facts, judged=set(PROCESSES) if answers else {"transport", "forwarder"})
        _transports(found, facts)
        _mail(found, facts)
    return found


@dataclass
class Facts:
    revision: Any
    turns: list[Any]
    transports: list[Any]
    in_journal: list[Any]
    stuck: list[Any]
    stopped: list[Any]
    due: Any


def _facts_of_postgresql() -> Facts:
    with psycopg.connect(
        settings.DATABASE_URL,
        autocommit=True,
        row_factory=namedtuple_row,
        connect_timeout=2,
        options=f"-c statement_timeout={int(LIMIT * 1000)}",
    ) as connection:
        in_force: Any = connection.execute(SHARED["revision_in_force"]).fetchone()
        turns: list[Any] = connection.execute(TURNS).fetchall()
        lately = [turn.node for turn in turns if turn.process == "transport" and turn.age <= SEEN_LATELY]
        return Facts(
            connection.execute(REVISION, [in_force.number if in_force else None]).fetchone(),
            turns,
            connection.execute(TRANSPORTS, [lately]).fetchall(),
            connection.execute(IN_JOURNAL).fetchall(),
            connection.execute(STUCK).fetchall(),
            connection.execute(STOPPED).fetchall(),
            connection.execute(DUE).fetchone(),
        )


def _ping_valkey() -> bool:
    with redis_address.client(settings.REDIS_URL, socket_timeout=LIMIT, socket_connect_timeout=LIMIT) as client:
        return bool(client.ping())


def _asked(ask: Callable[[], T]) -> Future[T]:
    """What `ask` will have answered, in a thread that nobody waits for."""
    answer: Future[T] = Future()

    def run() -> None:
        try:
            answer.set_result(ask())
        except Exception as error:
            answer.set_exception(error)
        finally:
            _asking.release()

    if _asking.acquire(timeout=LIMIT):
        threading.Thread(target=run, name="health", daemon=True).start()
    else:
        answer.set_exception(TimeoutError())
    return answer


def _answer(asked: Future[T]) -> T | None:
    try:
        return asked.result(LIMIT)
    except (psycopg.Error, redis.RedisError, OSError):
        return None


def _configuration(found: Health, facts: Facts) -> None:
    if facts.revision is None:
        found.is_missed(About.REVISION, "", "There is no configuration yet: run manage.py prepare.")
        return
    found.revision = facts.revision.number
    try:
        found.smtp = list(bindings(facts.revision.document))
    except DocumentError as error:
        found.is_missed(About.REVISION, "", f"Revision {found.revision} cannot be read: {error}")


def _processes(found: Health, facts: Facts, judged: set[str]) -> None:
    """Beat and the workers stand still without Valkey: then that is what is amiss, not they."""
    every = [_sign(turn) for turn in facts.turns if turn.age <= FORGOTTEN]
    silent, stopped = _silent(every), {node.name for node in facts.stopped}
    for node, age in silent.items():
        if node in stopped:
            continue
        text = f"Node {node} gives no sign of life, for {age:.0f} s now. Others work; what its journal holds waits."
        found.is_missed(About.NODE, node, text)
    for process, meaning in PROCESSES.items():
        signs = [sign for sign in every if sign.process == process]
        found.signs += signs
        if process not in judged:
            continue
        for machine, late in _late(signs).items():
            if machine not in silent:
                others = any(sign.machine == machine and not sign.is_late for sign in signs)
                found.is_missed(About.PROCESS, process, _hang(late, OTHERS_TAKE if others else meaning))
        if not signs:
            found.is_missed(About.PROCESS, process, f"No {process} is at work: {meaning}.")


def _sign(turn: Any) -> Sign:
    kind, number = kind_of(turn.process)
    return Sign(kind, numbered(turn.node, number), turn.machine, turn.age)


def _late(signs: Iterable[Sign]) -> dict[str, list[Sign]]:
    """By node: its transports are several, but one thing to be told."""
    found: dict[str, list[Sign]] = {}
    for sign in filter(attrgetter("is_late"), signs):
        found.setdefault(sign.machine, []).append(sign)
    return found


def _hang(late: Sequence[Sign], meaning: str) -> str:
    process, names, age = late[0].process, ", ".join(sign.node for sign in late), min(sign.age for sign in late)
    if len(late) == 1:
        return f"The {process} of {names} hangs or is away, for {age:.0f} s now: {meaning}."
    return f"The {process}s {names} hang or are away, for {age:.0f} s now: {meaning}."


def _silent(signs: list[Sign]) -> dict[str, float]:
    """Nodes of which all is late while another works, each with the seconds since its last sign."""
    late, lively = {}, False
    for node in {sign.machine for sign in signs}:
        of_node = [sign for sign in signs if sign.machine == node]
        if len(of_node) > 1 and all(sign.is_late for sign in of_node):
            late[node] = min(sign.age for sign in of_node)
        lively = lively or not any(sign.is_late for sign in of_node)
    return late if lively else {}


def _transports(found: Health, facts: Facts) -> None:
    served = {binding for transport in facts.transports for binding in transport.bindings}
    behind: dict[int | None, list[str]] = {}
    for transport in facts.transports:
        found.transports[transport.name] = transport.revision
        if transport.revision != found.revision:
            behind.setdefault(transport.revision, []).append(transport.name)
        found.problems += [_problem(problem) for problem in unserved(transport.problems, served)]
    found.problems = list(dict.fromkeys(found.problems))
    for revision, names in behind.items():
        found.is_missed(About.REVISION, names[0], _behind(names, revision, found.revision))


def _problem(problem: dict[str, str]) -> str:
    """What concerns all connectors bears no name."""
    return ": ".join(filter(None, [problem.get("connector"), problem.get("message")]))


def _behind(names: Sequence[str], revision: int | None, newest: int) -> str:
    if len(names) > 1:
        several = ", ".join(names)
        if revision:
            return f"Transports {several} run revision {revision}; the newest is {newest}."
        return f"Transports {several} have no configuration yet; the newest is {newest}."
    if revision:
        return f"Transport {names[0]} runs revision {revision}; the newest is {newest}."
    return f"Transport {names[0]} has no configuration yet; the newest is {newest}."


def _mail(found: Health, facts: Facts) -> None:
    for waiting in facts.in_journal:
        if waiting.seconds > LONGEST_WAIT:
            told = f" ({waiting.messages:,} messages)" if waiting.messages > 1 else ""
            text = f"Mail waits in the journal of {waiting.node} for {waiting.seconds:.0f} s{told}."
            found.is_missed(About.JOURNAL, waiting.node, text)
    for journal in facts.stuck:
        text = f"The journal of {journal.node} holds mail of a later version, which waits for it: upgrade this node."
        found.is_missed(About.JOURNAL, journal.node, text)
    if (due := facts.due) is None or due.seconds <= LONGEST_WAIT:
        return
    since = f"Mail for {due.domain} is due for {due.seconds:.0f} s"
    if due.in_turn:
        found.problems.append(f"{since} and waits for its turn: other next hops, which do not answer, have all places.")
    else:
        untaken = f"{since}, and nobody takes it."
        if due.holder:
            untaken = f"{since}, and {due.holder}, where the mailboxes lie, does not take it."
        found.is_missed(About.QUEUE, due.domain, untaken)


@dataclass(frozen=True, slots=True)
class Backlog:
    """What the journals of a node hold that is not in PostgreSQL yet, as its forwarder said `age` seconds ago, at `at`
    (Unix seconds). Not `all_counted`: there are more.
    """

    node: str
    age: float
    at: float
    messages: int
    recipients: int
    all_counted: bool

    @property
    def is_away(self) -> bool:
        """Nobody knows what came since."""
        return self.age > SEEN_LATELY


def backlogs() -> list[Backlog]:
    """What each forwarder says of the time after the question; of one that is away, what it said last. One that has
    gone, and left nothing behind, is not missed while another works.

    Takes a second or two, while somebody is away some more. Raises django.db.OperationalError.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
        asked = cursor.fetchone()[0]
    while True:
        with connection.cursor() as cursor:
            cursor.execute(BACKLOGS)
            found = [Backlog(*row) for row in cursor.fetchall()]
        if all(each.is_away or each.at > asked + COUNTED_WITHIN for each in found):
            alone = all(each.is_away for each in found)
            return [each for each in found if each.age <= FORGOTTEN or each.messages or alone]
        time.sleep(0.1)
