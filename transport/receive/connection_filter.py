"""The connection filter: allow list, block list, then providers; enforced at RCPT (Exchange reference, section 6.4)."""

from __future__ import annotations

import msgspec

from transport.config.connection_filter import IPList, IPListEntry, IPListProvider
from transport.config.snapshot import Snapshot
from transport.receive.dns import PENDING, DnsAnswers, matching
from transport.receive.filters import looks_at
from transport.receive.ip_lists import IPLists
from transport.receive.outcome import LookUpClient, Outcome
from transport.receive.refusals import close, refuse
from transport.receive.session import Session
from transport.smtp import replies
from transport.smtp.path import Path
from transport.smtp.reply import Reply


class Verdict(msgspec.Struct, frozen=True):
    """What the filter makes of a client: `rule` names what decided, `by` says which entry or provider.

    `allowed`: no other filter looks at its mail. `pending`: DNS has not answered yet.
    """

    allowed: bool = False
    pending: bool = False
    refusal: Reply | None = None
    rule: str = ""
    by: str = ""


NEUTRAL = Verdict()


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
        self._block_list_reply = replies.blocked(own_words) if own_words else replies.BLOCKED_ADDRESS

    def verdict(self, address: str, answers: DnsAnswers | None, now: float) -> Verdict:
        """What becomes of a client, by its address and by what DNS says of it (None: DNS was not asked)."""
        return self.listed(address, now) or self._provided(address, answers)

    def listed(self, address: str, now: float) -> Verdict | None:
        """What the two lists say; None when the address is on neither."""
        entry = self.entries.find(IPList.Allow, address, now)
        if entry is not None:
            return Verdict(allowed=True, rule="ip_allow_list", by=in_words(entry))
        entry = self.entries.find(IPList.Block, address, now)
        if entry is None:
            return None
        return Verdict(refusal=self._block_list_reply, rule="ip_block_list", by=in_words(entry))

    def _provided(self, address: str, answers: DnsAnswers | None) -> Verdict:
        if answers is None or not self.providers:
            return NEUTRAL
        if answers.pending:
            return Verdict(pending=True)
        for provider in self.providers:
            found = matching(provider, answers.lists.get(provider.lookup_domain, ()))
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


def verdict(session: Session, now: float) -> Verdict:
    """What the filter makes of the session's client at `now` (Unix seconds)."""
    lists = session.policy.connection_lists
    if lists.idle or not looks_at(session, session.policy.snapshot.connection_filter):
        return NEUTRAL
    return lists.verdict(session.remote_ip, session.dns, now)


def answer_to_listed(provider: IPListProvider, address: str) -> Reply:
    """What a listed client is told: the provider's own text with its placeholders filled in, else the usual one."""
    text = provider.rejection_response
    for mark, value in (("%0", address), ("%1", provider.name), ("%2", provider.lookup_domain)):
        text = text.replace(mark, value.encode("ascii", "replace").decode())
    return replies.blocked(text) if text else replies.BLOCK_LISTED


def refuse_recipient(session: Session, recipient: Path, found: Verdict) -> Outcome | None:
    """The refusal of a recipient, None when there is none. It closes, unless a recipient may be exempt from it."""
    if found.refusal is None or str(recipient).lower() in session.policy.connection_lists.bypassed:
        return None
    may_go_on = session.policy.connection_lists.bypassed or session.recipient_count
    return (refuse if may_go_on else close)(session, found.refusal, found.rule, found.by)


def ask(outcome: Outcome, now: float) -> Outcome:
    """The outcome of a hello, with the questions about this client that DNS is to answer meanwhile."""
    session = outcome.session
    lists, settings = session.policy.connection_lists, session.policy.snapshot.connection_filter
    reverse = settings.reverse_dns_lookup_enabled
    if session.dns is not None or not (reverse or lists.lookup_domains):
        return outcome
    domains = _domains_to_ask(session, now)
    if not domains and not reverse:
        return outcome
    question = LookUpClient(session.remote_ip, domains, reverse)
    session = msgspec.structs.replace(session, dns=PENDING)
    return msgspec.structs.replace(outcome, session=session, actions=(*outcome.actions, question))


def _domains_to_ask(session: Session, now: float) -> tuple[str, ...]:
    """The lists to ask: none about a client that the filter leaves alone, or that our own lists decide about."""
    lists, settings = session.policy.connection_lists, session.policy.snapshot.connection_filter
    # Who is anonymous now may sign in before the first recipient.
    concerned = lists.lookup_domains and (looks_at(session, settings) or settings.internal_mail_enabled)
    return lists.lookup_domains if concerned and not lists.listed(session.remote_ip, now) else ()


def answered(session: Session, answers: DnsAnswers) -> Session:
    """The session once DNS has answered a `LookUpClient`, or the time for it is over."""
    return msgspec.structs.replace(session, dns=answers) if session.dns is PENDING else session


def client_in_words(session: Session, answers: DnsAnswers) -> str:
    """The client as the Received header names it: its address, and with reverse DNS lookup its name (document 002)."""
    address = session.remote_ip
    if not session.policy.snapshot.connection_filter.reverse_dns_lookup_enabled:
        return address
    if not answers.host_name:
        return f"[{address}] RDNS failed"
    if not answers.confirmed:
        return f"{answers.host_name} [{address}] RDNS not confirmed"
    matched = answers.host_name.lower() == session.helo.lower().rstrip(".")
    return f"{answers.host_name} [{address}]" + ("" if matched else " RDNS differs")
