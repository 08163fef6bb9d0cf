"""Next hops with TLS, and the authority that they have their certificates from."""

from __future__ import annotations

import socketserver
import ssl
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from tests.deliver.content import until_the_dot
from tests.shell.certificates import SECRET, Authority
from transport.config.certificate import Certificate

AUTHORITY = Authority()


class Inbox:
    """`arrived`: whether each message came over TLS, and the message."""

    def __init__(self) -> None:
        self.arrived: list[tuple[bool, bytes]] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.arrived.append((session.ssl is not None, envelope.content))
        return "250 2.0.0 Ok"


class TlsHop:
    """TLS from the first octet. `arrived`: the messages;
    `commands`: what was said; `shown`: the names in the certificates of clients."""

    def __init__(
        self, carried: Certificate, folder: Path, asks: Authority | None = None, offers: tuple[str, ...] = ()
    ) -> None:
        self.arrived: list[bytes] = []
        self.commands: list[str] = []
        self.shown: list[str] = []
        self._offers = offers
        context = server_context(carried, folder)
        if asks is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(cadata=asks.certificate().chain.partition("-----END CERTIFICATE-----\n")[2])
        hop = self

        class Talk(socketserver.StreamRequestHandler):
            def setup(self) -> None:
                self.request = context.wrap_socket(self.request, server_side=True)
                super().setup()

            def handle(self) -> None:
                with suppress(OSError):
                    hop.speak(self)

            def finish(self) -> None:
                with suppress(OSError):
                    super().finish()
                self.request.close()

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk)
        self._server.daemon_threads = True
        setattr(self._server, "handle_error", lambda *_: None)  # noqa: B010
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def speak(self, talk: socketserver.StreamRequestHandler) -> None:
        held: dict[str, Any] = talk.request.getpeercert() or {}
        self.shown += [value for kind, value in held.get("subjectAltName", ()) if kind == "DNS"]
        talk.wfile.write(b"220 hop\r\n")
        while line := talk.rfile.readline():
            said = line.decode(errors="replace").strip()
            self.commands.append(said)
            talk.wfile.write(self._answer(said))
            if said == "DATA":
                content = until_the_dot(talk.rfile)
                if content is None:
                    return
                self.arrived.append(content)
                talk.wfile.write(b"250 2.0.0 Ok\r\n")

    def _answer(self, said: str) -> bytes:
        if said[:4] == "EHLO":
            return "".join(f"250-{one}\r\n" for one in ("hop", *self._offers)).encode() + b"250 HELP\r\n"
        return b"354 go\r\n" if said == "DATA" else b"250 2.0.0 Ok\r\n"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def server_context(carried: Certificate, folder: Path) -> ssl.SSLContext:
    """Of a server with this certificate."""
    file = folder / "server.pem"
    file.write_bytes(Fernet(SECRET).decrypt(carried.encrypted_key.encode()) + carried.chain.encode())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
