"""The credentials of connectors, opened with the installation's secret. Revisions know their names alone."""

from dataclasses import dataclass
from time import time

import msgspec

from transport.config.credential import Account, CredentialKind, Secrets
from transport.config.send_connector import SendConnector
from transport.deliver import locked, tokens
from transport.deliver.database import Pool
from transport.deliver.locked import Locked
from transport.deliver.queries import QUERIES
from transport.deliver.sign_in import at_fault, needs
from transport.deliver.token_endpoints import NoToken
from transport.deliver.way import Held

SOON = 60.0
"""Seconds until an endpoint that did not answer is asked again."""


@dataclass(slots=True)
class Known:
    """An account of ours. `fetched`: its token was asked for just now."""

    account: Account
    pool: Pool
    fetched: bool = False

    @property
    def name(self) -> str:
        return self.account.name

    @property
    def kind(self) -> CredentialKind:
        return self.account.kind

    @property
    def user_name(self) -> str:
        return self.account.user_name

    def secret(self) -> str:
        return self._token("") if self.kind.is_oauth else self.account.secrets.password

    def other_than(self, refused: str) -> str:
        return self._token(refused) if self.kind.is_oauth and not self.fetched else ""

    def _token(self, refused: str) -> str:
        try:
            token, self.fetched = tokens.good(self.account, self.pool, refused)
        except NoToken as error:
            words = f"No access token for “{self.name}”: {error}"
            raise Held(time() + SOON, words) if error.passes else at_fault(words) from None
        return token


def of(connector: SendConnector, pool: Pool, name: str = "") -> Known | None:
    """The account of a connector that signs in: the named one, or its first. Raises Held when it cannot be opened."""
    if not needs(connector) or not connector.authentication_credential:
        return None
    return Known(named(name or connector.authentication_credential[0], pool), pool)


def named(name: str, pool: Pool) -> Account:
    """Raises Held."""
    with pool.connection() as connection:
        row = connection.execute(QUERIES["account"], [name]).fetchone()
    if row is None:
        raise at_fault(f"There is no credential “{name}”")
    number, called, kind, user_name, tenant, client_id, encrypted = row
    try:
        secrets = msgspec.json.decode(locked.opened(encrypted), type=Secrets)
    except Locked as error:
        raise at_fault(f"The credential “{called}”: {error}") from None
    return Account(
        id=number, name=called, kind=CredentialKind(kind), user_name=user_name, tenant=tenant, client_id=client_id,
        secrets=secrets, sealed=encrypted,
    )  # fmt: skip
