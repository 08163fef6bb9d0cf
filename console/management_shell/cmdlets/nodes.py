"""Get- and Set-ServerComponentState, Get- and Remove-GatepostNode: the machines of this installation."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings

from console.management_shell.cmdlets.family import identity
from console.management_shell.cmdlets.guard import guarded
from console.management_shell.cmdlets.results import not_found
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.errors import ShellError
from console.management_shell.language.patterns import like
from console.management_shell.language.values import Record, one_of, read_count
from console.processes import actions, nodes
from console.processes.models import State
from console.processes.nodes import Machine

COMPONENTS = ("ServerWideOffline", "FrontendTransport", "HubTransport")
"""Of Exchange's those that stand for what a transport does here: all are one."""
REQUESTERS = ("Maintenance", "HealthAPI", "Sidelined", "Functional", "Deployment")
COLUMNS = ("Server", "Component", "State")
NODE = ("Name", "State", "Version", "Revision", "Sessions", "InJournal")


def _every() -> list[Machine]:
    """This node, too, before its forwarder has told anything."""
    found = nodes.machines()
    here = settings.GATEPOST_NODE
    known = any(each.name == here for each in found)
    return found if known else [*found, nodes.untold(here)]


def _meant(call: Call) -> list[Machine]:
    """What -Identity means; all of them without it."""
    wanted = call.get("Identity", "*")
    name = str(wanted.get("Server") or wanted.get("Name")) if isinstance(wanted, Record) else str(wanted)
    every = _every()
    found = [each for each in every if like(each.name, name) or each.name.lower() == name.lower()]
    if not found and "*" not in name:
        raise not_found(wanted, known=[each.name for each in every])
    return found


def _get_state(call: Call) -> Iterator[Record]:
    wanted = call.get("Component")
    for machine in _meant(call):
        for component in COMPONENTS if wanted is None else (wanted,):
            found = {"Server": machine.name, "Component": component, "State": machine.row.state}
            yield Record("ServerComponent", found, COLUMNS, name=machine.name)


def _set_state(call: Call) -> Iterator[Record]:
    for machine in _meant(call):
        if call.should_process(machine.name, f"Setting the state to {call.arguments['State']}"):
            state, requester = State(call.arguments["State"]), call.arguments["Requester"]
            actions.set_state(call.host.actor, machine.name, state, requester)
    return iter(())


def _get(call: Call) -> Iterator[Record]:
    for machine in _meant(call):
        found = {
            "Name": machine.name,
            "State": "Gone" if machine.is_gone else machine.row.state,
            "Version": ", ".join(machine.versions),
            "Revision": machine.revisions,
            "Bindings": machine.bindings,
            "Sessions": machine.sessions,
            "InJournal": machine.waiting or (0 if machine.knows_its_journal else None),
            "OldestInJournal": machine.waiting_since,
            "FreeDisk": machine.row.free,
            "ClockOffset": machine.row.clock,
            "HoldsMailboxes": machine.row.holds_mailboxes,
            "Identity": machine.name,
        }
        yield Record("GatepostNode", found, NODE, name=machine.name)


def _remove(call: Call) -> Iterator[Record]:
    lost = frozenset({str(call.arguments["Messages"])} if "Messages" in call.arguments else ())
    for machine in _meant(call):
        if call.should_process(machine.name, "Removing node"):
            try:
                actions.remove(call.host.actor, machine.name, lost)
            except actions.HoldsMail as error:
                raise ShellError(
                    f"{error.messages[0]} To remove it all the same: -Messages {machine.waiting}."
                ) from None
    return iter(())


def _identity(*, mandatory: bool) -> Parameter:
    return Parameter(
        "Identity", identity, mandatory, position=0, from_pipeline=True, help="The node; * stands for anything.",
        values=lambda: [each.name for each in _every()],
    )  # fmt: skip


COMPONENT = Parameter(
    "Component", one_of(*COMPONENTS), choices=COMPONENTS, help="All mean the same here: whether SMTP is answered."
)
CMDLETS = [
    Cmdlet(
        "Get-ServerComponentState",
        _get_state,
        (_identity(mandatory=False), COMPONENT),
        "Shows which nodes take sessions.",
        {"Get-ServerComponentState": "Every node."},
    ),
    Cmdlet(
        "Set-ServerComponentState",
        _set_state,
        (
            _identity(mandatory=True),
            COMPONENT,
            Parameter(
                "State",
                one_of(*State),
                True,
                choices=tuple(State),
                help="Draining takes no new sessions, Inactive ends those that are open, too; Active takes them again.",
            ),
            Parameter("Requester", one_of(*REQUESTERS), True, choices=REQUESTERS, help="Why, for the change history."),
        ),
        "Drains a node before it is stopped or upgraded, and lets it take sessions again.",
        {
            "Set-ServerComponentState * -Component HubTransport -State Draining -Requester Maintenance -WhatIf": (
                "Would drain every node."
            )
        },
        changes=True,
    ),
    Cmdlet(
        "Get-GatepostNode",
        _get,
        (_identity(mandatory=False),),
        "Shows the machines of this installation. Exchange has no such cmdlet.",
        {"Get-GatepostNode | Format-List": "All that is known of them."},
    ),
    Cmdlet(
        "Remove-GatepostNode",
        _remove,
        (
            _identity(mandatory=True),
            Parameter("Messages", read_count, help="How many its journal holds, where that is more than none."),
        ),
        "Forgets a node that is gone. Exchange has no such cmdlet.",
        {"Remove-GatepostNode mx9* -Confirm:$false": "Of those that are called so."},
        changes=True,
    ),
]
TABLE = {each.name: guarded(each) for each in CMDLETS}
