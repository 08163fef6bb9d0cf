"""DKIM signatures under mail that leaves, made for the octets that go out: not kept, and anew with each attempt."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from time import monotonic, time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from transport.deliver import locked
from transport.deliver.database import Pool
from transport.deliver.locked import Locked
from transport.deliver.queries import QUERIES
from transport.send import dkim
from transport.send.conversion import written
from transport.send.dkim import Algorithm, BodyHash, Signer
from transport.send.mail_data import with_crlf
from transport.send.mime_parts import head_and_rest
from transport.send.parcel import Parcel
from transport.smtp.envelope import Vouched

FRESH = 1.0
"""Seconds for which the keys are not asked for again."""
Pieces = Callable[[], Iterable[bytes]]
_SHA256 = hashes.SHA256()
_PADDING = padding.PKCS1v15()


def signed(parcel: Parcel, pieces: Pieces, pool: Pool) -> Parcel:
    """The parcel, which has the form that its host takes, with its signature; as it is where none is due.

    Raises Locked when the key cannot be read: mail of a domain that signs never leaves without. Binary content is not
    signed: no verifier is known that would read it.
    """
    if not parcel.vouched or parcel.body_type == "BINARYMIME" or not SIGNERS.any(pool):
        return parcel
    head, rest = head_and_rest(written(pieces(), parcel.how))
    signers = SIGNERS.of(dkim.signing_domain(head, parcel.sender, Vouched(parcel.vouched)), pool)
    if not signers:
        return parcel
    body = BodyHash()
    for text in with_crlf(rest):
        body.take(text)
    return replace(parcel, signature=dkim.fields(head, body.digest(), signers, int(time())))


class Signers:
    """The active keys of all domains. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[tuple[str, str, str, str], Signer] = {}
        self._of: dict[str, list[tuple[str, str, str, str]]] = {}
        self._asked_at = -FRESH

    def any(self, pool: Pool) -> bool:
        """Whether some domain signs at all: else no message need be read for it. Raises psycopg.Error."""
        with self._lock:
            self._refresh(pool)
            return bool(self._of)

    def of(self, domain: str, pool: Pool) -> list[Signer]:
        """The signers of a domain, or of the nearest domain above it that has some. Raises Locked, psycopg.Error."""
        with self._lock:
            self._refresh(pool)
            while domain:
                if rows := self._of.get(domain):
                    return [self._signer(row) for row in rows]
                domain = domain.partition(".")[2]
            return []

    def _refresh(self, pool: Pool) -> None:
        if monotonic() - self._asked_at < FRESH:
            return
        with pool.connection() as connection:
            rows = connection.execute(QUERIES["signing_keys"], prepare=True).fetchall()
        self._of = {}
        for row in rows:
            self._of.setdefault(row[0], []).append(row)
        self._rows = {row: self._rows[row] for row in rows if row in self._rows}
        self._asked_at = monotonic()

    def _signer(self, row: tuple[str, str, str, str]) -> Signer:
        if row not in self._rows:
            domain, selector, algorithm, token = row
            try:
                key = load_pem_private_key(locked.opened(token), None)
            except (Locked, ValueError) as error:
                raise Locked(f"DKIM key {selector} of {domain}: {error}") from None
            self._rows[row] = Signer(domain, selector, Algorithm(algorithm), _sign(key))
        return self._rows[row]


def _sign(key: object) -> Callable[[bytes], bytes]:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign
    assert isinstance(key, rsa.RSAPrivateKey)
    return lambda octets: key.sign(octets, _PADDING, _SHA256)


SIGNERS = Signers()
