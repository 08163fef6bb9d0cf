"""Which lists and list providers hold a client, and what becomes of it (Exchange reference, section 6.4)."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from transport.config.connection_filter import IPList, IPListEntry, IPListProvider
from transport.config.endpoint import client_key
from transport.config.snapshot import Snapshot
from transport.receive.dns import matching
from transport.receive.facts import Listings
from transport.receive.range_map import RangeMap
from transport.receive.rules import answer_of
from transport.smtp import replies
from transport.smtp.reply import Reply

FOR_EVER = float("-inf")


class IPLists:
    """Where several entries hold an address, the one that expires last stands for all of them."""

    def __init__(self, entries: Iterable[IPListEntry]) -> None:
        spans: dict[tuple[IPList, int], list[tuple[int, int, float, IPListEntry]]] = {}
        for entry in entries:
            version, low, high = entry.bounds
            rank = FOR_EVER if entry.expiration_time is None else -entry.expiration_time
            spans.setdefault((entry.ip_list, version), []).append((low, high, rank, entry))
        self._maps = {key: RangeMap(found) for key, found in spans.items()}

    def __bool__(self) -> bool:
        return bool(self._maps)

    def find(self, ip_list: IPList, address: str, now: float) -> IPListEntry | None:
        """The entry of a list that holds the address and has not expired; `now` in Unix seconds."""
        version, number = client_key(address)
        ranges = self._maps.get((ip_list, version))
        entry = ranges.find(number) if ranges is not None else None
        return entry if entry is not None and entry.applies(now) else None


class Verdict(msgspec.Struct, frozen=True):
    """What the filter makes of a client: `rule` names what decided, `by` says which entry or provider.

    `allowed`: no other filter looks at its mail. `pending`: the providers have not answered yet.
    """

    allowed: bool = False
    pending: bool = False
    refusal: Reply | None = None
    rule: str = ""
    by: str = ""


NEUTRAL, PENDING = Verdict(), Verdict(pending=True)


class ConnectionLists:
    """Lists and providers of a snapshot as far as they are switched on; `lookup_domains` are those that are asked."""

    def __init__(self, snapshot: Snapshot) -> None:
        settings = snapshot.connection_filter
        lists = {IPList.Allow: settings.ip_allow_list_enabled, IPList.Block: settings.ip_block_list_enabled}
        asked = {
            IPList.Allow: settings.ip_allow_list_providers_enabled,
            IPList.Block: settings.ip_block_list_providers_enabled,
        }
        self.entries = IPLists(entry for entry in snapshot.ip_list_entries if lists[entry.ip_list])
        providers = [each for each in snapshot.ip_list_providers if each.enabled and asked[each.ip_list]]
        self.providers = sorted(providers, key=lambda each: (each.ip_list is IPList.Block, each.priority, each.name))
        self.lookup_domains = tuple(dict.fromkeys(each.lookup_domain for each in self.providers))
        self.idle = not self.entries and not self.providers
        self.bypassed = frozenset(settings.bypassed_recipients)
        own_words = settings.static_entry_rejection_response
        self._block_list_reply = replies.blocked(own_words) if own_words else answer_of("ip_block_list")

    def listed(self, address: str, now: float) -> Verdict | None:
        """What the two lists say; None when the address is on neither."""
        entry = self.entries.find(IPList.Allow, address, now)
        if entry is not None:
            return Verdict(allowed=True, rule="ip_allow_list", by=in_words(entry))
        entry = self.entries.find(IPList.Block, address, now)
        if entry is None:
            return None
        return Verdict(refusal=self._block_list_reply, rule="ip_block_list", by=in_words(entry))

    def provided(self, address: str, listings: Listings) -> Verdict:
        """What the providers say, the first that lists the client."""
        for provider in self.providers if listings else ():
            found = matching(provider, listings.get(provider.lookup_domain, ()))
            if not found:
                continue
            by = f"{provider.name}, which answered {' '.join(found)}"
            if provider.ip_list is IPList.Allow:
                return Verdict(allowed=True, rule="ip_allow_list_provider", by=by)
            return Verdict(refusal=answer_to_listed(provider, address), rule="ip_block_list_provider", by=by)
        return NEUTRAL


def in_words(entry: IPListEntry) -> str:
    """An entry as the log names it: `192.0.2.0/24 (comment)`."""
    return f"{entry.ip_range} ({entry.comment})" if entry.comment else entry.ip_range


def answer_to_listed(provider: IPListProvider, address: str) -> Reply:
    """What a listed client is told: the provider's own text with its placeholders filled in, else the usual one."""
    text = provider.rejection_response
    for mark, value in (("%0", address), ("%1", provider.name), ("%2", provider.lookup_domain)):
        text = text.replace(mark, value.encode("ascii", "replace").decode())
    return replies.blocked(text) if text else answer_of("ip_block_list_provider")
