"""New-, Get-, Enter-, Exit-, Compare-, Publish- and Remove-GatepostDraft: changes that are collected."""

from __future__ import annotations

from collections.abc import Iterator

from console.crud import schema
from console.drafts import actions, queries
from console.management_shell.cmdlets.guard import CONFIRM_RELAY, NOTHING_CHANGED, Fields, confirmed, guarded
from console.management_shell.cmdlets.results import not_found
from console.management_shell.cmdlets.trial import MINUTES
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.errors import ShellError
from console.management_shell.language.values import Record, read_text
from console.publishing import queries as publishing
from console.publishing.models import Draft

OURS = " Exchange has no such cmdlet."
COLUMNS = ("Name", "Changes", "Author", "BaseRevision", "InUse")
IDENTITY = Parameter(
    "Identity",
    read_text,
    position=0,
    from_property="Name",
    help="The name of the draft. Without it: the one in which you work.",
    values=lambda: [draft.name for draft in queries.drafts()],
)


def _draft(call: Call) -> Draft:
    wanted = call.get("Identity")
    if wanted is None:
        if (used := publishing.draft()) is None:
            raise ShellError("You work in no draft: say which one is meant.", "Identity")
        return used
    if found := queries.named(wanted):
        return found
    raise not_found(wanted, known=(draft.name for draft in queries.drafts()))


def _record(draft: Draft) -> Record:
    values: dict[str, object] = {
        "Name": draft.name,
        "Changes": queries.changes(draft),
        "Author": draft.author,
        "SavedBy": tuple(draft.authors),
        "WhenCreated": draft.begun_at,
        "BaseRevision": draft.base,
        "InUse": draft.schema == schema.current(),
    }
    return Record("GatepostDraft", values, COLUMNS)


def _new(call: Call) -> Iterator[Record]:
    if call.should_process(call.arguments["Name"], "Create"):
        yield _record(queries.drafts().get(pk=actions.begin(call.host.actor, call.arguments["Name"]).pk))


def _get(call: Call) -> Iterator[Record]:
    yield from map(_record, [_draft(call)] if "Identity" in call.arguments else queries.drafts())


def _enter(call: Call) -> Iterator[object]:
    draft = _draft(call)
    actions.renew(draft)
    schema.move(draft.schema)
    yield from ()


def _exit(call: Call) -> Iterator[object]:
    schema.move("")
    yield from ()


def _compare(call: Call) -> Iterator[Record]:
    outcome = queries.outcome(_draft(call))
    conflicts = set(outcome.merged.conflicts)
    for noun, name in conflicts:
        call.warning(f"{noun} {name}: others have published a change of it since the draft was begun.")
    for draft, both in outcome.others:
        call.warning(f"The draft {draft.name} of {draft.author} changes the same: {', '.join(n for _, n in both)}.")
    for each in outcome.differences:
        for line in each.lines or [("", "", "")]:
            values: dict[str, object] = {"Kind": each.kind, "Object": each.name, "Change": each.verb}
            values |= dict(zip(("Property", "InForce", "Draft"), line, strict=True))
            yield Record("DraftDifference", values, ("Object", "Change", "Property", "InForce", "Draft"))


def _publish(call: Call) -> Iterator[object]:
    draft = _draft(call)
    if not call.should_process(draft.name, "Publish"):
        return
    decided = dict.fromkeys(queries.outcome(draft).merged.conflicts, True) if call.get("Force") else {}
    minutes = call.get("Minutes")
    made = confirmed(call, lambda typed: actions.activate(call.host.actor, draft, decided, typed, minutes))
    if made is None:
        call.warning(NOTHING_CHANGED.format(draft.name))
    if draft.schema == schema.current():
        schema.move("")
    yield from ()


def _remove(call: Call) -> Iterator[object]:
    draft = _draft(call)
    if call.should_process(draft.name, "Discard"):
        actions.discard(call.host.actor, draft)
        if draft.schema == schema.current():
            schema.move("")
    yield from ()


FORCE = Parameter(
    "Force", switch=True, help="Where others have published changes of the same meanwhile, the draft's count."
)
NEW = Cmdlet(
    "New-GatepostDraft",
    _new,
    (Parameter("Name", read_text, mandatory=True, position=0, help="What the changes are for."),),
    "Begins a draft of what is published now, in which changes of settings can be collected." + OURS,
    {'New-GatepostDraft "New mail host"': "Begins one."},
    changes=True,
)
GET = Cmdlet(
    "Get-GatepostDraft",
    _get,
    (IDENTITY,),
    "Lists drafts, or shows one." + OURS,
    {"Get-GatepostDraft": "All of them."},
)
ENTER = Cmdlet(
    "Enter-GatepostDraft",
    _enter,
    (IDENTITY,),
    "From here on all cmdlets see and change the settings in this draft." + OURS,
    {'Enter-GatepostDraft "New mail host"; Exit-GatepostDraft': "Works in it, and leaves it."},
)
EXIT = Cmdlet(
    "Exit-GatepostDraft",
    _exit,
    (),
    "From here on all cmdlets work on the real thing again." + OURS,
    {"Exit-GatepostDraft": "Leaves the draft."},
)
COMPARE = Cmdlet(
    "Compare-GatepostDraft",
    _compare,
    (IDENTITY,),
    "Shows what would change if the draft were activated now, and who else changes the same." + OURS,
    {'Compare-GatepostDraft "New mail host"': "Each property that differs from what is in force."},
)
PUBLISH = Cmdlet(
    "Publish-GatepostDraft",
    _publish,
    (IDENTITY, MINUTES, FORCE, CONFIRM_RELAY),
    "Activates all changes of a draft as one revision, for good or for a time." + OURS,
    {'Publish-GatepostDraft "New mail host" -Minutes 10 -WhatIf': "Would activate it, for ten minutes."},
    changes=True,
)
REMOVE = Cmdlet(
    "Remove-GatepostDraft",
    _remove,
    (IDENTITY,),
    "Discards a draft and all that was collected in it." + OURS,
    {'Remove-GatepostDraft "New mail host" -Confirm:$false -WhatIf': "Would discard it."},
    changes=True,
)
TABLE = {
    each.name: guarded(each, Fields(names={"name": "Name"}))
    for each in (NEW, GET, ENTER, EXIT, COMPARE, PUBLISH, REMOVE)
}
