"""What senders are told: reports of failure and delay, put into the queue in the transaction that needs them."""

import threading
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID, uuid4

from transport import next_hops
from transport.config.domains import default_domain
from transport.deliver.database import Connection
from transport.deliver.queries import QUERIES, with_facts
from transport.flow import FLOW
from transport.send import dsn, report_text, retry
from transport.send.choice import Mail
from transport.send.dsn import Action, Original, Report, ReportedRecipient
from transport.send.header_form import values
from transport.send.mime_parts import head_and_rest
from transport.send.route import Router
from transport.smtp.header_firewall import OUTWARD, without

A_SECOND, BURST = 50.0, 100
"""Mail of our own for one next hop: so much a second, and so much at once before that counts."""
PACED = 10_000
"""Next hops that are remembered."""
Concerned = Iterable[tuple[UUID, ReportedRecipient]]
ByMessage = dict[UUID, list[ReportedRecipient]]
TOGETHER = 30.0
"""Seconds for which a report waits for recipients that are not tried yet: they may wait for a dead next hop."""
FACTS, ORIGINALS = with_facts("originals", Original.__struct_fields__)


class Pace:
    """When mail of our own leaves: when very much fails together, its reports do not stand before other mail for the
    same next hop, but come one after the other. Thread-safe.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next: OrderedDict[str, float] = OrderedDict()

    def due(self, hop: str, now: float) -> float:
        """In Unix seconds, as `now`."""
        with self._lock:
            self._next[hop] = max(self._next.get(hop, 0.0), now - BURST / A_SECOND) + 1 / A_SECOND
            self._next.move_to_end(hop)
            if len(self._next) > PACED:
                self._next.popitem(last=False)
            return max(now, self._next[hop])


PACE = Pace()


def send(connection: Connection, router: Router, action: Action, concerned: Concerned) -> int:
    """Report to the sender of each message, in one report for all its recipients; returns the number of reports.

    Nobody is told what NOTIFY does not ask for, nor about a report or mail from the null sender (RFC 5321 §6.1).
    Within a transaction, once it is written down what became of the recipients, and before the content of the originals
    is deleted. While some recipient of a message was not tried, a report of failure waits (`send_put_off`).
    """
    config = router.snapshot.transport_config
    if action is Action.DELAYED and not config.external_delay_dsn_enabled:
        return 0
    by_message: ByMessage = defaultdict(list)
    for message, recipient in concerned:
        if dsn.wanted(action, recipient.notify):
            by_message[message].append(recipient)
    if action is Action.FAILED and by_message:
        _put_off(connection, by_message)
    return _send(connection, router, action, by_message) if by_message else 0


def send_put_off(connection: Connection, router: Router, limit: int) -> list[UUID]:
    """Report of so many messages what waited for the rest of their recipients; returns the messages. Within a
    transaction, and before the content of the originals is deleted.
    """
    due = [row[0] for row in connection.execute(QUERIES["due_put_off"], [limit])]
    by_message = _taken(connection, due)
    if by_message:
        _send(connection, router, Action.FAILED, by_message)
    return list(by_message)


def _put_off(connection: Connection, by_message: ByMessage) -> None:
    """Leaves those messages of which everybody was tried, with what waited of them."""
    connection.execute(QUERIES["lock_messages"], [list(by_message)])
    for (message,) in connection.execute(QUERIES["untried"], [list(by_message)]).fetchall():
        waiting = [(message, *_kept(each), TOGETHER) for each in by_message.pop(message)]
        with connection.cursor() as cursor:
            cursor.executemany(QUERIES["put_report_off"], waiting)
    for message, recipients in _taken(connection, list(by_message)).items():
        by_message[message] += recipients


def _taken(connection: Connection, messages: list[UUID]) -> ByMessage:
    found: ByMessage = defaultdict(list)
    for message, *rest in connection.execute(QUERIES["take_put_off"], [messages]) if messages else ():
        found[message].append(ReportedRecipient(*rest))
    return found


def _kept(recipient: ReportedRecipient) -> tuple[str, ...]:
    return tuple(getattr(recipient, name) for name in ReportedRecipient.__struct_fields__ if name != "retry_until")


def _send(connection: Connection, router: Router, action: Action, by_message: ByMessage) -> int:
    originals = connection.execute(ORIGINALS, [list(by_message)]).fetchall()
    for identity, *facts in originals:
        content = _content(connection, identity)
        header = dsn.header_block(content.header)
        original = Original(header=header, **dict(zip(FACTS, facts, strict=True)))
        _report(connection, router, action, identity, original, content, by_message[identity])
    return len(originals)


class Content(NamedTuple):
    """A message as its sender may have it back: its header without what stays in the organization, and what stands
    behind that in its first pieces. `read`: how many pieces those are, `octets`: how long.
    """

    header: bytes
    rest: bytes
    read: int
    octets: int


def _content(connection: Connection, identity: UUID) -> Content:
    read: list[int] = []

    def pieces() -> Iterator[bytes]:
        while (row := connection.execute(QUERIES["piece"], [identity, len(read)]).fetchone()) and not row[1]:
            read.append(len(row[0]))
            yield row[0]

    header, behind = head_and_rest(pieces())
    return Content(without(header, OUTWARD), next(behind), len(read), sum(read))


def _report(
    connection: Connection,
    router: Router,
    action: Action,
    identity: UUID,
    original: Original,
    content: Content,
    recipients: list[ReportedRecipient],
) -> None:
    now = datetime.now(UTC)
    own = uuid4()
    config = router.snapshot.transport_config
    largest = config.external_dsn_max_message_attach_size
    words = _own_words(router, original)
    report = dsn.report(
        action, original, recipients, router.server, postmaster(router), now.timestamp(), own.hex, largest, words
    )
    attached = original.size - content.octets + len(content.header) + len(content.rest) if report.whole else 0
    size = len(report.head) + attached + len(report.tail)

    def content_and_track() -> None:
        _insert_content(connection, own, identity, report, content)
        _track(connection, own, identity, report, original, recipients)

    put(connection, router, own, identity, report, size, original.sender, now, content_and_track)


def put(
    connection: Connection,
    router: Router,
    own: UUID,
    about: UUID | None,
    report: Report,
    size: int,
    recipient: str,
    now: datetime,
    write_content: Callable[[], object],
) -> None:
    """A message of our own, from the null sender, into the queue; `write_content` writes its pieces. Within a
    transaction.
    """
    mail = router.address_spaces.essence(Mail(size=size))
    hop = next_hops.of(connection, {mail: [recipient]}, router)[mail][recipient]
    next_hops.add(connection, [hop])
    _insert_message(connection, router, own, about, report, size, now)
    write_content()
    limits = router.snapshot.transport_limits
    first = retry.first_notice(limits, now.timestamp(), hop.delayed_after, hop.expires_after)
    notice = datetime.fromtimestamp(first, UTC)
    due = datetime.fromtimestamp(PACE.due(hop.key, now.timestamp()), UTC)
    connection.execute(QUERIES["insert_recipient"], [own, recipient, hop.key, due, notice])
    next_hops.wake(connection, [hop.key])
    FLOW.came([hop.key])


def postmaster(router: Router) -> str:
    """From whom our own messages are."""
    said = router.snapshot.transport_config.external_postmaster_address
    return said or f"postmaster@{default_domain(router.snapshot, router.server)}"


def _own_words(router: Router, original: Original) -> Mapping[str, str]:
    messages = router.snapshot.system_messages
    if not messages:
        return {}
    asked = b", ".join(values(original.header, b"accept-language")).decode("ascii", "replace")
    return report_text.chosen(messages, original.authenticated, report_text.languages(asked))


def _track(
    connection: Connection,
    own: UUID,
    identity: UUID,
    report: Report,
    original: Original,
    recipients: list[ReportedRecipient],
) -> None:
    what = {
        "report": own, "report_name": report.message_id, "sender": original.sender,
        "original": identity, "original_name": original.message_id,
        "recipients": [each.address for each in recipients], "statuses": [each.error for each in recipients],
    }  # fmt: skip
    connection.execute(QUERIES["report_made"], what)


def _insert_content(connection: Connection, own: UUID, original: UUID, report: Report, content: Content) -> None:
    """The report with the original in it, in pieces that are numbered without a gap."""
    copied = 0
    if report.whole:
        connection.execute(QUERIES["insert_content"], [own, 0, report.head + content.header])
        connection.execute(QUERIES["insert_content"], [own, 1, content.rest])
        what = {"own": own, "original": original, "read": content.read}
        copied = 1 + connection.execute(QUERIES["copy_of_original"], what).rowcount
    else:
        connection.execute(QUERIES["insert_content"], [own, 0, report.head])
    connection.execute(QUERIES["insert_content"], [own, copied + 1, report.tail])


def _insert_message(
    connection: Connection, router: Router, own: UUID, about: UUID | None, report: Report, size: int, now: datetime
) -> None:
    snapshot = router.snapshot
    expires = datetime.fromtimestamp(retry.expiry(snapshot.transport_limits, now.timestamp()), UTC)
    what = [report.subject, report.message_id, size, report.body_type, report.smtp_utf8]
    connection.execute(QUERIES["insert_report"], [own, now, snapshot.revision, *what, expires, about])
