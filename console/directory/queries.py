"""What the directory's pages read."""

from __future__ import annotations

import csv
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import lru_cache

from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _

from console.crud.words import parts
from console.directory.addresses import parse_address
from console.directory.models import Import, ImportState, Recipient
from console.domains import queries as domains

EXPORTED_AT_ONCE = 5_000


def listed() -> QuerySet[Recipient]:
    """The recipients that exist."""
    return Recipient.objects.filter(deleted=False).order_by("address")


def is_listed(address: str) -> bool:
    """Whether an address, in the directory's spelling, is one of theirs."""
    return listed().filter(address=address).exists()


def how_many() -> int:
    """How many are listed. A million take a while to count: it is done once for each change of them, and their changes
    become visible in the order of their numbers.
    """
    return _counted(Recipient.objects.aggregate(last=Max("change_number"))["last"])


@lru_cache(maxsize=1)
def _counted(last: int | None) -> int:
    return listed().count()


def named(addresses: Iterable[str]) -> list[Recipient]:
    """The recipients of addresses as somebody typed them. Raises ValueError that says what is wrong with one."""
    recipients = []
    for address in map(parse_address, dict.fromkeys(addresses)):
        recipient = listed().filter(address=address).first()
        if recipient is None:
            raise ValueError(_("%s is not in the directory. Add the recipient first.") % address)
        recipients.append(recipient)
    return recipients


def found(recipients: QuerySet[Recipient], text: str) -> QuerySet[Recipient]:
    """Those with each of the `parts` of `text` somewhere in address or display name."""
    for word in parts(text.replace("\0", "").lower()):
        recipients = recipients.filter(search__contains=word)
    return recipients


def display_names(addresses: Collection[str]) -> dict[str, str]:
    """Address → display name, for those of them (in lower case) that the directory has with one."""
    rows = listed().filter(address__in=addresses).exclude(display_name="")
    return dict(rows.values_list("address", "display_name"))


def unfinished() -> QuerySet[Import]:
    return Import.objects.exclude(state__in=(ImportState.DONE, ImportState.REFUSED)).order_by("id")


def accepts() -> Callable[[str], bool]:
    """A function that tells whether a domain is an accepted one, by the accepted domains of this moment."""
    accepted = domains.accepted_domains()
    return lambda domain: accepted.find(domain) is not None


def exported(recipients: QuerySet[Recipient]) -> Iterator[str]:
    """The recipients as CSV, a piece at a time; what `recipient_list` reads back."""
    row = csv.writer(_Echo(), lineterminator="\r\n").writerow
    yield "\ufeff" + row(["address", "display name"])
    last = ""
    while rows := recipients.filter(address__gt=last).values_list("address", "display_name")[:EXPORTED_AT_ONCE]:
        yield "".join(row([address, _inert(name)]) for address, name in rows)
        last = rows[len(rows) - 1][0]


def _inert(text: str) -> str:
    """Spreadsheets compute a cell that begins like a formula: a space in front keeps it a text."""
    return f" {text}" if text.startswith(("=", "+", "-", "@")) else text


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text
