"""What the fake providers of the tests have in common: submission over STARTTLS with sign-in, an endpoint for tokens.

Real sockets on localhost, with a certificate that `trusted` makes this process trust. What a provider enforces is a
method that a subclass overrides; it gives the reply, or "" where all is well.
"""

from __future__ import annotations

import json
import socketserver
import ssl
import threading
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from cryptography.fernet import Fernet

from tests.deliver.content import until_the_dot
from tests.shell.certificates import SECRET, Authority

AUTHORITY = Authority()
UNSIGNED = "-----END CERTIFICATE-----\n"


@dataclass
class Session:
    """One client's connection. `account`: who has signed in."""

    account: str = ""
    secured: bool = False
    sender: str = ""
    recipients: list[str] = field(default_factory=list)


@dataclass
class Message:
    account: str
    sender: str
    recipients: list[str]
    content: bytes


@dataclass
class Grant:
    """A token that was given out. `works`: SMTP takes it."""

    whose: str
    until: float
    works: bool = True


class Provider:
    """`accounts`: user name → password. `messages`: what was taken. `refusals`: every reply that was none of success.
    `explains`: the JSON that comes before a refused token's reply, and `heard`: what clients said to it.
    `asked`: requests for tokens. `answer_token`: what the endpoint says to a request in place of its own answer:
    (status, octets). `offers_tls`, `needs_tls`: STARTTLS, and no sign-in before it."""

    greeting = "220 provider.test ESMTP"
    mechanisms: tuple[str, ...] = ("LOGIN", "PLAIN")
    explains: dict[str, str] = {}

    def __init__(self, folder: Path) -> None:
        self.accounts: dict[str, str] = {}
        self.messages: list[Message] = []
        self.refusals: list[str] = []
        self.sessions: list[Session] = []
        self.sign_ins: list[str] = []
        self.asked: list[dict[str, str]] = []
        self.heard: list[str] = []
        self.grants: dict[str, Grant] = {}
        self.life = 3600
        self.most_sessions = 0
        self.offers_tls = self.needs_tls = True
        self.answer_token: Callable[[], tuple[int, bytes]] | None = None
        self.lock = threading.RLock()
        self.context = _context(folder)
        self._smtp = _Smtp(("127.0.0.1", 0), _Talk)
        self._smtp.provider = self
        self._http = _Http(("127.0.0.1", 0), _Ask)
        self._http.provider = self
        self._http.socket = self.context.wrap_socket(self._http.socket, server_side=True, do_handshake_on_connect=False)
        for server in (self._smtp, self._http):
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def port(self) -> int:
        return int(self._smtp.server_address[1])

    @property
    def url(self) -> str:
        return f"https://localhost:{self._http.server_address[1]}"

    def close(self) -> None:
        for server in (self._smtp, self._http):
            server.shutdown()
            server.server_close()

    def new_token(self, whose: str, works: bool = True) -> str:
        with self.lock:
            token = f"token-{len(self.grants)}-{whose}"
            self.grants[token] = Grant(whose, time.monotonic() + self.life, works)
            return token

    def knows(self, token: str) -> Grant | None:
        """What a token is good for now."""
        held = self.grants.get(token)
        return held if held and held.works and time.monotonic() < held.until else None

    def sign_in(self, session: Session, mechanism: str, user: str, secret: str) -> str:
        """`secret`: a password or a token."""
        raise NotImplementedError

    def mail(self, session: Session, sender: str) -> str:
        return "" if session.account else "530 5.7.57 Client not authenticated to send mail."

    def end_of_data(self, session: Session, content: bytes) -> str:
        return ""

    def grant(self, path: str, asked: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """The token endpoint: status and JSON."""
        raise NotImplementedError

    def page(self, path: str) -> dict[str, Any] | None:
        """What a GET finds."""
        return None


@contextmanager
def trusted(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Iterator[None]:
    """Delivery trusts the authority of the fakes, whatever it remembers of contexts that were made before."""
    file = folder / "trusted.pem"
    file.write_text(AUTHORITY.certificate().chain.partition(UNSIGNED)[2])
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    forget_contexts()
    yield
    forget_contexts()


def forget_contexts() -> None:
    from transport.deliver import client_contexts

    client_contexts.context.cache_clear()


def _context(folder: Path) -> ssl.SSLContext:
    carried = AUTHORITY.certificate("localhost")
    file = folder / "provider.pem"
    file.write_bytes(Fernet(SECRET).decrypt(carried.encrypted_key.encode()) + carried.chain.encode())
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    return context


class _Smtp(socketserver.ThreadingTCPServer):
    daemon_threads = allow_reuse_address = True
    provider: Provider


class _Talk(socketserver.StreamRequestHandler):
    server: _Smtp
    disable_nagle_algorithm = True

    def handle(self) -> None:
        self.provider, self.session = self.server.provider, Session()
        with suppress(OSError, ValueError):
            self._converse()
        with self.provider.lock, suppress(ValueError):
            self.provider.sessions.remove(self.session)
        self.request.close()

    def finish(self) -> None:
        """Over TLS the files are those of the wrapped socket."""
        with suppress(OSError, ValueError):
            super().finish()

    def _converse(self) -> None:
        self._say(self.provider.greeting)
        while line := self._line():
            verb, _, rest = line.partition(" ")
            act = getattr(self, f"_{verb.lower()}", None)
            if verb.upper() == "QUIT":
                self._say("221 2.0.0 Bye")
                return
            self._say(act(rest) if act else "250 2.0.0 Ok")

    def _line(self) -> str:
        return self.rfile.readline().decode(errors="replace").rstrip("\r\n")

    def _say(self, text: str) -> None:
        if text.startswith(("4", "5")):
            with self.provider.lock:
                self.provider.refusals.append(text)
        if text:
            self.wfile.write(text.encode() + b"\r\n")

    def _ehlo(self, _: str) -> str:
        lines = ["provider.test Hello", "SIZE 157286400", "PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES"]
        if self.session.secured or not self.provider.needs_tls:
            lines.append(f"AUTH {' '.join(self.provider.mechanisms)}")
        elif self.provider.offers_tls:
            lines.append("STARTTLS")
        return "\r\n".join([*(f"250-{line}" for line in lines), "250 SMTPUTF8"])

    def _starttls(self, _: str) -> str:
        self._say("220 2.0.0 SMTP server ready")
        self.request = self.provider.context.wrap_socket(self.request, server_side=True)
        self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb", 0)
        self.session.secured = True
        return ""

    def _auth(self, rest: str) -> str:
        mechanism, _, initial = rest.partition(" ")
        if (self.provider.needs_tls and not self.session.secured) or mechanism not in self.provider.mechanisms:
            return "504 5.7.4 Unrecognized authentication type"
        if mechanism == "LOGIN":
            words = self._challenged("VXNlcm5hbWU6"), self._challenged("UGFzc3dvcmQ6")
            return self._judged(mechanism, *words)
        message = b64decode(initial).decode() if initial else self._challenged("")
        if mechanism == "PLAIN":
            return self._judged(mechanism, *message.split("\0")[1:3])
        return self._judged(mechanism, *_bearer(mechanism, message))

    def _challenged(self, challenge: str) -> str:
        self._say(f"334 {challenge}")
        return b64decode(self._line()).decode()

    def _judged(self, mechanism: str, user: str, secret: str) -> str:
        refusal = self.provider.sign_in(self.session, mechanism, user, secret)
        with self.provider.lock:
            self.provider.sign_ins.append(f"{mechanism} {user} {refusal or '235'}")
        if refusal and self.provider.explains and mechanism in ("XOAUTH2", "OAUTHBEARER"):
            self._say(f"334 {b64encode(json.dumps(self.provider.explains).encode()).decode()}")
            self.provider.heard.append(self._line())
        if refusal:
            return refusal
        self.session.account = user
        with self.provider.lock:
            self.provider.sessions.append(self.session)
            self.provider.most_sessions = max(self.provider.most_sessions, len(self.provider.sessions))
        return "235 2.7.0 Authentication successful"

    def _mail(self, rest: str) -> str:
        sender = rest[rest.index("<") + 1 : rest.index(">")]
        refusal = self.provider.mail(self.session, sender)
        self.session.sender, self.session.recipients = ("", []) if refusal else (sender, [])
        self._has_mail = not refusal
        return refusal or "250 2.1.0 Sender OK"

    def _rcpt(self, rest: str) -> str:
        if not getattr(self, "_has_mail", False):
            return "503 5.5.1 Bad sequence of commands"
        self.session.recipients.append(rest[rest.index("<") + 1 : rest.index(">")])
        return "250 2.1.5 Recipient OK"

    def _data(self, _: str) -> str:
        if not self.session.recipients:
            return "503 5.5.1 Bad sequence of commands"
        self._say("354 Start mail input; end with <CRLF>.<CRLF>")
        content = until_the_dot(self.rfile)
        if content is None:
            return ""
        refusal = self.provider.end_of_data(self.session, content)
        if not refusal:
            with self.provider.lock:
                one = Message(self.session.account, self.session.sender, self.session.recipients, content)
                self.provider.messages.append(one)
        self.session.recipients = []
        return refusal or "250 2.0.0 OK"

    def _rset(self, _: str) -> str:
        self.session.recipients = []
        return "250 2.0.0 Ok"


def _bearer(mechanism: str, message: str) -> tuple[str, str]:
    """User and token, of the form that belongs to the mechanism; of any other form nothing."""
    parts = message.split("\x01")
    begin = "user=" if mechanism == "XOAUTH2" else "n,a="
    known = dict(part.partition("=")[::2] for part in parts[1:] if part)
    if not message.startswith(begin) or not message.endswith("\x01\x01"):
        return "", ""
    if mechanism == "OAUTHBEARER" and not {"host", "port"} <= known.keys():
        return "", ""
    user = parts[0].removeprefix(begin).rstrip("," if mechanism == "OAUTHBEARER" else "")
    return user.replace("=2C", ",").replace("=3D", "="), known.get("auth", "").removeprefix("Bearer ")


class _Http(ThreadingHTTPServer):
    provider: Provider

    def handle_error(self, *_: Any) -> None:
        """A client that hangs up is what some tests are about."""


class _Ask(BaseHTTPRequestHandler):
    server: _Http

    def log_message(self, *_: Any) -> None:
        """In silence."""

    def do_GET(self) -> None:
        found = self.server.provider.page(self.path)
        self._give(200 if found else 404, json.dumps(found or {"error": "not_found"}).encode())

    def do_POST(self) -> None:
        asked = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        provider = self.server.provider
        with provider.lock:
            provider.asked.append(asked)
        if provider.answer_token is not None:
            status, content = provider.answer_token()
        else:
            status, said = provider.grant(self.path, asked)
            content = json.dumps(said).encode()
        self._give(status, content)

    def _give(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
