"""Get-QueueDigest: the queues together, by what they have in common (Exchange reference, section 8.4)."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings

from console.management_shell.cmdlets.filtering import read_filter
from console.management_shell.cmdlets.guard import guarded
from console.management_shell.cmdlets.queues import record, tls_domains
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.values import Record, one_of, read_count, read_text
from console.queues import queries

COLUMNS = ("GroupByValue", "MessageCount", "DeferredMessageCount", "Velocity", "Details")
LEAST = 10
"""Messages in a queue that counts; Exchange shows no smaller ones either."""
GROUPS = ("NextHopDomain", "NextHopCategory", "DeliveryType", "Status", "LastError", "ServerName", "TlsDomain")
LEVELS = ("None", "Normal", "Verbose")


def _get(call: Call) -> Iterator[Record]:
    group_by, level = call.get("GroupBy", "NextHopDomain"), call.get("DetailsLevel", "Normal")
    groups: dict[str, list[Record]] = {}
    domains, test = tls_domains(), call.get("Filter")
    for queue in queries.counted(queries.next_hops()):
        shown = record(queue, domains)
        if queue.messages >= LEAST and (test is None or test(shown)):
            value = settings.GATEPOST_NODE if group_by == "ServerName" else str(shown.get(group_by) or "")
            groups.setdefault(value, []).append(shown)
    found = sorted((_digest(value, group, level) for value, group in groups.items()), key=_fullest_first)
    yield from found[: call.get("ResultSize", len(found))]


def _digest(value: str, group: list[Record], level: str) -> Record:
    found = {
        "GroupByValue": value,
        "MessageCount": _sum(group, "MessageCount"),
        "DeferredMessageCount": _sum(group, "DeferredMessageCount"),
        "IncomingRate": round(_sum(group, "IncomingRate"), 2),
        "OutgoingRate": round(_sum(group, "OutgoingRate"), 2),
        "Velocity": round(_sum(group, "Velocity"), 2),
        "Details": [] if level == "None" else [str(each) for each in group] if level == "Normal" else group,
    }
    return Record("QueueDigest", found, COLUMNS, None, value)


def _sum(group: list[Record], name: str) -> float:
    return sum(each.properties[name] for each in group)  # type: ignore[misc]  # these are numbers


def _fullest_first(digest: Record) -> tuple[float, str]:
    return -float(str(digest.get("MessageCount"))), str(digest)


HERE = "Not needed: the queues are those of every server."
CMDLET = Cmdlet(
    "Get-QueueDigest",
    _get,
    (
        Parameter("Server", read_text, help=HERE),
        Parameter("Dag", read_text, help=HERE),
        Parameter("Site", read_text, help=HERE),
        Parameter("Forest", switch=True, help=HERE),
        Parameter("Filter", read_filter, help="Conditions on the properties of Get-Queue."),
        Parameter("GroupBy", one_of(*GROUPS), help="What the queues have in common.", choices=GROUPS),
        Parameter("DetailsLevel", one_of(*LEVELS), help="Whether the queues are named.", choices=LEVELS),
        Parameter("ResultSize", read_count, help="At most so many."),
    ),
    "Shows the queues with at least ten messages together, by next hop or what else they have in common.",
    {
        "Get-QueueDigest -Forest": "By next hop, the fullest first.",
        "Get-QueueDigest -Forest -GroupBy Status": "How many messages wait, and in which state.",
    },
)
TABLE = {CMDLET.name: guarded(CMDLET)}
