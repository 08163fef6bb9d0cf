"""Mail servers of other makers, each in a folder and on a port; `arrived` gives the messages as they were stored."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import pytest
from aiosmtpd.controller import Controller

from tests.bench.postfix import Postfix as BenchPostfix

Lines = list[bytes]


class NextHop(Protocol):
    port: int

    def start(self) -> None: ...

    def arrived(self) -> Lines: ...

    def stop(self) -> None: ...


def program(name: str, package: str, folder: str = "/usr/sbin") -> str:
    """Where it is; the test is skipped, and says what to install, when it is nowhere."""
    found = shutil.which(name, path=f"{folder}:{os.environ['PATH']}")
    if found is None:
        pytest.skip(f"{name} is not installed ({package})")
    return found


def as_root(user: str) -> None:
    """Skips the test where a server cannot become the user that it needs."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to become another user")
    try:
        pwd.getpwnam(user)
    except KeyError:
        pytest.skip(f"the user {user} of its package is not there")


def answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as peer:
            peer.settimeout(5)
            return peer.recv(3) == b"220"
    except OSError:
        return False


def until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the next hop does not start"
        time.sleep(0.02)


class Aiosmtpd:
    """A dependency of ours: always here."""

    def __init__(self, folder: Path, port: int, pem: Path) -> None:
        self.port = port
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(pem)
        self._kept: Lines = []
        self._server = Controller(self, hostname="127.0.0.1", port=port, tls_context=context)

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:
        self._kept.append(envelope.content)
        return "250 2.0.0 Ok"

    def start(self) -> None:
        self._server.start()

    def arrived(self) -> Lines:
        return self._kept

    def stop(self) -> None:
        self._server.stop()


class Postfix:
    def __init__(self, folder: Path, port: int, pem: Path) -> None:
        program("postfix", "apt-get install postfix")
        as_root("postfix")
        self.port, self._folder = port, folder
        people = [f"u{number}@far.test" for number in range(10)]
        self._server = BenchPostfix(folder, port, 9, "far.test", people)

    def start(self) -> None:
        self._server.start()
        until(lambda: answers(self.port))

    def arrived(self) -> Lines:
        return [path.read_bytes() for path in (self._folder / "mail").rglob("new/*")]

    def stop(self) -> None:
        self._server.stop()


class Started:
    """A server that is one process of its own."""

    port: int

    def run(self, *command: str, folder: Path) -> None:
        with (folder / "output").open("wb") as output:
            self._process = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
        until(lambda: answers(self.port) or self._process.poll() is not None)
        assert self._process.poll() is None, (folder / "output").read_text()

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()


EXIM = """\
primary_hostname = exim.test
exim_path = {exim}
spool_directory = {folder}/spool
log_file_path = {folder}/spool/%slog
pid_file_path = {folder}/spool/pid
keep_environment =
deliver_drop_privilege
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
tls_advertise_hosts = *
tls_certificate = {pem}
acl_smtp_rcpt = take
acl_smtp_data = strict
begin acl
take:
  accept
strict:
  deny message = maximum allowed line length is 998 octets
    condition = ${{if > {{$max_received_linelength}}{{998}}}}
  accept
begin routers
every:
  driver = accept
  transport = box
begin transports
box:
  driver = appendfile
  directory = {folder}/mail
  maildir_format
  create_directory
  mode_fail_narrower = false
"""


class Exim(Started):
    """Takes part of its care from Debian's standard: no line over 998 octets."""

    def __init__(self, folder: Path, port: int, pem: Path) -> None:
        self._exim = program("exim4", "apt-get install exim4-daemon-light")
        as_root("Debian-exim")
        self.port, self._folder, self._pem = port, folder, pem

    def start(self) -> None:
        for name in ("spool", "mail"):
            (self._folder / name).mkdir()
            (self._folder / name).chmod(0o777)
        shutil.chown(self._pem, "Debian-exim")
        conf = self._folder / "exim.conf"
        conf.write_text(EXIM.format(exim=self._exim, folder=self._folder, port=self.port, pem=self._pem))
        self.run(self._exim, "-C", str(conf), "-bdf", folder=self._folder)

    def arrived(self) -> Lines:
        return [path.read_bytes() for path in (self._folder / "mail").rglob("new/*")]


OPENSMTPD = """\
listen on 127.0.0.1 port {port}
action "keep" maildir "{folder}/mail" virtual {{ "@" = "nobody" }}
match from any for any action "keep"
"""


class OpenSMTPD(Started):
    """Its queue and its control socket have one place on a machine. TLS of Debian 12's fails with every client."""

    def __init__(self, folder: Path, port: int, pem: Path) -> None:
        self._smtpd = program("smtpd", "apt-get install opensmtpd")
        as_root("opensmtpd")
        with socket.socket(socket.AF_UNIX) as control:
            if control.connect_ex("/var/run/smtpd.sock") == 0:
                pytest.skip("an OpenSMTPD of this machine is running")
        self.port, self._folder = port, folder

    def start(self) -> None:
        (self._folder / "mail").mkdir()
        (self._folder / "mail").chmod(0o777)
        conf = self._folder / "smtpd.conf"
        conf.write_text(OPENSMTPD.format(folder=self._folder, port=self.port))
        conf.chmod(0o644)
        self.run(self._smtpd, "-d", "-f", str(conf), folder=self._folder)

    def arrived(self) -> Lines:
        return [path.read_bytes() for path in (self._folder / "mail").rglob("new/*")]


SENDMAIL = """\
divert(-1)
include(`{share}/m4/cf.m4')
define(`_CF_DIR_', `{share}/')
define(`QUEUE_DIR', `{folder}/queue')
define(`STATUS_FILE', `{folder}/statistics')
define(`ALIAS_FILE', `')
define(`confPID_FILE', `{folder}/pid')
define(`confDOMAIN_NAME', `sendmail.test')
define(`confTO_IDENT', `0s')
define(`confSERVICE_SWITCH_FILE', `{folder}/switch')
FEATURE(`accept_unresolvable_domains')
FEATURE(`promiscuous_relay')
FEATURE(`nocanonify')
DAEMON_OPTIONS(`Port={port}, Addr=127.0.0.1, Name=MTA')
MAILER_DEFINITIONS
Mkeep, P={folder}/keep, F=lsDFMhnu, A=keep $u
MAILER(`smtp')
LOCAL_RULE_0
R$* <@ $* > $*\t$#keep $@ here $: $1
"""


class Sendmail(Started):
    def __init__(self, folder: Path, port: int, pem: Path) -> None:
        self._sendmail = program("sendmail", "apt-get install sendmail-bin sendmail-cf m4", "/usr/libexec/sendmail")
        self._share = Path(self._sendmail).resolve().parents[2] / "share" / "sendmail" / "cf"
        if "sendmail" not in Path(self._sendmail).resolve().parent.name or not self._share.exists():
            pytest.skip("sendmail is that of another maker here (apt-get install sendmail-bin sendmail-cf m4)")
        self._m4 = program("m4", "apt-get install m4")
        as_root("smmsp")
        self.port, self._folder = port, folder

    def start(self) -> None:
        for name in ("queue", "mail"):
            (self._folder / name).mkdir()
            (self._folder / name).chmod(0o700 if name == "queue" else 0o777)
        keep = self._folder / "keep"
        keep.write_text(f"#!/bin/sh\nexec cat > {self._folder}/mail/$$\n")
        keep.chmod(0o755)
        (self._folder / "switch").write_text("hosts files\naliases files\n")
        text = SENDMAIL.format(share=self._share, folder=self._folder, port=self.port)
        made = subprocess.run([self._m4], input=text, capture_output=True, text=True, check=True)
        (self._folder / "sendmail.cf").write_text(made.stdout)
        # On a machine whose name has no dot it would wait for a minute.
        named = ["unshare", "--uts", "sh", "-c", 'hostname sendmail.test && exec "$@"', "sh"]
        self.run(*named, self._sendmail, "-bD", "-C", str(self._folder / "sendmail.cf"), folder=self._folder)

    def arrived(self) -> Lines:
        return [path.read_bytes() for path in (self._folder / "mail").iterdir()]


KEEP = """\
exports.hook_rcpt = (next) => next(OK)
exports.hook_queue = (next, connection) => {
  const file = require('fs').createWriteStream(`FOLDER/mail/${connection.transaction.uuid}`)
  connection.transaction.message_stream.pipe(file, {line_endings: '\\n'})
  file.on('finish', () => next(OK))
}
"""


class Haraka(Started):
    """Takes no command that comes together with the end of the message before."""

    def __init__(self, folder: Path, port: int, pem: Path) -> None:
        self._haraka = program("haraka", "npm install -g Haraka")
        self.port, self._folder, self._pem = port, folder, pem

    def start(self) -> None:
        for name in ("config", "plugins", "mail"):
            (self._folder / name).mkdir()
        files = {
            "config/smtp.ini": f"listen=127.0.0.1:{self.port}\nnodes=0\n",
            "config/plugins": "tls\nkeep\n",
            "config/tls.ini": "key=tls_key.pem\ncert=tls_cert.pem\n",
            "config/tls_key.pem": self._pem.read_text(),
            "config/tls_cert.pem": self._pem.read_text(),
            "config/connection.ini": (Path(self._haraka).resolve().parents[1] / "config/connection.ini").read_text(),
            "config/me": "haraka.test\n",
            "plugins/keep.js": KEEP.replace("FOLDER", str(self._folder)),
        }
        for name, text in files.items():
            (self._folder / name).write_text(text)
        self.run(self._haraka, "-c", str(self._folder), folder=self._folder)

    def arrived(self) -> Lines:
        return [path.read_bytes() for path in (self._folder / "mail").iterdir()]


EVERY = {
    "aiosmtpd": Aiosmtpd, "Postfix": Postfix, "Exim": Exim, "OpenSMTPD": OpenSMTPD, "sendmail": Sendmail,
    "Haraka": Haraka,
}  # fmt: skip
