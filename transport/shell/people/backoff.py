"""Whoever guesses waits ever longer: for each user from each source, and for a source that fails with many names.

Nobody waits for what comes from another source, so nobody outside can lock a user out or slow one down.
"""

from transport.shell.people.places import network_of
from transport.shell.tallies import OwnTallies, Tallies

FREE_TRIES = 3
FREE_NAMES = 10
"""Names that may fail from one source (password spraying) before every other name from there waits too."""
FREE_NAMES_OF_A_SITE = 50
"""The same for all sources of one customer in IPv6, who has up to a /48 (RFC 6177): 65,536 sources. An IPv4 network of
several sources is that of several customers, who must not wait for each other."""
LONGEST_WAIT = 900.0
FORGET_AFTER = 3600.0
MOST_KEPT = 10_000

Key = tuple[str, str]


def site_of(source: str) -> str:
    """The /48 of a source (`endpoint.source_of`) of IPv6, else empty."""
    return network_of(source) if ":" in source else ""


class Ledger:
    """Failures by key: after `free` of them 1 s, 2 s, 4 s … up to `LONGEST_WAIT`; forgotten after a quiet hour."""

    def __init__(self, free: int, tallies: Tallies | None, kind: str) -> None:
        """`kind` tells ledgers apart that share their tallies, in which the moment is that of the last failure."""
        self._free, self._tallies, self._kind = free, tallies or OwnTallies(MOST_KEPT), kind

    def waits(self, key: Key, now: float) -> bool:
        """Whether a try comes too early."""
        last, count = self._tallies.get(self._name(key)) or (0.0, 0)
        return count >= self._free and now < last + min(2.0 ** (count - self._free), LONGEST_WAIT)

    def add(self, key: Key, now: float) -> bool:
        """One failure more; True for the first of this key."""
        with self._tallies as tallies:
            last, count = tallies.get(self._name(key)) or (now, 0)
            first = not count or now > last + FORGET_AFTER
            tallies.put(self._name(key), now, 1 if first else count + 1)
        return first

    def forget(self, key: Key) -> None:
        """The count starts anew."""
        with self._tallies as tallies:
            tallies.forget(self._name(key))

    def _name(self, key: Key) -> str:
        return self._kind + "\0".join(key)


class Backoff:
    """`names` is what the client wrote and, of a user who exists, the principal: writing a name in another way gives
    no more tries, and tells nobody whether it exists. `now` in seconds of a steady clock.
    """

    def __init__(self, failed: Tallies | None = None, known: Tallies | None = None) -> None:
        """`failed` and `known`: what all transports of a node share; none: this one counts alone."""
        self._users = Ledger(FREE_TRIES, failed, "user ")
        self._sources = Ledger(FREE_NAMES, failed, "source ")
        self._sites = Ledger(FREE_NAMES_OF_A_SITE, failed, "site ")
        self._at_home = known or OwnTallies(MOST_KEPT)

    def must_wait(self, source: str, names: tuple[str, ...], now: float) -> bool:
        """Whether a try comes too early; it is not counted. Who has signed in from this source before does not wait
        for the failures of others there.
        """
        if any(self._users.waits((source, name), now) for name in names):
            return True
        if self.is_at_home(source, names):
            return False
        return self._sources.waits((source, ""), now) or self._sites.waits((site_of(source), ""), now)

    def is_at_home(self, source: str, names: tuple[str, ...]) -> bool:
        """Whether this user has signed in from this source before."""
        return any(self._at_home.get(f"{source}\0{name}") for name in names)

    def failed(self, source: str, names: tuple[str, ...], now: float) -> None:
        """One failure more; on the source's account the first of each name that was written."""
        written, *principal = names
        if self._users.add((source, written), now):
            self._sources.add((source, ""), now)
            if site_of(source):
                self._sites.add((site_of(source), ""), now)
        for name in principal:
            self._users.add((source, name), now)

    def succeeded(self, source: str, names: tuple[str, ...], now: float) -> None:
        """The user's count starts anew, the source's does not: it may own one of the names that it tries."""
        for name in names:
            self._users.forget((source, name))
            with self._at_home as known:
                known.put(f"{source}\0{name}", now, 1)
