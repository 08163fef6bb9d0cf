"""Restore-, Confirm- and Undo-GatepostConfiguration: a former revision comes back, for good or on trial."""

from __future__ import annotations

from collections.abc import Iterator

from console.management_shell.cmdlets.guard import CONFIRM_RELAY, NOTHING_CHANGED, confirmed, guarded
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.values import read_count
from console.publishing import trial
from console.publishing.restore import restore


def read_minutes(value: object) -> int:
    """For parameters: how long a trial lasts."""
    if not 1 <= (minutes := read_count(value)) <= trial.MOST_MINUTES:
        raise ValueError(f"Write a number of minutes from 1 to {trial.MOST_MINUTES}.")
    return minutes


MINUTES = Parameter(
    "Minutes",
    read_minutes,
    help="All is as before after so many minutes, on each transport, unless Confirm-GatepostConfiguration comes first.",
)


def _restore(call: Call) -> Iterator[object]:
    number = call.arguments["Revision"]
    if call.should_process(f"Revision {number}", "Restore"):
        made = confirmed(call, lambda typed: restore(call.host.actor, number, typed, call.get("Minutes")))
        if made is None:
            call.warning(NOTHING_CHANGED.format(f"Revision {number}"))
    yield from ()


def _confirm(call: Call) -> Iterator[object]:
    if call.should_process("What is on trial", "Confirm"):
        trial.confirm(call.host.actor)
    yield from ()


def _undo(call: Call) -> Iterator[object]:
    if call.should_process("What is on trial", "Go back"):
        trial.go_back(call.host.actor)
    yield from ()


RESTORE = Cmdlet(
    "Restore-GatepostConfiguration",
    _restore,
    (
        Parameter("Revision", read_count, mandatory=True, position=0, help="The number of the revision."),
        MINUTES,
        CONFIRM_RELAY,
    ),
    "Makes the whole configuration as it was under a former revision. Exchange has no such cmdlet.",
    {"Restore-GatepostConfiguration 1 -Minutes 10 -WhatIf": "Would restore revision 1, for ten minutes."},
    changes=True,
)
CONFIRM = Cmdlet(
    "Confirm-GatepostConfiguration",
    _confirm,
    (),
    "What was activated for a time stays. Exchange has no such cmdlet.",
    {"Confirm-GatepostConfiguration -WhatIf": "Would let it stay."},
    changes=True,
)
UNDO = Cmdlet(
    "Undo-GatepostConfiguration",
    _undo,
    (),
    "What was activated for a time goes back now. Exchange has no such cmdlet.",
    {"Undo-GatepostConfiguration -WhatIf": "Would go back."},
    changes=True,
)
TABLE = {each.name: guarded(each) for each in (RESTORE, CONFIRM, UNDO)}
