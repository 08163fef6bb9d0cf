"""What a new installation needs before mail flows: ticked when somebody did it, shown until the reader dismisses it."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from console.actors import SYSTEM
from console.audit.models import Entry
from console.queues.models import Message, Position


@dataclass(frozen=True)
class FirstStep:
    """Optional ones are offered, not demanded."""

    label: str | Promise
    why: str | Promise
    url: str
    done: bool
    optional: bool = False


def first_steps() -> list[FirstStep]:
    """In the order in which one takes them."""
    done = _changed_by_somebody()
    return [
        FirstStep(
            _("Name your domains"),
            _("Mail for an accepted domain is taken; mail for any other is refused."),
            reverse("domains:list"),
            "Accepted domain" in done,
        ),
        FirstStep(
            _("List your recipients"),
            _("An address of your domain that is not in the directory is answered 550 5.1.1 User unknown."),
            reverse("directory:list"),
            not done.isdisjoint({"Recipient", "Directory"}),
        ),
        FirstStep(
            _("Say who else may send"),
            _("A receive connector for your devices and applications, beside the one of the first start."),
            reverse("connectors:receive-list"),
            "Receive connector" in done,
            optional=True,
        ),
        FirstStep(
            _("Open the way out"),
            _("A send connector says where mail for other domains goes: by MX, or to a smart host."),
            reverse("connectors:send-list"),
            "Send connector" in done,
            optional=True,
        ),
        FirstStep(
            _("Receive a first message"),
            _("Send one to a recipient; it appears under Mailboxes, its session in the protocol log."),
            reverse("tracking:list"),
            Message.objects.exists() or Position.objects.filter(messages__gt=0).exists(),
        ),
    ]


KINDS = ("Accepted domain", "Recipient", "Directory", "Receive connector", "Send connector")


def _changed_by_somebody() -> set[str]:
    """The kinds of objects of which the change history knows a change that the first start did not make."""
    by_hand = Entry.objects.exclude(actor=SYSTEM.name).order_by()
    first, *others = (by_hand.filter(kind=kind).values_list("kind", flat=True)[:1] for kind in KINDS)
    return set(first.union(*others, all=True))
