"""A Kerberos realm of its own for tests: MIT's KDC on a free port, its principals, their keytabs."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from pathlib import Path

from console.processes.address import free_port
from tests.waiting import wait_for

REALM = "EX.TEST"
SERVICE = "smtp/mail.ex.test"
PROGRAMS = "krb5kdc", "kdb5_util", "kadmin.local"
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"

CONFIG = """[libdefaults]
 default_realm = {realm}
 dns_lookup_kdc = false
 dns_lookup_realm = false
 dns_canonicalize_hostname = false
 rdns = false
[realms]
 {realm} = {{
  kdc = 127.0.0.1:{port}
 }}
[domain_realm]
 .ex.test = {realm}
"""
KDC_CONFIG = """[kdcdefaults]
 kdc_listen = 127.0.0.1:{port}
 kdc_tcp_listen = 127.0.0.1:{port}
[realms]
 {realm} = {{
  database_name = {folder}/principal
  key_stash_file = {folder}/stash
  acl_file = {folder}/acl
 }}
"""


def missing() -> str:
    """What these tests need and is not here, in words."""
    programs = [name for name in PROGRAMS if not shutil.which(name, path=PATH)]
    if programs:
        return f"no KDC here: {', '.join(programs)} (Debian: apt-get install krb5-kdc krb5-admin-server)"
    from transport.shell.people.kerberos import NOT_INSTALLED, gssapi

    return "" if gssapi else NOT_INSTALLED


class Kdc:
    """`variables` is what a client's environment needs."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        files = {"krb5.conf": CONFIG, "kdc.conf": KDC_CONFIG}
        for name, text in files.items():
            (folder / name).write_text(text.format(realm=REALM, port=self.port, folder=folder))
        self.variables = {"KRB5_CONFIG": str(folder / "krb5.conf"), "KRB5_KDC_PROFILE": str(folder / "kdc.conf")}
        self._run("kdb5_util", "create", "-s", "-P", "master", "-r", REALM)
        self.add(SERVICE)
        self._process = subprocess.Popen(
            [shutil.which("krb5kdc", path=PATH) or "", "-n"],
            env=self._environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            wait_for(self._answers, "the KDC does not start")
        except BaseException:
            self.stop()
            raise

    def add(self, *principals: str) -> None:
        """Principals with keys that nobody knows."""
        for principal in principals:
            self._run("kadmin.local", "-q", f"addprinc -randkey {principal}")

    def keytab(self, principal: str = SERVICE) -> bytes:
        """The keys as they are now."""
        return self.keytab_file(principal).read_bytes()

    def keytab_file(self, principal: str) -> Path:
        file = self.folder / f"{principal.replace('/', '_')}.keytab"
        file.unlink(missing_ok=True)
        self._run("kadmin.local", "-q", f"ktadd -norandkey -k {file} {principal}")
        return file

    def _answers(self) -> bool:
        with socket.socket() as asking:
            return asking.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()

    @property
    def _environment(self) -> dict[str, str]:
        return {**os.environ, **self.variables, "PATH": PATH}

    def _run(self, *command: str) -> None:
        done = subprocess.run(
            command, env=self._environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30
        )
        assert done.returncode == 0, done.stdout + done.stderr
