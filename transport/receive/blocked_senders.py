"""Whether a sender is blocked, however many there are (Exchange reference, section 6.3)."""

from __future__ import annotations

from transport.config.filters import SenderFilter


class BlockedSenders:
    """The sender filter's lists, prepared: a look-up costs the same however many there are."""

    def __init__(self, settings: SenderFilter) -> None:
        self._senders = frozenset(settings.blocked_senders)
        self._domains = frozenset(settings.blocked_domains)
        self._parents = frozenset(settings.blocked_domains_and_subdomains)
        self.any = bool(self._senders or self._domains or self._parents)

    def hold(self, address: str) -> bool:
        """Whether an address (any case) is on one of the lists."""
        address = address.lower()
        domain = address.rpartition("@")[2]
        if address in self._senders or domain in self._domains:
            return True
        while domain and self._parents:
            if domain in self._parents:
                return True
            domain = domain.partition(".")[2]
        return False
