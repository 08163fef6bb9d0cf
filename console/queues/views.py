"""The queues: what waits for which next hop, why, and what can be done about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from console.connectors.models import SendConnector
from console.credentials import queries as credentials
from console.crud.columns import BADGE, NUMBER, TEXT, TIME, Badge, Column, Detail, Filter, Verb
from console.crud.format import NOTHING, ago_html, badge_html, count_text, stacked_html, time_html
from console.crud.views import CrudView
from console.queues import actions, following, queries, remedies
from console.queues.crowding import explained
from console.queues.queue import Queue
from console.queues.remedies import Remedy
from console.queues.selection import ALL, QUEUES, SEARCHED_QUEUES, narrowing, queues_matching
from transport.send.route import OVERSIZE, DeliveryType

TONES = {
    gettext_noop("Active"): "info",
    gettext_noop("Connecting"): "info",
    gettext_noop("Ready"): "neutral",
    gettext_noop("Retry"): "warning",
    gettext_noop("Suspended"): "warning",
    gettext_noop("Kept"): "neutral",
    gettext_noop("Restored"): "warning",
    gettext_noop("Complete"): "good",
    gettext_noop("Failed"): "bad",
    gettext_noop("Removed"): "neutral",
}
STATUSES = ("Active", "Connecting", "Ready", "Retry", "Suspended", "Kept")
REFRESHED = 5  # seconds
SHOWN_ERROR = 120

RETRY = Verb("retry", gettext_lazy("Retry now"), "rotate-ccw", done=gettext_lazy("tried again at once"))
SUSPEND = Verb("suspend", gettext_lazy("Suspend"), "pause")
RESUME = Verb("resume", gettext_lazy("Resume"), "play", done=gettext_lazy("resumed"))
RESUBMIT = Verb("resubmit", gettext_lazy("Resubmit"), "refresh-cw", done=gettext_lazy("routed anew"))
REDIRECT = Verb("redirect", gettext_lazy("Redirect"), "arrow-right")
EXPORT = Verb("export", gettext_lazy("Export"), "download")
REMOVE_WITH = Verb("remove-with-ndr", gettext_lazy("Remove, with NDR"), "reply", dangerous=True)
REMOVE_WITHOUT = Verb("remove-without-ndr", gettext_lazy("Remove, without NDR"), "trash-2", dangerous=True)
VERBS = [RETRY, SUSPEND, RESUME, RESUBMIT, REDIRECT, EXPORT, REMOVE_WITH, REMOVE_WITHOUT]
ASKED_FIRST = {each.name: each for each in (SUSPEND, REDIRECT, REMOVE_WITH, REMOVE_WITHOUT)}
"""These have a page of their own, which asks what else must be known, and shows how many it concerns."""


@dataclass(frozen=True)
class Advice:
    """A remedy with where it leads to, if anywhere."""

    remedy: Remedy
    url: str
    link: str


class Pages:
    """Where Send connectors and their credentials are shown; each is looked up once."""

    def __init__(self) -> None:
        self.connector, self.credential = cache(url_of_connector), cache(credentials.page_for)


def advice(error: str, connector: str, pages: Pages | None = None) -> Advice | None:
    """What to do about an error of mail that leaves by a Send connector, or by none."""
    pages = pages or Pages()
    remedy = remedies.remedy_for(error)
    if remedy is None:
        return None
    if remedy.leads_to == remedies.NEW_CONNECTOR:
        return Advice(remedy, reverse("connectors:send-wizard"), _("New Send connector"))
    if remedy.leads_to == remedies.MAILBOXES:
        return Advice(remedy, reverse("mailboxes:list"), _("Mailboxes"))
    if remedy.leads_to == remedies.CREDENTIALS and (found := pages.credential(connector)):
        return Advice(remedy, *found)
    url = pages.connector(connector) if remedy.leads_to else ""
    return Advice(remedy, url, _("Send connector %s") % connector if url else "")


def url_of_connector(name: str) -> str:
    """Where a Send connector is shown; empty when there is none of that name any more."""
    found = SendConnector.objects.filter(name=name).values_list("pk", flat=True).first() if name else None
    return reverse("connectors:send-details", args=[found]) if found else ""


def state(word: str) -> Badge:
    return Badge(word, TONES.get(word, "neutral"))


def state_of(queue: Queue) -> Badge:
    return Badge(_("Held"), "warning") if queue.held and not queue.suspended else state(queue.status)


def bold(text: str) -> str:
    return format_html("<strong>{}</strong>", text)


def cut(text: str) -> str:
    return text if len(text) <= SHOWN_ERROR else f"{text[: SHOWN_ERROR - 1]}…"


def leads_to(queue: Queue) -> str:
    """In words: by which Send connector, or what else this queue is."""
    if queue.is_submission:
        return _("accepted a moment ago, still in the journal")
    if queue.is_poison:
        return _("set aside: delivery stumbled over it")
    if queue.is_unreachable:
        return _("no Send connector covers the domain")
    if queue.delivery_type == DeliveryType.MAILBOX:
        return _("mailboxes here")
    kind = f"{queue.connector} · {queue.delivery_type}" if queue.connector else queue.delivery_type
    return _("%s · oversize messages") % kind if queue.key.startswith(OVERSIZE) else kind


def trouble(queue: Queue) -> str:
    """The last error in words, and what to do about it."""
    if queue.suspended:
        return suspension(queue.suspended_for, queue.suspended_until)
    if queue.rests:
        return _("Each of its messages is suspended: resume them under Show messages.")
    return waits_because(queue) or with_remedy(queue.error)


def waits_because(queue: Queue) -> str:
    """What keeps its mail though nothing went wrong."""
    if queue.kept and queue.connector:
        return _("Its Send connector delivers only when it is triggered: choose Retry now.")
    if queue.kept:
        return _("It is kept until its server asks for it.")
    if queue.crowded:
        return stacked_html(queue.crowded, _("The limits stand at the Send connector and in the transport settings."))
    return ""


def suspension(reason: str, until: datetime | None) -> str:
    """Why, and when it ends by itself."""
    end = _until(until) if until else ""
    return stacked_html(reason, end) if end or reason else ""


def with_remedy(error: str) -> str:
    """An error as it was said, or its reason in words and what to do about it."""
    remedy = remedies.remedy_for(error)
    return stacked_html(remedy.reason, remedy.advice) if remedy else format_html("{}", cut(remedies.in_words(error)))


def _until(moment: datetime) -> str:
    return format_html(_("until {}"), time_html(moment))


def rate(value: float) -> str:
    """Per second, in as many digits as tell something."""
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}" if value >= 0.1 else f"{value:.2f}" if value else "0"


def signed(value: float) -> str:
    return f"{'+' if value > 0 else '−' if value < 0 else '±'}{rate(abs(value))}"


def rates(queue: Queue) -> str:
    return _("%(came)s in, %(went)s out; velocity %(velocity)s") % {
        "came": rate(queue.came),
        "went": rate(queue.went),
        "velocity": signed(queue.velocity),
    }


def status_cell(queue: Queue) -> str:
    """With the time of the next attempt, where one is waited for."""
    badge = state_of(queue)
    shown = badge_html(badge.text, badge.tone)
    return stacked_html(shown, _clock(queue.next_retry_at)) if queue.next_retry_at and not queue.suspended else shown


def _clock(moment: datetime) -> str:
    """For the reader's zone, as short as it can be."""
    return format_html('<span title="{}">{}</span>', _("Next retry"), time_html(moment))


def count_cell(queue: Queue) -> str:
    below = [_("%s deferred") % count_text(queue.deferred)] if queue.deferred else []
    below += [_("%s suspended") % count_text(queue.resting)] if queue.resting else []
    return stacked_html(count_text(queue.messages), ", ".join(below))


def rate_cell(queue: Queue) -> str:
    """Below: whether it empties (Exchange reference, section 8.4: Velocity)."""
    if not (queue.came or queue.went):
        return NOTHING
    return stacked_html(f"{rate(queue.came)} · {rate(queue.went)}", signed(queue.velocity))


class QueuePages(CrudView):
    namespace = "queues"
    noun, plural = gettext_lazy("queue"), gettext_lazy("queues")
    purpose = gettext_lazy("Mail on its way out, by next hop. What is delivered leaves the list.")
    first_step = gettext_lazy("No mail is waiting.")
    columns = [
        Column(
            gettext_lazy("Next hop"),
            lambda queue: stacked_html(bold(queue.domain), leads_to(queue)),
            TEXT,
            sort="domain",
        ),
        Column(gettext_lazy("Status"), status_cell, TEXT, sort="status"),
        Column(gettext_lazy("Messages"), count_cell, NUMBER, sort="recipients"),
        Column(gettext_lazy("Oldest"), lambda queue: ago_html(queue.oldest), TEXT, sort="oldest"),
        Column(gettext_lazy("In, out /s"), rate_cell, NUMBER, sort="velocity", minor=True),
        Column(gettext_lazy("Last error, and what to do"), trouble, TEXT, sort="error", wide=True),
    ]
    details = [
        Detail(gettext_lazy("Status"), state_of, BADGE),
        Detail(gettext_lazy("Suspended because"), "suspended_for"),
        Detail(gettext_lazy("Suspended until"), "suspended_until", TIME),
        Detail(gettext_lazy("Leads to"), leads_to),
        Detail(gettext_lazy("Messages"), "messages", NUMBER),
        Detail(gettext_lazy("Recipients"), "recipients", NUMBER),
        Detail(gettext_lazy("Deferred"), "deferred", NUMBER),
        Detail(gettext_lazy("Suspended one by one"), lambda queue: queue.resting or None, NUMBER),
        Detail(gettext_lazy("Being delivered"), "active", NUMBER),
        Detail(gettext_lazy("Oldest"), "oldest", TIME),
        Detail(gettext_lazy("Recipients per second"), rates),
        Detail(gettext_lazy("Fails since"), "failing_since", TIME),
        Detail(gettext_lazy("Retries"), "retry_count", NUMBER),
        Detail(gettext_lazy("Last retry"), "last_retry_at", TIME),
        Detail(gettext_lazy("Next retry"), "next_retry_at", TIME),
        Detail(gettext_lazy("Waits because"), waits_because),
        Detail(gettext_lazy("Last error"), lambda queue: remedies.in_words(queue.error)),
    ]
    search = SEARCHED_QUEUES
    filters = [
        Filter(
            "status",
            gettext_lazy("Status"),
            [*((word, word) for word in STATUSES), ("Empty", gettext_lazy("Empty (idle)"))],
        ),
        Filter("kind", gettext_lazy("Kind"), [(kind, kind) for kind in DeliveryType]),
    ]
    verbs = VERBS
    refresh = REFRESHED
    pk_converter = "path"
    list_template = "queues/list.html"
    details_template = "queues/details.html"

    def rows(self) -> Sequence[Queue]:
        return self._queues

    @cached_property
    def _queues(self) -> Sequence[Queue]:
        """Read once for a page, however many of its parts ask."""
        return [] if self.asks.impossible else queues_matching(self.asks.as_query())

    def narrowed(self, rows: Any = None) -> Sequence[Queue]:
        return self.rows()

    def completed(self, rows: list[Queue]) -> list[Queue]:
        return explained(queries.counted(rows))

    def find(self, pk: str) -> Queue:
        found = queries.next_hop(pk)
        if found is None:
            raise Http404(_("There is no such queue."))
        return explained([found])[0]

    def key(self, obj: Queue) -> str:
        return obj.key

    def name_of(self, obj: Queue) -> str:
        return obj.domain

    def url_to_open(self, obj: Queue) -> str:
        return "" if obj.is_submission else messages_of(obj.key)

    def may(self, verb: Verb, obj: Queue) -> bool:
        if obj.is_submission:
            return False
        if obj.is_poison:
            return verb not in (RETRY, SUSPEND, RESUBMIT)
        if verb in (SUSPEND, RESUME):
            return obj.suspended == (verb is RESUME)
        return obj.recipients > 0

    def list_context(self, selected: Any) -> dict[str, Any]:
        every = {queue.key: queue for queue in self.rows()}
        troubled = [queue for queue in every.values() if queue.is_poison or queue.is_unreachable]
        return super().list_context(selected) | {
            "troubled": queries.counted(troubled),
            "all_messages": messages_of(""),
            "new_connector": reverse("connectors:send-wizard"),
            "choose_all": QUEUES,
        }

    def details_context(self, selected: Any) -> dict[str, Any]:
        context = super().details_context(selected)
        if selected is None:
            return context
        remedies.in_words(selected.error)
        context["details"] = [(label, html) for label, html in context["details"] if html != NOTHING]
        return context | {
            "advice": advice(selected.error, selected.connector) if not selected.suspended else None,
            "connector_url": url_of_connector(selected.connector),
        }

    def act(self, name: str, keys: Sequence[str]) -> HttpResponse:
        every = self.request.POST.get(ALL, "")
        chosen = (
            [(ALL, every), *narrowing(self.asks.as_query())]
            if every
            else [("queue", key) for key in dict.fromkeys(keys)]
        )
        if not chosen:
            return self.nothing_chosen()
        if every or name in ASKED_FIRST:
            return redirect(confirmation(name, chosen, reverse("queues:list")))
        if name == EXPORT.name:
            return redirect(reverse("queues:export") + "?" + urlencode(chosen))
        return super().act(name, keys)

    def act_on(self, verb: Verb, obj: Queue) -> None:
        """Mail moves while somebody reads: what is no longer so is said."""
        if self.may(verb, obj) and verb is RETRY:
            self.retry(obj)
        elif self.may(verb, obj):
            super().act_on(verb, obj)
        else:
            messages.warning(self.request, _("%s: nothing of that kind waits there any more.") % obj.domain)

    def retry(self, obj: Queue) -> None:
        """What comes of it is told, too."""
        chosen = queries.to_try([obj.key])
        count = actions.retry(self.actor, obj.key)
        following.follow(self.request, f"{obj.domain}: {RETRY.done}.", obj.domain, chosen, count)

    def resume(self, obj: Queue) -> None:
        actions.resume(self.actor, obj.key)

    def resubmit(self, obj: Queue) -> None:
        actions.resubmit(self.actor, obj.key)


def confirmation(verb: str, chosen: Sequence[tuple[str, str]], back: str) -> str:
    """The page that asks first; `back` is where the reader comes from."""
    return reverse("queues:ask") + "?" + urlencode([("verb", verb), *chosen, ("back", back)])


def messages_of(queue: str) -> str:
    return reverse("queues:message-list") + ("?" + urlencode({"next_hop": queue}) if queue else "")
