"""The ports of document 004, appendix A: which are open here, which answer from outside, and which should. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.mail_server.verdicts import Verdict
from transport.config.endpoint import Binding

# fmt: off
PORTS: dict[int, tuple[str | Promise, bool]] = {
    25: ("SMTP", True),
    110: ("POP3", False),
    995: (gettext_lazy("POP3 over TLS"), False),
    143: ("IMAP", False),
    993: (gettext_lazy("IMAP over TLS"), False),
    465: (gettext_lazy("SMTP over TLS; Exchange's own between its services"), False),
    587: (gettext_lazy("Submission by clients that sign in"), False),
    717: (gettext_lazy("Exchange's own, for outbound mail"), False),
    2525: (gettext_lazy("Exchange's own, between its services"), False),
}
# fmt: on
"""Port → what it is for, and whether a firewall should let the Internet in. Document 004, appendix A."""

MOST_PASTED = 4000
_SEEN = re.compile(r"^ {0,8}(\d{1,5})(?:/tcp)?[ \t:=]{1,8}(open|closed|filtered)\b", re.IGNORECASE | re.MULTILINE)
_LISTENING = re.compile(r" {0,8}\d{1,9}: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) \S+ 0A\b")
MOST_SOCKETS = 20_000


@dataclass(frozen=True)
class Port:
    """`here`: the addresses at which something listens; `connectors`: those of ours that do; `outside`: what was seen
    from there, None before anybody looked.
    """

    number: int
    what: str
    should_be_open: bool
    here: tuple[str, ...]
    connectors: tuple[str, ...]
    outside: bool | None

    @property
    def is_reachable(self) -> bool:
        """Whether something listens at more than this machine's own loopback."""
        return any(not ip_address(each).is_loopback for each in self.here)

    @property
    def verdict(self) -> Verdict:
        if self.outside is not None:
            return Verdict.GOOD if self.outside == self.should_be_open else Verdict.WRONG
        if self.should_be_open:
            return Verdict.LOOK
        return Verdict.LOOK if self.is_reachable else Verdict.GOOD

    @property
    def words(self) -> str:
        """What it comes to, and what to do."""
        if self.outside is not None:
            return self._seen()
        if self.should_be_open:
            return _("Other servers hand in mail here. Whether they get through, only a look from outside tells.")
        if self.is_reachable:
            return _("Something listens. A firewall should keep the Internet out; a look from outside tells.")
        return _("Nothing listens for others.") if self.here else _("Nothing listens.")

    def _seen(self) -> str:
        if self.outside and not self.should_be_open:
            if self.connectors:
                return _("The Internet gets in. Close it in the firewall, unless people sign in from outside here.")
            return _("The Internet gets in, to another program or another machine. Close it in the firewall.")
        if not self.outside and self.should_be_open:
            if not self.is_reachable:
                return _("Other servers cannot hand in mail: nothing listens for them here.")
            return _("Other servers cannot hand in mail, though something listens: a firewall or router stops them.")
        return _("As it should be: open.") if self.outside else _("As it should be: closed.")


def ports(
    listening: Iterable[tuple[str, int]], connectors: Mapping[Binding, str], outside: Mapping[int, bool]
) -> list[Port]:
    """Every port of the list. `connectors`: our bindings with the names of their connectors."""
    at: dict[int, list[str]] = {}
    for address, number in listening:
        at.setdefault(number, []).append(address)
    ours: dict[int, set[str]] = {}
    for binding, name in connectors.items():
        ours.setdefault(binding.port, set()).add(name)
    return [
        Port(
            number, str(what), should, tuple(sorted(set(at.get(number, ())))), tuple(sorted(ours.get(number, ()))),
            outside.get(number),
        )
        for number, (what, should) in PORTS.items()
    ]  # fmt: skip


def seen_outside(text: str) -> dict[int, bool]:
    """Port → whether it was open, of what the script printed, or nmap; other lines mean nothing."""
    found = ((int(number), state.lower() == "open") for number, state in _SEEN.findall(text[:MOST_PASTED]))
    return {number: is_open for number, is_open in found if number in PORTS}


def listening(table: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Address and port of each listening socket of `/proc/net/tcp` or `tcp6`; a line that is none means nothing."""
    for found in filter(None, map(_LISTENING.match, table)):
        yield _address(bytes.fromhex(found[1])), int(found[2], 16)


def _address(words: bytes) -> str:
    """The kernel writes each word of four octets in this machine's order, which is that of x86 and ARM."""
    octets = b"".join(words[at : at + 4][::-1] for at in range(0, len(words), 4))
    found = IPv4Address(octets) if len(octets) == 4 else IPv6Address(octets)
    inner = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return str(inner or found)


def shell_script(host: str) -> str:
    """For a shell on a machine outside; nothing but bash is needed."""
    numbers = " ".join(map(str, PORTS))
    return (
        f"for port in {numbers}; do\n"
        f'  timeout 5 bash -c "</dev/tcp/{host}/$port" 2>/dev/null && echo $port open || echo $port closed\n'
        "done"
    )


def powershell_script(host: str) -> str:
    """The same for Windows."""
    numbers = ", ".join(map(str, PORTS))
    return (
        f"foreach ($port in {numbers}) {{\n"
        "  $client = New-Object Net.Sockets.TcpClient\n"
        f"  try {{ $open = $client.ConnectAsync('{host}', $port).Wait(5000) }} catch {{ $open = $false }}\n"
        "  $client.Close()\n"
        "  \"$port $(if ($open) { 'open' } else { 'closed' })\"\n"
        "}"
    )
