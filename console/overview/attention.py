"""Needs attention: what an administrator has to look at, and where. Every rule stands here; the overview shows all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from time import monotonic
from typing import NamedTuple

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.connectors import queries as connectors
from console.connectors.models import ReceiveConnector, SendConnector
from console.connectors.queries import Tabs
from console.connectors.warnings import relaying
from console.domains.models import AcceptedDomain as DomainRow
from console.overview import certificate_rules, connector_rules, copy_rules, sending_rules
from console.overview.concern import Concern
from console.processes import queries as processes
from console.processes.queries import Health
from console.publishing import queries as publishing
from console.publishing.rows import struct_of
from console.queues import queries as queues
from console.queues.models import Hold
from console.queues.queue import Queue
from console.queues.remedies import in_words, remedy_for
from transport.config.accepted_domain import AcceptedDomain
from transport.config.send_connector import RequestMail
from transport.config.snapshot import Snapshot
from transport.receive import exposure
from transport.receive.exposure import is_wide, sends_on, too_wide
from transport.receive.relayed_domains import RelayedDomain, domains_taken
from transport.send.route import UNREACHABLE


def concerns(health: Health | None = None, waiting: list[Queue] | None = None) -> list[Concern]:
    """All of them, the bad ones first; `health` and `queues.next_hops` (maybe briefly) as they were found just now,
    where somebody has asked.
    """
    by_processes = copy_rules.faults(health or processes.health())
    by_rules = _by_rules(publishing.saved(), queues.next_hops(briefly=True) if waiting is None else waiting)
    found = sorted([*by_processes, *by_rules], key=lambda concern: not concern.is_bad)
    _LAST.note(found)
    return found


def counted(revision: int) -> Counted:
    """How many there are, as it was a few seconds ago under the newest revision: the top bar of each page asks."""
    return _LAST.counted(revision) or Counted.of(concerns())


def forget() -> None:
    """What was counted holds no longer."""
    _LAST.forget()


class Counted(NamedTuple):
    bad: int
    every: int

    @classmethod
    def of(cls, found: Sequence[Concern]) -> Counted:
        return cls(sum(each.is_bad for each in found), len(found))


class _Last:
    """What was found last in this process, for as long as it holds: a few seconds, and until something is saved."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self._counted, self._revision, self._at = Counted(0, 0), -1, 0.0

    def note(self, found: Sequence[Concern]) -> None:
        self._counted, self._revision, self._at = Counted.of(found), _revision(), monotonic()

    def counted(self, revision: int) -> Counted | None:
        holds = monotonic() - self._at < COUNT_HOLDS and self._revision == revision
        return self._counted if holds else None


def _revision() -> int:
    saved = publishing.newest()
    return saved.number if saved else 0


def _by_rules(saved: Snapshot, waiting: list[Queue]) -> Iterator[Concern]:
    """All rules. What several of them look at is read once."""
    holds = queues.lasting_holds()
    yield from copy_rules.trial()
    yield from copy_rules.reported_problems()
    yield from copy_rules.machines()
    yield from copy_rules.disk()
    yield from copy_rules.books()
    yield from copy_rules.restored_mail()
    yield from copy_rules.backups()
    yield from relays()
    yield from wide_domains()
    yield from relaying_send_connectors(saved)
    yield from held_connectors(holds)
    yield from unreachable_mail(waiting)
    yield from queues_in_trouble(waiting)
    yield from connector_rules.receive_connectors(saved)
    yield from sending_rules.dane_without_dnssec(saved)
    yield from sending_rules.without_their_certificate(saved)
    yield from sending_rules.dkim_keys()
    yield from certificate_rules.certificates_that_end()
    yield from certificate_rules.orders()
    yield from sending_rules.secrets_that_end()
    yield from sending_rules.credentials_without_token(holds)
    yield from refused_requests()
    yield from sending_rules.dkim_records()
    yield from sending_rules.policies_that_end()
    yield from sending_rules.kept_for_nobody()


COUNT_HOLDS = 5.0
"""Seconds."""
_LAST = _Last()


def relays() -> Iterator[Concern]:
    """Receive connectors that relay for public addresses."""
    open_ones = {name: each for name, each in publishing.relays().items() if each.public_ranges}
    for row in ReceiveConnector.objects.filter(name__in=open_ones):
        url = reverse("connectors:receive-details", args=[row.pk])
        yield Concern(row.name, relaying(open_ones[row.name]), url, is_bad=True)


def wide_domains() -> Iterator[Concern]:
    """Accepted domains that take mail for the domains of others."""
    for row in DomainRow.objects.filter(Q(domain_name__startswith="*") | Q(match_subdomains=True)):
        domain = struct_of(row, AcceptedDomain)
        if is_wide(domain):
            url = reverse("domains:details", args=[row.pk])
            yield Concern(row.domain_name, too_wide(domain), url, is_bad=sends_on(domain))


def relaying_send_connectors(saved: Snapshot) -> Iterator[Concern]:
    """Send connectors that override relay for the domains of others."""
    tabs = Tabs(SendConnector)
    for domain in exposure.wide_domains(domains_taken(saved)):
        if isinstance(domain, RelayedDomain):
            yield Concern(domain.name, too_wide(domain), tabs.url(domain.name, "address-space"), is_bad=True)


def unreachable_mail(waiting: list[Queue]) -> Iterator[Concern]:
    """Mail for which there is no Send connector."""
    for queue in queues.counted([queue for queue in waiting if queue.is_unreachable and queue.recipients]):
        text = ngettext(
            "%d message waits, because no Send connector takes it. Ask “Which connector takes …?” on the Send "
            "connectors page, or make a connector for its domain.",
            "%d messages wait, because no Send connector takes them. Ask “Which connector takes …?” on the Send "
            "connectors page, or make a connector for their domains.",
            queue.messages,
        )
        url = f"{reverse('queues:message-list')}?next_hop={UNREACHABLE.key}"
        yield Concern(UNREACHABLE.domain, text % queue.messages, url, is_bad=True)


def refused_requests() -> Iterator[Concern]:
    """Send connectors that ask another server for our mail, and do not get it."""
    pulls = connectors.pulls()
    for row in SendConnector.objects.filter(name__in=pulls, enabled=True).exclude(request_mail=RequestMail.None_.value):
        if pulls[row.name].is_refused:
            text = _("Mail that waits elsewhere was requested in vain. %s") % pulls[row.name].words
            yield Concern(row.name, text, reverse("connectors:send-details", args=[row.pk]))


def held_connectors(holds: list[Hold]) -> Iterator[Concern]:
    """Send connectors that send nothing because a server refuses them, or a quota is used up."""
    pages = dict(SendConnector.objects.values_list("name", "pk"))
    for hold in holds:
        if hold.connector in pages:
            url = reverse("connectors:send-details", args=[pages[hold.connector]])
            name = f"{hold.connector}: {hold.account}" if hold.account else hold.connector
            yield Concern(name, _("Its mail waits. %s") % hold.words, url, hold.is_fault)


def queues_in_trouble(waiting: list[Queue]) -> Iterator[Concern]:
    """Mail that was set aside, next hops that fail for long, and mail that waits for long."""
    every = [queue for queue in waiting if not queue.held]
    for queue in every:
        if queue.is_poison:
            yield _mail(
                queue, _("Delivery stumbled over this mail each time, and set it aside: look at it."), is_bad=True
            )
    failing = [queue for queue in every if queue.fails_long]
    yield from _several(failing, _("Nothing could be delivered to it for more than an hour."))
    old = [queue for queue in every if queue.is_old and not (queue.fails_long or queue.is_unreachable)]
    yield from _several(old, _("Mail for it waits for more than an hour."))


def _several(found: list[Queue], text: str) -> Iterator[Concern]:
    """A few by name; of more, how many they are."""
    for queue in found[:NAMED]:
        remedy = remedy_for(queue.error)
        yield _mail(queue, f"{text} {remedy.reason} {remedy.advice}" if remedy else f"{text} {in_words(queue.error)}")
    if (more := len(found) - NAMED) > 0:
        words = ngettext("And %d more next hop", "And %d more next hops", more) % more
        yield Concern(words, text, reverse("queues:list"))


def _mail(queue: Queue, text: str, *, is_bad: bool = False) -> Concern:
    return Concern(queue.domain, text.strip(), reverse("queues:details", args=[queue.key]), is_bad)


NAMED = 3
"""Next hops that are named for the same reason."""
