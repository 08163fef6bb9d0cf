from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise, cached_property
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from console.actors import Role
from console.crud.access import RoleRequired
from console.crud.columns import NAME, NUMBER, SIZE, TEXT, TIME, Column, Detail
from console.crud.layout import Tab
from console.crud.streaming import download, pieces_of
from console.crud.views import CrudView, Page
from console.mailboxes import actions, queries, reading, reading_room, safe_html
from console.mailboxes.charsets import guessed
from console.mailboxes.queries import Mailbox, Search, Stored
from console.mailboxes.reading_room import NotRead
from transport.config import bounds

READERS = frozenset({Role.RECIPIENT_MANAGEMENT, Role.VIEW_ONLY})
WRITERS = frozenset({Role.RECIPIENT_MANAGEMENT})
OF_CONTENT: frozenset[Role] = frozenset()  # Organization Management alone, as for what waits in a queue
SHOWN_SOURCE = bounds.MESSAGE_SOURCE.octets or 0
NEWEST = 5


class MailboxPages(CrudView):
    namespace = "mailboxes"
    noun, plural = gettext_lazy("mailbox"), gettext_lazy("mailboxes")
    purpose = gettext_lazy(
        "Mail that was delivered here, by recipient. The first message for an address makes its mailbox."
    )
    first_step = gettext_lazy("Send a message to a recipient of an authoritative domain: it will stand here.")
    columns = [
        Column(gettext_lazy("Mailbox"), "address", NAME, sort="address"),
        Column(gettext_lazy("Messages"), "count", NUMBER, sort="count"),
        Column(gettext_lazy("Newest"), "newest", TIME, minor=True, sort="newest"),
    ]
    details = [Detail(gettext_lazy("Messages"), "count", NUMBER), Detail(gettext_lazy("Newest"), "newest", TIME)]
    search = ["address"]
    readers, writers = READERS, WRITERS
    refresh = 10
    pk_converter = "path"
    list_template = "mailboxes/list.html"
    details_template = "mailboxes/details.html"

    def rows(self) -> Sequence[Mailbox]:
        try:
            return queries.mailboxes()
        except OSError as error:
            messages.error(self.request, _("The mailboxes cannot be read: %s") % error)
            return []

    def key(self, obj: Mailbox) -> str:
        return "/".join(obj.key)

    def name_of(self, obj: Mailbox) -> str:
        return obj.address

    def find(self, pk: str) -> Mailbox:
        domain, _slash, local = pk.partition("/")
        found = queries.mailbox(domain, local)
        if found is None:
            raise Http404(_("There is no such mailbox."))
        return found

    def url_to_open(self, obj: Mailbox) -> str:
        return reverse("mailboxes:message-list", args=obj.key)

    def list_context(self, selected: Any) -> dict[str, Any]:
        return super().list_context(selected) | {"elsewhere": queries.elsewhere()}

    def details_context(self, selected: Any) -> dict[str, Any]:
        newest = selected.messages()[:NEWEST] if selected is not None else []
        queries.resolve(newest)
        page = "mailboxes:message" if self.actor.may(*OF_CONTENT) else "mailboxes:message-details"
        links = [(each, reverse(page, args=[*selected.key, each.key])) for each in newest]
        return super().details_context(selected) | {"newest": links}

    def toolbar(self, selected: Any) -> list[Any]:
        return []


class OfMailbox(RoleRequired):
    """A page below a mailbox: `self.box` is the mailbox that the URL names."""

    readers, writers = READERS, WRITERS

    def dispatch(self, request: HttpRequest, domain: str, local: str, **kwargs: Any) -> HttpResponseBase:
        box = queries.mailbox(domain, local)
        if box is None:
            raise Http404(_("There is no such mailbox."))
        self.box = box
        return super().dispatch(request, **kwargs)

    def message(self, key: str) -> Stored:
        found = self.box.message(key)
        if found is None:
            raise Http404(_("This message is no longer in the mailbox."))
        queries.resolve([found])
        return found


class MessagePages(OfMailbox, CrudView):
    namespace, prefix = "mailboxes", "message-"
    noun, plural = gettext_lazy("message"), gettext_lazy("messages")
    unsorted = gettext_lazy("A mailbox is read from its files, the newest first. Search in it instead.")
    first_step = gettext_lazy("Every message of this mailbox was deleted.")
    columns = [
        Column(gettext_lazy("From"), "sender", TEXT),
        Column(gettext_lazy("Subject"), lambda message: message.subject or _("(no subject)"), NAME, wide=True),
        Column(gettext_lazy("Received"), "received_at", TIME),
        Column(gettext_lazy("Size"), "size", SIZE, minor=True),
    ]
    search = ["text"]
    refresh = 10
    pk_converter = "str"
    list_template = "mailboxes/messages.html"
    details_template = "mailboxes/message_details.html"
    removal_warning = gettext_lazy("The messages are deleted for good.")

    def url(self, page: Page, *args: Any) -> str:
        return reverse(f"{self.namespace}:{self.prefix}{page}", args=[*self.box.key, *args])

    def rows(self) -> Sequence[Stored]:
        return self.searched.found

    @cached_property
    def searched(self) -> Search:
        found, text = self.box.messages(), self.asked("q").strip()
        if not text:
            return Search(found, len(found), len(found))
        try:
            return queries.search(self.actor.name, found, text, content=self.actor.may(*OF_CONTENT))
        except NotRead as refused:
            messages.error(self.request, str(refused))
            return Search(found.only([]), len(found), len(found))

    def narrowed(self, rows: Any = None) -> Sequence[Stored]:
        return self.rows()

    def completed(self, rows: list[Stored]) -> list[Stored]:
        queries.resolve(rows)
        return rows

    def find(self, pk: str) -> Stored:
        return self.message(pk)

    def key(self, obj: Stored) -> str:
        return obj.key

    def name_of(self, obj: Stored) -> str:
        return obj.subject or _("(no subject)")

    def url_to_open(self, obj: Stored) -> str:
        may = self.actor.may(*OF_CONTENT)
        return reverse("mailboxes:message", args=[*self.box.key, obj.key]) if may else ""

    def details_context(self, selected: Any) -> dict[str, Any]:
        return super().details_context(selected) | {"box": self.box}

    def list_context(self, selected: Any) -> dict[str, Any]:
        return super().list_context(selected) | {"search": self.searched}

    def remove(self, obj: Stored) -> None:
        actions.delete(self.actor, self.box, [obj])

    def submit_removal(self, objects: list[Stored]) -> HttpResponse:
        try:
            actions.delete(self.actor, self.box, objects)
        except ValidationError as error:
            return self.show_removal(objects, error)
        count = len(objects)
        messages.success(self.request, ngettext("%d message deleted.", "%d messages deleted.", count) % count)
        return redirect(self.url(Page.LIST))

    def chosen(self, keys: Sequence[str]) -> list[Stored]:
        return [found for key in dict.fromkeys(keys) if (found := self.box.message(key))]


class MessagePage(OfMailbox):
    """One message, in four ways. Without its text, where that cannot be had."""

    readers = OF_CONTENT
    WAYS: dict[str, str | Promise] = {"text": gettext_lazy("Text"), "html": "HTML"}
    WAYS |= {"headers": gettext_lazy("Headers"), "source": gettext_lazy("Source")}

    def get(self, request: HttpRequest, pk: str) -> HttpResponseBase:
        return self.show(self.message(pk))

    def show(self, message: Stored, status: int = 200) -> HttpResponse:
        letter, refused = self._letter(message)
        way = self._way(letter)
        if way != "html":  # that the frame shows, which records it
            actions.record_reading(self.actor, self.box, message, "read")
        context: dict[str, Any] = {"box": self.box, "message": message, "letter": letter, "refused": refused}
        context |= {"way": way, "tabs": self._tabs(letter, way)}
        context |= {"sender_line": _sender_line(message, letter), "crumbs": self._crumbs(), "view": self}
        if way == "source":
            context |= _source(message)
        return render(self.request, "mailboxes/message.html", context, status=status)

    def _letter(self, message: Stored) -> tuple[reading.Letter | None, str]:
        """The message, or why it cannot be shown."""
        try:
            return reading_room.letter(self.actor.name, message.path), ""
        except FileNotFoundError as error:
            raise Http404(_("This message is no longer in the mailbox.")) from error
        except NotRead as refused:
            return None, str(refused)

    def _way(self, letter: reading.Letter | None) -> str:
        way = self.request.GET.get("view", "")
        return way if way in self._ways(letter) else "text"

    def _ways(self, letter: reading.Letter | None) -> list[str]:
        if letter is None:
            return ["text", "source"]
        return [name for name in self.WAYS if name != "html" or letter.html]

    def _tabs(self, letter: reading.Letter | None, current: str) -> list[Tab]:
        return [Tab(self.WAYS[name], f"?view={name}", name == current) for name in self._ways(letter)]

    def _crumbs(self) -> list[tuple[str, str]]:
        here = reverse("mailboxes:message-list", args=self.box.key)
        return [(_("Mailboxes"), reverse("mailboxes:list")), (self.box.address, here)]


def _sender_line(message: Stored, letter: reading.Letter | None) -> str:
    if message.resolved or letter is None:
        return f"{message.sender} <{message.envelope.sender_address}>"
    return letter.header("from")


class MessageHtml(OfMailbox):
    """The message's HTML alone, for the frame: a document without script, links that lead nowhere, nothing remote."""

    readers = OF_CONTENT

    def get(self, request: HttpRequest, pk: str) -> HttpResponse:
        message = self.message(pk)
        actions.record_reading(self.actor, self.box, message, "read")
        try:
            answer = HttpResponse(reading_room.page(self.actor.name, message.path))
        except FileNotFoundError as error:
            raise Http404 from error
        except NotRead as refused:
            answer = HttpResponse(safe_html.PAGE % f"<p>{escape(refused)}</p>")
        answer["Content-Security-Policy"] = safe_html.POLICY
        answer["X-Frame-Options"] = "SAMEORIGIN"
        return answer


class MessageFile(OfMailbox):
    """The message as it lies on disk."""

    readers = OF_CONTENT

    def get(self, request: HttpRequest, pk: str) -> StreamingHttpResponse:
        message = self.message(pk)
        try:
            file = message.path.open("rb")
        except OSError as error:
            raise Http404 from error
        actions.record_reading(self.actor, self.box, message, "exported")
        return download(request, pieces_of(file), f"{message.key}.eml", "message/rfc822")


class AttachmentFile(MessagePage):
    """A part of the message, never shown by the browser itself. One that cannot be had shows the message's page."""

    def get(self, request: HttpRequest, pk: str, number: int = 0) -> HttpResponseBase:
        message = self.message(pk)
        try:
            found = reading_room.attachment(self.actor.name, message.path, number)
        except FileNotFoundError as error:
            raise Http404 from error
        except NotRead:
            return self.show(message, status=422)
        if found is None:
            raise Http404(_("This message has no such attachment."))
        actions.record_reading(self.actor, self.box, message, "exported")
        name, file = found
        answer = download(request, pieces_of(file), name, "application/octet-stream")
        answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
        return answer


def _source(message: Stored) -> dict[str, Any]:
    try:
        with message.path.open("rb") as file:
            source = file.read(SHOWN_SOURCE)
    except OSError as error:
        raise Http404 from error
    lines = (guessed(line) for line in source.replace(b"\r\n", b"\n").split(b"\n"))
    return {"source": reading.clean("\n".join(lines)), "cut": message.size > SHOWN_SOURCE, "shown": SHOWN_SOURCE}
