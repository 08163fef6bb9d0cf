"""Is this password the user's? PostgreSQL knows the users, Argon2 takes its time in two threads of its own.

Whoever guesses waits ever longer (`backoff`); the user, who comes from another address, does not wait at all.
"""

import asyncio
import base64
import contextlib
import hashlib
import logging
import secrets
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import psycopg
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from cryptography.fernet import Fernet, InvalidToken

from transport.config.endpoint import source_of
from transport.receive.auth import NO_TICKET, NOT_AVAILABLE, NOT_BOUND, TOO_OFTEN, WRONG, Denied, logon_name
from transport.receive.outcome import AnswerToken, CheckPassword, LogonName
from transport.receive.session import User
from transport.shell.people import kerberos, ntlm
from transport.shell.people.backoff import Backoff
from transport.shell.people.kerberos import Kerberos, Proved
from transport.shell.people.places import NoPlaceError, Places, network_of
from transport.shell.people.user_lookup import Found, UserLookup

THREADS = 2
MOST_WAITING = 256
"""Those who wait for a thread; MOST_ASKING counts those too who wait for PostgreSQL."""
MOST_ASKING = 1000
MOST_ASKING_PER_SOURCE = 8
MOST_KEPT = 10_000
REMEMBER = 600.0
"""Seconds for which a password that was right is known again without Argon2, unless it is changed."""

UNREACHABLE = (psycopg.Error, OSError, TimeoutError)
"""What PostgreSQL raises when it is away."""
T = TypeVar("T")

log = logging.getLogger(__name__)
_hasher = PasswordHasher()


class Talk:
    """What an acceptor keeps between its challenge and the client's answer."""

    def __init__(self) -> None:
        self.ntlm: ntlm.Exchange | None = None
        self.kerberos: kerberos.Exchange | None = None


class Client(NamedTuple):
    """Where a try comes from; `known`: this user has signed in from there before."""

    source: str
    known: bool = False


IsRight = Callable[[Found | None, Client], Awaitable[bool]]


@dataclass
class Turn:
    """The tries of one pair, in a row."""

    lock: asyncio.Lock
    waiting: int = 0


class Credentials:
    """For the event loop's thread; Argon2 and NTLM run in threads of their own."""

    def __init__(self, database_url: str, secret: bytes, backoff: Backoff | None = None) -> None:
        """`secret` is the Fernet key under which NT hashes are kept. `backoff`: who guesses, on all transports."""
        self.users = UserLookup(database_url)
        self._secret = secret
        self._ntlm = ntlm.NtlmAcceptor()
        self._threads = ThreadPoolExecutor(THREADS, "passwords")
        self._nobody = _nobodys_hash()
        self._backoff = backoff or Backoff()
        self._places = Places(THREADS, MOST_WAITING)
        self._turns: dict[tuple[str, str], Turn] = {}
        self._asking: Counter[str] = Counter()
        self._all_asking = 0
        self._known: OrderedDict[bytes, float] = OrderedDict()
        self._key = secrets.token_bytes(32)

    async def check(self, asked: CheckPassword, remote_ip: str) -> User | Denied:
        """The user, or why not. Never raises for a database that is away."""

        async def is_right(found: Found | None, client: Client) -> bool:
            return await self._is_right(client, found.hash if found else self._nobody, asked.password)

        return await self._check(asked.logon, source_of(remote_ip), is_right)

    async def answer(
        self, asked: AnswerToken, remote_ip: str, talk: Talk, offered: Kerberos
    ) -> bytes | User | Denied | None:
        """A challenge, or at the end the user or why not; None for a message that is none of the mechanism."""
        if asked.begins:
            talk.ntlm = talk.kerberos = None
        if asked.mechanism == "NTLM":
            return await self._answer_ntlm(asked, source_of(remote_ip), talk)
        return await self._answer_kerberos(asked, remote_ip, talk, offered)

    async def _answer_ntlm(self, asked: AnswerToken, source: str, talk: Talk) -> bytes | User | Denied | None:
        kind, exchange = ntlm.message_type(asked.token), talk.ntlm
        talk.ntlm = None
        if kind == ntlm.NEGOTIATE:
            talk.ntlm = self._ntlm.begin(asked.token)
            return talk.ntlm.challenge if talk.ntlm else None
        if kind != ntlm.AUTHENTICATE or exchange is None:
            return None
        try:
            token, domain, user = exchange.read(asked.token)
            if not ntlm.is_bound(token, asked.channel, asked.required):
                return NOT_BOUND
        except ValueError:
            return None
        logon = LogonName(user.casefold(), domain.casefold()) if domain else logon_name(user, asked.default_domain)

        async def is_right(found: Found | None, client: Client) -> bool:
            secret = self._nt_hash(found)
            return await self._in_thread(client, self._ntlm.is_right, exchange, token, secret)

        return await self._check(logon, source, is_right)

    async def _answer_kerberos(
        self, asked: AnswerToken, remote_ip: str, talk: Talk, offered: Kerberos
    ) -> bytes | User | Denied | None:
        begun, talk.kerberos = talk.kerberos, None
        acceptor, source = offered.acceptor, source_of(remote_ip)
        if acceptor is None:
            return NOT_AVAILABLE

        async def step() -> bytes | User | Denied | None:
            try:
                exchange = begun or kerberos.Exchange(acceptor, asked.channel, asked.required)
                answer = await self._in_thread(Client(source), exchange.step, asked.token)
                if isinstance(answer, bytes):
                    talk.kerberos = exchange
                    return answer
                return await self._user_of(answer, offered.realms, asked.default_domain)
            except kerberos.NotBoundError:
                return NOT_BOUND
            except ValueError:
                return None
            except kerberos.TicketError as error:
                log.warning("no sign-in with Kerberos from %s: %s", remote_ip, error)
                return NO_TICKET

        return await self._admitted(source, step)

    async def _user_of(self, proved: Proved, realms: frozenset[str], default_domain: str) -> User | Denied:
        """The user of a principal: the realm is the domain, or of our own realms the first label is."""
        user, _, realm = proved.principal.casefold().rpartition("@")
        found = await self.users.find(LogonName(user, realm))
        if found is None and realm in realms:
            found = await self.users.find(LogonName(user, realm.partition(".")[0]))
        if found is None or not found.enabled:
            log.warning("no sign-in with Kerberos: %s is no user here, or disabled", proved.principal)
            return NO_TICKET
        if proved.act_as and proved.act_as.casefold() != proved.principal.casefold():
            meant = await self.users.find(logon_name(proved.act_as, default_domain or realm.partition(".")[0]))
            if meant is None or meant.user.name != found.user.name:
                return NO_TICKET
        return found.user

    def _nt_hash(self, found: Found | None) -> bytes:
        """The user's hash; for everybody else one that nobody knows."""
        try:
            if found is not None and found.nt_hash:
                return Fernet(self._secret).decrypt(found.nt_hash)
        except (InvalidToken, ValueError):
            log.error("an NT hash was encrypted with another key: set the passwords of NTLM users again")
        return secrets.token_bytes(16)

    async def _check(self, logon: LogonName, source: str, is_right: IsRight) -> User | Denied:
        async def decide() -> User | Denied:
            found = await self.users.find(logon)
            names = (logon.user, found.user.name.casefold()) if found else (logon.user,)
            async with self._turn((source, names[-1])):
                return await self._decide(source, names, found, is_right)

        return await self._admitted(source, decide)

    async def _admitted(self, source: str, work: Callable[[], Awaitable[T]]) -> T | Denied:
        """What the work of one more who asks gives, or why it is not done."""
        if self._all_asking >= MOST_ASKING:
            return NOT_AVAILABLE
        if self._asking[source] >= MOST_ASKING_PER_SOURCE:
            return TOO_OFTEN
        self._asking[source] += 1
        self._all_asking += 1
        try:
            return await work()
        except NoPlaceError:
            return NOT_AVAILABLE
        except UNREACHABLE as error:
            log.warning("no sign-in: PostgreSQL is away: %s", " ".join(str(error).split()))
            return NOT_AVAILABLE
        finally:
            self._all_asking -= 1
            self._asking[source] -= 1
            if not self._asking[source]:
                del self._asking[source]

    async def aclose(self) -> None:
        """Take no more work; what runs ends."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        await self.users.hang_up()

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
        right = await is_right(found, Client(source, self._backoff.is_at_home(source, names)))
        if found is None or not right or not found.enabled:
            self._backoff.failed(source, names, loop.time())
            return WRONG
        self._backoff.succeeded(source, names, loop.time())
        return found.user

    async def _is_right(self, client: Client, hash_: str, password: str) -> bool:
        """A new password has a new hash, so what is remembered of the old one is never asked for again."""
        mark = hashlib.blake2b(f"{hash_}\0{password}".encode(), key=self._key).digest()
        now = asyncio.get_running_loop().time()
        if self._known.get(mark, 0.0) > now:
            return True
        right = await self._in_thread(client, _verify, hash_, password)
        if right:
            self._known[mark] = now + REMEMBER
            if len(self._known) > MOST_KEPT:
                self._known.popitem(last=False)
        return right

    async def _in_thread(self, client: Client, work: Callable[..., T], *values: object) -> T:
        """Raises NoPlaceError when too many wait for a thread."""
        async with self._places.place(network_of(client.source), client.known):
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *values)


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
