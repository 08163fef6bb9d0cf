"""MTA-STS policies of domains: found, fetched and kept in PostgreSQL, so that whoever disturbs DNS or HTTPS later
cannot take them away. Source: RFC 8461 §3 and §5; Sending mail outward, section 2.4.
"""

import ssl
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from transport.config import bounds
from transport.config.bounds import Bound
from transport.config.send_connector import MtaStsMode, SendConnector
from transport.deliver import look_up
from transport.deliver.database import Connection, Pool, pool
from transport.deliver.https import Answer, Client, NoAnswer
from transport.deliver.look_up import Asking, LookUp, is_local
from transport.deliver.queries import QUERIES
from transport.deliver.routing import ROUTES
from transport.deliver.slots import HASTE, SLOTS
from transport.deliver.tls_tally import TALLY
from transport.send import hosts, sts
from transport.send.hosts import HostPolicy
from transport.send.route import Router
from transport.send.sts import Mode, StsPolicy
from transport.send.tls_policy import Policy
from transport.send.tls_results import Result

AGAIN, DAILY = 300.0, 86400.0
"""Seconds until a policy that could not be fetched is tried again, and one that was."""
PORT = 443
FILE = "/.well-known/mta-sts.txt"
REFRESHED_AT_ONCE = 20
_BOUND = bounds.STS_POLICY


class Kept(Struct, frozen=True):
    """What is known of a domain: `policy` while it holds; `is_due`: whether it may be fetched."""

    policy_id: str
    policy: StsPolicy | None
    is_due: bool
    last_error: str


class NoPolicy(Exception):
    """A policy that is published cannot be had; the text says why."""

    def __init__(self, words: str, result: Result) -> None:
        super().__init__(words)
        self.result = result


class StsPolicies:
    """As one Send connector may ask for them: `policy` keeps its questions from inner addresses."""

    def __init__(self, pool: Pool, asking: Asking, policy: HostPolicy) -> None:
        self._pool, self._asking, self._policy = pool, asking, policy

    def of(self, domain: str) -> StsPolicy | None:
        """The policy that holds for a domain; None when there is none. Raises psycopg.Error."""
        with self._pool.connection() as connection:
            known = kept(connection, domain)
        found = sts.policy_id(LookUp(self._asking).texts(f"_mta-sts.{domain}"))
        holds = known.policy if known is not None else None
        if found is None or (known is not None and holds is not None and known.policy_id == found):
            return holds
        if known is not None and known.policy_id == found and not known.is_due:
            return holds
        return self.fetch(domain, found) or holds

    def fetch(self, domain: str, policy_id: str) -> StsPolicy | None:
        """Fetches and keeps it; None when that fails, which is kept too."""
        try:
            policy = fetched(domain, self._asking, self._policy)
        except NoPolicy as error:
            TALLY.add(domain, Policy("sts"), error.result, words=str(error))
            values: dict[str, Any] = {"domain": domain, "id": policy_id, "error": str(error), "wait": AGAIN}
            with self._pool.connection() as connection:
                connection.execute(QUERIES["sts_failed"], values)
            return None
        values = {
            "domain": domain, "id": policy_id, "mode": policy.mode.value, "mx": "\n".join(policy.mx),
            "max_age": policy.max_age, "wait": min(DAILY, max(AGAIN, policy.max_age / 2)),
        }  # fmt: skip
        with self._pool.connection() as connection:
            connection.execute(QUERIES["sts_fetched"], values)
        return policy

    def refresh(self) -> int:
        """Fetches anew what is due, a few at a time; returns how many."""
        with self._pool.connection() as connection:
            due = connection.execute(QUERIES["sts_due"], [REFRESHED_AT_ONCE]).fetchall()
        for domain, policy_id in due:
            found = sts.policy_id(LookUp(self._asking).texts(f"_mta-sts.{domain}"))
            self.fetch(domain, found or policy_id)
        return len(due)


def fetched(domain: str, asking: Asking, allowed: HostPolicy, most: float | None = None) -> StsPolicy:
    """What a domain publishes, within `most` seconds where fewer than usual are left. Raises NoPolicy."""
    bound = replace(_BOUND, seconds=most) if most is not None else _BOUND
    host = f"mta-sts.{domain}"
    found = hosts.sift([host], LookUp(asking, bound.seconds or 0).hosts(host, False), allowed, is_local)
    if not found.hosts:
        inner = f"{host} leads to {found.inner[0]}, an inner address" if found.inner else f"{host} has no address"
        raise NoPolicy(inner, Result.STS_FETCH_ERROR)
    answer = _answer(host, found.hosts[0].address, bound)
    if answer.status != 200:
        raise NoPolicy(f"{host} answered {answer.status}", Result.STS_FETCH_ERROR)
    try:
        return sts.parse(answer.body)
    except ValueError as error:
        raise NoPolicy(f"{host}: {error}", Result.STS_POLICY_INVALID) from None


def _answer(host: str, address: str, bound: Bound) -> Answer:
    """Raises NoPolicy. While others wait for this thread's place there is less time."""
    bound = replace(bound, seconds=HASTE) if SLOTS.is_hurried else bound
    try:
        return Client(bound, address).ask("GET", f"https://{host}:{PORT}{FILE}", None, {})
    except NoAnswer as error:
        webpki = isinstance(error.__cause__, ssl.SSLCertVerificationError)
        raise NoPolicy(str(error), Result.STS_WEBPKI_INVALID if webpki else Result.STS_FETCH_ERROR) from None


def kept(connection: Connection, domain: str) -> Kept | None:
    """What PostgreSQL has of a domain's policy."""
    row = connection.execute(QUERIES["sts_kept"], [domain], prepare=True).fetchone()
    if row is None:
        return None
    policy_id, mode, mx, max_age, holds, is_due, last_error = row
    policy = StsPolicy(Mode(mode), tuple(mx.split()), max_age) if holds else None
    return Kept(policy_id, policy, is_due, last_error)


def refresh() -> int:
    """Fetches policies anew long before they end, a few at a time; returns how many. As the first Send connector may
    that heeds them. Raises psycopg.Error.
    """
    with pool().connection() as connection:
        router = ROUTES.router(connection)
    senders = router.snapshot.send_connectors
    heeding = (one for one in senders if one.enabled and one.mta_sts_mode is not MtaStsMode.None_)
    connector = next(heeding, None)
    return of_connector(connector, router, pool()).refresh() if connector is not None else 0


def of_connector(connector: SendConnector, router: Router, pool: Pool) -> StsPolicies:
    """As this connector may ask for them."""
    inner = hosts.policy(router.snapshot, router.server, PORT, connector.internal_ip_ranges)
    return StsPolicies(pool, look_up.asking(connector, router.snapshot), inner)
