"""An authority that says whatever a test wants, over TLS that the tests' root vouches for."""

from __future__ import annotations

import json
import ssl
import threading
from base64 import urlsafe_b64decode
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from tests.console.acme.pebble import AUTHORITY
from tests.shell.certificates import SECRET

Says = Callable[["Asked"], None]


class Asked(BaseHTTPRequestHandler):
    """One request; `payload`: what is in it, whoever signed that."""

    server: FakeAuthority
    payload: Any

    def say(self, body: object, status: int = 200, **headers: str) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Replay-Nonce": "AAAA", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(content)

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.payload = json.loads(_decoded(json.loads(content)["payload"]) or b"null") if content else None
        with suppress(OSError):
            self.server.says[self.path](self)

    do_POST = do_HEAD = do_GET

    def log_message(self, *_: object) -> None:
        pass


def _decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


class FakeAuthority(ThreadingHTTPServer):
    """`says`: path → who answers; its directory is at /dir, unless a test says otherwise."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Asked)
        carried = AUTHORITY.certificate("localhost")
        file = folder / "authority.pem"
        file.write_bytes(Fernet(SECRET).decrypt(carried.encrypted_key.encode()) + carried.chain.encode())
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(file)
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"https://localhost:{self.server_address[1]}"
        self.asked: list[str] = []
        self.says: dict[str, Says] = {"/dir": lambda asked: asked.say(self.directory), "/nonce": lambda a: a.say(b"")}
        self.directory: dict[str, Any] = {
            "newNonce": f"{self.url}/nonce", "newAccount": f"{self.url}/account", "newOrder": f"{self.url}/orders",
        }  # fmt: skip
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self) -> FakeAuthority:
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()
