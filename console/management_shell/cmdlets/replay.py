"""Test-Replay: sessions that clients had, answered again under a revision. Exchange has no such cmdlet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.core.exceptions import ValidationError

from console import clock
from console.crud.addresses import address_bounds
from console.management_shell.cmdlets.guard import guarded
from console.management_shell.cmdlets.results import END, START
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.values import Record, read_count, read_text
from console.replay import queries
from console.replay.queries import Asked, Found, Result
from console.what_if import queries as what_if
from transport.trace.session_record import Step

USUAL = timedelta(hours=24)
SHOWN = ("Revision", "Sessions", "Differing", "Clients")
DIFFERENCE = ("EndTime", "ClientIPAddress", "Command", "Reply", "NewReply")


def _test(call: Call) -> Iterator[object]:
    snapshot = what_if.revision(call.get("Revision"))
    yield _record(queries.replayed(snapshot, _asked(call), None), snapshot.revision)


def _asked(call: Call) -> Asked:
    text = call.get("ClientIPAddress", "")
    bounds = address_bounds(text) if text else None
    if text and bounds is None:
        raise ValidationError({"client": f"'{text}' is no IP address, range or network."})
    until = call.get("End", clock.now())
    return Asked(call.get("Start", until - USUAL), until, bounds, call.get("ReceiveConnector", ""))


def _record(result: Result, revision: int) -> Record:
    values: dict[str, object] = {
        "Revision": revision,
        "Sessions": result.sessions,
        "Differing": result.differing,
        "Clients": len(result.clients),
        "ByClient": tuple(f"{client}: {n}" for client, n in result.clients.most_common()),
        "AnsweredElsewhere": result.elsewhere,
        "NotToTheEnd": result.ended.total(),
        "Differences": list(map(_difference, result.found)),
    }
    return Record("TestReplay", values, SHOWN)


def _difference(found: Found) -> Record:
    record, difference = found.record, found.difference
    values: dict[str, object] = {
        "SessionId": record.session_id,
        "EndTime": datetime.fromtimestamp(record.ended, UTC),
        "ClientIPAddress": record.client,
        "ReceiveConnector": record.connector,
        "Revision": record.revision,
        "Command": difference.then.said,
        "Reply": _reply(difference.then),
        "Rule": difference.then.rule or None,
        "NewReply": _reply(difference.now),
        "NewRule": difference.now.rule or None,
    }
    return Record("TestReplayDifference", values, DIFFERENCE, name=record.session_id)


def _reply(step: Step) -> str:
    unknown = "The password would be checked." if step.said else "It would be read, and its header judged."
    return step.reply or (str(step.code) if step.code else unknown)


TABLE = {
    "Test-Replay": guarded(
        Cmdlet(
            "Test-Replay",
            _test,
            (
                Parameter("Revision", read_count, position=0, help="Under which; without it the newest."),
                Parameter("ClientIPAddress", read_text, help="Sessions of an address, a range or a network."),
                Parameter("ReceiveConnector", read_text, help="Sessions that this connector has answered."),
                START,
                END,
            ),
            "Answers sessions of the last 24 hours, or of another time, again under a revision, and says how many "
            "would be answered otherwise. The newest differences are in Differences, at most 1,000. Nothing is sent.",
            {
                "Test-Replay": "Would the newest revision answer the last day as it was answered?",
                "(Test-Replay -ClientIPAddress 192.168.5.0/24).Differences | ft": (
                    "The sessions of a network that would be answered otherwise, each with both replies."
                ),
            },
        )
    )
}
