"""What processes write of themselves, and what administrators do with nodes."""

from __future__ import annotations

from datetime import datetime
from time import monotonic, sleep
from typing import Any

import psycopg
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.actors import Actor
from console.audit.actions import record
from console.processes import nodes
from console.processes.models import Node, State, Turn
from console.publishing.models import Transport
from transport import held_body, node

TOOK_TURN = """
INSERT INTO processes_turn (process, node, at, version) VALUES (%s, %s, now(), %s)
ON CONFLICT (process, node) DO UPDATE SET at = excluded.at, version = excluded.version
"""
LEFT = "DELETE FROM processes_turn WHERE process = %s AND node = %s"
JOIN = """
INSERT INTO processes_node (name, home, version, holds_mailboxes)
VALUES (%s, %s, %s, NOT EXISTS (SELECT FROM processes_node WHERE holds_mailboxes))
ON CONFLICT (name) DO UPDATE SET home = excluded.home, version = excluded.version,
    holds_mailboxes = processes_node.holds_mailboxes OR excluded.holds_mailboxes
"""
IN_THE_WAY = """
SELECT name, seen_at FROM processes_node
WHERE ((name = %(name)s AND home NOT IN ('', %(home)s)) OR (name <> %(name)s AND home = %(home)s))
    AND (seen_at IS NULL OR seen_at > now() - interval '30 seconds')
"""
LIVES, LOOK = 5.0, 0.2
"""Seconds in which a node that lives gives a sign of it, and between two looks."""
NODE = "Node"


def took_turn(connection: psycopg.Connection, process: str, of_node: str = "") -> None:
    """A process of this node, or of another, has gone round its loop. Raises psycopg.Error."""
    connection.execute(TOOK_TURN, [process, of_node or settings.GATEPOST_NODE, node.version()])


def left(connection: psycopg.Connection, process: str) -> None:
    """A process of this node has ended as it was told, and is not missed. Raises psycopg.Error."""
    connection.execute(LEFT, [process, settings.GATEPOST_NODE])


def join() -> None:
    """This node is one of the installation; the first one holds the mailboxes. For one node at a time (`prepare`).
    ValidationError while another one that lives has its name, or the data directory that this one's is a copy of.
    """
    name, home = settings.GATEPOST_NODE, held_body.mark(settings.GATEPOST_HOME)
    _refuse_a_second(name, home)
    with connection.cursor() as cursor:
        cursor.execute(JOIN, [name, home, node.version()])


def _refuse_a_second(name: str, home: str) -> None:
    """What was said of one that is no more, as of a data directory that was replaced, is said no more."""
    until, before = monotonic() + LIVES, _in_the_way(name, home)
    while before and monotonic() < until:
        for other, seen_at in _in_the_way(name, home).items():
            if seen_at is None or seen_at == before.get(other):
                continue
            if other == name:
                raise ValidationError(
                    _("Another machine that is at work calls itself %s. Give each its own GATEPOST_NODE.") % name
                )
            raise ValidationError(
                _("This data directory is a copy of that of %s, which is at work. Begin with an empty one.") % other
            )
        sleep(LOOK)


def _in_the_way(name: str, home: str) -> dict[str, datetime | None]:
    with connection.cursor() as cursor:
        cursor.execute(IN_THE_WAY, {"name": name, "home": home})
        return dict(cursor.fetchall())


def set_state(actor: Actor, name: str, state: State, requester: str = "Maintenance") -> None:
    """Whether a node takes sessions. `requester`: Exchange's word for why, in the change history."""
    actor.require()
    with transaction.atomic():
        row, _new = Node.objects.select_for_update().get_or_create(name=name)
        if row.state == state:
            return
        record(actor, NODE, name, "changed", {"State": row.state}, {"State": str(state), "Requester": requester})
        Node.objects.filter(pk=name).update(state=state)


def hold_mailboxes(actor: Actor, name: str) -> None:
    """From now on mail for mailboxes is delivered on this node; what lies in those of another one stays there."""
    actor.require()
    with transaction.atomic():
        before = Node.objects.select_for_update().filter(holds_mailboxes=True)
        names = [each.name for each in before]
        Node.objects.filter(pk__in=names).update(holds_mailboxes=False)
        Node.objects.filter(pk=name).update(holds_mailboxes=True)
        record(actor, NODE, name, "changed", {"Mailboxes": ", ".join(names)}, {"Mailboxes": name})


class HoldsMail(ValidationError):
    """A node that is to be removed holds mail; whoever removes it all the same types how much. `dangers`: as
    `RelayNotConfirmed` has them."""

    def __init__(self, messages: int) -> None:
        text = ngettext(
            "Its journal holds %d message that was not taken in. Take it in first: manage.py forward DIRECTORY.",
            "Its journal holds %d messages that were not taken in. Take them in first: manage.py forward DIRECTORY.",
            messages,
        )
        super().__init__(text % messages)
        self.dangers = {str(messages): text % messages}


def remove(actor: Actor, name: str, confirmed: frozenset[str] = frozenset()) -> None:
    """Forgets a node that is gone. ValidationError while it lives; HoldsMail unless the number of messages that it
    holds, as far as is known, is `confirmed`. Its mailboxes, if it held them, are nobody's then.
    """
    actor.require()
    machine = nodes.machine(name)
    if machine is None:
        return
    if not machine.is_gone:
        raise ValidationError(_("%s lives: stop it first. It counts as gone after two minutes of silence.") % name)
    if machine.waiting and str(machine.waiting) not in confirmed:
        raise HoldsMail(machine.waiting)
    with transaction.atomic():
        before: dict[str, Any] = {"State": machine.row.state, "Messages in its journal": machine.waiting}
        record(actor, NODE, name, "removed", before, None)
        Transport.objects.filter(node=name).delete()
        Turn.objects.filter(node=name).delete()
        Node.objects.filter(pk=name).delete()
