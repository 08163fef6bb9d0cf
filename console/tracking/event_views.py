"""Message tracking: what happened to messages, the newest first; and the whole life of one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console import clock
from console.crud import times
from console.crud.access import RoleRequired
from console.crud.columns import BADGE, MONO, TEXT, TIME, Badge, Column, Detail, Filter
from console.crud.streaming import download
from console.tracking import queries
from console.tracking.models import Event
from console.tracking.tracked import badge, exchange_csv, host, tracked
from console.tracking.views import CSV, LogPages
from transport.trace.events import Event as Kind
from transport.trace.events import Source

SHOWN_RECIPIENTS = 2
EXPORTED_AT_ONCE = 1000


def kind(event: Event) -> Badge:
    return badge(event.event)


def subject(event: Event) -> str:
    return event.message.shown_subject or _("(no subject)")


def sender(event: Event) -> str:
    return event.message.sender or "<>"


def recipients(event: Event) -> str:
    shown = ", ".join(event.recipients[:SHOWN_RECIPIENTS])
    more = len(event.recipients) - SHOWN_RECIPIENTS
    return f"{shown} +{more}" if more > 0 else shown


def client_or_server(event: Event) -> tuple[str, str]:
    """Who handed the message in, or who took it: a name or an address, and what else is known of it."""
    if event.event == Kind.RECEIVE:
        return event.message.client_address or "", event.message.helo
    name, address = host(event)
    return (name, address) if name else (address, "")


def shown_client(event: Event) -> str:
    return client_or_server(event)[0]


class EventPages(LogPages):
    """Columns in the order of Exchange's log; what there is no room for is in the details."""

    model = Event
    namespace = "events"
    noun, plural = gettext_lazy("event"), gettext_lazy("events")
    purpose = gettext_lazy(
        "What happened to each message: that it came, each attempt, and how it ended. A search looks at the newest "
        "1,000 messages that have its words; a client address may be a range, a network or a beginning (192.0.2.)."
    )
    first_step = gettext_lazy("The first message that comes appears here.")
    columns = [
        Column(gettext_lazy("Time"), "time", TIME, sort="time"),
        Column(gettext_lazy("Client or server"), shown_client, TEXT),
        Column(gettext_lazy("Event"), kind, BADGE),
        Column(gettext_lazy("Recipients"), recipients, TEXT),
        Column(gettext_lazy("Subject"), subject, TEXT, wide=True),
        Column(gettext_lazy("Sender"), sender, TEXT, minor=True),
    ]
    details = [
        Detail(gettext_lazy("Time"), "time", TIME),
        Detail(gettext_lazy("Event"), kind, BADGE),
        Detail(gettext_lazy("Source"), "source"),
        Detail(gettext_lazy("Context"), lambda each: tracked(each).source_context),
        Detail(gettext_lazy("Client or server"), lambda each: " ".join(client_or_server(each))),
        Detail(gettext_lazy("Connector"), "connector"),
        Detail(gettext_lazy("Message ID"), "message.message_id", MONO),
        Detail(gettext_lazy("Network message ID"), lambda each: each.message_id.hex, MONO),
        Detail(gettext_lazy("Recipients"), "recipients", "lines"),
        Detail(gettext_lazy("Recipient status"), "statuses", "lines"),
        Detail(gettext_lazy("Reference"), "reference", MONO),
        Detail(gettext_lazy("Sender"), sender, MONO),
    ]
    search = ["search"]
    filters = [
        Filter("event", gettext_lazy("Event"), [(one.value, one.value) for one in Kind]),
        Filter("source", gettext_lazy("Source"), [(one.value, one.value) for one in Source]),
        Filter("sender", gettext_lazy("Sender"), input_type="text", words=["from"]),
        Filter("recipient", gettext_lazy("Recipient"), input_type="text", words=["to"]),
        Filter("subject", gettext_lazy("Subject"), input_type="text"),
        Filter("message_id", gettext_lazy("Message ID"), input_type="text"),
        Filter("network_id", gettext_lazy("Network message ID"), input_type="text"),
        Filter("client", gettext_lazy("Client address"), input_type="text", words=["ip"]),
        *times.FILTERS,
    ]
    edit_url = "events:message-of"
    list_template = "tracking/events.html"
    details_template = "tracking/event_details.html"

    def rows(self) -> QuerySet[Event]:
        return queries.newest_events()

    def filtered(self, rows: QuerySet[Event]) -> QuerySet[Event]:
        return filtered(rows, self.request)

    def find(self, pk: int) -> Event:
        return get_object_or_404(Event.objects.select_related("message"), pk=pk)

    def url_to_open(self, obj: Event) -> str:
        return reverse("events:message", args=[obj.message_id])

    def leaves_out(self) -> bool:
        """Whether more messages have the words than are looked through."""
        asked = asked_of(self.request)
        return queries.leaves_out(*queries.texts_of(asked), until=times.span(asked)[1])


def asked_of(request: HttpRequest) -> dict[str, str]:
    """The filters of the query string, without those that are empty."""
    return {name: value for name in request.GET if (value := request.GET[name].replace("\0", "").strip())}


def filtered(rows: QuerySet[Event], request: HttpRequest) -> QuerySet[Event]:
    """The events that the query string asks for; the list and its download alike."""
    asked = asked_of(request)
    since, until = times.span(asked)
    return times.between(queries.tracked(rows, asked, until), "time", since, until)


class EventsFile(RoleRequired):
    """Every event that the list's filters let through, oldest first, as Exchange would have logged it."""

    def get(self, request: HttpRequest) -> StreamingHttpResponse:
        now = clock.now()
        pages = EventPages()
        pages.setup(request)
        events = _oldest_first(pages.narrowed(Event.objects.select_related("message")))
        return download(request, exchange_csv(events, now), f"MSGTRK{now:%Y%m%d%H}-1.csv", CSV)


def _oldest_first(events: QuerySet[Event]) -> Iterator[Event]:
    """Some at a time: no cursor stays open and memory stays flat."""
    ordered = events.order_by("time", "id")
    last: Event | None = None
    while True:
        after = Q(time__gt=last.time) | Q(pk__gt=last.pk) if last else Q()
        batch = list(ordered.filter(after, **{"time__gte": last.time} if last else {})[:EXPORTED_AT_ONCE])
        yield from batch
        if len(batch) < EXPORTED_AT_ONCE:
            return
        last = batch[-1]


class LifePage(RoleRequired):
    """The whole life of a message: from the client's session to the last word, reports included."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        events = queries.life(pk)
        own = next((each for each in events if each.message_id == pk), None)
        if own is None:
            raise Http404(_("This message is no longer known."))
        context = {
            "message": own.message,
            "subject": subject(own),
            "events": [(each, kind(each), list(_told(each)), each.message_id != pk) for each in events],
            "sessions": queries.recorded(each.session_id for each in events),
            "crumbs": [(_("Message tracking"), reverse("events:list"))],
        }
        return render(request, "tracking/life.html", context)


def _told(event: Event) -> Iterator[tuple[str, str]]:
    """Each recipient, and what was said: of several in a row of whom the same was said, below the last one."""
    told = list(zip_longest(event.recipients, event.statuses[: len(event.recipients)], fillvalue=""))
    for (address, status), following in zip_longest(told, told[1:]):
        yield address, "" if following is not None and following[1] == status else status


class MessageOf(RoleRequired):
    """The life of the message that an event is of."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return redirect("events:message", get_object_or_404(Event, pk=pk).message_id)
