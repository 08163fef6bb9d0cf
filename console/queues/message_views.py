"""The messages that wait, one by one, and their removal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Page as PageOfRows
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.actors import Actor, Role
from console.crud.access import RoleRequired
from console.crud.columns import BADGE, MONO, NUMBER, SIZE, TEXT, TIME, Column, Detail, Filter, Verb
from console.crud.format import stacked_html
from console.crud.listing import query_with
from console.crud.streaming import download
from console.crud.views import CrudView, Page
from console.queues import actions, queries, remedies
from console.queues.asking import DONE, act, tell
from console.queues.models import NextHop, QueuedRecipient
from console.queues.selection import ALL, MESSAGES, SEARCHED, Selection, messages_matching, narrowing, numbers
from console.queues.views import ASKED_FIRST, EXPORT, REFRESHED, VERBS, advice, confirmation, messages_of, state
from console.tracking import queries as sessions
from transport.smtp.envelope import TITLES

AGES = [
    ("1", gettext_lazy("more than 1 hour")),
    ("4", gettext_lazy("more than 4 hours")),
    ("24", gettext_lazy("more than 1 day")),
]


def subject(recipient: QueuedRecipient) -> str:
    return recipient.message.shown_subject or _("(no subject)")


def next_attempt(recipient: QueuedRecipient) -> datetime:
    return queries.next_attempt(recipient, NextHop.objects.filter(pk=recipient.next_hop).first())


class MessagePages(CrudView):
    """What waits, a row for each message and recipient."""

    model = QueuedRecipient
    namespace, prefix = "queues", "message-"
    noun, plural = gettext_lazy("message"), gettext_lazy("messages")
    first_step = gettext_lazy("Nothing waits here.")
    columns = [
        Column(
            gettext_lazy("From, to"),
            lambda each: stacked_html(each.message.sender or "<>", each.address),
            TEXT,
            sort="message__sender",
        ),
        Column(gettext_lazy("Subject"), lambda each: stacked_html(subject(each), each.last_error), TEXT),
        Column(gettext_lazy("Status"), lambda each: state(queries.recipient_status(each)), BADGE),
        Column(gettext_lazy("Received"), "message.accepted_at", TIME, sort="message__accepted_at"),
        Column(gettext_lazy("Size"), "message.size", SIZE, sort="message__size", minor=True),
    ]
    details = [
        Detail(gettext_lazy("Status"), lambda each: state(queries.recipient_status(each)), BADGE),
        Detail(gettext_lazy("From"), lambda each: each.message.sender or "<>", MONO),
        Detail(gettext_lazy("To"), "address", MONO),
        Detail(gettext_lazy("Received"), "message.accepted_at", TIME),
        Detail(gettext_lazy("Size"), "message.size", SIZE),
        Detail(gettext_lazy("Attempts"), "attempts", NUMBER),
        Detail(gettext_lazy("Next attempt"), next_attempt, TIME),
        Detail(gettext_lazy("Expires"), "message.expires_at", TIME),
        Detail(gettext_lazy("Last error"), "last_error"),
        Detail(gettext_lazy("Last host"), "remote_host", MONO),
        Detail(gettext_lazy("Protection"), "protection"),
    ]
    search = SEARCHED
    filters = [
        Filter("next_hop", gettext_lazy("Next hop"), queries.waited_for),
        Filter("status", gettext_lazy("Status"), [(word, word) for word in ("Active", "Ready", "Retry", "Suspended")]),
        Filter("older", gettext_lazy("Waits"), AGES),
    ]
    verbs = VERBS
    refresh = REFRESHED
    list_template = "queues/messages.html"
    details_template = "queues/message_details.html"

    def rows(self) -> QuerySet[QueuedRecipient]:
        return messages_matching(self.request.GET)

    def filtered(self, rows: Any) -> Any:
        return rows

    def paginate(self, rows: Any) -> PageOfRows[Any]:
        """Rows are chosen by their keys first: what is shown of them is read for one page, not for all before it. What
        a search through the messages finds is gathered once, not counted and then found again.
        """
        keys = rows.select_related(None).values_list("pk", flat=True)
        page = super().paginate(list(keys) if self.asked("q") or self.asked("older") else keys)
        found = QueuedRecipient.objects.select_related("message").in_bulk(list(page.object_list))
        page.object_list = [found[key] for key in page.object_list if key in found]
        return page

    def find(self, pk: int) -> QueuedRecipient:
        return get_object_or_404(QueuedRecipient.objects.select_related("message"), pk=pk)

    def name_of(self, obj: QueuedRecipient) -> str:
        return subject(obj)

    def url_to_open(self, obj: QueuedRecipient) -> str:
        return reverse("queues:message", args=[obj.message_id])

    def toolbar(self, selected: Any) -> list[Verb]:
        return self.verbs if self.may_write else []

    def details_context(self, selected: Any) -> dict[str, Any]:
        context = super().details_context(selected)
        return context | {"act_url": context["act_url"] + query_with(self.request.GET)}

    def list_context(self, selected: Any) -> dict[str, Any]:
        hop = self.request.GET.get("next_hop", "")
        queue = queries.next_hop(hop) if hop else None
        words = remedies.in_words(queue.error) if queue else ""
        found = advice(words, queue.connector) if queue else None
        context = super().list_context(selected) | {"queue": queue, "words": words, "advice": found}
        return context | {"choose_all": MESSAGES}

    def act(self, name: str, keys: Sequence[str]) -> HttpResponse:
        here = self.url(Page.LIST) + query_with(self.request.GET)
        if every := self.request.POST.get(ALL, ""):
            return redirect(confirmation(name, [(ALL, every), *narrowing(self.request.GET)], here))
        chosen = numbers(keys)
        if not chosen:
            return self.nothing_chosen()
        return act_on(self.request, self.actor, name, chosen, here)


class MessagePage(RoleRequired):
    """One message with all its recipients."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        found = queries.message(pk)
        if found is None:
            raise Http404(_("This message is no longer known."))
        rows = [
            (each, state(queries.recipient_status(each)), hop, queries.next_attempt(each, hop))
            for each in found.recipients
            for hop in [found.next_hops.get(each.next_hop)]
        ]
        waiting = [each.pk for each in found.recipients if each.status in queries.WAITING]
        context = {"message": found.message, "rows": rows, "has_content": found.has_content, "waiting": waiting}
        context["facts"] = [(_(title), getattr(found.message, name)) for name, title in TITLES.items()]
        context["session"] = found.message.session_id if sessions.is_recorded(found.message.session_id) else ""
        context |= {"view": self, "verbs": VERBS if self.may_write and waiting else []}
        context |= {"crumbs": [(_("Queues"), reverse("queues:list")), (_("Messages"), messages_of(""))]}
        return render(request, "queues/message.html", context)

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        chosen = numbers(request.POST.getlist("pk"))
        return act_on(request, self.actor, request.POST.get("verb", ""), chosen, request.path)


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
    tell(request, name, act(actor, name, list(chosen), {}), len(chosen))
    return redirect(here)
