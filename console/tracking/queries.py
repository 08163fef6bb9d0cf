"""What the protocol log's pages read; made for a million sessions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import reduce
from itertools import islice, zip_longest
from operator import or_
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import F, Func, Q, QuerySet, TextField, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Concat
from django.urls import reverse

from console import clock
from console.crud.addresses import address_bounds, apart
from console.crud.counting import in_order
from console.crud.words import parts
from console.mailboxes import header
from console.tracking.models import Event, Reader, Searched, Session
from transport.reference import References
from transport.smtp.encoded_words import readable
from transport.trace.events import FIRST, Source, with_source, words_wanted
from transport.trace.events import Event as Kind
from transport.trace.line import decided_by

SHOWN = 100
MOST_FOUND = 1000
"""Messages whose events a search by words looks through: what half of all mail has in common would take seconds."""
REPORTED = timedelta(minutes=5)
"""For so long somebody may have counted who has not said so yet."""
REFUSED_LATELY = 1000
"""Sessions that were refused something, among which those of one rule are looked for first."""
EXPORTED_AT_ONCE = 500
EVERY_RECIPIENT = Func(F("recipients"), Value(" "), function="array_to_string", output_field=TextField())
WITHOUT_EVENTS = ("events", "search")

OUTCOMES = {
    "queued": Q(accepted__gt=0),
    "refused": Q(refused__gt=0),
    "nothing": Q(accepted=0, refused=0),
    "open": Q(ended_at=None),
}

_WORD = re.compile(r"[a-z0-9]+")

# Each distinct connector by one step in the index (https://wiki.postgresql.org/wiki/Loose_indexscan).
CONNECTORS = """
WITH RECURSIVE found AS (
    (SELECT connector FROM tracking_session ORDER BY connector LIMIT 1)
    UNION ALL
    SELECT (SELECT connector FROM tracking_session WHERE connector > found.connector ORDER BY connector LIMIT 1)
    FROM found WHERE found.connector IS NOT NULL
)
SELECT connector FROM found WHERE connector IS NOT NULL LIMIT 1000
"""


def connectors() -> list[str]:
    """The connectors that sessions name."""
    with connection.cursor() as cursor:
        cursor.execute(CONNECTORS)
        return [name for (name,) in cursor.fetchall()]


def is_recorded(session_id: str) -> bool:
    """Whether the log holds a session; it does not where protocol logging was off, or long ago."""
    return Session.objects.filter(pk=session_id).exists()


@dataclass(frozen=True)
class Referred:
    """What the reference of a refusal says (`transport/reference.py`)."""

    session_id: str
    rule: str
    began: datetime

    @property
    def url(self) -> str:
        """The page of the refusal, of this session where the protocol log has it."""
        page = reverse("refusals:page", args=[self.rule])
        return f"{page}?session={self.session_id}" if is_recorded(self.session_id) else page


def referred(text: str) -> Referred | None:
    """What a reference, or an address that ends with one, says; None where it is none of ours."""
    found = References(settings.GATEPOST_SECRET_KEY.encode()).read(text)
    return Referred(*found, datetime.fromtimestamp(found.began, UTC)) if found else None


def newest() -> QuerySet[Session]:
    return Session.objects.order_by("-started_at", "-session_id")


def with_text(sessions: QuerySet[Session], text: str) -> QuerySet[Session]:
    """Those in which every word of `text` begins a word: `anna@conto` finds anna@contoso.com. An IP address is one
    word, and means the other side's; so do a range and a network. What is quoted stands there so.
    """
    addresses, others = apart(text)
    for address in addresses:
        sessions = from_address(sessions, address)
    for phrase in (part for part in parts(text.lower()) if len(part.split()) > 1):
        sessions = sessions.filter(search__contains=phrase)
    return _with_words(sessions, others)


def _with_words(sessions: QuerySet[Session], text: str) -> QuerySet[Session]:
    words = _WORD.findall(text.lower())
    if not words:
        return sessions
    wanted = " & ".join(f"{word}:*" for word in words)
    return sessions.extra(where=["tracking_words(search) @@ to_tsquery('simple', %s)"], params=[wanted])


def newest_with_text(text: str, most: int) -> list[Session]:
    """The newest of those `with_text`."""
    return in_order(with_text(newest().defer(*WITHOUT_EVENTS), text), 0, most)


def refused_by(rule: str, until: datetime | None, most: int) -> list[Session]:
    """The newest sessions in which a rule refused something, which it did last before `until`, if anybody knows.

    One that refuses much is found among those that were refused something then; another one by its words.
    """
    refused = newest().filter(refused__gt=0).defer(*WITHOUT_EVENTS)
    lately = refused.filter(started_at__lt=until) if until and until < clock.now() - REPORTED else refused
    having = {"search__contains": f" {decided_by(rule)}"}
    keys = list(lately.values_list("pk", flat=True)[:REFUSED_LATELY])
    found = refused.filter(pk__in=keys, **having)[:most]
    return list(found) if len(found) == most else list(with_text(refused, rule).filter(**having)[:most])


def containing(sessions: QuerySet[Session], field: str, text: str) -> QuerySet[Session]:
    """Those whose `field` holds `text`, whatever the case. Its words stand in `search` too, which has the index."""
    text = text.strip()
    if field == "recipients":
        sessions, field = sessions.alias(every=EVERY_RECIPIENT), "every"
    return _with_words(sessions, text).filter(**{f"{field}__icontains": text})


TEXTS = {"q": "search", "helo": "helo", "sender": "sender", "recipient": "search"}
"""What is asked of a session by its text, and the column in which that stands."""


def lacking(sessions: QuerySet[Session], column: str, text: str) -> QuerySet[Session]:
    """Those without a text, whatever the case."""
    return sessions.exclude(**{f"{column}__icontains": text.strip(' "')})


def from_address(sessions: QuerySet[Session], text: str) -> QuerySet[Session]:
    """Those with an address, whatever its spelling, a range, a network or a beginning, as `address_bounds` reads it."""
    bounds = address_bounds(text)
    if bounds is None:
        return sessions.none()
    inside = "tracking_address(remote_address) BETWEEN %s::inet AND %s::inet"
    return sessions.extra(where=[inside], params=bounds)


def oldest_first(sessions: QuerySet[Session]) -> Iterator[Session]:
    """All of them with their events, some at a time: no cursor stays open and memory stays flat."""
    ordered = sessions.order_by("started_at", "session_id")
    last: Session | None = None
    while True:
        after = Q(started_at__gt=last.started_at) | Q(session_id__gt=last.session_id) if last else Q()
        rows = ordered.filter(after, **{"started_at__gte": last.started_at} if last else {})
        batch = list(rows.defer("search")[:EXPORTED_AT_ONCE])
        yield from batch
        if len(batch) < EXPORTED_AT_ONCE:
            return
        last = batch[-1]


# Message tracking

ATTEMPTS = (Kind.SEND, Kind.DELIVER, Kind.DEFER, Kind.FAIL)
PARTS = {"sender": "sender", "message_id": "message_id"}
OF_WORDS = (*PARTS, "recipient", "subject", "q")
IN_PHRASES = ("message__sender", "message__message_id", "message__helo", "every")
EXACT = {"session": "session_id", "reference": "reference"}


def newest_events() -> QuerySet[Event]:
    return Event.objects.select_related("message").order_by("-time", "-id")


def _messages_of(texts: Iterable[str], until: datetime | None = None) -> QuerySet[Searched] | None:
    """The messages in which every word begins a word of sender, recipients, subject, Message-ID or client, the newest
    first; of those that came until a time. None where there is no word. (Names in the queue are in the order of time:
    RFC 9562 §5.7.)
    """
    query = words_wanted(texts)
    if not query:
        return None
    found = Searched.objects.extra(where=["words @@ %s::tsquery"], params=[query])
    return (found.filter(time__lte=until) if until else found).order_by("-message")


def messages_with(text: str, most: int) -> list[UUID] | None:
    """The messages in which every word of a text begins a word, as `about` finds them, and those that came so lately
    that nobody knows it of them yet; None where they are more than `most`, or where there is no word in the text.
    """
    found = _messages_of([text])
    if found is None:
        return None
    names: list[Any] = list(found.order_by().values_list("message", flat=True)[: most + 1])
    names += _not_searchable_yet().values_list("message", flat=True)[: most + 1]
    return names if len(names) <= most else None


def _not_searchable_yet() -> QuerySet[Event]:
    """Where messages came whose words follow behind the mail (`transport/shell/forward/search_words.py`)."""
    reader = Reader.objects.filter(pk="search").first()
    position = [reader.transaction, reader.event] if reader else [0, 0]
    return Event.objects.filter(event__in=FIRST).extra(where=["(transaction, id) > (%s, %s)"], params=position)


def about(events: QuerySet[Event], *texts: str, until: datetime | None = None) -> QuerySet[Event]:
    """Those of the newest `MOST_FOUND` messages that some texts are about; nothing after `until` is wanted."""
    found = _messages_of(texts, until)
    return events if found is None else events.filter(message__in=found.values("message")[:MOST_FOUND])


def leaves_out(*texts: str, until: datetime | None = None) -> bool:
    """Whether more messages are about some texts than a search looks through."""
    found = _messages_of(texts, until)
    return found is not None and found.order_by().values("message")[MOST_FOUND : MOST_FOUND + 1].exists()


def texts_of(asked: Mapping[str, str]) -> list[str]:
    """What of that which `tracked` is asked is found by words; an IP address among them is not."""
    return [asked.get(name, "") for name in OF_WORDS if name != "q"] + [apart(asked.get("q", ""))[1]]


def _from_clients(events: QuerySet[Event], text: str) -> QuerySet[Event]:
    """Those of messages that came from an address, a range or a network, however many."""
    bounds = address_bounds(text)
    if bounds is None:
        return events.none()
    low, high = bounds
    return events.filter(message__in=Searched.objects.filter(client__gte=low, client__lte=high).values("message"))


def tracked(events: QuerySet[Event], asked: Mapping[str, str], until: datetime | None = None) -> QuerySet[Event]:
    """Those that fit all that is asked for: sender, recipient, subject, message_id (parts of them will do), client (as
    `address_bounds` reads it), network_id, session, reference, event, source; `q`, words and addresses of clients.
    """
    events = about(events, *texts_of(asked), until=until)
    for address in apart(asked.get("q", ""))[0]:
        events = _from_clients(events, address)
    for phrase in (part for part in parts(asked.get("q", "")) if len(part.split()) > 1):
        events = _with_phrase(events, phrase, until)
    for name, column in PARTS.items():
        if asked.get(name):
            events = events.filter(**{f"message__{column}__icontains": asked[name].strip("<>")})
    if subject := asked.get("subject"):
        events = events.filter(_of_subject(subject, until))
    if recipient := asked.get("recipient"):
        events = events.alias(every=EVERY_RECIPIENT).filter(every__icontains=recipient)
    if asked.get("client"):
        events = _from_clients(events, asked["client"])
    if asked.get("network_id"):
        events = events.filter(message=identity(asked["network_id"]))
    if event := asked.get("event"):
        events = events.filter(event__in=[one for one in event.upper().split(",") if one])
    if (source := asked.get("source", "").upper()) in set(Source):
        events = events.filter(event__in=with_source(Source(source)), source=source)
    return events.filter(**{column: asked[name] for name, column in EXACT.items() if asked.get(name)})


def _with_phrase(events: QuerySet[Event], phrase: str, until: datetime | None) -> QuerySet[Event]:
    """Those of messages in which some words stand as they are quoted; a subject is read as it is shown."""
    plain = (Q(**{f"{column}__icontains": phrase}) for column in IN_PHRASES)
    return events.alias(every=EVERY_RECIPIENT).filter(reduce(or_, plain, _of_subject(phrase, until)))


def _of_subject(text: str, until: datetime | None) -> Q:
    """Messages with a text in the subject; of those with its words, one with encoded words is read for it."""
    found = _messages_of([text], until)
    named: list[Any] = [] if found is None else list(found.values_list("message", flat=True)[:MOST_FOUND])
    coded = Searched.objects.filter(message__in=named, message__subject__contains="=?")
    subjects = coded.values_list("message", "message__subject")
    read = [message for message, subject in subjects if text.lower() in readable(subject).lower()]
    return Q(message__subject__icontains=text) | Q(message__in=read)


def messages_about(text: str, most: int) -> list[Any]:
    """The newest messages whose sender, recipients, subject, Message-ID or client a text is about, or the one of which
    it is the name in the queue.
    """
    first = newest_events().filter(event__in=FIRST)
    named = identity(text)
    found = first.filter(message=named) if named.int else tracked(first, {"q": text})
    return list({each.message_id: each.message for each in found[:most]}.values())


def from_sender(events: QuerySet[Event], address: str, until: datetime | None = None) -> QuerySet[Event]:
    """Those of a sender; `<>` is the null reverse-path."""
    address = address.strip().removeprefix("<").removesuffix(">")
    found = events.filter(message__sender__iexact=address)
    return about(found, address, until=until) if address else found


def to_any(events: QuerySet[Event], addresses: Iterable[str], until: datetime | None = None) -> QuerySet[Event]:
    """Those for one of some recipients."""
    one = Q()
    for address in addresses:
        of_message = about(Event.objects.all(), address, until=until).values("message")
        one |= Q(message__in=of_message, every__icontains=f" {address} ")
    space = Value(" ", output_field=TextField())
    return events.alias(every=Concat(space, EVERY_RECIPIENT, space)).filter(one)


def identity(text: str) -> UUID:
    """The name under which the queue has a message; one that no message has, if it is none."""
    try:
        return UUID(text.strip("<> "))
    except ValueError:
        return UUID(int=0)


class ToldMessage(NamedTuple):
    """Of a message what a line of the tracking log says: columns of the queue's row."""

    pk: UUID
    accepted_at: datetime
    client_address: str
    helo: str
    sender: str
    subject: str
    message_id: str
    size: int
    authenticated: bool
    origin: str

    @property
    def shown_subject(self) -> str:
        """As `Message.shown_subject`."""
        return header.text(self.subject.encode())


class Told(NamedTuple):
    """An event as the tracking log tells it: columns of its row, which costs a third of an `Event`."""

    pk: int
    transaction: int
    time: datetime
    event: str
    source: str
    connector: str
    recipients: list[str]
    statuses: list[str]
    host: str
    protection: str
    session_id: str
    context: str
    reference: str
    message: ToldMessage


_TOLD = [*Told._fields[:-1], *(f"message__{name}" for name in ToldMessage._fields)]


def settled_after(transaction: int, event: int, most: int) -> list[Told]:
    """The next events behind one, in an order in which none can come between them later."""
    behind = Q(transaction__gt=transaction) | Q(transaction=transaction, pk__gt=event)
    settled = RawSQL("pg_snapshot_xmin(pg_current_snapshot())::text::bigint", [])
    rows = Event.objects.filter(behind, transaction__gte=transaction, transaction__lt=settled)
    own = len(Told._fields) - 1
    found = rows.order_by("transaction", "id").values_list(*_TOLD)[:most]
    return [Told._make((*row[:own], ToldMessage._make(row[own:]))) for row in found]


def life(message: UUID) -> list[Event]:
    """All that happened to a message, and to the reports about it, in order."""
    own = Event.objects.filter(message=message)
    reports = [identity(each.context) for each in own if each.event == Kind.DSN]
    every = [message, *(each for each in reports if each.int)]
    return list(Event.objects.filter(message__in=every).select_related("message").order_by("time", "id"))


def is_tracked(message: UUID) -> bool:
    """Whether anything is known of what happened to a message."""
    return Event.objects.filter(message=message).exists()


@dataclass(frozen=True)
class Attempt:
    """An attempt to hand a message on for one recipient: what was said, by whom, how the connection was protected, and
    the session of the protocol log; empty where that does not hold it.
    """

    time: datetime
    event: str
    recipient: str
    status: str
    host: str
    protection: str
    session_id: str


def attempts(message: UUID) -> list[Attempt]:
    """The newest attempts of a message, one for each recipient, the last one first."""
    events = Event.objects.filter(message=message, event__in=ATTEMPTS).order_by("-time", "-id")[:SHOWN]
    held = recorded(each.session_id for each in events)
    return list(islice((each for event in events for each in _attempts(event, held)), SHOWN))


def _attempts(event: Event, held: set[str]) -> Iterator[Attempt]:
    session_id = event.session_id if event.session_id in held else ""
    for address, status in zip_longest(event.recipients, event.statuses[: len(event.recipients)], fillvalue=""):
        yield Attempt(event.time, event.event, address, status, event.host, event.protection, session_id)


def recorded(session_ids: Iterable[str]) -> set[str]:
    """Those of the sessions that the protocol log holds."""
    wanted = [each for each in session_ids if each]
    return set(Session.objects.filter(pk__in=wanted).values_list("pk", flat=True)) if wanted else set()
