"""The certificates of one revision as TLS contexts."""

import secrets
import ssl
import tempfile
from collections.abc import Mapping, Sequence

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from transport.config.certificate import Certificate
from transport.config.receive_connector import ReceiveConnector


class TlsContexts:
    """Which certificate a connector shows: the one with its FQDN, else the first. TLS 1.2 and newer.

    A certificate that cannot be used is a line in `problems`; if `before` had a usable one of that name, it stays.
    """

    def __init__(
        self, certificates: Sequence[Certificate], secret: bytes, server: str, before: "TlsContexts | None" = None
    ) -> None:
        self.problems: list[str] = []
        self._server = server
        self._usable: dict[Certificate, ssl.SSLContext] = {}
        known = before._usable if before is not None else {}
        for certificate in certificates:
            try:
                self._usable[certificate] = known.get(certificate) or _context(certificate, secret)
            except (ssl.SSLError, ValueError, OSError) as error:
                self.problems.append(f"Certificate {certificate.name} cannot be used: {error}")
                self._keep_old(certificate.name, known)

    def _keep_old(self, name: str, known: Mapping[Certificate, ssl.SSLContext]) -> None:
        for old, context in known.items():
            if old.name == name:
                self._usable[old] = context

    @property
    def available(self) -> bool:
        """Whether STARTTLS can be offered at all."""
        return bool(self._usable)

    def context(self, connector: ReceiveConnector) -> ssl.SSLContext | None:
        """The context for a connector; None when no certificate is usable."""
        wanted = (connector.fqdn or self._server).lower()
        for certificate, context in self._usable.items():
            if any(_covers(name.lower(), wanted) for name in certificate.names):
                return context
        return next(iter(self._usable.values()), None)


def _covers(name: str, host: str) -> bool:
    """Whether a certificate's name stands for the host: RFC 6125 §6.4.3."""
    return name == host or (name.startswith("*.") and name[2:] == host.partition(".")[2])


def _context(certificate: Certificate, secret: bytes) -> ssl.SSLContext:
    try:
        key = load_pem_private_key(Fernet(secret).decrypt(certificate.encrypted_key.encode()), None)
    except InvalidToken:
        raise ValueError("its private key cannot be decrypted with this installation's secret") from None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    # OpenSSL wants a file; what lies there for a moment is useless without the password.
    password = secrets.token_bytes(16).hex().encode()
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password))
    with tempfile.NamedTemporaryFile(prefix="gatepost-") as file:
        file.write(certificate.chain.encode() + b"\n" + locked)
        file.flush()
        context.load_cert_chain(file.name, password=password)
    return context
