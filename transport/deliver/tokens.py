"""Access tokens that are good now: kept in PostgreSQL, encrypted, for all workers; one of them asks for the next one
while the others go on with the one that is there.
"""

import threading
from dataclasses import dataclass
from time import monotonic

import msgspec

from transport.config.credential import Account
from transport.deliver import locked, token_endpoints
from transport.deliver.database import Connection, Pool
from transport.deliver.locked import Locked
from transport.deliver.queries import QUERIES
from transport.deliver.token_endpoints import Granted, NoToken
from transport.deliver.worker import LOCKS

USED_UP = 0.8
"""The part of its life after which a token is replaced, while it is still good."""
PATIENCE = 5.0
"""Seconds in which an endpoint that granted nothing is not asked again for the same account: enough for all threads
that wait for its answer, and less than an administrator needs to mend something there and press Retry now.
"""


@dataclass(frozen=True)
class Kept:
    """What is in PostgreSQL: `token` is empty when there is none that is good; `due`: it should be replaced."""

    token: str
    due: bool


class Asking:
    """For one account in this process: threads wait for each other here, not with a connection in their hands."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._failed: tuple[Account, float, NoToken] | None = None

    def grant(self, account: Account) -> Granted:
        """Raises NoToken, also in place of an endpoint that raised it just now."""
        if self._failed and self._failed[0] == account and monotonic() < self._failed[1]:
            raise self._failed[2]
        try:
            return token_endpoints.grant(account)
        except NoToken as error:
            self._failed = account, monotonic() + PATIENCE, error
            raise


_ASKING: dict[int, Asking] = {}
_guard = threading.Lock()


def good(account: Account, pool: Pool, refused: str = "") -> tuple[str, bool]:
    """A token that is good now, and is not `refused`; and whether it was fetched for this. Raises NoToken."""
    with pool.connection() as connection:
        kept = _kept(connection, account)
    if kept.token and kept.token != refused and not kept.due:
        return kept.token, False
    with _guard:
        asking = _ASKING.setdefault(account.id, Asking())
    with asking.lock, pool.connection() as connection:
        return _replaced(asking, account, connection, refused)


def _replaced(asking: Asking, account: Account, connection: Connection, refused: str) -> tuple[str, bool]:
    """The lock lasts as long as the transaction: a worker that dies holds nobody up."""
    with connection.transaction():
        connection.execute(QUERIES["ask_for_token"], [LOCKS + 1, account.id])
        kept = _kept(connection, account)
        old = kept.token if kept.token != refused else ""
        if old and not kept.due:
            return old, False
        try:
            granted = asking.grant(account)
        except NoToken as error:
            connection.execute(QUERIES["no_token"], [str(error), account.id])
            if old:
                return old, False
            problem = error
        else:
            _keep(connection, account, granted)
            return granted.token, True
    raise problem


def _keep(connection: Connection, account: Account, granted: Granted) -> None:
    """Not where the secret has been replaced meanwhile."""
    secrets = None
    if granted.refresh_token not in ("", account.secrets.refresh_token):
        newer = msgspec.structs.replace(account.secrets, refresh_token=granted.refresh_token)
        secrets = locked.closed(msgspec.json.encode(newer))
    life = {"renew": granted.seconds * USED_UP, "expires": granted.seconds}
    what = {"token": locked.closed(granted.token.encode()), "id": account.id, "sealed": account.sealed}
    connection.execute(QUERIES["keep_token"], {**what, **life, "secrets": secrets})


def _kept(connection: Connection, account: Account) -> Kept:
    row = connection.execute(QUERIES["token"], [account.id]).fetchone()
    if row is None:
        return Kept("", True)
    try:
        return Kept(locked.opened(row[0]).decode(), row[1])
    except Locked:
        return Kept("", True)
