"""Search over everything: each kind of object on its own, so that a slow one cannot hold up the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import urlencode

from django.db import OperationalError, connection, transaction
from django.db.models import Q
from django.http import QueryDict
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from console.actors import Actor
from console.connectors import queries as connectors
from console.connectors.queries import Answer
from console.crud.addresses import address_bounds, apart
from console.crud.said import said
from console.directory import queries as directory
from console.management_shell import queries as shell
from console.navigation import GROUPS
from console.protection import queries as protection
from console.publishing import queries as publishing
from console.publishing.published import Page, Published, every_kind
from console.queues.selection import first_matching
from console.tracking import queries as sessions
from console.tracking import refusals
from console.users.models import User
from transport.config.setting import settings
from transport.receive.client_lists import Verdict

Searched = tuple[str | Promise, str, Callable[[str], Iterable["Hit"]]]
"""Title, list, and what finds."""
MOST = 10
SECONDS = 2
LOOKED_THROUGH = 1_000
"""Recipients of waiting mail among whom very common words are looked for."""


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


def everything(text: str, actor: Actor) -> list[Section]:
    """The kinds in which `text` was found, or which could not be searched in time; pages that the actor may open."""
    pages: Searched = (_("Pages"), "", partial(_pages, actor))
    sections = [_search(title, listing, find, text) for title, listing, find in [pages, *_published(), *OTHERS]]
    return [section for section in sections if section.hits or section.late]


@dataclass(frozen=True)
class Client:
    """Who answers a client of an address; what the IP lists say of it, and where that stands."""

    address: str
    answers: list[Answer]
    verdict: Verdict | None
    lists_url: str


def client(text: str) -> Client | None:
    """None where the text is no address."""
    found, others = apart(text)
    bounds = address_bounds(found[0]) if len(found) == 1 and not others else None
    if bounds is None or bounds[0] != bounds[1]:
        return None
    address, saved = bounds[0], publishing.saved()
    page = "allow" if (verdict := protection.listed(saved, address)) and verdict.allowed else "block"
    url = f"{reverse(f'protection:{page}-list')}?q={address}"
    return Client(address, connectors.answers(saved, address), verdict, url)


def _published() -> list[Searched]:
    both = [(kind, page) for kind in every_kind() if kind.search for page in kind.pages]
    return [(page.title, page.url_name, partial(_objects, kind, page)) for kind, page in both]


def _search(title: str | Promise, listing: str, find: Callable[[str], Iterable[Hit]], text: str) -> Section:
    section = Section(title, reverse(listing) if listing else "")
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL statement_timeout = '{SECONDS}s'")
            section.hits = list(find(text))
    except OperationalError:
        section.late = True
    return section


def _objects(kind: Published, page: Page, text: str) -> Iterable[Hit]:
    for row in kind.found(kind.model._default_manager.filter(**page.only), text)[:MOST]:
        note, url_name = getattr(row, kind.note), page.url_name.removesuffix("list") + "details"
        yield Hit(str(row), ", ".join(note) if isinstance(note, list) else note, reverse(url_name, args=[row.pk]))


def _pages(actor: Actor, text: str) -> Iterable[Hit]:
    """Those of the feature pane, and those of settings."""
    features = [(each.label, each.url_name) for _, group in GROUPS for each in group if actor.may(*each.roles)]
    every = [*features, *((page.title, page.url_name) for kind in every_kind() for page in kind.pages)]
    for title, url in {str(title): reverse(url_name) for title, url_name in every}.items():
        if _holds(title, text):
            yield Hit(title, "", url)


def _settings(text: str) -> Iterable[Hit]:
    """By label, and by Exchange's name; on the page at the field, where there is one of it."""
    every = ((kind, name, each) for kind in every_kind() for name, each in settings(kind.struct).items())
    found = [
        (kind, name, each) for kind, name, each in every if _holds(f"{each.label} {said(each.label)} {each.name}", text)
    ]
    found.sort(key=lambda each: each[2].name.lower() != text.lower())
    for kind, name, setting in found[:MOST]:
        page = kind.pages[0]
        place = f"{page.title} · {setting.name}"
        yield Hit(said(setting.label), place, reverse(page.url_name) + (f"#id_{name}" if kind.is_single else ""))


def _cmdlets(text: str) -> Iterable[Hit]:
    for name, does in shell.cmdlets(text)[:MOST]:
        yield Hit(name, does, f"{reverse('management_shell:shell')}?{urlencode({'script': f'Get-Help {name}'})}")


def _holds(where: str, text: str) -> bool:
    """Whether every word of the text stands there, whatever the case."""
    return all(word in where.lower() for word in text.lower().split())


def _recipients(text: str) -> Iterable[Hit]:
    for row in directory.found(directory.listed(), text)[:MOST]:
        yield Hit(row.address, row.display_name, reverse("directory:details", args=[row.pk]))


def _users(text: str) -> Iterable[Hit]:
    places = Q(name__icontains=text) | Q(domain__icontains=text) | Q(display_name__icontains=text)
    for row in User.objects.filter(places)[:MOST]:
        yield Hit(row.principal, row.display_name, reverse("users:details", args=[row.pk]))


def _sessions(text: str) -> Iterable[Hit]:
    for row in sessions.newest_with_text(text, MOST):
        note = f"{row.remote_address} · {row.connector}"
        yield Hit(row.session_id, note, reverse("tracking:session", args=[row.pk]), row.started_at)


def _references(text: str) -> Iterable[Hit]:
    """Of a refusal: what whoever was refused has pasted."""
    if found := sessions.referred(text):
        yield Hit(found.rule, found.session_id, found.url, found.began)


def _refusals(text: str) -> Iterable[Hit]:
    for each in list(refusals.found(text))[:MOST]:
        yield Hit(each.rule.replies[0].text, each.rule.meaning, each.url)


def _messages(text: str) -> Iterable[Hit]:
    for row in sessions.messages_about(text, MOST):
        shown, url = row.shown_subject or "(no subject)", reverse("events:message", args=[row.pk])
        yield Hit(shown, row.sender or "<>", url, row.accepted_at)


def _waiting(text: str) -> Iterable[Hit]:
    for row in first_matching(QueryDict(urlencode({"q": text})), LOOKED_THROUGH).rows[:MOST]:
        url = reverse("queues:message", args=[row.message_id])
        yield Hit(row.address, row.message.shown_subject, url, row.message.accepted_at)


OTHERS: list[Searched] = [
    (_("Settings"), "", _settings),
    (_("Commands"), "management_shell:shell", _cmdlets),
    (_("Recipients"), "directory:list", _recipients),
    (_("SMTP users"), "users:list", _users),
    (_("Reference of a refusal"), "", _references),
    (_("Refusals, explained"), "refusals:list", _refusals),
    (_("Sessions"), "tracking:list", _sessions),
    (_("Waiting mail"), "queues:message-list", _waiting),
    (_("Messages"), "events:list", _messages),
]
