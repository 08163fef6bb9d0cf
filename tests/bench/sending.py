"""What protection costs a message that leaves: signatures, and handshakes of TLS, on one core."""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import process_time

from tests.deliver.tls_hop import AUTHORITY, server_context
from tests.dkim_keys import SIGNERS
from transport.send import dkim
from transport.send.dkim import BodyHash, Signer
from transport.send.mail_data import with_crlf

HEAD = (
    b"From: Anna <anna@contoso.com>\r\nTo: bob@fabrikam.com\r\nSubject: Figures\r\nMessage-ID: <1@contoso.com>\r\n\r\n"
)
BODY = b"0123456789 " * 6 + b"\r\n"
TIMES = 300


def main() -> None:
    """Prints each rate, the median of five."""
    body = BODY * (4096 // len(BODY))
    for name, signers in [("RSA 2048", SIGNERS[:1]), ("Ed25519", SIGNERS[1:]), ("both", SIGNERS)]:
        _row(f"signed/s on one core, 4 KB, {name}", lambda signers=signers: _sign(body, signers))  # type: ignore[misc]
    with tempfile.TemporaryDirectory() as folder:
        context = server_context(AUTHORITY.certificate("mx.contoso.com"), Path(folder))
        _row("TLS handshakes/s on one core, both sides", lambda: _shake_hands(context))


def _row(name: str, act: Callable[[], object]) -> None:
    print(f"{name:44}{median(_rate(act) for _ in range(5)):>12,.0f}", flush=True)


def _rate(act: Callable[[], object]) -> float:
    began = process_time()
    for _ in range(TIMES):
        act()
    return TIMES / (process_time() - began)


def _sign(body: bytes, signers: list[Signer]) -> bytes:
    digest = BodyHash()
    for text in with_crlf([body]):
        digest.take(text)
    return dkim.fields(HEAD, digest.digest(), signers, 1_700_000_000)


def _shake_hands(context: ssl.SSLContext) -> None:
    """Ours and a next hop's, in memory."""
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    ours.check_hostname, ours.verify_mode = False, ssl.CERT_NONE
    client = ours.wrap_bio(back, there, server_hostname="mx.contoso.com")
    server = context.wrap_bio(there, back, server_side=True)
    waiting = [client, server]
    while waiting:
        for end in list(waiting):
            try:
                end.do_handshake()
                waiting.remove(end)
            except ssl.SSLWantReadError:
                continue
