"""The messages that wait, one by one, and their removal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from console.actors import Actor, Role
from console.crud.access import RoleRequired
from console.crud.columns import BADGE, MONO, NUMBER, SIZE, TEXT, TIME, Column, Detail, Filter, Verb
from console.crud.format import stacked_html
from console.crud.listing import query_with
from console.crud.streaming import download
from console.crud.views import CrudView, Page
from console.queues import actions, queries
from console.queues.models import NextHop, QueuedRecipient
from console.queues.views import REFRESHED, REMOVALS, VERBS, confirmation, messages_of, state
from console.tracking import queries as sessions
from transport.smtp.envelope import TITLES


def subject(recipient: QueuedRecipient) -> str:
    return recipient.message.shown_subject or _("(no subject)")


def next_attempt(recipient: QueuedRecipient) -> datetime:
    return queries.next_attempt(recipient, NextHop.objects.filter(pk=recipient.next_hop).first())


def _numbers(keys: Sequence[str]) -> list[int]:
    """The keys that a database can have."""
    return [int(key) for key in dict.fromkeys(keys) if key.isascii() and key.isdigit() and len(key) < 19]


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
    search = ["address", "message__sender", "message__subject", "message__message_id"]
    filters = [
        Filter(
            "next_hop",
            gettext_lazy("Next hop"),
            queries.waited_for,
        )
    ]
    verbs = VERBS
    refresh = REFRESHED
    list_template = "queues/messages.html"
    details_template = "queues/message_details.html"

    def rows(self) -> QuerySet[QueuedRecipient]:
        return queries.waiting_recipients()

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
        return super().list_context(selected) | {"queue": queries.next_hop(hop) if hop else None}

    def act(self, name: str, keys: Sequence[str]) -> HttpResponse:
        chosen = _numbers(keys)
        if not chosen:
            return self.nothing_chosen()
        return act_on(self.request, self.actor, name, chosen, self.url(Page.LIST) + query_with(self.request.GET))


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
        chosen = _numbers(request.POST.getlist("pk"))
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


class RemoveMessages(RoleRequired):
    """Asks before messages are removed, from whole queues or one by one."""

    def roles_needed(self) -> frozenset[Role]:
        return self.writers

    @property
    def given(self) -> QueryDict:
        return self.request.POST if self.request.method == "POST" else self.request.GET

    @cached_property
    def chosen(self) -> QuerySet[QueuedRecipient]:
        keys, waiting = _numbers(self.given.getlist("pk")), queries.waiting_recipients()
        queues = [key for key in self.given.getlist("queue") if "\0" not in key]
        return waiting.filter(pk__in=keys) if keys else waiting.filter(next_hop__in=queues)

    @property
    def back(self) -> str:
        """Where the reader comes from, if that is a page of ours."""
        back = self.given.get("back", "")
        ours = back.startswith("/") and url_has_allowed_host_and_scheme(back, allowed_hosts=None)
        return back if ours else reverse("queues:list")

    def get(self, request: HttpRequest) -> HttpResponse:
        count = self.chosen.count()
        if not count:
            return self._nothing()
        context = {"count": count, "first": self.chosen[:10], "with_ndr": self._with_ndr(), "view": self}
        context |= {"queues": request.GET.getlist("queue"), "keys": request.GET.getlist("pk")}
        context |= {"crumbs": [(_("Queues"), reverse("queues:list"))], "cancel_url": self.back}
        return render(request, "queues/remove.html", context)

    def post(self, request: HttpRequest) -> HttpResponse:
        keys = list(self.chosen.values_list("pk", flat=True))
        if not keys:
            return self._nothing()
        count = actions.remove_recipients(self.actor, keys, with_ndr=self._with_ndr())
        text = ngettext("Removed for %d recipient.", "Removed for %d recipients.", count) % count
        if count < len(keys):
            text += " " + _("%d were being delivered at that moment and went on.") % (len(keys) - count)
        messages.success(request, text)
        return redirect(self.back)

    def _with_ndr(self) -> bool:
        return self.given.get("verb") != "remove-without-ndr"

    def _nothing(self) -> HttpResponse:
        messages.warning(self.request, _("Nothing waits there any more."))
        return redirect(self.back)


def act_on(request: HttpRequest, actor: Actor, name: str, chosen: Sequence[int], here: str) -> HttpResponse:
    """Does to recipients what the button says, tells how many it concerned, and leads back; asks before a removal."""
    if name in REMOVALS:
        return redirect(confirmation(name, [("pk", str(key)) for key in chosen], here))
    doing = {
        "retry": (actions.retry_recipients, _("Tried again at once: %d.")),
        "suspend": (actions.suspend_recipients, _("Suspended: %d.")),
        "resume": (actions.resume_recipients, _("Resumed: %d.")),
    }
    if name not in doing:
        raise Http404
    action, text = doing[name]
    count = action(actor, chosen)
    messages.success(request, text % count)
    if count < len(chosen):
        messages.info(request, _("%d were being delivered, or were so already.") % (len(chosen) - count))
    return redirect(here)
