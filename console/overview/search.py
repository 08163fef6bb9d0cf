"""Search over everything: each kind of object on its own, so that a slow one cannot hold up the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.db import OperationalError, connection, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from console.connectors.models import ReceiveConnector, SendConnector
from console.directory import queries as directory
from console.domains.models import AcceptedDomain
from console.protection.models import IPListEntry
from console.queues.models import Message
from console.tracking import queries as sessions
from console.tracking import refusals
from console.users.models import User

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


def everything(text: str) -> list[Section]:
    """The kinds in which `text` was found, or which could not be searched in time."""
    sections = [_search(title, listing, find, text) for title, listing, find in KINDS]
    return [section for section in sections if section.hits or section.late]


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


def _receive_connectors(text: str) -> Iterable[Hit]:
    places = Q(name__icontains=text) | Q(comment__icontains=text) | Q(fqdn__icontains=text)
    rows = ReceiveConnector.objects.filter(places | Q(bindings__icontains=text) | Q(remote_ip_ranges__icontains=text))
    for row in rows[:MOST]:
        yield Hit(row.name, ", ".join(map(str, row.bindings)), reverse("connectors:receive-details", args=[row.pk]))


def _send_connectors(text: str) -> Iterable[Hit]:
    places = Q(name__icontains=text) | Q(comment__icontains=text) | Q(smart_hosts__icontains=text)
    for row in SendConnector.objects.filter(places | Q(address_spaces__icontains=text))[:MOST]:
        yield Hit(row.name, ", ".join(map(str, row.address_spaces)), reverse("connectors:send-details", args=[row.pk]))


def _domains(text: str) -> Iterable[Hit]:
    for row in AcceptedDomain.objects.filter(Q(name__icontains=text) | Q(domain_name__icontains=text))[:MOST]:
        yield Hit(row.domain_name, row.domain_type, reverse("domains:details", args=[row.pk]))


def _ip_list(ip_list: str, url_name: str) -> Callable[[str], Iterable[Hit]]:
    def find(text: str) -> Iterable[Hit]:
        rows = IPListEntry.objects.filter(Q(ip_range__icontains=text) | Q(comment__icontains=text), ip_list=ip_list)
        for row in rows[:MOST]:
            yield Hit(row.ip_range, row.comment, reverse(url_name, args=[row.pk]))

    return find


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
    places = Q(subject__icontains=text) | Q(sender__icontains=text) | Q(message_id__icontains=text)
    for row in Message.objects.filter(places).order_by("-accepted_at")[:MOST]:
        shown, url = row.shown_subject or "(no subject)", reverse("queues:message", args=[row.pk])
        yield Hit(shown, row.sender or "<>", url, row.accepted_at)


KINDS = [
    (_("Receive connectors"), "connectors:receive-list", _receive_connectors),
    (_("Send connectors"), "connectors:send-list", _send_connectors),
    (_("Accepted domains"), "domains:list", _domains),
    (_("IP Block list"), "protection:block-list", _ip_list("Block", "protection:block-details")),
    (_("IP Allow list"), "protection:allow-list", _ip_list("Allow", "protection:allow-details")),
    (_("Recipients"), "directory:list", _recipients),
    (_("Users"), "users:list", _users),
    (_("Refusals, explained"), "refusals:list", _refusals),
    (_("Sessions"), "tracking:list", _sessions),
    (_("Messages"), "queues:message-list", _messages),
]
