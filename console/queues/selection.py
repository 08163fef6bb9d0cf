"""What somebody means on a page: some rows, whole queues, or all that a filter finds. It survives being sent as a query
string, so that a page which asks first does to the same what the list showed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import reduce
from operator import and_
from typing import NamedTuple

from django.db.models import F, Func, Q, QuerySet, TextField, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Lower
from django.http import QueryDict
from django.utils.functional import cached_property

from console import clock
from console.crud.listing import matching
from console.crud.words import quoted, terms
from console.mailboxes import header
from console.queues import queries
from console.queues.models import RESTORED, Hold, NextHop, QueuedRecipient, Status
from console.queues.queue import Queue
from console.tracking import queries as tracking

SEARCHED = ("address", "message__sender", "message__subject", "message__message_id")
TOGETHER = Lower(Func(Value(" "), *map(F, SEARCHED), function="concat_ws", output_field=TextField()))
"""The same in one text: what is read of a whole queue is read once."""
SEARCHED_QUEUES = ("domain", "connector", "last_error")
WORDS = ("Active", "Ready", "Retry", "Suspended", "Kept", "Restored")
"""Of those by which a recipient is found that waits; Restored is Suspended, because it came out of a backup."""
NARROWED_BY = ("q", "next_hop", "status", "older", "kind")
"""Names in the query string of a list that narrow it."""
MOST_LOOKED_AT = 2_000
"""Messages that a search of the queue looks at one by one."""
LOOKED_THROUGH = 5_000
"""Recipients among whom a list looks for words that more messages have than that: those that are due first."""
ALL = "all"
MESSAGES, QUEUES = "messages", "queues"
"""Of which list `all` means what it shows."""


class Found(NamedTuple):
    """What waits and fits a filter; `is_part`: not all that waits was looked through."""

    rows: QuerySet[QueuedRecipient]
    is_part: bool


def messages_matching(given: QueryDict) -> QuerySet[QueuedRecipient]:
    """What waits and fits the filter of the list of messages; nothing of what its box excludes."""
    return _matching(given, None).rows


def first_matching(given: QueryDict, through: int = LOOKED_THROUGH) -> Found:
    """The same, at a price that does not follow the length of the queue: words that very many messages have are looked
    for among so many recipients, those that are due first.
    """
    return _matching(given, through)


def _matching(given: QueryDict, through: int | None) -> Found:
    asked = terms(_text(given, "q"), NARROWED_BY)
    excluded = [each for each in asked if each.negated]
    rows = _narrowed({name: _text(given, name) for name in NARROWED_BY})
    for each in excluded:
        if each.name not in ("", "q"):
            rows = rows.exclude(pk__in=_narrowed({each.name: each.value}).order_by().values("pk"))
    wanted = _having([each.value for each in asked if not each.negated])
    unwanted = [_having([each.value]) for each in excluded if each.name in ("", "q")]
    is_part = False
    if any(each.is_common for each in (wanted, *unwanted)):
        rows, is_part = _first(rows, through)
        rows = rows.alias(together=TOGETHER)
    rows = rows.filter(wanted.where)
    for having in unwanted:
        rows = rows.exclude(having.where)
    return Found(rows, is_part)


def _first(rows: QuerySet[QueuedRecipient], most: int | None) -> tuple[QuerySet[QueuedRecipient], bool]:
    """Those that are due first, and whether there are more."""
    if most is None or rows.order_by().values("pk")[: most + 1].count() <= most:
        return rows, False
    return queries.waiting_recipients().filter(pk__in=rows.values("pk")[:most]), True


def _narrowed(given: Mapping[str, str]) -> QuerySet[QueuedRecipient]:
    """By all but words."""
    rows = queries.waiting_recipients(given.get("next_hop", ""))
    if status := given.get("status", ""):
        rows = _of_status(rows, status)
    hours = given.get("older", "")
    if hours.isascii() and hours.isdigit() and len(hours) < 5:
        rows = rows.filter(message__accepted_at__lt=clock.now() - timedelta(hours=int(hours)))
    return rows


class Having(NamedTuple):
    """The recipients that have some words; `is_common`: in `TOGETHER` of each, which has to be read."""

    where: Q
    is_common: bool


def _having(parts: Sequence[str]) -> Having:
    """Those of which address, sender, subject or Message-ID hold every word or phrase, each word at the beginning of
    one of theirs. The index of message tracking says which messages can be meant; of too many the queue itself is read.
    """
    words = [each.lower() for each in parts]
    if not words:
        return Having(Q(), is_common=False)
    named = tracking.messages_with(" ".join(words), MOST_LOOKED_AT)
    if named is None:
        return Having(reduce(and_, (Q(together__contains=word) for word in words)), is_common=True)
    looked_at = queries.waiting_recipients().order_by().filter(message__in=_one_of(named, "uuid"))
    found = [pk for pk, *texts in looked_at.values_list("pk", *SEARCHED) if _holds(texts, words)]
    return Having(Q(pk__in=_one_of(found, "bigint")), is_common=False)


def _one_of(keys: Sequence[object], kind: str) -> RawSQL:
    """One parameter for all of them: a placeholder for each of thousands would cost more than the search."""
    return RawSQL(f"SELECT unnest(%s::{kind}[])", [list(keys)])


def _holds(texts: Sequence[str], words: Sequence[str]) -> bool:
    """A subject is read as it is shown."""
    readable = [header.text(each.encode()) if "=?" in each else each for each in texts]
    return all(any(word in each.lower() for each in readable) for word in words)


def _of_status(rows: QuerySet[QueuedRecipient], word: str) -> QuerySet[QueuedRecipient]:
    """Exchange's words, as `Standing.status` gives them."""
    ready, now = Q(status=Status.READY, claimed_by=None), clock.now()
    held = Hold.objects.filter(Q(until__gt=now) | Q(until=None), account="").values("connector")
    suspended, kept = _hops(suspended=True), _hops(suspended=False, kept=True)
    failing = NextHop.objects.filter(Q(retry_at__gt=now) | Q(connector__in=held), suspended=False, kept=False)
    later = Q(next_hop__in=failing.values("key")) | Q(due_at__gt=now)
    meant = {
        "Active": Q(status=Status.READY, claimed_by__isnull=False),
        "Suspended": Q(status=Status.SUSPENDED) | (ready & suspended),
        "Kept": ready & kept,
        "Restored": Q(status=Status.SUSPENDED, held_for=RESTORED),
        "Retry": ready & ~suspended & ~kept & later,
        "Ready": ready & ~suspended & ~kept & ~later,
    }
    return rows.filter(meant[word]) if word in meant else rows


def _hops(**facts: bool) -> Q:
    return Q(next_hop__in=NextHop.objects.filter(**facts).values("key"))


def queues_matching(given: QueryDict) -> list[Queue]:
    """The queues that the list of queues shows."""
    every = queries.next_hops(with_empty=_text(given, "status") == "Empty")
    found = terms(_text(given, "q"), NARROWED_BY)
    wanted = {name: _text(given, name) for name in ("status", "kind")}
    wanted["q"] = " ".join(quoted(each.value) for each in found if not each.negated)
    unwanted = [{each.name or "q": quoted(each.value)} for each in found if each.negated]
    return [queue for queue in every if _fits(queue, wanted) and not any(_fits(queue, each) for each in unwanted)]


def _fits(queue: Queue, given: Mapping[str, str]) -> bool:
    status, kind = given.get("status", ""), given.get("kind", "")
    return (
        bool(matching([queue], given.get("q", ""), SEARCHED_QUEUES))
        and (not status or (queue.recipients == 0 if status == "Empty" else queue.status == status))
        and (not kind or queue.delivery_type == kind)
    )


class Selection:
    """Of `pk` (recipients), `queue` (keys), or `all` with the filter of a list."""

    def __init__(self, given: QueryDict) -> None:
        self.given = given
        self.keys = numbers(given.getlist("pk"))
        self.all = _text(given, ALL)

    @property
    def is_of_queues(self) -> bool:
        """Whether it means queues, with whatever waits there; else messages."""
        return not self.keys and self.all != MESSAGES

    @cached_property
    def queues(self) -> list[str]:
        """Their keys. Submission is nobody's to act on."""
        if self.all == QUEUES:
            return [queue.key for queue in queues_matching(self.given) if not queue.is_submission]
        return list(dict.fromkeys(key for key in self.given.getlist("queue") if "\0" not in key))

    def rows(self) -> QuerySet[QueuedRecipient]:
        """What waits of it."""
        if self.all == MESSAGES:
            return messages_matching(self.given)
        waiting = queries.waiting_recipients()
        return waiting.filter(pk__in=self.keys) if self.keys else waiting.filter(next_hop__in=self.queues)

    def recipients(self) -> list[int]:
        return list(self.rows().values_list("pk", flat=True))

    def pairs(self) -> Iterator[tuple[str, str]]:
        """As fields of a form, or of a query string."""
        if self.all in (MESSAGES, QUEUES):
            yield ALL, self.all
            yield from narrowing(self.given)
            return
        yield from (("pk", str(key)) for key in self.keys)
        yield from (("queue", key) for key in ([] if self.keys else self.queues))

    def __bool__(self) -> bool:
        return bool(self.keys or self.all or self.queues)


def numbers(keys: Sequence[str]) -> list[int]:
    """The keys that a database can have."""
    return [int(key) for key in dict.fromkeys(keys) if key.isascii() and key.isdigit() and len(key) < 19]


def narrowing(given: QueryDict) -> list[tuple[str, str]]:
    """What narrows a list, of its query string."""
    return [(name, _text(given, name)) for name in NARROWED_BY if _text(given, name)]


def _text(given: QueryDict, name: str) -> str:
    """Without NUL, which no column of the database can hold."""
    return str(given.get(name, "")).replace("\0", "")
