"""The certificates of one revision as TLS contexts."""

import ssl
from collections.abc import Collection, Iterator
from typing import Any

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.hashes import MD5, SHA1, SHA256

from transport import key_file
from transport.config.certificate import Certificate
from transport.config.receive_connector import AuthMechanism, ReceiveConnector, TlsVersion
from transport.config.snapshot import Snapshot
from transport.receive import certificate_match
from transport.shell import clock

LOWEST = {TlsVersion.Tls12: ssl.TLSVersion.TLSv1_2, TlsVersion.Tls13: ssl.TLSVersion.TLSv1_3}
CIPHERS = "@SECLEVEL=2:ECDH+AESGCM:ECDH+CHACHA20:ECDH+AES:DHE+AES:!aNULL:!eNULL:!aDSS:!SHA1:!AESCCM"
"""Forward secrecy, 128 bits, no SHA-1. Spelled out: what Python takes by itself differs by distribution."""
OLDER_CIPHERS = f"{CIPHERS.replace('!SHA1:', '')}:RSA+AES:DHE+CHACHA20:!PSK:!SRP:@SECLEVEL=1"
"""For old devices: without forward secrecy and with SHA-1 too. OpenSSL 3 has nothing below 128 bits any more."""


class Floor(msgspec.Struct, frozen=True):
    """The least that a connector asks of its clients' TLS."""

    version: TlsVersion
    require_128_bit: bool
    mutual: bool = False


FLOORS = [Floor(version, require) for version in TlsVersion for require in (True, False)]
MUTUAL = [Floor(floor.version, floor.require_128_bit, True) for floor in FLOORS]
Contexts = dict[Floor, "Context"]


class Context(ssl.SSLContext):
    """`end_point` is the binding of connections that it serves (`tls-server-end-point`), empty when there is none."""

    end_point = b""


class TlsContexts:
    """Which certificate a connector shows, and from which TLS version and cipher strength on.

    A certificate that cannot be used is a line in `problems`; if `before` had a usable one of that name, it stays.
    """

    def __init__(self, snapshot: Snapshot, server: str, secret: bytes, before: "TlsContexts | None" = None) -> None:
        self.problems: list[str] = []
        self._server = server
        self._usable: dict[Certificate, Contexts] = {}
        known = before._usable if before is not None else {}
        mutual = any(one.domain_secure_enabled for one in snapshot.receive_connectors)
        for certificate in snapshot.certificates:
            try:
                held = known.get(certificate, {})
                missing = [floor for floor in FLOORS + MUTUAL * mutual if floor not in held]
                self._usable[certificate] = held | _contexts(certificate, secret, missing)
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

    def context(self, connector: ReceiveConnector) -> Context | None:
        """The context for a connector; None when no certificate is usable.

        A session of an older revision may find that no client is asked for a certificate any more.
        """
        certificate = certificate_match.shown(connector, self._usable, self._server, clock.now())
        if certificate is None:
            return None
        asked = Floor(connector.minimum_tls_version, connector.require_128_bit_encryption)
        contexts = self._usable[certificate]
        mutual = contexts.get(Floor(asked.version, asked.require_128_bit, True))
        return mutual if mutual is not None and connector.domain_secure_enabled else contexts[asked]


def names_in_certificate(tls: ssl.SSLObject) -> list[str]:
    """The host names in the client's certificate; none unless it was asked for and is trusted."""
    found: dict[str, Any] = tls.getpeercert() or {}
    return [str(value) for kind, value in found.get("subjectAltName", ()) if kind == "DNS"]


def end_point(chain: str) -> bytes:
    """The binding of TLS connections that this chain's leaf serves: RFC 5929 §4.1."""
    leaf = x509.load_pem_x509_certificates(chain.encode())[0]
    kind = leaf.signature_hash_algorithm
    if kind is None:
        return b""
    return b"tls-server-end-point:" + leaf.fingerprint(SHA256() if isinstance(kind, MD5 | SHA1) else kind)


def _contexts(certificate: Certificate, secret: bytes, floors: Collection[Floor]) -> Contexts:
    if not floors:
        return {}
    certificate_match.leaf(certificate.chain)
    with key_file.locked(certificate, secret) as (file, password):
        return {floor: _context(floor, file, password, certificate.chain) for floor in floors}


def _context(floor: Floor, file: str, password: bytes, chain: str) -> Context:
    context = Context(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = LOWEST[floor.version]
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_ciphers(CIPHERS if floor.require_128_bit else OLDER_CIPHERS)
    context.load_cert_chain(file, password=password)
    context.end_point = end_point(chain)
    if floor.mutual:
        context.verify_mode = ssl.CERT_OPTIONAL
        context.load_default_certs(ssl.Purpose.CLIENT_AUTH)
        context.load_verify_locations(cadata=chain)
    return context
