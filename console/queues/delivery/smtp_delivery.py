"""Mail over SMTP: the standard library's client, and what it lacks: pipelining, an answer for each recipient, and the
extensions DSN (RFC 3461), SMTPUTF8 (RFC 6531), CHUNKING and BINARYMIME (RFC 3030).

One round trip per message where the peer offers PIPELINING: the envelope of the next message travels with the last
bytes of the one before it (RFC 2920 §3.1). Timeouts: RFC 5321 §4.5.3.2.
"""

import dataclasses
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator
from functools import cache

from console.queues.delivery.next_hop import Host
from console.queues.delivery.parcel import Parcel
from transport.send import remote_reply
from transport.send.dsn import header_block
from transport.send.mail_data import MailData, is_text
from transport.send.remote_reply import Fate, Verdict

CONNECT, COMMAND, DATA_BLOCK, TERMINATION = 30.0, 300.0, 180.0, 600.0
MOST_RECIPIENTS = 100

Verdicts = dict[int, Verdict]
Pieces = Callable[[Parcel], Iterable[bytes]]


@cache
def opportunistic() -> ssl.SSLContext:
    """TLS against listeners-in only: no certificate is required, as without TLS the mail would go in the clear."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Connection(smtplib.SMTP):
    """A kept connection to one host. Raises OSError or SMTPException when it cannot be opened or breaks."""

    def __init__(self, host: Host, port: int, fqdn: str) -> None:
        self.peer = host
        self.sent = 0
        self._unread = 0
        self.last_words = ""
        super().__init__(host.name, port, local_hostname=fqdn, timeout=COMMAND)
        self._say_hello()

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        sock = socket.create_connection((self.peer.address, port), CONNECT)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(COMMAND)
        return sock

    def _say_hello(self) -> None:
        try:
            self.ehlo_or_helo_if_needed()
        except BaseException:
            self.close()
            raise
        self.pipelining = self.has_extn("pipelining")
        self.reports = self.has_extn("dsn")
        self._international = self.has_extn("smtputf8")
        self._binary = self.has_extn("chunking") and self.has_extn("binarymime")
        limit = self.esmtp_features.get("size", "").split(" ")[0]
        self.size_limit = int(limit) if limit.isdecimal() else 0

    def secure(self) -> None:
        """STARTTLS. Raises OSError or SMTPException; the connection is closed then."""
        try:
            code, text = self.starttls(context=opportunistic())
            if code != 220:
                raise smtplib.SMTPResponseException(code, text)
        except BaseException:
            self.close()
            raise
        self._say_hello()

    def fit(self, parcel: Parcel, pieces: Pieces) -> Parcel | Verdict:
        """The parcel as this host can take it, or why it need not be asked at all. Raises LookupError as `pieces`."""
        if self.size_limit and parcel.size > self.size_limit:
            return remote_reply.refused("5.3.4", "Message size exceeds fixed maximum message size of the next hop")
        if not all(_is_plain(address) for address in (parcel.sender, *parcel.recipients.values())):
            return remote_reply.refused("5.1.3", "STOREDRV.Submit; invalid recipient address")
        if not self._international:
            if not _is_ascii(parcel):
                return remote_reply.refused("5.6.7", "The next hop takes no addresses outside ASCII (SMTPUTF8)")
            if parcel.smtp_utf8 and not header_block(next(iter(pieces(parcel)), b"")).isascii():
                return remote_reply.refused("5.6.9", "The next hop takes no header outside ASCII (SMTPUTF8)")
        if parcel.body_type == "BINARYMIME" and not self._binary:
            if not is_text(pieces(parcel)):
                return remote_reply.refused("5.6.3", "The next hop takes no binary content (BINARYMIME)")
            return dataclasses.replace(parcel, body_type="8BITMIME")
        return parcel

    def send_parcels(self, parcels: Iterable[Parcel], pieces: Pieces) -> Iterator[tuple[Parcel, Verdicts]]:
        """Send one after another; yields each with the verdict per recipient, in order, as soon as it is known.

        When the connection breaks, the first parcel that was not yielded is the one in flight.
        """
        waiting = iter(parcels)
        current = next(waiting, None)
        if current is not None and self.pipelining:
            self.send(self._envelope(current))
        while current is not None:
            verdicts, go_on = self._ask(current)
            following = next(waiting, None)
            ahead = self._envelope(following) if following is not None and self.pipelining else b""
            if not go_on:
                self._forget(ahead)
            elif current.body_type == "BINARYMIME":
                verdicts = self._hand_over_chunks(pieces(current), verdicts, ahead)
            else:
                verdicts = self._hand_over(pieces(current), verdicts, ahead)
            self.sent += 1
            yield current, verdicts
            current = following

    def _envelope(self, parcel: Parcel) -> bytes:
        return b"".join(self._commands(parcel))

    def _commands(self, parcel: Parcel) -> list[bytes]:
        commands = [f"MAIL FROM:<{parcel.sender}>{self._mail_parameters(parcel)}\r\n".encode()]
        if self.reports and (parcel.notify or parcel.orcpt):
            for recipient, address in parcel.recipients.items():
                commands.append(f"RCPT TO:<{address}>{_rcpt_parameters(parcel, recipient)}\r\n".encode())
        else:
            commands += [f"RCPT TO:<{address}>\r\n".encode() for address in parcel.recipients.values()]
        return commands if parcel.body_type == "BINARYMIME" else [*commands, b"DATA\r\n"]

    def _mail_parameters(self, parcel: Parcel) -> str:
        found = f" SIZE={parcel.size}" if "size" in self.esmtp_features else ""
        if parcel.body_type == "BINARYMIME" or (parcel.body_type == "8BITMIME" and self.has_extn("8bitmime")):
            found += f" BODY={parcel.body_type}"
        if self._international and (parcel.smtp_utf8 or not _is_ascii(parcel)):
            found += " SMTPUTF8"
        if self.reports and parcel.ret:
            found += f" RET={parcel.ret}"
        if self.reports and parcel.envid:
            found += f" ENVID={parcel.envid}"
        return found

    def _ask(self, parcel: Parcel) -> tuple[Verdicts, bool]:
        """The verdicts on the envelope, and whether the peer now waits for the message."""
        commands = [] if self.pipelining else self._commands(parcel)
        sender = remote_reply.judge(*self._answer(commands))
        binary = parcel.body_type == "BINARYMIME"
        if sender.fate is not Fate.DELIVERED:
            self._skip(0 if not self.pipelining else len(parcel.recipients) + (not binary))
            return dict.fromkeys(parcel.recipients, sender), False
        verdicts: Verdicts = {}
        accepted = False
        for recipient in parcel.recipients:
            verdict = remote_reply.judge_recipient(*self._answer(commands), accepted)
            accepted = accepted or verdict.fate is Fate.DELIVERED
            verdicts[recipient] = verdict
        if binary or (not accepted and commands):
            return verdicts, accepted
        return self._data_verdict(verdicts, accepted, *self._answer(commands))

    def _data_verdict(self, verdicts: Verdicts, accepted: bool, code: int, text: str) -> tuple[Verdicts, bool]:
        if code == 354 and accepted:
            return verdicts, True
        if code == 354:
            self.send(b".\r\n")
            self.getreply()
        else:
            verdicts = _instead(verdicts, remote_reply.judge(code, text, expected=3))
        return verdicts, False

    def _hand_over(self, pieces: Iterable[bytes], verdicts: Verdicts, ahead: bytes) -> Verdicts:
        """Send the message, and the next envelope with its last bytes."""
        self.sock.settimeout(DATA_BLOCK)
        data = MailData()
        held = b""
        for piece in pieces:
            if held:
                self.send(held)
            held = data.encode(piece)
        self.send(held + data.finish() + ahead)
        self.sock.settimeout(TERMINATION)
        final = remote_reply.judge(*self._answer([]))
        self.sock.settimeout(COMMAND)
        return _instead(verdicts, final)

    def _hand_over_chunks(self, pieces: Iterable[bytes], verdicts: Verdicts, ahead: bytes) -> Verdicts:
        """Send the message as it is; RFC 3030 §2."""
        self.sock.settimeout(TERMINATION)
        held: bytes | None = None
        for piece in pieces:
            if held is not None:
                self.send(b"BDAT %d\r\n" % len(held) + held)
                verdict = remote_reply.judge(*self._answer([]))
                if verdict.fate is not Fate.DELIVERED:
                    self.sock.settimeout(COMMAND)
                    self._forget(ahead)
                    return _instead(verdicts, verdict)
            held = piece
        last = held or b""
        self.send(b"BDAT %d LAST\r\n" % len(last) + last + ahead)
        final = remote_reply.judge(*self._answer([]))
        self.sock.settimeout(COMMAND)
        return _instead(verdicts, final)

    def _forget(self, ahead: bytes) -> None:
        """End a transaction that came to nothing; its answer is read with the next one."""
        self.send(b"RSET\r\n" + ahead)
        self._unread += 1

    def _answer(self, commands: list[bytes]) -> tuple[int, str]:
        """The next reply; without PIPELINING the next of `commands` is sent first."""
        while self._unread:
            self._unread -= 1
            self.getreply()
        if commands:
            self.send(commands.pop(0))
        code, reply = self.getreply()
        text = reply.decode("utf-8", "replace")
        if code == 421:
            self.last_words = remote_reply.one_line(code, text)
        return code, text

    def _skip(self, replies: int) -> None:
        for _ in range(replies):
            code, _ = self.getreply()
            if code == 354:
                self.send(b".\r\n")
                self.getreply()

    def part(self) -> None:
        """QUIT, politely but without waiting long."""
        try:
            self.sock.settimeout(5.0)
            self.quit()
        except (OSError, smtplib.SMTPException, AttributeError):
            self.close()


def _instead(verdicts: Verdicts, final: Verdict) -> Verdicts:
    """What the answer to the message means for the recipients that were accepted."""
    return {key: final if verdict.fate is Fate.DELIVERED else verdict for key, verdict in verdicts.items()}


def _is_plain(address: str) -> bool:
    """No byte that could end the path or the command early."""
    return address.isprintable() and not set(address) & {"<", ">"}


def _is_ascii(parcel: Parcel) -> bool:
    return parcel.sender.isascii() and all(address.isascii() for address in parcel.recipients.values())


def _rcpt_parameters(parcel: Parcel, recipient: int) -> str:
    notify, orcpt = parcel.notify.get(recipient), parcel.orcpt.get(recipient)
    return (f" NOTIFY={notify}" if notify else "") + (f" ORCPT={orcpt}" if orcpt else "")


def connect(hosts: Iterable[Host], port: int, fqdn: str) -> Connection:
    """A connection to the first host that answers, with TLS if it is offered and works.

    Raises ConnectionError with what the last one said.
    """
    last = "no host to try"
    for host in hosts:
        try:
            return _connect(host, port, fqdn)
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            last = f"{host.name}: {_words(error)}"
    raise ConnectionError(last)


def _connect(host: Host, port: int, fqdn: str) -> Connection:
    connection = Connection(host, port, fqdn)
    if connection.has_extn("starttls"):
        try:
            connection.secure()
        except (OSError, smtplib.SMTPException):
            connection = Connection(host, port, fqdn)
    return connection


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        words = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
        return remote_reply.one_line(error.smtp_code, words)
    return str(error) or type(error).__name__
