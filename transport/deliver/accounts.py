"""The credentials of connectors, opened with the installation's secret. Revisions know their names alone."""

from dataclasses import dataclass

import msgspec

from transport.config.credential import Account, CredentialKind, Secrets
from transport.config.send_connector import SendConnector
from transport.deliver import locked
from transport.deliver.database import Pool
from transport.deliver.locked import Locked
from transport.deliver.queries import QUERIES
from transport.deliver.sign_in import at_fault, needs


@dataclass(frozen=True, slots=True)
class Known:
    """An account of ours."""

    account: Account

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
        return self.account.secrets.password

    def other_than(self, refused: str) -> str:
        return ""


def of(connector: SendConnector, pool: Pool) -> Known | None:
    """The account of a connector that signs in. Raises Held when it is not here, or cannot be opened."""
    if not needs(connector) or not connector.authentication_credential:
        return None
    return Known(named(connector.authentication_credential[0], pool))


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
        secrets=secrets,
    )  # fmt: skip
