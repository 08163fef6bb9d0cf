"""Mail over LMTP (RFC 2033) to the server that has the mailboxes: as SMTP, with LHLO instead of EHLO, and after the
message an answer for each recipient that was taken.
"""

from transport.deliver.smtp_client import TERMINATION, SmtpClient
from transport.deliver.smtp_connection import Lost, Refused
from transport.deliver.smtp_relay import SmtpRelay
from transport.send import remote_reply
from transport.send.attempt import Pace
from transport.send.dsn import Action
from transport.send.extensions import Extensions, offered
from transport.send.parcel import Verdicts
from transport.send.remote_reply import Fate


class LmtpClient(SmtpClient):
    """Over TCP with TLS where it is offered; a Unix socket needs none. Nothing is sent ahead of an answer to a message:
    how many answers come, only the answers before them tell.
    """

    def _say_hello(self) -> None:
        """LHLO; there is nothing to fall back to (RFC 2033 §4.1)."""
        code, text = self._command(f"LHLO {self._fqdn}")
        if code != 250:
            raise Refused(remote_reply.one_line(code, text))
        self.extensions = offered(text)
        if self.peer.is_socket:
            self.extensions = Extensions(self.extensions.names - {"starttls"}, self.extensions.size_limit)
            self.protection = "A socket of this machine"
        self.pace = min(self.pace, Pace.GROUPED) if "pipelining" in self.extensions else Pace.SINGLE

    def _finished(self, verdicts: Verdicts, ahead: bytes) -> Verdicts:
        """An answer for each recipient that was taken, in their order (RFC 2033 §4.2)."""
        found = dict(verdicts)
        taken = [row for row, verdict in verdicts.items() if verdict.fate is Fate.DELIVERED]
        words = ""
        for row in taken:
            try:
                verdict = remote_reply.judge(*self._connection.reply(TERMINATION, self._about))
            except Lost as error:
                words = words or str(error)
                self.close()
                verdict = remote_reply.postponed("4.4.2", f"Connection dropped: {words}")
            found[row] = verdict
        if self._connection.is_open and not self.is_quiet:
            self.close()  # more answers than recipients: none of them must count for the next message
        return found


class LmtpRelay(SmtpRelay):
    """To the first LMTP server of a list that takes the message."""

    speaks = LmtpClient
    relayed = Action.DELIVERED
