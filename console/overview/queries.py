"""What the overview shows, read from every app."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from console.connectors.models import ReceiveConnector, SendConnector
from console.directory import queries as directory
from console.domains.models import AcceptedDomain as DomainRow
from console.publishing.models import Traffic
from console.queues.models import Content, Message, Position

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class FirstStep:
    """What a new installation needs before mail flows. Optional ones are offered, not demanded."""

    label: str | Promise
    why: str | Promise
    url: str
    done: bool
    optional: bool = False


@dataclass(frozen=True)
class MinuteOfTraffic:
    minute: datetime
    connections: int
    accepted: int
    refused: int


@dataclass(frozen=True)
class Totals:
    connections: int
    accepted: int
    refused: int


def first_steps() -> list[FirstStep]:
    return [
        FirstStep(
            _("Name your domains"),
            _("Mail for an accepted domain is taken; mail for any other is refused."),
            reverse("domains:list"),
            DomainRow.objects.exists(),
        ),
        FirstStep(
            _("List your recipients"),
            _("An address of your domain that is not in the directory is answered 550 5.1.1 User unknown."),
            reverse("directory:list"),
            directory.listed().exists(),
        ),
        FirstStep(
            _("Say who else may send"),
            _("A receive connector for your devices and applications, beside the one of the first start."),
            reverse("connectors:receive-list"),
            ReceiveConnector.objects.count() > 1,
            optional=True,
        ),
        FirstStep(
            _("Open the way out"),
            _("A send connector says where mail for other domains goes: by MX, or to a smart host."),
            reverse("connectors:send-list"),
            SendConnector.objects.exists(),
            optional=True,
        ),
        FirstStep(
            _("Receive a first message"),
            _("Send one to a recipient; it appears under Mailboxes, its session in the protocol log."),
            reverse("tracking:list"),
            Message.objects.exists() or Position.objects.filter(messages__gt=0).exists(),
        ),
    ]


def last_hour() -> list[MinuteOfTraffic]:
    """The last sixty whole minutes, oldest first, all transports together; a minute without traffic is zero."""
    end = timezone.now().replace(second=0, microsecond=0)
    sums = Sum("connections"), Sum("accepted"), Sum("refused")
    rows = Traffic.objects.filter(minute__gt=end - HOUR).values_list("minute").annotate(*sums).order_by()
    found = {row[0]: row[1:] for row in rows}
    minutes = [end - MINUTE * back for back in range(59, -1, -1)]
    return [MinuteOfTraffic(minute, *found.get(minute, (0, 0, 0))) for minute in minutes]


def totals(minutes: list[MinuteOfTraffic]) -> Totals:
    return Totals(
        sum(each.connections for each in minutes),
        sum(each.accepted for each in minutes),
        sum(each.refused for each in minutes),
    )


def queue_length() -> int:
    """Messages that still wait for at least one recipient: just these have their content in the queue."""
    return Content.objects.filter(number=0).count()
