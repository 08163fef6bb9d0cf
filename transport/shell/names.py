"""Who connected, whose mail was accepted, and what was refused: counted by name for the console, minute by minute.

Strangers choose the names of clients and senders. In each minute the first `MOST` of a kind are counted by name, the
rest as `''`: one that comes often is among the first, however many come once. What was not reported for `KEPT` minutes
is forgotten.
"""

from collections import Counter, defaultdict

from transport.config import bounds
from transport.config.endpoint import source_of

Key = tuple[str, str, str, str]
"""(what, by, name, connector): `("accepted", "client", "192.0.2.1", "Office")`; of others than clients no connector."""
OF_STRANGERS = ("client", "sender")
OF_NAME = {"accepted": "sender", "refused": "rule"}
MOST = bounds.COUNTED_NAMES.lines or 0
LONGEST = bounds.COUNTED_NAMES.octets or 0
KEPT = 60


class Names:
    """What happens costs one entry in a list; a second's worth is counted at once."""

    def __init__(self) -> None:
        self.by_minute: dict[int, Counter[Key]] = {}
        self._happened: list[tuple[str, str, str, str]] = []
        self._known: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
        self._minute = 0

    def connected(self, connector: str, remote_ip: str) -> None:
        self._happened.append(("connected", connector, remote_ip, ""))

    def accepted(self, connector: str, remote_ip: str, sender: str) -> None:
        """A message; `sender` is the reverse-path."""
        self._happened.append(("accepted", connector, remote_ip, sender or "<>"))

    def refused(self, connector: str, remote_ip: str, rule: str) -> None:
        """A reply 4xx or 5xx that a rule decided."""
        self._happened.append(("refused", connector, remote_ip, rule))

    def book(self, now: float) -> None:
        """Put what happened since the last call down to this minute (of Unix seconds); for about once a second."""
        minute = int(now) // 60 * 60
        if minute != self._minute:
            self._minute = minute
            self._known.clear()
        if self._happened:
            happened, self._happened = Counter(self._happened), []
            found: Counter[Key] = Counter()
            for (what, connector, remote_ip, name), n in happened.items():
                found[what, "connector", connector, ""] += n
                found[self._counted(what, "client", client(remote_ip), connector)] += n
                if name:
                    found[self._counted(what, OF_NAME[what], name[:LONGEST])] += n
            self.put_back(minute, found)

    def _counted(self, what: str, by: str, name: str, connector: str = "") -> Key:
        """Under what it counts in this minute."""
        known = self._known[by]
        if by in OF_STRANGERS and (name, connector) not in known:
            if len(known) >= MOST:
                return what, by, "", ""
            known.add((name, connector))
        return what, by, name, connector

    def put_back(self, minute: int, counts: Counter[Key]) -> None:
        """These were not reported, and wait."""
        self.by_minute.setdefault(minute, Counter()).update(counts)
        for oldest in sorted(self.by_minute)[:-KEPT]:
            del self.by_minute[oldest]


def client(remote_ip: str) -> str:
    """As limits per source count it; an IPv4 address is one as it stands."""
    return source_of(remote_ip) if ":" in remote_ip else remote_ip
