from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.crud.columns import BADGE, NUMBER, TEXT, TIME, Badge, Column, Detail, Verb
from console.crud.format import stacked_html
from console.crud.views import CrudView
from console.queues import actions, queries
from console.queues.queries import Queue
from transport.send.route import DeliveryType

TONES = {
    "Active": "info",
    "Ready": "neutral",
    "Retry": "warning",
    "Suspended": "warning",
    "Complete": "good",
    "Failed": "bad",
    "Removed": "neutral",
}
REFRESHED = 5  # seconds
SHOWN_ERROR = 120
REMOVALS = ("remove-with-ndr", "remove-without-ndr")

RETRY = Verb("retry", gettext_lazy("Retry now"), "rotate-ccw", done=gettext_lazy("tried again at once"))
SUSPEND = Verb("suspend", gettext_lazy("Suspend"), "pause", done=gettext_lazy("suspended"))
RESUME = Verb("resume", gettext_lazy("Resume"), "play", done=gettext_lazy("resumed"))
REMOVE_WITH = Verb("remove-with-ndr", gettext_lazy("Remove, with NDR"), "reply", dangerous=True)
REMOVE_WITHOUT = Verb("remove-without-ndr", gettext_lazy("Remove, without NDR"), "trash-2", dangerous=True)
VERBS = [RETRY, SUSPEND, RESUME, REMOVE_WITH, REMOVE_WITHOUT]


def state(word: str) -> Badge:
    return Badge(word, TONES.get(word, "neutral"))


def bold(text: str) -> str:
    return format_html("<strong>{}</strong>", text)


def cut(text: str) -> str:
    return text if len(text) <= SHOWN_ERROR else f"{text[: SHOWN_ERROR - 1]}…"


class QueuePages(CrudView):
    namespace = "queues"
    noun, plural = gettext_lazy("queue"), gettext_lazy("queues")
    purpose = gettext_lazy("Mail on its way out, by next hop. What is delivered leaves the list.")
    first_step = gettext_lazy("No mail is waiting.")
    columns = [
        Column(
            gettext_lazy("Next hop"),
            lambda queue: stacked_html(bold(queue.domain), queue.delivery_type),
            TEXT,
            sort="domain",
        ),
        Column(gettext_lazy("Status"), lambda queue: state(queue.status), BADGE, sort="status"),
        Column(gettext_lazy("Messages"), "messages", NUMBER, sort="messages"),
        Column(gettext_lazy("Next retry"), "next_retry_at", TIME),
        Column(gettext_lazy("Last error"), lambda queue: cut(queue.last_error), TEXT, minor=True),
    ]
    details = [
        Detail(gettext_lazy("Status"), lambda queue: state(queue.status), BADGE),
        Detail(gettext_lazy("Delivery type"), "delivery_type"),
        Detail(gettext_lazy("Connector"), "connector"),
        Detail(gettext_lazy("Messages"), "messages", NUMBER),
        Detail(gettext_lazy("Recipients"), "recipients", NUMBER),
        Detail(gettext_lazy("Oldest"), "oldest", TIME),
        Detail(gettext_lazy("Retries"), "retry_count", NUMBER),
        Detail(gettext_lazy("Last retry"), "last_retry_at", TIME),
        Detail(gettext_lazy("Next retry"), "next_retry_at", TIME),
        Detail(gettext_lazy("Last error"), "last_error"),
    ]
    search = ["domain", "connector", "last_error"]
    verbs = VERBS
    refresh = REFRESHED
    pk_converter = "path"
    list_template = "queues/list.html"
    details_template = "queues/details.html"

    def rows(self) -> Sequence[Queue]:
        return self._queues

    @cached_property
    def _queues(self) -> Sequence[Queue]:
        """Counted once for a page, however many of its parts ask."""
        return queries.next_hops()

    def find(self, pk: str) -> Queue:
        found = queries.next_hop(pk)
        if found is None:
            raise Http404(_("There is no such queue."))
        return found

    def key(self, obj: Queue) -> str:
        return obj.key

    def name_of(self, obj: Queue) -> str:
        return obj.domain

    def url_to_open(self, obj: Queue) -> str:
        return messages_of(obj.key)

    def may(self, verb: Verb, obj: Queue) -> bool:
        if verb in (SUSPEND, RESUME):
            return obj.suspended == (verb is RESUME)
        return obj.recipients > 0

    def list_context(self, selected: Any) -> dict[str, Any]:
        every = self.rows()
        lost = next((queue.messages for queue in every if queue.delivery_type == DeliveryType.UNREACHABLE), 0)
        return super().list_context(selected) | {
            "unreachable": lost,
            "all_messages": messages_of(""),
            "new_connector": reverse("connectors:send-wizard"),
        }

    def details_context(self, selected: Any) -> dict[str, Any]:
        new = reverse("connectors:send-wizard")
        lost = selected is not None and selected.delivery_type == DeliveryType.UNREACHABLE
        return super().details_context(selected) | {"is_unreachable": lost, "new_connector": new}

    def act(self, name: str, keys: Sequence[str]) -> HttpResponse:
        if name in REMOVALS and keys:
            return redirect(confirmation(name, [("queue", key) for key in dict.fromkeys(keys)], reverse("queues:list")))
        return super().act(name, keys)

    def retry(self, obj: Queue) -> None:
        actions.retry(self.actor, obj.key)

    def suspend(self, obj: Queue) -> None:
        actions.suspend(self.actor, obj.key)

    def resume(self, obj: Queue) -> None:
        actions.resume(self.actor, obj.key)


def confirmation(verb: str, chosen: Sequence[tuple[str, str]], back: str) -> str:
    """The page that asks before a removal; `back` is where the reader comes from."""
    return reverse("queues:remove-messages") + "?" + urlencode([("verb", verb), *chosen, ("back", back)])


def messages_of(queue: str) -> str:
    return reverse("queues:message-list") + ("?" + urlencode({"next_hop": queue}) if queue else "")
