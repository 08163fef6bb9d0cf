"""DATA, BDAT and what follows them: RFC 5321 §4.1.1.4, RFC 3030 §2."""

from __future__ import annotations

from functools import cache

import msgspec

from transport.config.permissions import Right
from transport.receive import connection_filter, sender_filter
from transport.receive.outcome import Accept, Outcome, ReadChunk, ReadMailData, waiting
from transport.receive.refusals import close, refuse
from transport.receive.sender_filter import Blocked
from transport.receive.session import EnvelopeRecipient, Session, Stage, reset
from transport.smtp import replies
from transport.smtp.envelope import Envelope, Vouched
from transport.smtp.header_firewall import HeaderKind
from transport.smtp.mail_data import HeaderFacts, header_facts, without_unusable
from transport.smtp.path import NULL_PATH
from transport.smtp.trace import date
from transport.smtp.trace import received as received_header

RIGHT_FOR = {
    HeaderKind.ROUTING: Right.ACCEPT_HEADERS_ROUTING,
    HeaderKind.ORGANIZATION: Right.ACCEPT_HEADERS_ORGANIZATION,
    HeaderKind.FOREST: Right.ACCEPT_HEADERS_FOREST,
}
INTERNAL = Right.ACCEPT_AUTHENTICATION_FLAG
"""Whose mail is as from inside. A name of its own: Python 3.11 is slow to find the member of an enumeration."""
RESOLVE = "X-MS-Exchange-Organization-Resolve-Sender"
"""Above AuthAs, where that alone would say otherwise: whether the sender is shown with the directory's name."""
SENDER_RESOLVED = "the directory's name is shown for the sender"


class MailData(msgspec.Struct, frozen=True):
    """What arrived, dots un-stuffed: its size in octets, the header that is stored (as `transport.smtp.header` reads
    it, less what the firewall takes out), whether that ended within the limit, whether the message went over its own
    limit, and whether it has bare line feeds.
    """

    size: int
    head: bytes
    header_complete: bool = True
    over_limit: bool = False
    bare_line_feeds: bool = False


def data(session: Session, argument: str, now: float) -> Outcome:
    """354, then the message."""
    if argument.strip():
        return refuse(session, "invalid_arguments")
    if session.mail.body == "BINARYMIME":
        return refuse(session, "binary_needs_chunks")
    if session.chunks is not None:
        return refuse(session, "out_of_order", answer=replies.CHUNKS_HAVE_BEGUN)
    if session.has_open_questions:
        return waiting(session)
    return Outcome(session, replies.START_MAIL_INPUT, (ReadMailData(*_looked_at(session)),))


def _looked_at(session: Session) -> tuple[int | None, int, frozenset[HeaderKind], bool]:
    """The fields of `ReadMessage`."""
    connector, kinds = session.connector, firewall(session.rights)
    return session.size_limit, connector.max_header_size, kinds, connector.bare_linefeed_rejection_enabled


def bdat(session: Session, argument: str, now: float) -> Outcome:
    """Reads a chunk; one that comes at the wrong time or belongs to no transaction is read and refused."""
    size_text, _, rest = argument.strip().partition(" ")
    last = rest.strip().upper()
    if not session.connector.chunking_enabled:
        return refuse(session, "chunking_not_offered")
    if not (size_text.isascii() and size_text.isdigit() and len(size_text) <= 10) or last not in ("", "LAST"):
        return close(session, "invalid_arguments")
    if session.has_open_questions:
        return waiting(session)
    wanted = session.stage == Stage.RCPT
    size, limit = (session.chunks or 0) + int(size_text), session.size_limit
    keep = wanted and (limit is None or size <= limit)
    action = ReadChunk(*_looked_at(session), size=int(size_text), last=last == "LAST", keep=keep)
    if keep:
        session = msgspec.structs.replace(session, chunks=size)
    elif wanted:
        session = msgspec.structs.replace(reset(session), too_large=session.size_rule)
    return Outcome(session, None, (action,))


def chunk_read(session: Session, chunk: ReadChunk) -> Outcome:
    """The answer to a chunk that is not the last of a message, or to one that nobody wanted.

    A message is refused with the chunk that makes it too large; the chunks that the client has sent ahead are its rest.
    """
    if chunk.keep:
        return Outcome(session, replies.chunk_taken(chunk.size))
    if session.too_large:
        over = reset(session) if chunk.last else session
        return refuse(over, session.too_large)
    needs = replies.NEED_RCPT_COMMAND if session.stage == Stage.MAIL else replies.NEED_MAIL_COMMAND
    return refuse(
        session, "out_of_order", answer=replies.SEND_HELLO_FIRST if session.stage == Stage.CONNECTED else needs
    )


@cache
def firewall(rights: frozenset[Right]) -> frozenset[HeaderKind]:
    """The kinds of header fields that nobody with these rights may hand in (Exchange reference, section 9.3)."""
    return frozenset(kind for kind, right in RIGHT_FOR.items() if right not in rights)


def resolves(session: Session) -> bool:
    """Whether mail of this session is shown with the directory's name for its sender (document 003)."""
    known = session.user is not None or INTERNAL in session.rights
    return known and session.connector.resolve_senders


def vouched(session: Session) -> str:
    """In whose name this session may write. Strangers may give any address, and that proves nothing."""
    known = session.user is not None or INTERNAL in session.rights or Right.ACCEPT_ANY_RECIPIENT in session.rights
    if not known:
        return Vouched.NOBODY.value
    every = Right.ACCEPT_AUTHORITATIVE_DOMAIN_SENDER in session.rights
    return Vouched.DOMAINS.value if every else Vouched.SENDER.value


def received(session: Session, mail: MailData, identity: str, now: float) -> Outcome:
    """Whether the message is taken. `identity` is its id as 32 hex digits. The transaction is over either way."""
    done = reset(session)
    if mail.over_limit:
        return refuse(done, session.size_rule)
    if not mail.header_complete:
        return close(done, "header_size")
    if mail.bare_line_feeds and session.connector.bare_linefeed_rejection_enabled:
        return refuse(done, "bare_line_feeds")
    facts = header_facts(mail.head, session.policy.our_names)
    local_limit = session.connector.max_local_hop_count
    if facts.hops >= session.connector.max_hop_count or (local_limit and facts.local_hops >= local_limit):
        return _known(refuse(done, "hop_count"), facts)
    blocked = _blocked(session, mail.head, now) if sender_filter.is_on(session) else None
    if blocked is not None and sender_filter.rejects(session):
        return _known(close(done, blocked.rule, blocked.entry), facts)
    message_id = facts.message_id or f"<{identity}@{session.server}>"
    header = without_unusable(mail.head) if facts.unusable else mail.head
    accept = _accept(session, facts, header, message_id, identity, now, blocked.rule if blocked is not None else "")
    answer = replies.queued(message_id, internal_id(identity), session.policy.server)
    return Outcome(done, answer, (accept,), "queued", SENDER_RESOLVED if resolves(session) else "", facts)


def _known(outcome: Outcome, facts: HeaderFacts) -> Outcome:
    return msgspec.structs.replace(outcome, facts=facts)


def _blocked(session: Session, head: bytes, now: float) -> Blocked | None:
    """What the sender filter has against the message, unless the client is on an allow list."""
    found = sender_filter.blocked_from(session, head) or sender_filter.blocked(session, session.sender or NULL_PATH)
    return None if found is not None and connection_filter.verdict(session, now).allowed else found


def _accept(
    session: Session, facts: HeaderFacts, header: bytes, message_id: str, identity: str, now: float, blocked: str
) -> Accept:
    recipients: dict[str, EnvelopeRecipient] = {}
    wishes = False
    for recipient in session.recipients or ():
        recipients.setdefault(recipient.address, recipient)
        wishes = wishes or bool(recipient.notify or recipient.orcpt)
    unique = recipients.values()
    envelope = Envelope(
        id=bytes.fromhex(identity),
        accepted_at=now,
        transport="",
        connector=session.connector.name,
        revision=session.policy.snapshot.revision,
        session_id="",
        client_address=session.remote_ip,
        helo=session.helo,
        tls=bool(session.tls),
        principal=session.principal,
        authenticated=INTERNAL in session.rights,
        sender=str(session.sender or ""),
        recipients=tuple(recipients),
        subject=facts.subject,
        message_id=message_id,
        size=0,
        body_type=session.mail.body,
        smtp_utf8=session.mail.smtp_utf8,
        ret=session.mail.ret,
        envid=session.mail.envid,
        notify=tuple(recipient.notify for recipient in unique) if wishes else (),
        orcpt=tuple(recipient.orcpt for recipient in unique) if wishes else (),
        vouched=vouched(session),
        require_tls=session.mail.require_tls,
    )
    return Accept(_trace(session, facts, message_id, identity, now, blocked), header, envelope)


def _trace(session: Session, facts: HeaderFacts, message_id: str, identity: str, now: float, blocked: str) -> bytes:
    """What goes in front of the message: Received, the stamps, and the fields that it lacks."""
    protocol = "UTF8SMTP" if session.mail.smtp_utf8 else "ESMTP" if session.extended else "SMTP"
    protocol += "S" if session.tls and session.extended else ""
    trace = received_header(
        helo=session.helo,
        client=session.remote_ip,
        described=connection_filter.client_in_words(session),
        server=session.server,
        local=session.local_ip,
        protocol=protocol + "A" if session.user is not None and session.extended else protocol,
        identity=identity,
        now=now,
    )
    internal = INTERNAL in session.rights
    resolved = resolves(session)
    more = f"{RESOLVE}: {resolved}\r\n" if resolved != internal else ""
    more += (
        f"X-MS-Exchange-Organization-AuthAs: {'Internal' if internal else 'Anonymous'}\r\n"
        f"X-MS-Exchange-Organization-AuthSource: {session.policy.server}\r\n"
    )
    if blocked:
        more += f"{sender_filter.STAMP}: Blocked; {blocked}\r\n"
    if not facts.has_message_id:
        more += f"Message-ID: {message_id}\r\n"
    if not facts.has_date:
        more += f"Date: {date(int(now))}\r\n"
    return trace + more.encode("ascii", "replace")


def not_stored(session: Session) -> Outcome:
    """The answer when an `Accept` could not be made durable; the client keeps the message and tries again."""
    return refuse(session, "not_stored")


def internal_id(identity: str) -> int:
    """The number that the reply shows: the upper 63 bits of the message's identity, which start with its time."""
    return int(identity[:16], 16) >> 1
