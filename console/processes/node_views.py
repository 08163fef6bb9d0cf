"""Administration → Nodes: the machines, and what is done with them."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, ngettext

from console.crud.columns import BADGE, LINES, MONO, NAME, NUMBER, SIZE, TEXT, TIME, Badge, Column, Detail, Verb
from console.crud.views import CrudView
from console.processes import actions, nodes
from console.processes.models import State
from console.processes.nodes import Machine
from console.processes.queries import PROCESSES

TONES = {gettext_noop("Active"): "good", gettext_noop("Draining"): "warning", gettext_noop("Inactive"): "warning"}
DRAIN = Verb("drain", gettext_lazy("Drain"), "pause", done=gettext_lazy("takes no new sessions"))
RESUME = Verb("resume", gettext_lazy("Resume"), "play", done=gettext_lazy("takes sessions again"))
HOLD = Verb("hold-mailboxes", gettext_lazy("Hold the mailboxes"), "mailbox", bulk=False)


def state_of(machine: Machine) -> Badge:
    if machine.is_gone:
        return Badge(_("Gone"), "bad")
    if machine.is_drained:
        return Badge(_("Drained"), "info")
    return Badge(_(machine.row.state), TONES.get(machine.row.state, "neutral"))


def listening(machine: Machine) -> str:
    return _("%(on)d of %(all)d bindings") % {"on": len(machine.bindings), "all": machine.wanted}


def clock(machine: Machine) -> str:
    """How far it is from PostgreSQL's."""
    offset = machine.row.clock
    if offset is None:
        return ""
    if abs(offset) < 0.5:
        return _("right")
    return _("%.1f s ahead") % offset if offset > 0 else _("%.1f s behind") % -offset


def journal(machine: Machine) -> str:
    if not machine.waiting:
        return _("empty") if machine.knows_its_journal else _("not known")
    return ngettext("%d message", "%d messages", machine.waiting) % machine.waiting


def processes(machine: Machine) -> list[str]:
    order = list(PROCESSES)
    found = sorted(machine.processes, key=lambda each: (order.index(each.kind), each.name))
    return [_("%(process)s: %(age).0f s ago") % {"process": f"{p.kind} {p.name}".strip(), "age": p.age} for p in found]


class NodePages(CrudView):
    namespace = "nodes"
    noun, plural = gettext_lazy("node"), gettext_lazy("nodes")
    pk_converter = "path"
    purpose = gettext_lazy(
        "The machines that share this PostgreSQL and Redis. One that drains takes no new sessions, and what it has "
        "accepted goes on: so it can be stopped."
    )
    refresh = 5
    columns = [
        Column(gettext_lazy("Name"), "name", NAME),
        Column(gettext_lazy("State"), state_of, BADGE),
        Column(gettext_lazy("Version"), lambda each: ", ".join(each.versions), MONO, minor=True),
        Column(gettext_lazy("Revision"), lambda each: ", ".join(map(str, each.revisions)), TEXT),
        Column(gettext_lazy("Listens on"), listening, TEXT, minor=True),
        Column(gettext_lazy("Sessions"), "sessions", NUMBER, minor=True),
        Column(gettext_lazy("Journal"), journal, TEXT),
        Column(gettext_lazy("Free disk"), "row.free", SIZE, minor=True),
        Column(gettext_lazy("Clock"), clock, TEXT, minor=True),
    ]
    details = [
        Detail(gettext_lazy("State"), state_of, BADGE),
        Detail(gettext_lazy("Version"), lambda each: ", ".join(each.versions), MONO),
        Detail(gettext_lazy("Revision in force"), lambda each: ", ".join(map(str, each.revisions))),
        Detail(gettext_lazy("Listens on"), "bindings", LINES),
        Detail(gettext_lazy("Sessions"), "sessions", NUMBER),
        Detail(gettext_lazy("Waits in its journal"), journal),
        Detail(gettext_lazy("Oldest there"), "waiting_since", TIME),
        Detail(gettext_lazy("Free disk"), "row.free", SIZE),
        Detail(gettext_lazy("Clock beside PostgreSQL's"), clock),
        Detail(gettext_lazy("Mailboxes"), lambda each: _("here") if each.row.holds_mailboxes else ""),
        Detail(gettext_lazy("Processes, last sign of life"), processes, LINES),
    ]
    verbs = [DRAIN, RESUME, HOLD]
    removal_warning = gettext_lazy(
        "It is forgotten here. Its data directory stays as it is; should the machine start again, it is a node again."
    )

    def rows(self) -> list[Machine]:
        return nodes.machines()

    def find(self, pk: Any) -> Machine:
        found = nodes.machine(str(pk))
        if found is None:
            raise Http404
        return found

    def key(self, obj: Machine) -> str:
        return obj.name

    def name_of(self, obj: Machine) -> str:
        return obj.name

    def may(self, verb: Verb, obj: Machine) -> bool:
        allowed = {
            DRAIN.name: obj.takes_sessions and not obj.is_gone,
            RESUME.name: not obj.takes_sessions,
            HOLD.name: not (obj.row.holds_mailboxes or obj.is_gone),
        }
        return allowed.get(verb.name, True)

    def drain(self, obj: Machine) -> None:
        actions.set_state(self.actor, obj.name, State.DRAINING)

    def resume(self, obj: Machine) -> None:
        actions.set_state(self.actor, obj.name, State.ACTIVE)

    def hold_mailboxes(self, obj: Machine) -> None:
        actions.hold_mailboxes(self.actor, obj.name)

    def remove(self, obj: Machine) -> None:
        try:
            actions.remove(self.actor, obj.name, frozenset(self.confirmed))
        except actions.HoldsMail as error:
            if len(self.request.POST.getlist("pk")) > 1:
                raise ValidationError(f"{obj.name}: {error.messages[0]}") from None
            raise
