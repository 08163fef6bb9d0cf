"""Reports to the sender in the form of Exchange 2007 (its reference, section 8.6; RFC 3464), and who wants which
(RFC 3461 §4.1): not delivered, delayed, delivered, or relayed to a server that does not report.

A report is put around the original: `head`, the original, `tail`. Nothing here copies the original.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from html import escape

import msgspec

from transport.config import bounds
from transport.send import report_text
from transport.send.header_form import encoded_words
from transport.smtp.header import header, without_empty_line
from transport.smtp.trace import date

MOST_ATTACHED = 10 << 20
_NONE: Mapping[str, str] = {}
_XTEXT = re.compile(r"\+([0-9A-F]{2})")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


class Action(Enum):
    """What the report says (RFC 3464 §2.3.3): by which keyword of NOTIFY it is asked for (RFC 3461 §4.1), its subject,
    what stands above the recipients, and below each unless its status says more.
    """

    # fmt: off
    FAILED = (
        "failed", "FAILURE", "Undeliverable", "Delivery has failed to these recipients or distribution lists:",
    )
    DELAYED = (
        "delayed", "DELAY", "Delayed", "Delivery is delayed to these recipients or distribution lists:",
        "This message has not been delivered yet. Delivery will be tried again; you need not send it a second time.",
    )
    DELIVERED = (
        "delivered", "SUCCESS", "Delivered", "Your message has been delivered to these recipients:",
        "The message is in the recipient's mailbox.",
    )
    RELAYED = (
        "relayed", "SUCCESS", "Relayed", "Your message has been passed on for these recipients:",
        "The next mail server has taken the message. It does not report when the message is delivered.",
    )
    # fmt: on

    def __init__(self, word: str, keyword: str, subject: str, introduction: str, explanation: str = "") -> None:
        self.word, self.keyword, self.subject = word, keyword, subject
        self.introduction, self.explanation = introduction, explanation


class ReportedRecipient(msgspec.Struct, frozen=True):
    """One recipient of the report; `error` is the answer on one line, such as `550 5.1.1 User unknown`. `notify` and
    `orcpt` as the client gave them with RCPT, empty when it did not. `retry_until`: when a message that waits will be
    given up, in seconds since 1970.
    """

    address: str
    status: str
    error: str
    remote_host: str = ""
    notify: str = ""
    orcpt: str = ""
    retry_until: float = 0.0


class Original(msgspec.Struct, frozen=True):
    """The message the report is about. Times in seconds since 1970; `header` holds its header block, trace first;
    `ret` and `envid` as the client gave them with MAIL.
    """

    sender: str
    subject: str
    message_id: str
    accepted_at: float
    helo: str
    header: bytes
    size: int
    body_type: str
    smtp_utf8: bool = False
    ret: str = ""
    envid: str = ""
    authenticated: bool = False
    require_tls: bool = False


class Report(msgspec.Struct, frozen=True):
    """A report's bytes before and behind the original; `whole` tells whether the original itself goes between."""

    head: bytes
    tail: bytes
    whole: bool
    subject: str
    message_id: str
    body_type: str
    smtp_utf8: bool


def wanted(action: Action, notify: str) -> bool:
    """Whether the sender is to be told. Without NOTIFY, of what went wrong only (RFC 3461 §4.1)."""
    if not notify:
        return action in (Action.FAILED, Action.DELAYED)
    return action.keyword in notify.split(",")


USUAL_WORDS = {
    "4.4.7": "The message has not been delivered because the next mail server could not be reached in time. "
    "Please check the address and send it again.",
    "5.1.1": "The recipient's e-mail address was not found in the recipient's e-mail system. Please check the address "
    "and send the message again.",
    "5.1.10": "The recipient's domain accepts no mail. Please check the address.",
    "5.2.2": "The recipient's mailbox is full.",
    "5.3.2": "An administrator removed the message before it was delivered, or the recipient's e-mail system takes no "
    "mail.",
    "5.3.4": "This message is too large for the recipient's e-mail system.",
    "5.6.3": "The message holds data that the recipient's e-mail system does not take, and it cannot be converted.",
    "5.6.7": "The address holds characters that the recipient's e-mail system does not take.",
    "5.6.9": "The message's header holds characters that the recipient's e-mail system does not take.",
    "5.4.6": "The message is going in circles: it came back to a mail server that it had passed before. The routing of "
    "mail for the recipient's domain has to be mended; the address may well be right.",
    "5.4.4": "The recipient's domain does not exist. Please check the address and send it again.",
    "5.7.1": "You do not have permission to send to this recipient. Your administrator can say more.",
}
"""Code → what a report says of it, where the administrator has no own words."""
_OTHERWISE = "The recipient's e-mail system did not accept this message."


def report(
    action: Action,
    original: Original,
    recipients: list[ReportedRecipient],
    server: str,
    postmaster: str,
    now: float,
    name: str,
    largest: int = MOST_ATTACHED,
    own_words: Mapping[str, str] = _NONE,
) -> Report:
    """A report from `postmaster`, generated by `server` at `now`; `name`, unique hex, makes boundaries and ids.

    An original of more than `largest` bytes is not returned, only its header. `own_words`: code → what is said of it in
    place of our words (`report_text`).
    """
    whole = action is Action.FAILED and original.size <= largest and _may_return(original)
    subject = f"{action.subject}: {_one_line(original.subject)}"
    message_id = f"<{name}@{server}>"
    original = msgspec.structs.replace(original, header=_cut(original.header))
    head = _text_head(action, original, subject, message_id, postmaster, now, name)
    head += _readable(action, original, recipients, server, name, own_words)
    head += _delivery_status(action, original, recipients, server, name)
    kind = _kind(original, whole)
    head += f"--{name}_report\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: {_encoding(original)}\r\n\r\n"
    wire = head.encode("utf-8", "replace")
    if not whole:
        wire += original.header
    body_type = "8BITMIME" if original.body_type == "8BITMIME" or not wire.isascii() else "7BIT"
    tail = f"\r\n--{name}_report--\r\n".encode()
    return Report(wire, tail, whole, subject, message_id, body_type, not original.sender.isascii())


def _may_return(original: Original) -> bool:
    """RFC 3461 §4.3. Binary content would need a way back that takes binary content, and a message that requires TLS
    one that promises it (RFC 8689 §5)."""
    return original.ret != "HDRS" and original.body_type != "BINARYMIME" and not original.require_tls


def _kind(original: Original, whole: bool) -> str:
    """RFC 6522 §3; RFC 6533 §6 for a header in UTF-8."""
    if original.smtp_utf8 and not original.header.isascii():
        return "message/global" if whole else "message/global-headers"
    return "message/rfc822" if whole else "text/rfc822-headers"


def _text_head(
    action: Action, original: Original, subject: str, message_id: str, postmaster: str, now: float, name: str
) -> str:
    lines = [
        f"From: <{postmaster}>",
        f"To: <{original.sender}>",
        f"Date: {date(int(now))}",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type=delivery-status; boundary="{name}_report"',
        "Content-Transfer-Encoding: 8bit",
        "Content-Language: en-US",
        f"Message-ID: {message_id}",
        f"Subject: {subject[:900] if subject.isascii() else encoded_words(subject[:300])}",
        "Auto-Submitted: auto-replied",
    ]
    if original.message_id.isascii() and original.message_id:
        lines += [f"{field}: {_one_line(original.message_id)}" for field in ("In-Reply-To", "References")]
    return "\r\n".join(lines) + "\r\n\r\nThis is a MIME-formatted message.\r\n\r\n"


def _readable(
    action: Action,
    original: Original,
    recipients: list[ReportedRecipient],
    server: str,
    name: str,
    own_words: Mapping[str, str],
) -> str:
    kind = f'multipart/alternative; differences=Content-Type; boundary="{name}_text"'
    part = f"--{name}_report\r\nContent-Type: {kind}\r\n\r\n"
    why = {each.status: _why(action, each.status, own_words) for each in recipients}
    told = [(each.address, report_text.plain(why[each.status])) for each in recipients]
    text = "\r\n".join(_lines(action, told, recipients, server))
    marked = [(escape(each.address), report_text.html(why[each.status])) for each in recipients]
    shown = "\r\n".join(_lines(action, marked, recipients, server, escape))
    for kind, body in (("plain", text), ("html", _html(shown, original.header))):
        part += f"--{name}_text\r\nContent-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        part += f"{body}\r\n"
    return f"{part}--{name}_text--\r\n\r\n"


def _why(action: Action, status: str, own_words: Mapping[str, str]) -> str:
    """As `report_text` reads it."""
    if status in own_words and action in (Action.FAILED, Action.DELAYED):
        return own_words[status]
    return escape(action.explanation or USUAL_WORDS.get(status, _OTHERWISE), quote=False)


def _lines(
    action: Action,
    told: Iterable[tuple[str, str]],
    recipients: list[ReportedRecipient],
    server: str,
    form: Callable[[str], str] = str,
) -> list[str]:
    """`told`: each address, and why, in the form that `form` gives all else."""
    lines = [form(action.introduction), ""]
    for address, why in told:
        lines += [address, why, ""]
    lines += ["_" * 64, "Sent by Gatepost", "", "Diagnostic information for administrators:", ""]
    lines += [form(f"Generating server: {server}"), ""]
    for recipient in recipients:
        remote = [form(f"Remote server: {recipient.remote_host}")] if recipient.remote_host else []
        lines += [form(recipient.address), *remote, form(f"#{_one_line(recipient.error)} ##"), ""]
    return lines


def _cut(head: bytes) -> bytes:
    """As many whole lines as a report may show: its sender may be somebody who never wrote."""
    most = bounds.REPORTED_HEADER.octets or 0
    return head if len(head) <= most else head[: head.rfind(b"\r\n", 0, most) + 2] if b"\r\n" in head[:most] else b""


def _html(text: str, head: bytes) -> str:
    """`text` is HTML."""
    lines = head.decode("utf-8", "replace").rstrip("\r\n").split("\r\n")
    shown = escape("\r\n".join(map(_printable, lines))).encode()[: bounds.REPORTED_HEADER.octets]
    headers = f"\r\nOriginal message headers:\r\n\r\n{shown.decode(errors='ignore')}"
    return f"<html><body><pre>\r\n{text}{headers}\r\n</pre></body></html>"


def _delivery_status(
    action: Action, original: Original, recipients: list[ReportedRecipient], server: str, name: str
) -> str:
    """RFC 3464 §2. Other characters than ASCII stand there as RFC 6533 §3 writes them."""
    lines = [f"--{name}_report", "Content-Type: message/delivery-status", ""]
    if original.envid:
        lines.append(f"Original-Envelope-Id: {_one_line(_from_xtext(original.envid))}")
    lines.append(f"Reporting-MTA: dns;{server}")
    if original.helo:
        lines.append(f"Received-From-MTA: dns;{_one_line(original.helo)}")
    lines += [f"Arrival-Date: {date(int(original.accepted_at))}", ""]
    for recipient in recipients:
        if recipient.orcpt:
            lines.append(f"Original-Recipient: {_one_line(_from_xtext(recipient.orcpt))}")
        lines += [
            f"Final-Recipient: {'rfc822' if recipient.address.isascii() else 'utf-8'};{recipient.address}",
            f"Action: {action.word}",
            f"Status: {recipient.status}",
            f"Diagnostic-Code: smtp;{_one_line(recipient.error)}",
            *([f"Remote-MTA: dns;{recipient.remote_host}"] if recipient.remote_host else []),
            *([f"Will-Retry-Until: {date(int(recipient.retry_until))}"] if action is Action.DELAYED else []),
            f"X-Display-Name: {recipient.address}",
            "",
        ]
    return _NOT_ASCII.sub(lambda found: f"\\x{{{ord(found[0]):X}}}", "\r\n".join([*lines, ""]))


def _from_xtext(text: str) -> str:
    """What a client meant by ENVID or ORCPT: RFC 3461 §4."""
    octets = _XTEXT.sub(lambda found: chr(int(found[1], 16)), text)
    return octets.encode("latin-1", "replace").decode("utf-8", "replace")


def _encoding(original: Original) -> str:
    return "7bit" if original.body_type == "7BIT" and original.header.isascii() else "8bit"


def header_block(content: bytes) -> bytes:
    """The fields of a message, with their last line end."""
    return without_empty_line(header(content, len(content) + 1).text)


def _one_line(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text).strip()


def _printable(line: str) -> str:
    return "".join(character if character.isprintable() or character == "\t" else "?" for character in line)
