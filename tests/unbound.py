"""A real resolver, unbound, where it is installed: it validates signed zones that a test makes, from their root on."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dns.dnssec
import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rdataset
import dns.rdatatype
import dns.rrset
import dns.zone
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from console.processes.address import free_port
from tests.waiting import wait_for

PROGRAM = shutil.which("unbound", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
needs_unbound = pytest.mark.skipif(PROGRAM is None, reason="unbound is not installed: apt-get install unbound")
VALIDATING, PLAIN = "validator iterator", "iterator"
DAY = 86400
SETTINGS = """
server:
  interface: 127.0.0.1@{port}
  do-ip6: no
  do-daemonize: no
  username: ""
  chroot: ""
  directory: "{home}"
  pidfile: ""
  use-syslog: no
  module-config: "{modules}"
  trust-anchor: "{anchor}"
  trust-anchor-signaling: no
  qname-minimisation: no
  local-zone: "test." nodefault
remote-control:
  control-enable: no
"""
AUTHORITY = 'auth-zone:\n  name: "{name}"\n  zonefile: "{file}"\n  for-upstream: yes\n  for-downstream: no\n'

Records = Mapping[tuple[str, str], list[str]]
"""(name, type) → values."""


class Key:
    """Of a zone: signs all of it."""

    def __init__(self) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.public = dns.dnssec.make_dnskey(self.private.public_key(), dns.dnssec.ECDSAP256SHA256, 257)

    def digest(self, zone: str) -> str:
        """What its parent says of it (DS)."""
        return dns.dnssec.make_ds(dns.name.from_text(zone), self.public, "SHA256").to_text()


class SignedZones:
    """`with SignedZones(tmp_path, {"good.test": {...}}, unsigned=("near.test",)) as found:` answers at `found.port`.

    The root zone names each of them: those of `unsigned` without a key, those of `bogus` with one that did not sign
    them, and `late` were signed for a time that is over. `torn` are (name, type) whose signature is missing. `modules`:
    what unbound does; `PLAIN` does not validate.
    """

    def __init__(
        self, home: Path, zones: Mapping[str, Records], *, unsigned: tuple[str, ...] = (), bogus: tuple[str, ...] = (),
        late: tuple[str, ...] = (), torn: tuple[tuple[str, str], ...] = (), modules: str = VALIDATING,
    ) -> None:  # fmt: skip
        self.home, self.port = home / "unbound", free_port()
        self.home.mkdir()
        self.torn, self.late = torn, late
        root = Key()
        delegations: dict[tuple[str, str], list[str]] = {}
        for name, records in zones.items():
            key = Key()
            self._write(name, records, None if name in unsigned else key)
            delegations[name, "NS"] = [f"ns.{name}."]
            delegations[f"ns.{name}", "A"] = ["127.0.0.1"]
            if name not in unsigned:
                delegations[name, "DS"] = [(Key() if name in bogus else key).digest(name)]
        self._write("", delegations, root)
        settings = SETTINGS.format(port=self.port, home=self.home, modules=modules, anchor=f". DS {root.digest('.')}")
        places = [AUTHORITY.format(name=f"{name}.", file=self._file(name)) for name in ("", *zones)]
        (self.home / "unbound.conf").write_text(settings + "".join(places))
        self._process: subprocess.Popen[bytes] | None = None

    def _file(self, name: str) -> Path:
        return self.home / f"{name or 'root'}.zone"

    def _write(self, name: str, records: Records, key: Key | None) -> None:
        zone = dns.zone.Zone(dns.name.from_text(f"{name}."), relativize=False)
        ns = f"ns.{name}." if name else "ns."
        every = {(name, "SOA"): [f"{ns} mail. 1 3600 600 86400 60"], (name, "NS"): [ns], (ns, "A"): ["127.0.0.1"]}
        for (owner, kind), values in (every | dict(records)).items():
            found = dns.rdataset.from_text("IN", kind, 60, *values)
            zone.replace_rdataset(dns.name.from_text(f"{owner.rstrip('.')}."), found)
        if key is not None:
            now = time.time() - (90 * DAY if name in self.late else 0)
            keys: list[Any] = [(key.private, key.public)]
            dns.dnssec.sign_zone(zone, keys=keys, inception=now - DAY, expiration=now + 30 * DAY)
        for owner, kind in self.torn:
            where = dns.name.from_text(f"{owner}.")
            if where.is_subdomain(zone.origin or dns.name.root) and zone.get_node(where) is not None:
                zone.delete_rdataset(where, "RRSIG", covers=kind)
        zone.to_file(str(self._file(name)), relativize=False)

    def __enter__(self) -> SignedZones:
        assert PROGRAM is not None
        log = (self.home / "log").open("wb")
        self._process = subprocess.Popen([PROGRAM, "-d", "-c", str(self.home / "unbound.conf")], stdout=log, stderr=log)
        log.close()
        wait_for(self._answers, "unbound does not answer")
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait()

    def _answers(self) -> bool:
        assert self._process is not None and self._process.poll() is None, (self.home / "log").read_text()
        try:
            dns.query.udp(dns.message.make_query(".", "SOA"), "127.0.0.1", 0.5, self.port)
        except (dns.exception.DNSException, OSError):
            return False
        return True
