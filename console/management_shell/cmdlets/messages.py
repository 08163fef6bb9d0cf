"""Get-, Suspend-, Resume-, Remove- and Export-Message (Exchange reference, section 8.4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import chain, groupby
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from console.connectors.models import SendConnector
from console.management_shell.cmdlets import queues
from console.management_shell.cmdlets.family import identity
from console.management_shell.cmdlets.filtering import read_filter
from console.management_shell.cmdlets.guard import guarded
from console.management_shell.cmdlets.results import RESULT_SIZE, limited
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.errors import ShellError
from console.management_shell.language.values import Record, Size, read_flag, read_text
from console.queues import actions, queries
from console.queues.models import Message, NextHop, QueuedRecipient
from console.queues.remedies import in_words
from console.queues.standing import Standing
from transport.config import bounds

COLUMNS = ("Identity", "FromAddress", "Status", "Size", "Subject")
MOST_SHOWN = bounds.MESSAGE_SHOWN.octets or 0
STATUSES = ("Active", "Suspended", "Kept", "Retry", "Ready")
"""Of the recipients' words the first that one of them has is the message's."""


@dataclass(frozen=True)
class Queued:
    """A message in one queue: those of its recipients that wait there."""

    message: Message
    key: str
    recipients: tuple[Standing, ...]

    @property
    def identity(self) -> str:
        return rf"{settings.GATEPOST_NODE}\{self.key}\{self.message.pk}"

    @property
    def queue_is_suspended(self) -> bool:
        return any(each.queue is not None and each.queue.suspended for each in self.recipients)

    @property
    def status(self) -> str:
        words = {each.status for each in self.recipients}
        return next((word for word in STATUSES if word in words), "Ready")


def queued(recipients: QuerySet[QueuedRecipient]) -> Iterator[Queued]:
    """Waiting recipients, by message and queue, oldest message first."""
    rows = recipients.order_by("message__accepted_at", "message_id", "next_hop", "id").iterator(chunk_size=1000)
    hops = queries.hops(NextHop.objects.values_list("key", flat=True))
    for (_, key), group in groupby(rows, lambda row: (row.message_id, row.next_hop)):
        every = tuple(Standing(each, hops.get(key)) for each in group)
        yield Queued(every[0].message, key, every)


def record(found: Queued, with_recipients: bool = False) -> Record:
    """What Get-Message puts out; `with_recipients`: with the state of each."""
    addresses = [each.recipient.address for each in found.recipients]
    message, first = found.message, found.recipients[0]
    properties = {
        "Identity": found.identity,
        "Subject": message.shown_subject,
        "InternetMessageId": message.message_id,
        "FromAddress": message.sender or "<>",
        "Status": found.status,
        "Size": Size(message.size),
        "MessageSourceName": f"SMTP:{message.connector}" if message.connector else "DSN",
        "SourceIP": message.client_address,
        "DateReceived": message.accepted_at,
        "ExpirationTime": first.expires_at,
        "NextRetryTime": first.next_attempt,
        "RetryCount": max(each.recipient.attempts for each in found.recipients),
        "LastError": next((in_words(each.error) for each in found.recipients if each.error), ""),
        "Protection": next((each.recipient.protection for each in found.recipients if each.recipient.protection), ""),
        "Queue": rf"{settings.GATEPOST_NODE}\{found.key}",
        "SuspendedReason": first.held_by[0],
        "SuspendedUntil": first.held_by[1],
        "Recipients": [_recipient(each) for each in found.recipients] if with_recipients else addresses,
    }
    return Record("Message", properties, COLUMNS, found, found.identity)


def _recipient(each: Standing) -> Record:
    address = each.recipient.address
    found: dict[str, object] = {"Address": address, "Status": each.status, "LastError": in_words(each.error)}
    return Record("RecipientInfo", found, ("Address", "Status", "LastError"), each, address)


def chosen(call: Call) -> Iterator[tuple[Queued, Record]]:
    """The messages that -Identity, -Queue or -Filter mean, oldest first."""
    test = call.get("Filter")
    for found in queued(_recipients(call)):
        shown = record(found, call.get("IncludeRecipientInfo", False))
        if (test is None or test(shown)) and _is_meant(call, found):
            yield found, shown
        call.host.tick()


def _recipients(call: Call) -> QuerySet[QueuedRecipient]:
    every: QuerySet[QueuedRecipient] = queries.waiting_recipients()
    wanted = call.get("Identity")
    if isinstance(wanted, Record) and isinstance(wanted.source, Queued):
        return every.filter(pk__in=[each.pk for each in wanted.source.recipients])
    if isinstance(wanted, Record) or "Queue" in call.arguments:
        hops = queues.find(
            wanted if isinstance(wanted, Record) else call.arguments["Queue"], queries.next_hops(with_empty=True)
        )
        return every.filter(next_hop__in=[hop.key for hop in hops])
    return _of_one(every, str(wanted or ""))


def _of_one(every: QuerySet[QueuedRecipient], wanted: str) -> QuerySet[QueuedRecipient]:
    """Fewer rows to look at when an identity names a message."""
    try:
        return every.filter(message_id=UUID(wanted.rpartition("\\")[2]))
    except ValueError:
        return every


def _is_meant(call: Call, found: Queued) -> bool:
    wanted = call.get("Identity")
    if wanted is None or isinstance(wanted, Record):
        return True
    pattern = str(wanted).lower().replace("[", "[[]")
    return any(fnmatchcase(name.lower(), pattern) for name in (found.identity, str(found.message.pk)))


def _get(call: Call) -> Iterator[Record]:
    found = chosen(call) if _may_be_none(call) else iter(_picked(call))
    return limited(call, (shown for _, shown in found))


def _may_be_none(call: Call) -> bool:
    """Whether it is no error that no message is meant: none is named, or `*` stands for any."""
    return not isinstance(call.get("Identity"), str) or "*" in call.arguments["Identity"]


def _picked(call: Call) -> list[tuple[Queued, Record]]:
    if not {"Identity", "Filter", "Queue"} & call.arguments.keys():
        raise ShellError("Say which messages: -Identity, -Filter or -Queue.", "Identity")
    found = list(chosen(call))
    if not found and not _may_be_none(call):
        raise ShellError(f"No message waits that is called '{call.arguments['Identity']}'.", "Identity")
    return found


def _hold(call: Call) -> Iterator[Record]:
    for found, shown in _picked(call):
        if not call.should_process(shown, call.cmdlet.name):
            continue
        keys = [each.pk for each in found.recipients]
        if call.cmdlet.name == "Suspend-Message":
            actions.suspend_recipients(call.host.actor, keys, call.get("Reason", ""), call.get("Until"))
        else:
            actions.resume_recipients(call.host.actor, keys)
            if found.queue_is_suspended:
                call.warning(f"{shown}: its queue is suspended, see Resume-Queue.")
    return iter(())


def _redirect(call: Call) -> Iterator[Record]:
    if {"Server", "Target"} & call.arguments.keys():
        raise ShellError(
            "Exchange drains a server with -Server and -Target. Here all servers take from the same queues: stop one, "
            "and the others go on. To send messages elsewhere: -Recipient or -Connector.",
            "Target",
        )
    address, connector = call.get("Recipient", ""), call.get("Connector", "")
    if bool(address) == bool(connector):
        raise ShellError("Say where: -Recipient with an address, or -Connector with a Send connector.", "Recipient")
    for found, shown in _picked(call):
        if call.should_process(shown, f"Redirect-Message to {address or connector}"):
            keys = [each.pk for each in found.recipients]
            if actions.redirect_recipients(call.host.actor, keys, address=address, connector=connector) < len(keys):
                call.warning(f"{shown}: what is suspended, or is being delivered now, stays.")
    return iter(())


def _assemble(call: Call) -> Iterator[object]:
    content = str(call.arguments["InputObject"]).replace("\r\n", "\n").rstrip("\n") + "\n"
    call.host.write_file(call.arguments["Path"], content.replace("\n", "\r\n").encode("utf-8", "surrogateescape"))
    return iter(())


def _remove(call: Call) -> Iterator[Record]:
    with_ndr = call.get("WithNDR", True)
    for found, shown in _picked(call):
        if call.should_process(shown, f"Remove-Message {'with' if with_ndr else 'without'} NDR"):
            keys = [each.pk for each in found.recipients]
            if actions.remove_recipients(call.host.actor, keys, with_ndr=with_ndr) < len(keys):
                call.warning(f"{shown}: what is being delivered now stays.")
    return iter(())


def _export(call: Call) -> Iterator[object]:
    for found, _ in _picked(call)[:1]:
        pieces = actions.export(call.host.actor, found.message.pk)
        first = next(pieces, b"")
        if not first:
            raise ShellError("The content of this message is gone: nobody waits for it any more.", "Identity")
        if "FileName" in call.arguments:
            _write(call, call.arguments["FileName"], chain([first], pieces))
        elif found.message.size > MOST_SHOWN:
            raise ShellError("This message is too large to be put out here: write it with -FileName.", "FileName")
        else:
            yield b"".join([first, *pieces]).decode("utf-8", "replace").replace("\r\n", "\n").rstrip("\n")


def _write(call: Call, path: str, pieces: Iterator[bytes]) -> None:
    """Piece by piece: however large a message is, only one of them is in memory."""
    for number, piece in enumerate(pieces):
        call.host.write_file(path, piece, append=number > 0)
        call.host.tick()


IDENTITY = Parameter(
    "Identity", identity, position=0, from_pipeline=True,
    help="SERVER\\queue\\message, or a message or a queue from the pipe; * stands for anything.",
)  # fmt: skip
QUEUE = Parameter("Queue", read_text, help="The messages of this queue.", values=queues.IDENTITY.values)
FILTER = Parameter("Filter", read_filter, help="Conditions on the properties: \"FromAddress -like '*@contoso.com'\".")
CMDLETS = [
    Cmdlet(
        "Get-Message",
        _get,
        (
            IDENTITY,
            QUEUE,
            FILTER,
            RESULT_SIZE,
            Parameter("IncludeRecipientInfo", switch=True, help="Recipients with the status and last error of each."),
        ),
        "Shows the messages that wait, the oldest first.",
        {
            "Get-Message -Filter \"FromAddress -like '*@contoso.com'\"": "What senders of one domain wait for.",
            "Get-Message | Sort-Object Size | Select-Object Subject,Size -Last 3": "The largest three.",
        },
    ),
    Cmdlet(
        "Suspend-Message",
        _hold,
        (IDENTITY, QUEUE, FILTER, queues.REASON, queues.UNTIL),
        "Holds messages back, until they are resumed or until a time.",
        {"Suspend-Message -Filter \"FromAddress -eq 'anna@contoso.com'\" -Confirm:$false": "Those of one sender."},
        changes=True,
    ),
    Cmdlet(
        "Resume-Message",
        _hold,
        (IDENTITY, QUEUE, FILTER),
        "Delivers messages again that were held back.",
        {"Get-Message -Filter \"Status -eq 'Suspended'\" | Resume-Message": "All of them."},
        changes=True,
    ),
    Cmdlet(
        "Remove-Message",
        _remove,
        (
            IDENTITY,
            QUEUE,
            FILTER,
            Parameter("WithNDR", read_flag, help="$false tells the senders nothing.", choices=("$true", "$false")),
        ),
        "Takes messages out of the queue, and tells their senders unless -WithNDR $false.",
        {
            "Remove-Message -Filter \"FromAddress -eq 'spam@fabrikam.com'\" -WithNDR $false -Confirm:$false": (
                "Silently, and without asking."
            ),
        },
        changes=True,
    ),
    Cmdlet(
        "Redirect-Message",
        _redirect,
        (
            IDENTITY,
            QUEUE,
            FILTER,
            Parameter("Recipient", read_text, help="The address that gets the messages instead."),
            Parameter(
                "Connector",
                read_text,
                help="The Send connector that they leave by.",
                values=lambda: SendConnector.objects.values_list("name", flat=True),
            ),
            Parameter("Server", read_text, help="Not here: see the error that it gives."),
            Parameter("Target", read_text, help="Not here: see the error that it gives."),
        ),
        "Sends messages that wait to another address, or through another Send connector; Exchange's drains a server.",
        {
            "Redirect-Message -Filter \"FromAddress -eq 'anna@contoso.com'\" -Recipient postmaster@contoso.com": (
                "What one sender waits for, to the postmaster instead."
            ),
        },
        changes=True,
    ),
    Cmdlet(
        "Export-Message",
        _export,
        (IDENTITY, Parameter("FileName", read_text, help="The .eml file to write. Without it the message is put out.")),
        "Writes a waiting message as a file. The change history notes it.",
        {
            "Get-Message | Select-Object -First 1 | Export-Message -FileName message.eml": (
                "The oldest message, as it is delivered."
            ),
        },
    ),
    Cmdlet(
        "AssembleMessage",
        _assemble,
        (
            Parameter("InputObject", mandatory=True, from_pipeline=True, help="What Export-Message puts out."),
            Parameter("Path", read_text, mandatory=True, position=0, help="The .eml file to write."),
        ),
        "Writes what Export-Message puts out as a file, as Exchange's scripts do.",
        {
            "Get-Message | Select-Object -First 1 | Export-Message | AssembleMessage -Path message.eml": (
                "The oldest message."
            ),
        },
    ),
]
TABLE = {each.name: guarded(each) for each in CMDLETS}
