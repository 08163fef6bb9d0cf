"""A DNS server on loopback for tests: answers from a table, NXDOMAIN for the rest, or nothing at all."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Records = dict[tuple[str, str], list[str]]
"""(name without the last dot, type) → values."""


class DnsServer:
    """`with DnsServer({("2.0.0.127.bl.test", "A"): ["127.0.0.2"]}) as server:` counts in `asked`."""

    def __init__(
        self,
        records: Records | None = None,
        *,
        ttl: int = 300,
        silent: bool = False,
        silent_for: str = "",
        truncated: bool = False,
        after: float = 0.0,
        signed: tuple[str, ...] = (),
        bogus: tuple[str, ...] = (),
    ) -> None:
        """`after`: seconds that it takes for each answer. As a resolver that validates: what lies in the domains of
        `signed` has AD (`""` is the root zone itself), what lies in those of `bogus` is SERVFAIL."""
        self.signed, self.bogus = signed, bogus
        self.records = records or {}
        self.ttl, self.silent, self.silent_for, self.truncated = ttl, silent, silent_for, truncated
        self.after = after
        self.asked: Counter[tuple[str, str]] = Counter()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self) -> DnsServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Answer nobody any more."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            data, client = self._socket.recvfrom(4096)
            if not data:
                return
            query = dns.message.from_wire(data)
            question = query.question[0]
            kind = dns.rdatatype.to_text(question.rdtype)
            name = question.name.to_text(omit_final_dot=True).lower().rstrip(".")
            self.asked[name, kind] += 1
            if not (self.silent or (self.silent_for and name.endswith(self.silent_for))):
                answer = self._answer(query, name, kind).to_wire()
                self._send(answer, client)

    def _send(self, answer: bytes, client: Any) -> None:
        if self.after:
            threading.Timer(self.after, self._socket.sendto, (answer, client)).start()
        else:
            self._socket.sendto(answer, client)

    def _answer(self, query: dns.message.Message, name: str, kind: str) -> dns.message.Message:
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA | (dns.flags.TC if self.truncated else 0)
        if any(name == each or name.endswith(f".{each}") for each in self.bogus):
            response.set_rcode(dns.rcode.SERVFAIL)
            return response
        asked, name = name, self._followed(response, name)
        if query.flags & dns.flags.AD and self._is_signed(asked) and self._is_signed(name):
            response.flags |= dns.flags.AD
        values = self.records.get((name, kind))
        if values:
            response.answer.append(dns.rrset.from_text(name.rstrip(".") + ".", self.ttl, "IN", kind, *values))
        elif not any(name == known for known, _ in self.records):
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response

    def _is_signed(self, name: str) -> bool:
        return any(name == each or (each and name.endswith(f".{each}")) for each in self.signed)

    def _followed(self, response: dns.message.Message, name: str) -> str:
        """The real name of an alias."""
        while values := self.records.get((name, "CNAME")):
            response.answer.append(dns.rrset.from_text(name + ".", self.ttl, "IN", "CNAME", *values))
            name = values[0].rstrip(".")
        return name
