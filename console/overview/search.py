"""Search over everything: each kind of object on its own, so that a slow one cannot hold up the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial, reduce
from operator import or_

from django.db import OperationalError, connection, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from console.directory import queries as directory
from console.publishing.published import Page, Published, every_kind
from console.queues.queries import waiting_recipients
from console.tracking import queries as sessions
from console.tracking import refusals
from console.users.models import User

Searched = tuple[str | Promise, str, Callable[[str], Iterable["Hit"]]]
"""Title, list, and what finds."""
MOST = 10
SECONDS = 2


@dataclass(frozen=True)
class Hit:
    name: str
    note: str
    url: str
    time: object = None


@dataclass
class Section:
    """What was found of one kind; `more` leads to the list with the same filter, `late` says that it took too long."""

    title: str | Promise
    more: str
    hits: list[Hit] = field(default_factory=list)
    late: bool = False

    @property
    def is_full(self) -> bool:
        """Whether there may be more in the list."""
        return len(self.hits) >= MOST


def everything(text: str) -> list[Section]:
    """The kinds in which `text` was found, or which could not be searched in time."""
    sections = [_search(title, listing, find, text) for title, listing, find in [*_published(), *OTHERS]]
    return [section for section in sections if section.hits or section.late]


def _published() -> list[Searched]:
    both = [(kind, page) for kind in every_kind() if kind.search for page in kind.pages]
    return [(page.title, page.url_name, partial(_objects, kind, page)) for kind, page in both]


def _search(title: str | Promise, listing: str, find: Callable[[str], Iterable[Hit]], text: str) -> Section:
    section = Section(title, reverse(listing))
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL statement_timeout = '{SECONDS}s'")
            section.hits = list(find(text))
    except OperationalError:
        section.late = True
    return section


def _objects(kind: Published, page: Page, text: str) -> Iterable[Hit]:
    places = reduce(or_, (Q(**{f"{column}__icontains": text}) for column in kind.search))
    for row in kind.model._default_manager.filter(places, **page.only)[:MOST]:
        note, url_name = getattr(row, kind.note), page.url_name.removesuffix("list") + "details"
        yield Hit(str(row), ", ".join(note) if isinstance(note, list) else note, reverse(url_name, args=[row.pk]))


def _recipients(text: str) -> Iterable[Hit]:
    for row in directory.found(directory.listed(), text)[:MOST]:
        yield Hit(row.address, row.display_name, reverse("directory:details", args=[row.pk]))


def _users(text: str) -> Iterable[Hit]:
    places = Q(name__icontains=text) | Q(domain__icontains=text) | Q(display_name__icontains=text)
    for row in User.objects.filter(places)[:MOST]:
        yield Hit(row.principal, row.display_name, reverse("users:details", args=[row.pk]))


def _sessions(text: str) -> Iterable[Hit]:
    rows = sessions.with_text(sessions.newest(), text)
    for row in rows.defer("events", "search")[:MOST]:
        note = f"{row.remote_address} · {row.connector}"
        yield Hit(row.session_id, note, reverse("tracking:session", args=[row.pk]), row.started_at)


def _refusals(text: str) -> Iterable[Hit]:
    for each in list(refusals.found(text))[:MOST]:
        yield Hit(each.rule.replies[0].text, each.rule.meaning, each.url)


def _messages(text: str) -> Iterable[Hit]:
    for row in sessions.messages_about(text, MOST):
        shown, url = row.shown_subject or "(no subject)", reverse("events:message", args=[row.pk])
        yield Hit(shown, row.sender or "<>", url, row.accepted_at)


def _waiting(text: str) -> Iterable[Hit]:
    for row in waiting_recipients().filter(address__icontains=text)[:MOST]:
        url = reverse("queues:message", args=[row.message_id])
        yield Hit(row.address, row.message.shown_subject, url, row.message.accepted_at)


OTHERS: list[Searched] = [
    (_("Recipients"), "directory:list", _recipients),
    (_("Users"), "users:list", _users),
    (_("Refusals, explained"), "refusals:list", _refusals),
    (_("Sessions"), "tracking:list", _sessions),
    (_("Waiting mail"), "queues:message-list", _waiting),
    (_("Messages"), "events:list", _messages),
]
