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
        self.idle = not settings.enabled or not (self.any or settings.blank_sender_blocking_enabled)

    def entry(self, address: str) -> str:
        """The entry that blocks an address (any case), as the log names it; an empty text when none does."""
        address = address.lower()
        domain = address.rpartition("@")[2]
        if address in self._senders:
            return address
        if domain in self._domains:
            return domain
        while domain and self._parents:
            if domain in self._parents:
                return f"{domain} with all subdomains"
            domain = domain.partition(".")[2]
        return ""
