"""The messages that wait, one by one, and their removal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Page as PageOfRows
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import Promise, cached_property
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.actors import Actor, Role
from console.connectors.mail_route import question
from console.connectors.models import ReceiveConnector
from console.crud.access import RoleRequired
from console.crud.columns import BADGE, MONO, NUMBER, SIZE, TEXT, TIME, Badge, Column, Detail, Filter, Verb
from console.crud.counting import COUNTED, AtLeast
from console.crud.format import NOTHING, stacked_html
from console.crud.layout import Tab
from console.crud.list_page import EXPORTED_AT_ONCE
from console.crud.listing import query_with
from console.crud.said import said
from console.crud.streaming import download
from console.crud.views import CrudView, Page
from console.mailboxes import reading_room, safe_html
from console.mailboxes.reading_room import NotRead
from console.queues import actions, queries, remedies
from console.queues.asking import DONE, act, tell
from console.queues.models import Message, QueuedRecipient, Status
from console.queues.queue import Queue
from console.queues.selection import (
    ALL,
    LOOKED_THROUGH,
    MESSAGES,
    SEARCHED,
    WORDS,
    Selection,
    first_matching,
    messages_matching,
    narrowing,
    numbers,
)
from console.queues.standing import Standing
from console.queues.views import (
    ASKED_FIRST,
    EXPORT,
    REFRESHED,
    RESUME,
    SUSPEND,
    VERBS,
    Advice,
    Pages,
    advice,
    confirmation,
    leads_to,
    messages_of,
    state,
    suspension,
    trouble,
    url_of_connector,
    with_remedy,
)
from console.tracking import queries as sessions
from console.tracking.models import short_name
from console.tracking.tracked import badge
from transport.config import bounds
from transport.send.choice import Mail
from transport.smtp.envelope import TITLES

AGES = [
    ("1", gettext_lazy("more than 1 hour")),
    ("4", gettext_lazy("more than 4 hours")),
    ("24", gettext_lazy("more than 1 day")),
]


LEFT_OUT = gettext_lazy(
    "So many messages have these words that they were looked for only among the %s recipients whose next attempt comes "
    "first. One more word, or a filter, finds the others."
)


def subject(each: Standing) -> str:
    return each.message.shown_subject or _("(no subject)")


def why_it_waits(each: Standing) -> str:
    """In words, with what to do: of itself or, where it was not tried yet, of its queue."""
    if each.is_suspended:
        why, until = each.held_by
        return suspension(said(why), until)
    if each.recipient.last_error or each.queue is None:
        return with_remedy(each.error)
    words = trouble(each.queue)
    return stacked_html(_("Its queue is suspended."), words) if each.queue.suspended else words


def short(each: Standing) -> str:
    """Why it waits, in one line of a list."""
    if each.status == "Suspended":
        return said(each.held_by[0]) or ("" if each.is_suspended else _("Its queue is suspended."))
    remedy = remedies.remedy_for(each.error)
    return str(remedy.reason) if remedy else remedies.in_words(each.error)


def queue_of(each: Standing) -> str:
    """The queue's name, with the Send connector that it leaves by."""
    if each.queue is None:
        return each.recipient.next_hop
    return stacked_html(each.queue.domain, leads_to(each.queue))


class Gathered(Paginator):  # type: ignore[type-arg]  # takes no argument when it runs
    """Of what was gathered up to one more than is counted."""

    @cached_property
    def count(self) -> int:
        found = len(self.object_list)
        return found if found <= COUNTED else AtLeast(COUNTED)


class GatheredInPart(Gathered):
    """There may be more."""

    @cached_property
    def count(self) -> int:
        found = len(self.object_list)
        return AtLeast(found) if found else 0


class MessagePages(CrudView):
    """What waits, a row for each message and recipient."""

    model = QueuedRecipient
    namespace, prefix = "queues", "message-"
    noun, plural = gettext_lazy("message"), gettext_lazy("messages")
    unsorted = gettext_lazy("A hundred thousand may wait. Filter by this column instead.")
    first_step = gettext_lazy("Nothing waits here.")
    columns = [
        Column(gettext_lazy("From"), lambda each: each.message.sender or "<>", TEXT, sort="message__sender"),
        Column(gettext_lazy("To"), "recipient.address", TEXT),
        Column(gettext_lazy("Subject"), subject, TEXT, wide=True),
        Column(gettext_lazy("Status"), lambda each: state(each.status), BADGE),
        Column(gettext_lazy("Received"), "message.accepted_at", TIME, sort="message__accepted_at"),
        Column(gettext_lazy("Size"), "message.size", SIZE, sort="message__size", minor=True),
        Column(gettext_lazy("Why it waits"), short, TEXT, minor=True),
    ]
    details = [
        Detail(gettext_lazy("Status"), lambda each: state(each.status), BADGE),
        Detail(gettext_lazy("Why"), why_it_waits),
        Detail(gettext_lazy("Queue"), queue_of),
        Detail(gettext_lazy("From"), lambda each: each.message.sender or "<>", MONO),
        Detail(gettext_lazy("To"), "recipient.address", MONO),
        Detail(gettext_lazy("Received"), "message.accepted_at", TIME),
        Detail(gettext_lazy("Size"), "message.size", SIZE),
        Detail(gettext_lazy("Attempts"), "recipient.attempts", NUMBER),
        Detail(gettext_lazy("Retries of its queue"), "queue.retry_count", NUMBER),
        Detail(gettext_lazy("Next attempt"), "next_attempt", TIME),
        Detail(gettext_lazy("Expires"), "expires_at", TIME),
        Detail(gettext_lazy("Last error"), lambda each: remedies.in_words(each.error)),
        Detail(gettext_lazy("Last host"), "recipient.remote_host", MONO),
        Detail(gettext_lazy("Protection"), "recipient.protection"),
    ]
    search = SEARCHED
    filters = [
        Filter("next_hop", gettext_lazy("Next hop"), queries.waited_for),
        Filter("status", gettext_lazy("Status"), [(word, word) for word in WORDS]),
        Filter("older", gettext_lazy("Waits"), AGES),
    ]
    verbs = VERBS
    refresh = REFRESHED
    is_part = False
    """Whether not all that waits was looked through."""
    list_template = "queues/messages.html"
    details_template = "queues/message_details.html"

    def narrowed(self, rows: Any = None) -> QuerySet[QueuedRecipient]:
        if self.page is Page.CSV:
            found = messages_matching(self.asks.as_query())
        else:
            found, self.is_part = first_matching(self.asks.as_query())
        return found.none() if self.asks.impossible else found

    def paginate(self, rows: Any) -> PageOfRows[Any]:
        """Rows are chosen by their keys first: what is shown of them is read for one page, not for all before it. What
        a search through the messages finds is gathered once, and no further than somebody pages.
        """
        keys = rows.values_list("pk", flat=True)
        if self.asked("q") or self.asked("older"):
            self.paginator_class = GatheredInPart if self.is_part else Gathered
            keys = list(keys[: COUNTED + 1])
        return super().paginate(keys)

    def completed(self, rows: list[Any]) -> list[Any]:
        """What is shown, by the keys of it."""
        found = QueuedRecipient.objects.select_related("message").in_bulk(rows)
        return queries.standings([found[key] for key in rows if key in found])

    def batches(self, rows: Any) -> Iterator[list[Any]]:
        keys = list(rows.values_list("pk", flat=True))
        yield from (self.completed(keys[at : at + EXPORTED_AT_ONCE]) for at in range(0, len(keys), EXPORTED_AT_ONCE))

    def find(self, pk: int) -> Standing:
        row = get_object_or_404(QueuedRecipient.objects.select_related("message"), pk=pk)
        return queries.standings([row])[0]

    def name_of(self, obj: Standing) -> str:
        return subject(obj)

    def url_to_open(self, obj: Standing) -> str:
        return reverse("queues:message", args=[obj.message.pk])

    def may(self, verb: Verb, obj: Standing) -> bool:
        """One of the two: Suspend, or Resume for what is suspended itself."""
        return obj.is_suspended == (verb is RESUME) if verb in (SUSPEND, RESUME) else True

    def details_context(self, selected: Any) -> dict[str, Any]:
        context = super().details_context(selected)
        context["details"] = [(label, html) for label, html in context["details"] if html != NOTHING]
        return context | (places(selected) if selected is not None else {})

    def list_context(self, selected: Any) -> dict[str, Any]:
        hop = self.request.GET.get("next_hop", "")
        queue = queries.next_hop(hop) if hop else None
        words = remedies.in_words(queue.error) if queue else ""
        found = advice(queue.error, queue.connector) if queue else None
        context = super().list_context(selected) | {"queue": queue, "words": words, "advice": found}
        return context | {"choose_all": MESSAGES, "left_out": LEFT_OUT % f"{LOOKED_THROUGH:,}" if self.is_part else ""}

    def act(self, name: str, keys: Sequence[str]) -> HttpResponse:
        here = self.url(Page.LIST) + query_with(self.request.GET)
        if every := self.request.POST.get(ALL, ""):
            return redirect(confirmation(name, [(ALL, every), *narrowing(self.asks.as_query())], here))
        chosen = numbers(keys)
        if not chosen:
            return self.nothing_chosen()
        return act_on(self.request, self.actor, name, chosen, here)


@dataclass(frozen=True)
class RecipientLine:
    """A recipient with what its page shows of it."""

    standing: Standing
    state: Badge
    words: str
    advice: Advice | None
    queue_url: str
    connector_url: str

    @property
    def recipient(self) -> QueuedRecipient:
        return self.standing.recipient

    @property
    def hop(self) -> Queue | None:
        return self.standing.queue


def url_of_queue(each: Standing) -> str:
    """Where the queue is shown in which it waits, or went through."""
    return reverse("queues:details", args=[each.queue.key]) if each.queue else ""


def url_of_receive_connector(name: str) -> str:
    """Empty where there is none of that name any more."""
    found = ReceiveConnector.objects.filter(name=short_name(name)).values_list("pk", flat=True).first()
    return reverse("connectors:receive-details", args=[found]) if found else ""


def places(each: Standing) -> dict[str, str]:
    """Where a message leads to: its queue, the connectors that it came and leaves by, its session."""
    session = each.message.session_id
    return {
        "queue_url": url_of_queue(each),
        "connector_url": url_of_connector(each.queue.connector if each.queue else ""),
        "received_by": url_of_receive_connector(each.message.connector),
        "session": session if sessions.is_recorded(session) else "",
    }


def lines_of(found: queries.Detail) -> list[RecipientLine]:
    """All recipients; each Send connector is looked up once."""
    pages = Pages()
    return [_line(each, pages) for each in found.recipients]


def _line(each: Standing, pages: Pages) -> RecipientLine:
    connector = each.queue.connector if each.queue else ""
    words = remedies.in_words(each.error)
    found = advice(each.error, connector, pages) if each.waits else None
    return RecipientLine(each, state(each.status), words, found, url_of_queue(each), pages.connector(connector))


def _why(message: Message) -> str:
    """Where it says which connector takes the message, by the configuration of now; the recipient is to be added."""
    return question(Mail(message.sender, message.principal, message.size, message.connector))


class MessagePage(RoleRequired):
    """One message with all its recipients, and for who may read it what it says."""

    WAYS: dict[str, str | Promise] = {"": gettext_lazy("Recipients"), "text": gettext_lazy("Text"), "html": "HTML"}
    WAYS |= {"headers": gettext_lazy("Headers"), "source": gettext_lazy("Source")}

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        found = queries.message(pk)
        if found is None:
            raise Http404(_("This message is no longer known."))
        letter, refused = self._letter(found)
        ways = self._ways(found, letter)
        way = request.GET.get("view", "")
        context = self._facts(found) | {"letter": letter, "refused": refused, "way": way if way in ways else ""}
        tabs = [Tab(self.WAYS[each], f"?view={each}", each == context["way"]) for each in ways]
        context |= {"tabs": tabs if len(tabs) > 1 else [], "why": _why(found.message)}
        if context["way"] == "source":
            context |= _source(found)
        return render(request, "queues/message.html", context)

    def _facts(self, found: queries.Detail) -> dict[str, Any]:
        message = found.message
        waiting = [each.pk for each in found.recipients if each.waits]
        context = {"message": message, "lines": lines_of(found), "has_content": found.has_content, "waiting": waiting}
        context["expires"] = found.expires
        context["facts"] = [(said(title), getattr(message, name)) for name, title in TITLES.items()]
        context["session"] = message.session_id if sessions.is_recorded(message.session_id) else ""
        context["received_by"] = url_of_receive_connector(message.connector)
        context |= {"view": self, "verbs": self._verbs(found) if self.may_write and waiting else []}
        context["tracked"], attempts = sessions.is_tracked(message.pk), sessions.attempts(message.pk)
        context["tried"] = [(each, badge(each.event)) for each in attempts]
        context["reports"] = queries.reports_about(message.pk)
        return context | {"crumbs": [(_("Queues"), reverse("queues:list")), (_("Messages"), messages_of(""))]}

    def _verbs(self, found: queries.Detail) -> list[Verb]:
        """Suspend for what is not suspended, Resume for what is."""
        statuses = {each.recipient.status for each in found.recipients}
        needed = {SUSPEND: Status.READY, RESUME: Status.SUSPENDED}
        left_out = [verb for verb, status in needed.items() if status not in statuses]
        return [verb for verb in VERBS if verb not in left_out and verb is not EXPORT]

    def _may_read(self, found: queries.Detail) -> bool:
        return self.may_write and found.has_content

    def _ways(self, found: queries.Detail, letter: Any) -> list[str]:
        """HTML where there is some, or nobody has looked."""
        if not self._may_read(found):
            return [""]
        return [way for way in self.WAYS if way != "html" or letter is None or letter.html]

    def _letter(self, found: queries.Detail) -> tuple[Any, str]:
        """The message, where a page needs it, or why it cannot be shown. That it was read is written down."""
        if self.request.GET.get("view") not in ("text", "headers", "source") or not self._may_read(found):
            return None, ""
        actions.read(self.actor, found.message)
        try:
            with queries.content_file(found.message.pk) as path:
                return reading_room.letter(self.actor.name, path), ""
        except NotRead as refused:
            return None, str(refused)

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        chosen = numbers(request.POST.getlist("pk"))
        return act_on(request, self.actor, request.POST.get("verb", ""), chosen, request.path)


def _source(found: queries.Detail) -> dict[str, Any]:
    """The message as it lies in the queue, its first octets."""
    shown = bounds.MESSAGE_SOURCE.octets or 0
    octets = next(queries.content(found.message.pk), b"")[:shown]
    text = octets.replace(b"\r\n", b"\n").decode("utf-8", "replace")
    source = "".join(each if each.isprintable() or each in "\n\t" else "\N{REPLACEMENT CHARACTER}" for each in text)
    return {"source": source, "cut": found.message.size > len(octets), "shown": len(octets)}


class MessageHtml(RoleRequired):
    """The message's HTML alone, for the frame: a document without script, links that lead nowhere, nothing remote."""

    def roles_needed(self) -> frozenset[Role]:
        return self.writers

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        found = queries.message(pk)
        if found is None or not found.has_content:
            raise Http404
        actions.read(self.actor, found.message)
        try:
            with queries.content_file(pk) as path:
                answer = HttpResponse(reading_room.page(self.actor.name, path))
        except NotRead as refused:
            answer = HttpResponse(safe_html.PAGE % f"<p>{escape(refused)}</p>")
        answer["Content-Security-Policy"] = safe_html.POLICY
        answer["X-Frame-Options"] = "SAMEORIGIN"
        return answer


class MessageFile(RoleRequired):
    """The message as it would be delivered. Who takes it is written down."""

    def roles_needed(self) -> frozenset[Role]:
        return self.writers

    def get(self, request: HttpRequest, pk: UUID) -> StreamingHttpResponse:
        found = queries.message(pk)
        if found is None or not found.has_content:
            raise Http404(_("The content of this message is gone: nobody waits for it any more."))
        return download(request, actions.export(self.actor, pk), f"{pk}.eml", "message/rfc822")


class ExportedMessages(RoleRequired):
    """Several messages as one ZIP file; one alone as it is."""

    def roles_needed(self) -> frozenset[Role]:
        return self.writers

    def get(self, request: HttpRequest) -> HttpResponseBase:
        rows = Selection(request.GET).rows()
        found = list(rows.order_by("message_id").values_list("message_id", flat=True).distinct()[:2])
        if not found:
            messages.warning(request, _("Nothing waits there any more."))
            return redirect("queues:message-list")
        if len(found) == 1:
            return download(request, actions.export(self.actor, found[0]), f"{found[0]}.eml", "message/rfc822")
        return download(request, actions.export_several(self.actor, rows), "messages.zip", "application/zip")


def act_on(request: HttpRequest, actor: Actor, name: str, chosen: Sequence[int], here: str) -> HttpResponse:
    """Does to recipients what the button says, tells how many it concerned, and leads back; or asks first."""
    pairs = [("pk", str(key)) for key in chosen]
    if name in ASKED_FIRST:
        return redirect(confirmation(name, pairs, here))
    if name == EXPORT.name:
        return redirect(reverse("queues:export") + "?" + urlencode(pairs))
    if name not in DONE:
        raise Http404
    tell(request, name, act(actor, name, list(chosen), {}), chosen)
    return redirect(here)
