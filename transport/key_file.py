"""Chain and private key of a certificate as a file, which is all that OpenSSL takes."""

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from transport.config.certificate import Certificate


@contextmanager
def locked(certificate: Certificate, secret: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and password of a file for `load_cert_chain`; `secret` is the installation's. What lies there for a moment
    is useless without the password. Raises ValueError and OSError.
    """
    try:
        key = load_pem_private_key(Fernet(secret).decrypt(certificate.encrypted_key.encode()), None)
    except InvalidToken:
        raise ValueError("its private key cannot be decrypted with this installation's secret") from None
    password = secrets.token_bytes(16).hex().encode()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password))
    with tempfile.NamedTemporaryFile(prefix="gatepost-") as file:
        file.write(certificate.chain.encode() + b"\n" + private)
        file.flush()
        yield file.name, password
