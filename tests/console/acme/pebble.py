"""A real authority that speaks ACME, pebble, where it is installed; DNS for it, which takes dynamic updates."""

from __future__ import annotations

import json
import os
import shutil
import socket
import struct
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import dns.exception
import dns.message
import dns.opcode
import dns.rcode
import dns.rdatatype
import dns.rrset
import dns.tsigkeyring
import pytest
from cryptography.fernet import Fernet

from console.processes.address import free_port
from tests.shell.certificates import SECRET, Authority
from tests.waiting import wait_for

PROGRAM = shutil.which("pebble")
needs_pebble = pytest.mark.skipif(PROGRAM is None, reason="pebble is not installed: apt-get install pebble")
AUTHORITY = Authority()
ROOT = "-----BEGIN CERTIFICATE-----" + AUTHORITY.certificate().chain.rpartition("-----BEGIN CERTIFICATE-----")[2]
"""Vouches for the host of the directory."""
KEY_NAME, KEY_SECRET = "gatepost.", "c2VjcmV0LW9mLXRoZS10c2lnLWtleQ=="
BINDINGS = {"kid-1": "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"}


class Zone:
    """Answers at `port`, UDP and TCP: every name is on loopback, TXT is what updates have set, or stands in the file
    `hooked`, a line each. Updates need the key.
    """

    def __init__(self) -> None:
        self.texts: set[tuple[str, str]] = set()
        self.records: dict[tuple[str, str], str] = {}
        self.updates: list[str] = []
        self.hooked: Path | None = None
        self._tcp = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._tcp.getsockname()[1]
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", self.port))
        self._keys: dict[Any, Any] = dns.tsigkeyring.from_text({KEY_NAME: KEY_SECRET})
        for serve in (self._serve_udp, self._serve_tcp):
            threading.Thread(target=serve, daemon=True).start()

    def __enter__(self) -> Zone:
        return self

    def __exit__(self, *_: object) -> None:
        self._udp.close()
        self._tcp.close()

    def _serve_udp(self) -> None:
        with suppress(OSError):
            while True:
                data, client = self._udp.recvfrom(4096)
                self._udp.sendto(self._answer(data), client)

    def _serve_tcp(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._tcp.accept()
                with client, client.makefile("rb") as file:
                    (length,) = struct.unpack("!H", file.read(2))
                    answer = self._answer(file.read(length))
                    client.sendall(struct.pack("!H", len(answer)) + answer)

    def _answer(self, data: bytes) -> bytes:
        try:
            asked = dns.message.from_wire(data, keyring=self._keys)
        except dns.exception.DNSException:
            asked = dns.message.from_wire(data, keyring=False)
            refused = dns.message.make_response(asked)
            refused.set_rcode(dns.rcode.REFUSED)
            refused.tsig = None
            return refused.to_wire()
        response = dns.message.make_response(asked)
        if asked.opcode() == dns.opcode.UPDATE:
            self._update(asked, response)
        else:
            self._tell(asked, response)
        return response.to_wire()

    def _texts(self, name: str) -> list[str]:
        lines = self.hooked.read_text().splitlines() if self.hooked and self.hooked.exists() else []
        return [f'"{value}"' for owner, value in [*self.texts, *map(str.split, lines)] if owner == name]

    def _update(self, asked: Any, response: Any) -> None:
        if not asked.had_tsig:
            response.set_rcode(dns.rcode.REFUSED)
            return
        for rrset in asked.update:
            name = rrset.name.to_text(omit_final_dot=True).lower()
            for each in rrset:
                entry = (name, b"".join(each.strings).decode())
                self.updates.append(name)
                (self.texts.discard if rrset.deleting else self.texts.add)(entry)

    def _tell(self, asked: Any, response: Any) -> None:
        name = asked.question[0].name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(asked.question[0].rdtype)
        found = {"A": ["127.0.0.1"], "TXT": self._texts(name)}
        if alias := self.records.get((name, "CNAME")):
            response.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "CNAME", alias))
            name = alias.rstrip(".")
            found["TXT"] = self._texts(name)
        values = self.records[name, kind].split("\n") if (name, kind) in self.records else found.get(kind, [])
        if values:
            response.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", kind, *values))


class Pebble:
    """`directory`: where it is spoken to; `http_port`: where it asks by http-01, for names that `zone` knows."""

    def __init__(self, home: Path, zone: Zone, http_port: int, bound: bool = False, **environment: str) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self._home, self._zone = home, zone
        port, management = free_port(), free_port()
        self.directory, self._management = f"https://localhost:{port}/dir", f"https://localhost:{management}"
        carried = AUTHORITY.certificate("localhost")
        (home / "cert.pem").write_text(carried.chain)
        (home / "key.pem").write_bytes(Fernet(SECRET).decrypt(carried.encrypted_key.encode()))
        settings: Mapping[str, Any] = {
            "listenAddress": f"127.0.0.1:{port}", "managementListenAddress": f"127.0.0.1:{management}",
            "certificate": str(home / "cert.pem"), "privateKey": str(home / "key.pem"), "httpPort": http_port,
            "tlsPort": 1, "ocspResponderURL": "", "externalAccountBindingRequired": bound,
            "externalAccountMACKeys": BINDINGS if bound else {},
        }  # fmt: skip
        (home / "config.json").write_text(json.dumps({"pebble": settings}))
        self._environment = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0", **environment}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Pebble:
        assert PROGRAM is not None
        command = [PROGRAM, "-config", str(self._home / "config.json"), "-dnsserver", f"127.0.0.1:{self._zone.port}"]
        with (self._home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, env={**os.environ, **self._environment}, stdout=log, stderr=log
            )  # fmt: skip
        port = int(self.directory.split(":")[2].split("/")[0])
        wait_for(lambda: _is_open(port), "pebble does not answer")
        return self

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def log(self) -> str:
        return (self._home / "log").read_text()


@contextmanager
def running(home: Path, zone: Zone, http_port: int, bound: bool = False, **environment: str) -> Iterator[Pebble]:
    """An authority of its own."""
    made = Pebble(home, zone, http_port, bound, **environment)
    try:
        yield made.start()
    finally:
        made.stop()


def _is_open(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
