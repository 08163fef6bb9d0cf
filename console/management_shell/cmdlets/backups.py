"""Scheduled backups, which Exchange has not: when and where they are made, those that are there, and their check."""

from __future__ import annotations

from collections.abc import Iterator

from console.actors import Role
from console.backups import actions, published, queries
from console.backups.models import Run
from console.management_shell.cmdlets.guard import Fields, guarded
from console.management_shell.cmdlets.results import not_found
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.errors import ShellError
from console.management_shell.language.values import Record, argument, read_count, read_text, revealed

FIELDS = Fields(
    names={
        "at": "At", "place": "Place", "node": "Node", "kept": "Kept", "kept_days": "KeptDays",
        "access_key": "AccessKey", "secret": "SecretKey",
    }
)  # fmt: skip
COLUMNS = ("Name", "Begun", "Outcome", "Size", "CanBeRestored")


def _record(run: Run) -> Record:
    found: dict[str, object] = {
        "Name": run.name, "Begun": run.begun_at, "Ended": run.ended_at, "Node": run.node, "Place": run.place,
        "Outcome": run.outcome[0], "Reason": run.words, "Size": run.octets, "CanBeRestored": run.is_whole,
        "Checked": run.checked_at, "CheckReason": run.check_words,
    }  # fmt: skip
    return Record("GatepostBackup", found, COLUMNS, run, run.name)


def _get(call: Call) -> Iterator[Record]:
    call.host.actor.require(Role.ORGANIZATION_MANAGEMENT, Role.VIEW_ONLY)
    rows = [_find(call.arguments["Identity"])] if "Identity" in call.arguments else queries.runs()
    return (_record(row) for row in rows)


def _find(wanted: object) -> Run:
    source = getattr(wanted, "source", None)
    if isinstance(source, Run):
        return source
    row = Run.objects.filter(name__iexact=argument(wanted).strip()).first()
    if row is None:
        raise not_found(wanted, known=[each.name for each in queries.runs()])
    return row


def _start(call: Call) -> Iterator[Record]:
    place = queries.schedule().place
    if not place:
        raise ShellError("Nobody has said where to: Set-GatepostBackupSchedule -Place says it.")
    if call.should_process(place, "Start-GatepostBackup"):
        actions.want_run(call.host.actor)
    return iter(())


def _test(call: Call) -> Iterator[Record]:
    row = _find(call.arguments["Identity"])
    if not row.is_there:
        raise ShellError(f"{row.name} is not there any more.", "Identity")
    if call.should_process(row.name, "Test-GatepostBackup"):
        actions.want_check(call.host.actor, row)
    return iter(())


def _get_schedule(call: Call) -> Iterator[Record]:
    call.host.actor.require(Role.ORGANIZATION_MANAGEMENT, Role.VIEW_ONLY)
    row = queries.schedule()
    found: dict[str, object] = {
        "At": f"{row.at:%H:%M}" if row.at else "", "Place": row.place, "Node": row.node, "Kept": row.kept,
        "KeptDays": row.kept_days, "AccessKey": row.access_key,
    }  # fmt: skip
    yield Record("GatepostBackupSchedule", found, ("At", "Place", "Kept", "KeptDays"), row)


def _set_schedule(call: Call) -> Iterator[Record]:
    """What is not given stays; what may be given says the form of the page."""
    given = {field: call.arguments[name] for field, name in (FIELDS.names or {}).items() if name in call.arguments}
    wanted = published.changed_schedule(given)
    if call.should_process(wanted.place, "Set-GatepostBackupSchedule"):
        actions.save_schedule(call.host.actor, wanted)
    return iter(())


WHICH = Parameter("Identity", position=0, mandatory=True, from_pipeline=True, help="The backup’s name.")
CMDLETS = (
    Cmdlet(
        "Get-GatepostBackup",
        _get,
        (Parameter("Identity", position=0, from_pipeline=True, help="The backup’s name."),),
        "Shows the backups that were made by schedule, the newest first, and what their check said.",
        {"Get-GatepostBackup | fl Name,Outcome,Reason,CanBeRestored,CheckReason": "How the last ones went."},
    ),
    Cmdlet(
        "Start-GatepostBackup",
        _start,
        (),
        "Has a backup made now, where the schedule says.",
        {
            "Set-GatepostBackupSchedule -Place https://s3.example.com/bucket/mail -AccessKey AKIAEXAMPLE "
            "-SecretKey secret; Start-GatepostBackup": "One now, and none by itself.",
        },
        changes=True,
    ),
    Cmdlet(
        "Test-GatepostBackup",
        _test,
        (WHICH,),
        "Has a backup restored into a database that is thrown away; Get-GatepostBackup shows what came of it.",
        {"Get-GatepostBackup | Select-Object -First 1 | Test-GatepostBackup": "The newest one."},
        changes=True,
    ),
    Cmdlet(
        "Get-GatepostBackupSchedule",
        _get_schedule,
        (),
        "Shows when and where to backups are made, and how many stay.",
        {"Get-GatepostBackupSchedule": "All of it, without the secret key."},
    ),
    Cmdlet(
        "Set-GatepostBackupSchedule",
        _set_schedule,
        (
            Parameter("At", read_text, help="Daily at this time (UTC), such as 02:30; '' for none by itself."),
            Parameter("Place", read_text, help="A directory of the machine, or the https:// address of a bucket."),
            Parameter("Node", read_text, help="The machine that makes them; '' for any that has a worker."),
            Parameter("Kept", read_count, help="How many stay."),
            Parameter("KeptDays", read_count, help="For how many days at most."),
            Parameter("AccessKey", read_text, help="The access key ID of the bucket."),
            Parameter("SecretKey", revealed, help="Its secret key."),
        ),
        "Says when and where to backups are made, and how many stay.",
        {
            "Set-GatepostBackupSchedule -At 02:30 -Place https://s3.example.com/bucket/mail -AccessKey AKIAEXAMPLE "
            "-SecretKey secret -Kept 7 -KeptDays 30": "Each night into a bucket.",
        },
        changes=True,
    ),
)
TABLE = {each.name: guarded(each, FIELDS) for each in CMDLETS}
