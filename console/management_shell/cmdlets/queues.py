"""Get-, Retry-, Suspend- and Resume-Queue (Exchange reference, section 8.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from django.conf import settings
from django.urls import reverse

from console.actors import Actor
from console.connectors.models import SendConnector
from console.management_shell.cmdlets.family import identity
from console.management_shell.cmdlets.filtering import read_filter
from console.management_shell.cmdlets.guard import guarded
from console.management_shell.cmdlets.results import not_found, read_time
from console.management_shell.cmdlets.servers import check_server, server
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.errors import ShellError
from console.management_shell.language.values import Record, read_count, read_flag, read_text, read_texts
from console.queues import actions, queries
from console.queues.queue import Queue
from console.queues.remedies import in_words
from transport.send.route import UNREACHABLE, DeliveryType

NEVER_USED = Queue(key=UNREACHABLE.key, delivery_type=UNREACHABLE.delivery_type, domain=UNREACHABLE.domain)
"""There is one on each server, also before the first mail that nothing leads for (Exchange reference, section 8.4)."""
COLUMNS = ("Identity", "DeliveryType", "Status", "MessageCount", "Velocity", "NextHopDomain")


def name_of(queue: Queue) -> str:
    """`SERVER\\key`: what the shell calls a queue."""
    return rf"{settings.GATEPOST_NODE}\{queue.key}"


def tls_domains() -> dict[str, str]:
    """Of the Send connectors, by their names."""
    return dict(SendConnector.objects.values_list("name", "tls_domain"))


def record(queue: Queue, tls_domains: Mapping[str, str]) -> Record:
    """What Get-Queue puts out. Mail has no priority here: all of it is normal."""
    found: dict[str, object] = {
        "Identity": name_of(queue),
        "DeliveryType": queue.delivery_type,
        "NextHopDomain": queue.domain,
        "TlsDomain": tls_domains.get(queue.connector, ""),
        "NextHopConnector": queue.connector,
        "NextHopCategory": "External" if queue.is_external else "Internal",
        "Status": queue.status,
        "MessageCount": queue.messages,
        "RecipientCount": queue.recipients,
        "MessageCountsPerPriority": [0, queue.messages, 0, 0],
        "PriorityDescriptions": ["High", "Normal", "Low", "None"],
        "DeferredMessageCount": queue.deferred,
        "IncomingRate": round(queue.came, 2),
        "OutgoingRate": round(queue.went, 2),
        "Velocity": round(queue.velocity, 2),
        "LastError": in_words(queue.error),
        "SuspendedReason": queue.suspended_for,
        "SuspendedUntil": queue.suspended_until,
        "FirstRetryTime": queue.failing_since,
        "LastRetryTime": queue.last_retry_at,
        "NextRetryTime": queue.next_retry_at,
        "RetryCount": queue.retry_count,
        "OldestMessage": queue.oldest,
    }
    return Record("Queue", found, COLUMNS, queue, name_of(queue))


def find(wanted: object, every: list[Queue]) -> list[Queue]:
    """The queues that an identity means: `SERVER\\key`, a key, or a domain; with `*` several."""
    given = wanted.source if isinstance(wanted, Record) else wanted
    if isinstance(wanted, Record) and not isinstance(given, Queue):
        raise ShellError(f"This takes a queue; '{wanted}' is none.", "Identity")
    key = str(given.key if isinstance(given, Queue) else given).lower()
    server, slash, rest = key.partition("\\")
    key = rest if slash and server in (settings.GATEPOST_NODE.lower(), "*") else key
    pattern = key.replace("[", "[[]")
    found = [each for each in every if key in (each.key.lower(), each.domain.lower())]
    found = found or [each for each in every if fnmatchcase(each.key.lower(), pattern)]
    found = found or [each for each in every if fnmatchcase(each.domain.lower(), pattern)]
    if not found and "*" not in key:
        raise not_found(wanted, known=(name for each in every for name in (each.domain, each.key)))
    return found


def chosen(call: Call, with_empty: bool, besides: Sequence[Queue] = ()) -> list[tuple[Queue, Record]]:
    """The queues that -Identity or -Filter mean, of those that are known, and `besides` those that are not."""
    every = queries.counted(queries.next_hops(with_empty=with_empty))
    known = {each.key for each in every}
    every += [each for each in besides if each.key not in known]
    found = find(call.arguments["Identity"], every) if "Identity" in call.arguments else every
    domains = tls_domains()
    shown = [(each, record(each, domains)) for each in found]
    test = call.get("Filter")
    return [pair for pair in shown if test is None or test(pair[1])]


def _get(call: Call) -> Iterator[Record]:
    check_server(call)
    included, excluded = call.get("Include", ()), call.get("Exclude", ())
    with_empty = "Identity" in call.arguments or "empty" in included
    found = []
    for queue, shown in chosen(call, with_empty, [NEVER_USED] if with_empty else []):
        kinds = {str(shown.get("NextHopCategory")).lower(), queue.delivery_type.lower(), queue.key.lower()}
        kinds |= {"empty"} if not queue.messages else set()
        if (not included or kinds & included) and not kinds & set(excluded):
            found.append(shown)
    yield from found[: call.get("ResultSize", len(found))]


def _act(call: Call) -> Iterator[Record]:
    if "Identity" not in call.arguments and "Filter" not in call.arguments:
        raise ShellError("Say which queues: -Identity, or -Filter.", "Identity")
    verb = call.cmdlet.name.partition("-")[0].lower()
    doing: dict[str, Callable[[Actor, str], object]] = {
        "retry": actions.resubmit if call.get("Resubmit") else actions.retry,
        "suspend": lambda actor, key: actions.suspend(actor, key, call.get("Reason", ""), call.get("Until")),
        "resume": actions.resume,
    }
    follows = verb == "retry" and not call.get("Resubmit")
    tried: list[Queue] = []
    recipients: list[int] = []
    for queue, shown in chosen(call, with_empty=True):
        if queue.is_submission:
            call.warning("Submission goes on by itself: nothing of it can be retried, suspended or resumed.")
        elif call.should_process(shown, call.cmdlet.name):
            if follows and queue.recipients:
                tried.append(queue)
                recipients += queries.to_try([queue.key])
            doing[verb](call.host.actor, queue.key)
    if recipients:
        _follow(call, tried, recipients)
    return iter(())


def _follow(call: Call, tried: list[Queue], recipients: list[int]) -> None:
    """What came of a retry is told where it was called."""
    what = tried[0].domain if len(tried) == 1 else f"{len(tried)} queues"
    followed, token = actions.follow(what, recipients, sum(queue.recipients for queue in tried))
    address = reverse("queues:outcome", args=[token]) if token else ""
    call.host.follow(lambda: queries.outcome_of(followed).told, address)


def _read_kinds(value: object) -> frozenset[str]:
    return frozenset(each.lower() for each in read_texts(value))


IDENTITY = Parameter(
    "Identity", identity, position=0, from_pipeline=True,
    help="SERVER\\queue, or the domain or smart hosts that it leads to; * stands for anything.",
    values=lambda: [each.key for each in queries.next_hops(with_empty=True)],
)  # fmt: skip
FILTER = Parameter("Filter", read_filter, help="Conditions on the properties: \"Status -eq 'Retry'\".")
SERVER = server("Not needed: the queues are those of every server.")
RESUBMIT = Parameter(
    "Resubmit", read_flag, choices=("$true", "$false"),
    help="$true chooses the next hop of its messages anew; suspended ones stay.",
)  # fmt: skip
REASON = Parameter("Reason", read_text, help="Why, for whoever looks at it next.")
UNTIL = Parameter("Until", read_time, help="When it ends by itself, in UTC.")
OWN = {"Retry-Queue": (RESUBMIT,), "Suspend-Queue": (REASON, UNTIL)}
KINDS = ("Internal", "External", "Empty", "Submission", "Poison", *DeliveryType)
ACTS = {
    "Retry-Queue": (
        "Tries a queue now and says what came of it. What is unreachable, or with -Resubmit all, is routed anew.",
        {
            "Retry-Queue -Filter \"Status -eq 'Retry'\"": "Every queue that waits for its next attempt.",
            "Retry-Queue *fabrikam.com -Resubmit $true": "Chooses the next hop of its messages anew.",
        },
    ),
    "Suspend-Queue": (
        "Delivers nothing to a next hop until it is resumed, or until a time.",
        {
            "Suspend-Queue *fabrikam.com -Reason 'They move' -Until 2030-01-01 -Confirm:$false": (
                "Says why, and ends by itself."
            ),
        },
    ),
    "Resume-Queue": (
        "Delivers to a next hop again. Of the Poison queue: tries its messages once more.",
        {"Resume-Queue *fabrikam.com": "One of them."},
    ),
}
CMDLETS = [
    Cmdlet(
        "Get-Queue",
        _get,
        (
            IDENTITY,
            FILTER,
            Parameter("Include", _read_kinds, help="Only these kinds.", choices=KINDS),
            Parameter("Exclude", _read_kinds, help="All but these kinds.", choices=KINDS),
            Parameter("ResultSize", read_count, help="At most so many."),
            SERVER,
        ),
        "Shows what waits for each next hop, the fullest first.",
        {
            "Get-Queue": "All queues in which something waits.",
            'Get-Queue -Filter "MessageCount -gt 100"': "The full ones.",
            "Get-Queue -Exclude Internal | Get-Message": "What waits to leave.",
        },
    ),
    *(
        Cmdlet(
            name,
            _act,
            (IDENTITY, FILTER, *OWN.get(name, ()), SERVER),
            synopsis,
            examples,
            changes=True,
        )
        for name, (synopsis, examples) in ACTS.items()
    ),
]
TABLE = {each.name: guarded(each) for each in CMDLETS}
