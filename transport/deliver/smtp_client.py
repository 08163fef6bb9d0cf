"""Mail over SMTP: the conversation with one host, with PIPELINING, CHUNKING (RFC 3030), an answer for each recipient.
What is said stands in `transport.send.commands`, what an answer means in `transport.send.remote_reply`.

One round trip per message where the peer offers PIPELINING: the envelope of the next message travels with the last
bytes of the one before it (RFC 2920 §3.1). A refusal of that is no answer about a message: it is asked again, alone.
Timeouts: RFC 5321 §4.5.3.2.
"""

import socket
import ssl
from collections.abc import Callable, Iterable, Iterator
from time import monotonic
from typing import Self

from transport.config import bounds
from transport.config.send_connector import SendConnector
from transport.deliver.remembered import PACES
from transport.deliver.securing import UNDEMANDING, NoTls, Protection, Securing, Unprotected
from transport.deliver.smtp_connection import Displaced, Lost, Refused, SmtpConnection
from transport.deliver.way import Asked, Held
from transport.send import remote_reply
from transport.send.attempt import Pace
from transport.send.commands import envelope
from transport.send.conversion import written
from transport.send.extensions import NOTHING, offered
from transport.send.hosts import Host
from transport.send.mail_data import MailDataEncoder
from transport.send.parcel import Parcel, Verdicts, alike, instead
from transport.send.provider_replies import ruling
from transport.send.remote_reply import Fate, Verdict
from transport.trace.line import answered

COMMAND, TERMINATION, PARTING, LAST_WORDS = 300.0, 600.0, 5.0, 1.0

Pieces = Callable[[Parcel], Iterable[bytes]]


class OutOfOrder(Lost):
    """The answer of a host that wants nothing before its turn; it may be about no message at all."""


class SmtpClient:
    """A kept connection to one host, as a Send connector says whose FQDN is filled in. Every method raises Lost when it
    breaks, or cannot be opened.

    `early`: the envelope of the next message was sent before its turn, and not taken yet; `took_early`: one was.
    `heard`: the peer has answered MAIL of the message in hand. `sent`: messages that it has answered. `slowed`: the
    pace is slower than what is known of the host. `account`: what it has signed in with. `is_proven`:
    the peer has proved that it is a server of the recipients' domain.
    """

    def __init__(
        self, host: Host, connector: SendConnector, pace: Pace, until: float, implicit: ssl.SSLContext | None = None
    ) -> None:
        """`implicit`: for TLS from the first octet. Raises NoTls, too, when only that is to blame."""
        self.peer, self.port, self._fqdn, self.pace = host, connector.port, connector.fqdn, pace
        self._connector, self.account, self.asked = connector, "", Asked()
        self.slowed = pace < PACES.recall(host, connector.port)
        self.sent = self._unread = 0
        self.early = self.took_early = self.heard = False
        self._codes: list[int] = []
        self._said, self._about = (0, ""), ""
        self.protection, self.is_proven = "In the clear: STARTTLS is not offered", False
        self._connection = self._open(host, connector, until)
        if implicit is not None:
            self._handshake(implicit)
        try:
            self._expect(2, *self._connection.reply(COMMAND))
            self._say_hello()
        except Lost:
            self._connection.close()
            raise

    def _open(self, host: Host, connector: SendConnector, until: float) -> SmtpConnection:
        return SmtpConnection(host, connector, until)

    def give_away(self) -> socket.socket:
        """The socket, for whoever goes on with it."""
        return self._connection.give_away()

    @classmethod
    def connect(
        cls, host: Host, connector: SendConnector, pace: Pace, until: float, protection: Protection = UNDEMANDING
    ) -> Self:
        """A connection that serves until then (monotonic), protected as is demanded."""
        hello = min(until, monotonic() + (bounds.NEXT_HOP_HELLO.seconds or 0))
        demand = protection.of(host)
        securing = Securing(host, connector.port, demand, connector.implicit_tls)
        try:
            client = securing.connect(lambda implicit: cls(host, connector, pace, hello, implicit))
        except Unprotected:
            protection.count(host, demand, securing.result, securing.words)
            raise
        protection.count(host, demand, securing.result, securing.words)
        client.is_proven = demand.is_proof
        client.allow(until)
        return client

    def _expect(self, kind: int, code: int, text: str) -> None:
        if code // 100 != kind:
            raise Refused(remote_reply.one_line(code, text))

    def _say_hello(self) -> None:
        """EHLO, and HELO where that is not known; what counts is the last thing that was said."""
        self.extensions, heard = NOTHING, ""
        if not self._connector.force_helo:
            code, text = self._command(f"EHLO {self._fqdn}")
            self.extensions = offered(text) if code == 250 else NOTHING
            heard = remote_reply.one_line(code, text) if code != 250 else ""
        if self._connector.force_helo or heard:
            self._say_helo(heard)
        self.pace = self.pace if "pipelining" in self.extensions else Pace.SINGLE

    def _say_helo(self, heard: str) -> None:
        """`heard`: why EHLO was not taken."""
        try:
            self._expect(2, *self._command(f"HELO {self._fqdn}"))
        except Refused:
            raise
        except Lost as error:
            raise Refused(heard or str(error)) from None

    def say(self, line: str) -> tuple[int, str]:
        """A command that is about no message, and its reply."""
        return self._command(line)

    def confide(self, line: str, *secrets: str) -> tuple[int, str]:
        """A line that proves who we are, and its reply; the log has neither the line nor the secrets."""
        self._connection.confide(line.encode() + b"\r\n", secrets)
        return self._reply()

    def _command(self, line: str) -> tuple[int, str]:
        self._connection.say(f"{line}\r\n".encode())
        return self._reply()

    def _reply(self, seconds: float = 0.0, about: str = "") -> tuple[int, str]:
        """The next reply that is about something: 421 ends the connection (RFC 5321 §3.8)."""
        code, text = self._connection.reply(seconds or COMMAND, about)
        if code == 421:
            raise Refused(remote_reply.one_line(code, text))
        return code, text

    @property
    def offers_tls(self) -> bool:
        """Whether STARTTLS can be said."""
        return "starttls" in self.extensions

    @property
    def tls(self) -> str:
        """Version and cipher; empty in the clear."""
        return self._connection.tls

    @property
    def names(self) -> tuple[str, ...]:
        """For which the peer's verified certificate speaks."""
        return self._connection.names

    @property
    def certificate(self) -> bytes:
        """The peer's own (DER), verified or not; empty when it has shown none."""
        return self._connection.certificate

    @property
    def chain(self) -> tuple[bytes, ...]:
        """What it showed (DER); empty where Python does not tell."""
        return self._connection.chain

    def start_tls(self, made: ssl.SSLContext) -> None:
        """STARTTLS, and EHLO again.

        Raises NoTls when only TLS is to blame, with ssl.SSLCertVerificationError as its cause if the certificate is.
        """
        try:
            code, text = self._command("STARTTLS")
            if code != 220:
                raise NoTls(f"STARTTLS was answered {remote_reply.one_line(code, text)}")
            self._handshake(made)
            self._say_hello()
        except (Refused, Displaced):
            self.close()
            raise
        except Lost as error:
            self.close()
            raise NoTls(str(error)) from error.__cause__
        except NoTls:
            self.close()
            raise

    def _handshake(self, made: ssl.SSLContext) -> None:
        """Raises NoTls, Refused or Displaced."""
        try:
            self._connection.secure(made, self.peer.tls_name)
        except (Refused, Displaced):
            self.close()
            raise
        except Lost as error:
            self.close()
            raise NoTls(str(error)) from error.__cause__

    def send_parcels(self, parcels: Iterable[Parcel], pieces: Pieces) -> Iterator[tuple[Parcel, Verdicts]]:
        """Send one after another; yields each with the verdict per recipient, in order, as soon as it is known.

        When the connection breaks, the first parcel that was not yielded is the one in flight.
        """
        waiting = iter(parcels)
        current = next(waiting, None)
        self.early = False
        while current is not None:
            self.asked.count(len(current.recipients))
            self.heard, self._about = False, answered(str(current.id))
            self._connection.is_owed_a_verdict = False
            if self.pace > Pace.SINGLE and not self.early:
                self._connection.say(self._envelope(current))
            verdicts, go_on = self._ask_alone(current) if self.early else self._ask(current)
            following = next(waiting, None)
            ahead = self._envelope(following) if following is not None and self.pace is Pace.AHEAD else b""
            self.early = bool(ahead)
            if not go_on:
                self._forget(ahead)
            elif current.body_type == "BINARYMIME":
                verdicts = self._hand_over_chunks(_octets(current, pieces), verdicts, ahead)
            else:
                verdicts = self._hand_over(current, _octets(current, pieces), verdicts, ahead)
            self.sent += 1
            yield current, verdicts
            current = following

    def _ask_alone(self, parcel: Parcel) -> tuple[Verdicts, bool]:
        """As `_ask`, for an envelope that was sent before its turn: what is refused is asked once more."""
        verdicts, go_on = self._ask(parcel)
        in_part = go_on and remote_reply.refuses_order(self._codes, True)
        self.early, self.took_early = False, self.took_early or go_on
        if go_on and not in_part:
            return verdicts, go_on
        if not go_on:
            self._forget(self._envelope(parcel))
            verdicts, go_on = self._ask(parcel)
        if go_on:
            self._slow_down(Pace.GROUPED)
        return verdicts, go_on

    def _envelope(self, parcel: Parcel) -> bytes:
        return b"".join(envelope(parcel, self.extensions))

    def _ask(self, parcel: Parcel) -> tuple[Verdicts, bool]:
        """The verdicts on the envelope, and whether the peer now waits for the message.

        Raises OutOfOrder when it does not want several commands at once.
        """
        commands = envelope(parcel, self.extensions) if self.pace is Pace.SINGLE else []
        self._codes = []
        verdicts, go_on = self._verdicts(parcel, commands)
        refused = remote_reply.refuses_order(self._codes, self.early, len(verdicts))
        if self.pace > Pace.SINGLE and not go_on and refused:
            raise OutOfOrder(remote_reply.one_line(*self._said))
        if self.pace > Pace.SINGLE and go_on and not self.early and remote_reply.refuses_order(self._codes, False):
            self._slow_down(Pace.SINGLE)
        return verdicts, go_on

    def _slow_down(self, pace: Pace) -> None:
        self.pace = min(self.pace, pace)
        PACES.remember(self.peer, self.port, self.pace)

    def _verdicts(self, parcel: Parcel, commands: list[bytes]) -> tuple[Verdicts, bool]:
        sender = remote_reply.judge(*self._answer(commands))
        self.heard = True
        with_data = self.pace > Pace.SINGLE and parcel.body_type != "BINARYMIME"
        if sender.fate is not Fate.DELIVERED:
            self._skip(len(parcel.recipients) * (self.pace > Pace.SINGLE) + with_data)
            return alike(parcel, sender), False
        verdicts: Verdicts = {}
        accepted = False
        for recipient in parcel.recipients:
            verdict = remote_reply.judge_recipient(*self._answer(commands), accepted, self.pace > Pace.SINGLE)
            accepted = accepted or verdict.fate is Fate.DELIVERED
            verdicts[recipient] = verdict
        if not accepted:
            self._skip(with_data)
        if not accepted or parcel.body_type == "BINARYMIME":
            return verdicts, accepted
        code, text = self._answer(commands)
        if code == 354:
            return verdicts, True
        if code < 400:
            raise Lost(f"DATA was answered {remote_reply.one_line(code, text)}")
        return instead(verdicts, remote_reply.judge(code, text, expected=3)), False

    def _hand_over(self, parcel: Parcel, pieces: Iterable[bytes], verdicts: Verdicts, ahead: bytes) -> Verdicts:
        """Send the message, and the next envelope with its last bytes."""
        data = MailDataEncoder(parcel.how.stands)
        held = b""
        try:
            for piece in pieces:
                if held:
                    self._connection.send(held)
                held = data.encode(piece)
            self._connection.log.said(ahead)
            self._connection.is_owed_a_verdict = True
            self._connection.send(held + data.finish() + ahead)
        except Displaced:
            raise
        except Lost:
            return instead(verdicts, self._last_verdict(ahead))
        return self._finished(verdicts, ahead)

    def _finished(self, verdicts: Verdicts, ahead: bytes) -> Verdicts:
        """What the peer says once it has all of the message."""
        return instead(verdicts, self._final(ahead, *self._reply(TERMINATION, self._about)))

    def _weigh(self, code: int, text: str) -> None:
        """Raises Held when an answer to MAIL, RCPT or DATA is about all mail of the connector or of its account."""
        if code >= 400 and (found := ruling(self._connector, remote_reply.one_line(code, text))):
            raise Held.by(found, self.account)

    def _final(self, ahead: bytes, code: int, text: str) -> Verdict:
        """The answer to the message; a refusal with which something was sent ahead may be about that."""
        self._weigh(code, text)
        verdict = remote_reply.judge(code, text)
        if ahead and remote_reply.may_be_about_order(verdict, self.took_early):
            raise OutOfOrder(verdict.text)
        return verdict

    def _last_verdict(self, ahead: bytes) -> Verdict:
        """Of a peer that takes no more octets of a message: it may have said why. The connection is over."""
        try:
            verdict = self._final(ahead, *self._reply(LAST_WORDS, self._about))
        finally:
            self.close()
        if verdict.fate is Fate.DELIVERED:
            raise Lost("the connection was closed in the middle of the message")
        return verdict

    def _hand_over_chunks(self, pieces: Iterable[bytes], verdicts: Verdicts, ahead: bytes) -> Verdicts:
        """Send the message as it is; RFC 3030 §2."""
        held: bytes | None = None
        for piece in pieces:
            if held is not None:
                self._connection.log.said(b"BDAT %d" % len(held))
                self._connection.send(b"BDAT %d\r\n" % len(held) + held)
                code, text = self._reply(TERMINATION, self._about)
                self._weigh(code, text)
                verdict = remote_reply.judge(code, text)
                if verdict.fate is not Fate.DELIVERED:
                    self._forget(ahead)
                    return instead(verdicts, verdict)
            held = piece
        last = held or b""
        self._connection.is_owed_a_verdict = True
        self._connection.log.said(b"BDAT %d LAST\r\n" % len(last) + ahead)
        self._connection.send(b"BDAT %d LAST\r\n" % len(last) + last + ahead)
        return self._finished(verdicts, ahead)

    def _forget(self, ahead: bytes) -> None:
        """End a transaction that came to nothing; its answer is read with the next one."""
        if self._connection.is_open:
            self._connection.say(b"RSET\r\n" + ahead)
            self._unread += 1

    def _answer(self, commands: list[bytes]) -> tuple[int, str]:
        """The next reply; without PIPELINING the next of `commands` is sent first."""
        while self._unread:
            self._unread -= 1
            self._reply()
        if commands:
            self._connection.say(commands.pop(0))
        code, text = self._reply()
        self._codes.append(code)
        self._said = code, text
        self._weigh(code, text)
        return code, text

    def _skip(self, replies: int) -> None:
        """Answers that change nothing: all recipients have their verdict, even if the peer hangs up now.

        A peer that takes recipients of a sender whom it has refused would hand an empty message to them.
        """
        taken = False
        try:
            for _ in range(replies):
                code, text = self._reply()
                if code == 354 and taken:
                    raise Lost(remote_reply.one_line(code, text))
                taken = taken or code // 100 == 2
                if code == 354:
                    self._connection.send(b".\r\n")
                    self._reply()
        except Lost:
            self.close()

    @property
    def session_id(self) -> str:
        """Under which the protocol log has it."""
        return self._connection.log.session_id

    def took(self, octets: int) -> None:
        """The host has taken a message of so many octets, for the log."""
        self._connection.log.took(octets)

    @property
    def is_quiet(self) -> bool:
        """Whether a kept connection can still be used, as far as one can see."""
        return self._connection.is_quiet

    def allow(self, until: float) -> None:
        """From now on everything must be over then (monotonic)."""
        self._connection.until = until

    def close(self) -> None:
        """Without a word."""
        self._connection.close()

    def part(self) -> None:
        """QUIT, politely but without waiting long."""
        try:
            self._connection.until = monotonic() + PARTING
            self._command("QUIT")
        except Lost:
            pass
        self.close()


def _octets(parcel: Parcel, pieces: Pieces) -> Iterator[bytes]:
    """The message as this host gets it, signature first."""
    if parcel.signature:
        yield parcel.signature
    yield from written(pieces(parcel), parcel.how)
