"""The certificates of one revision as TLS contexts."""

import secrets
import ssl
import tempfile
from collections.abc import Iterator

import msgspec
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from transport.config.certificate import Certificate
from transport.config.receive_connector import AuthMechanism, ReceiveConnector, TlsVersion
from transport.config.snapshot import Snapshot
from transport.receive import certificate_match
from transport.shell import clock

LOWEST = {TlsVersion.Tls12: ssl.TLSVersion.TLSv1_2, TlsVersion.Tls13: ssl.TLSVersion.TLSv1_3}
OLDER_CIPHERS = "DEFAULT:!aNULL:!eNULL:!PSK:!SRP:@SECLEVEL=1"
"""What OpenSSL still has for old devices; Python's own choice has nothing below 128 bits."""


class Floor(msgspec.Struct, frozen=True):
    """The least that a connector asks of its clients' TLS."""

    version: TlsVersion
    require_128_bit: bool


FLOORS = [Floor(version, require) for version in TlsVersion for require in (True, False)]
Contexts = dict[Floor, ssl.SSLContext]


class TlsContexts:
    """Which certificate a connector shows, and from which TLS version and cipher strength on.

    A certificate that cannot be used is a line in `problems`; if `before` had a usable one of that name, it stays.
    """

    def __init__(self, snapshot: Snapshot, secret: bytes, before: "TlsContexts | None" = None) -> None:
        self.problems: list[str] = []
        self._server = snapshot.server
        self._usable: dict[Certificate, Contexts] = {}
        known = before._usable if before is not None else {}
        for certificate in snapshot.certificates:
            try:
                self._usable[certificate] = known.get(certificate) or _contexts(certificate, secret)
            except (ssl.SSLError, ValueError, OSError) as error:
                old = {each: contexts for each, contexts in known.items() if each.name == certificate.name}
                self._usable |= old
                kept = ". The one before stays in use." if old else "."
                self.problems.append(f"Certificate {certificate.name} cannot be used: {error}{kept}")
        self.problems += [text for one in snapshot.receive_connectors for text in self._not_here(one)]

    def _not_here(self, connector: ReceiveConnector) -> Iterator[str]:
        name = connector.tls_certificate_name
        offers = connector.enabled and AuthMechanism.Tls in connector.auth_mechanism
        if name and offers and not certificate_match.named(self._usable, name):
            yield f"{connector.name}: the certificate {name} is not here; the best match is shown instead."

    @property
    def available(self) -> bool:
        """Whether STARTTLS can be offered at all."""
        return bool(self._usable)

    def context(self, connector: ReceiveConnector) -> ssl.SSLContext | None:
        """The context for a connector; None when no certificate is usable."""
        certificate = certificate_match.shown(connector, self._usable, self._server, clock.now())
        floor = Floor(connector.minimum_tls_version, connector.require_128_bit_encryption)
        return self._usable[certificate][floor] if certificate is not None else None


def _contexts(certificate: Certificate, secret: bytes) -> Contexts:
    certificate_match.leaf(certificate.chain)
    try:
        key = load_pem_private_key(Fernet(secret).decrypt(certificate.encrypted_key.encode()), None)
    except InvalidToken:
        raise ValueError("its private key cannot be decrypted with this installation's secret") from None
    # OpenSSL wants a file; what lies there for a moment is useless without the password.
    password = secrets.token_bytes(16).hex().encode()
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password))
    with tempfile.NamedTemporaryFile(prefix="gatepost-") as file:
        file.write(certificate.chain.encode() + b"\n" + locked)
        file.flush()
        return {floor: _context(floor, file.name, password) for floor in FLOORS}


def _context(floor: Floor, file: str, password: bytes) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = LOWEST[floor.version]
    context.options |= ssl.OP_NO_RENEGOTIATION
    if not floor.require_128_bit:
        context.set_ciphers(OLDER_CIPHERS)
    context.load_cert_chain(file, password=password)
    return context
