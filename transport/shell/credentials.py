"""Is this password the user's? PostgreSQL knows the users, Argon2 takes its time in two threads of its own.

Whoever guesses waits ever longer (`backoff`); the user, who comes from another address, does not wait at all.
"""

import asyncio
import base64
import contextlib
import hashlib
import ipaddress
import logging
import secrets
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import psycopg
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from cryptography.fernet import Fernet, InvalidToken

from transport.receive.auth import NOT_AVAILABLE, TOO_OFTEN, WRONG, Denied, logon_name
from transport.receive.outcome import AnswerNtlm, CheckPassword, LogonName
from transport.receive.session import User
from transport.shell import ntlm
from transport.shell.backoff import Backoff
from transport.shell.database import Connection
from transport.shell.queries import QUERIES

THREADS = 2
MOST_WAITING = 64
MOST_WAITING_PER_SOURCE = 8
ANSWER_WITHIN = 5.0
"""Seconds that PostgreSQL may take."""
MOST_KEPT = 10_000
REMEMBER = 600.0
"""Seconds for which a password that was right is known again without Argon2, unless it is changed."""

log = logging.getLogger(__name__)
_hasher = PasswordHasher()


class Found(NamedTuple):
    """A user of the directory. `hash` is Argon2's, with its parameters; `nt_hash` is encrypted, or empty."""

    user: User
    hash: str
    enabled: bool
    nt_hash: str


class NtlmTalk:
    """What the acceptor keeps between its challenge and the client's answer."""

    def __init__(self) -> None:
        self.context: ntlm.Context | None = None


IsRight = Callable[[Found | None], Awaitable[bool]]


@dataclass
class Turn:
    """The tries of one pair, in a row."""

    lock: asyncio.Lock
    waiting: int = 0


class Credentials:
    """For the event loop's thread; Argon2 and NTLM run in threads of their own."""

    def __init__(self, database_url: str, secret: bytes) -> None:
        """`secret` is the Fernet key under which NT hashes are kept."""
        self._url, self._secret = database_url, secret
        self._ntlm = ntlm.NtlmAcceptor()
        self._connection: Connection | None = None
        self._asking = asyncio.Lock()
        self._threads = ThreadPoolExecutor(THREADS, "passwords")
        self._nobody = _nobodys_hash()
        self._backoff = Backoff()
        self._turns: dict[tuple[str, str], Turn] = {}
        self._waiting: Counter[str] = Counter()
        self._known: OrderedDict[bytes, float] = OrderedDict()
        self._key = secrets.token_bytes(32)

    async def check(self, asked: CheckPassword, remote_ip: str) -> User | Denied:
        """The user, or why not. Never raises for a database that is away."""

        async def is_right(found: Found | None) -> bool:
            return await self._is_right(found.hash if found else self._nobody, asked.password)

        return await self._check(asked.logon, source_of(remote_ip), is_right)

    async def answer_ntlm(self, asked: AnswerNtlm, remote_ip: str, talk: NtlmTalk) -> bytes | User | Denied | None:
        """A challenge to the client's first message, to its second the user or why not; None: that was no NTLM."""
        kind, context = ntlm.message_type(asked.token), talk.context
        talk.context = None
        if kind == ntlm.NEGOTIATE:
            begun = self._ntlm.begin(asked.token)
            talk.context = begun[0] if begun else None
            return begun[1] if begun else None
        if kind != ntlm.AUTHENTICATE or context is None:
            return None
        try:
            domain, user = ntlm.claimed(asked.token)
        except ValueError:
            return None
        logon = LogonName(user.casefold(), domain.casefold()) if domain else logon_name(user, asked.default_domain)

        async def is_right(found: Found | None) -> bool:
            secret = self._nt_hash(found)
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, self._ntlm.is_right, context, asked.token, secret)

        return await self._check(logon, source_of(remote_ip), is_right)

    def _nt_hash(self, found: Found | None) -> bytes:
        """The user's hash; for everybody else one that nobody knows."""
        try:
            if found is not None and found.nt_hash:
                return Fernet(self._secret).decrypt(found.nt_hash)
        except (InvalidToken, ValueError):
            log.error("an NT hash was encrypted with another key: set the passwords of NTLM users again")
        return secrets.token_bytes(16)

    async def _check(self, logon: LogonName, source: str, is_right: IsRight) -> User | Denied:
        if self._waiting.total() >= MOST_WAITING:
            return NOT_AVAILABLE
        if self._waiting[source] >= MOST_WAITING_PER_SOURCE:
            return TOO_OFTEN
        self._waiting[source] += 1
        try:
            found = await self._look_up(logon)
            names = (logon.user, found.user.name.casefold()) if found else (logon.user,)
            async with self._turn((source, names[-1])):
                return await self._decide(source, names, found, is_right)
        except (psycopg.Error, OSError, TimeoutError) as error:
            log.warning("no sign-in: PostgreSQL is away: %s", " ".join(str(error).split()))
            return NOT_AVAILABLE
        finally:
            self._waiting[source] -= 1
            self._waiting += Counter()  # drops the sources that wait no longer

    def close(self) -> None:
        """Take no more work; what runs ends."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    @contextlib.asynccontextmanager
    async def _turn(self, key: tuple[str, str]) -> AsyncIterator[None]:
        """One try of a pair after the other, so that none slips past the count of the one before."""
        turn = self._turns.setdefault(key, Turn(asyncio.Lock()))
        turn.waiting += 1
        try:
            async with turn.lock:
                yield
        finally:
            turn.waiting -= 1
            if not turn.waiting:
                del self._turns[key]

    async def _decide(
        self, source: str, names: tuple[str, ...], found: Found | None, is_right: IsRight
    ) -> User | Denied:
        loop = asyncio.get_running_loop()
        if self._backoff.must_wait(source, names, loop.time()):
            return TOO_OFTEN
        right = await is_right(found)
        if found is None or not right or not found.enabled:
            self._backoff.failed(source, names, loop.time())
            return WRONG
        self._backoff.succeeded(source, names)
        return found.user

    async def _is_right(self, hash_: str, password: str) -> bool:
        """A new password has a new hash, so what is remembered of the old one is never asked for again."""
        loop = asyncio.get_running_loop()
        mark = hashlib.blake2b(f"{hash_}\0{password}".encode(), key=self._key).digest()
        if self._known.get(mark, 0.0) > loop.time():
            return True
        right = await loop.run_in_executor(self._threads, _verify, hash_, password)
        if right:
            self._known[mark] = loop.time() + REMEMBER
            if len(self._known) > MOST_KEPT:
                self._known.popitem(last=False)
        return right

    async def _look_up(self, logon: LogonName) -> Found | None:
        """Raises psycopg.Error, OSError or TimeoutError."""
        async with asyncio.timeout(ANSWER_WITHIN), self._asking:
            again = self._connection is not None
            while True:
                try:
                    return await self._ask(logon)
                except (psycopg.OperationalError, asyncio.CancelledError) as error:
                    await self._hang_up()
                    if not again or isinstance(error, asyncio.CancelledError):
                        raise
                    again = False  # the connection may just have grown old

    async def _ask(self, logon: LogonName) -> Found | None:
        if self._connection is None:
            self._connection = await psycopg.AsyncConnection.connect(self._url, autocommit=True)
        values = {"user": logon.user, "domain": logon.domain, "address": logon.address}
        rows = await (await self._connection.execute(QUERIES["user_by_logon"], values)).fetchall()
        if len(rows) != 1:  # nobody, or a name without a domain that several have
            return None
        name, hash_, enabled, nt_hash, groups, addresses = rows[0]
        return Found(User(name, tuple(groups), frozenset(addresses)), hash_, enabled, nt_hash)

    async def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()


def source_of(remote_ip: str) -> str:
    """The address, of IPv6 its network: one host has a whole /64 (RFC 6177)."""
    address = ipaddress.ip_address(remote_ip.partition("%")[0])
    return str(address) if address.version == 4 else str(ipaddress.ip_network((address, 64), strict=False))


def _nobodys_hash() -> str:
    """A hash of no password, which takes as long as a user's; made up, for a real one costs 64 MiB once."""
    salt, tag = (base64.b64encode(secrets.token_bytes(length)).decode().rstrip("=") for length in (16, 32))
    cost = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    return f"$argon2id$v=19${cost}${salt}${tag}"


def _verify(hash_: str, password: str) -> bool:
    try:
        return _hasher.verify(hash_, password)
    except (Argon2Error, InvalidHashError):
        return False
