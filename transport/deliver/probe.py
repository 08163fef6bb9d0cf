"""A Send connector tried out: everything that delivery does for a message, up to its recipient, and never a message.

It speaks with delivery's own code; what it says and hears is kept for the page instead of the protocol log.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Thread
from time import monotonic

from msgspec.structs import replace

from transport.config import bounds
from transport.config.send_connector import SendConnector
from transport.config.snapshot import Snapshot
from transport.deliver import accounts, send_log, sts_policies, ways_out
from transport.deliver.database import Pool
from transport.deliver.host_lookup import LookUpFailed
from transport.deliver.remembered import PACES
from transport.deliver.securing import Unprotected
from transport.deliver.sign_in import needs, sign_in
from transport.deliver.smtp_client import SmtpClient
from transport.deliver.smtp_connection import Lost
from transport.deliver.tls_demands import Demands
from transport.deliver.way import Held
from transport.send import remote_reply
from transport.send.hosts import Host
from transport.send.remote_reply import Fate
from transport.send.route import Router
from transport.trace.spoken import Spoken, Transcript

SECONDS = bounds.CONNECTOR_TEST.seconds or 0
LAST = 1.0
"""Seconds that are left to say how it ended."""
MOST_LINES = bounds.CONNECTOR_TEST.lines or 0


class Stage(StrEnum):
    """How far a test has come."""

    LOOK_UP = "Look-up"
    CONNECTION = "Connection"
    GREETING = "Greeting"
    TLS = "TLS"
    SIGN_IN = "Sign-in"
    SENDER = "Sender"
    RECIPIENT = "Recipient"


ADVICE = {
    Stage.LOOK_UP: "Check how the name is written, and what the name servers of this machine know of it.",
    Stage.CONNECTION: "Check address and port, and that no firewall is in the way: many networks close port 25 "
    "outward.",
    Stage.GREETING: "The host does not talk to this server. Its words say why; often it dislikes our address, or the "
    "name in EHLO (Scoping, FQDN).",
    Stage.TLS: "Check which kind of TLS the port speaks, and the host's certificate; Security says what is demanded.",
    Stage.SIGN_IN: "Check the credential, and at the provider that this account may send by SMTP.",
    Stage.SENDER: "Try a sender that this account may use, of a domain that is yours.",
    Stage.RECIPIENT: "Try another recipient. A host that relays for nobody wants a sign-in, or to know our address.",
}
"""What to do where a stage fails."""
CLEAR = "Everyone on the way can read and change this mail. Ask its administrator for TLS; Security can demand it."
"""What is said where a message would leave without TLS."""
LOOPS = "These hosts are this server itself: mail would come back to it. Name another host, or another port."


@dataclass(frozen=True, slots=True)
class Step:
    """What came of a stage. `host`: with whom; `words`: what was found, or the reply; `status`: its enhanced code;
    `is_doubtful`: mail gets through, but one should know how.
    """

    stage: Stage
    host: str
    is_good: bool
    words: str
    status: str = ""
    is_doubtful: bool = False

    @property
    def advice(self) -> str:
        """What to do about it."""
        if self.is_good:
            return CLEAR if self.is_doubtful else ""
        return LOOPS if self.status == "5.4.6" else ADVICE[self.stage]


@dataclass
class Finding:
    """What a test has found."""

    steps: list[Step] = field(default_factory=list)
    transcript: list[Spoken] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Whether a host would have taken the message."""
        return any(step.is_good and step.stage is Stage.RECIPIENT for step in self.steps)


def probe(
    snapshot: Snapshot, connector: SendConnector, sender: str, recipient: str, server: str, pool: Callable[[], Pool]
) -> Finding:
    """What a message from `sender` to `recipient` would meet, within SECONDS. `server`: who we are. Never raises."""
    finding = Finding()
    test = _Test(Router(snapshot, server), connector, sender, recipient, pool, finding)
    thread = Thread(target=test.run, name="test of a Send connector", daemon=True)
    thread.start()
    thread.join(SECONDS)
    found = copy(finding)
    found.steps, found.transcript = list(finding.steps), list(finding.transcript)
    if thread.is_alive():
        words = f"The test ends here: it took longer than {SECONDS:g} s."
        found.steps.append(Step(test.stage, test.host, False, words))
    return found


class _Test:
    def __init__(
        self,
        router: Router,
        connector: SendConnector,
        sender: str,
        recipient: str,
        pool: Callable[[], Pool],
        finding: Finding,
    ) -> None:
        self.router, self.finding, self.pool = router, finding, pool
        self.transcript = Transcript(MOST_LINES)
        finding.transcript = self.transcript.lines
        self.connector = replace(connector, fqdn=connector.fqdn or router.server)
        self.sender, self.recipient = sender, recipient
        self.stage, self.host = Stage.LOOK_UP, ""
        self.until = monotonic() + SECONDS - LAST

    def run(self) -> None:
        """Asks host after host until one has taken or refused the recipient."""
        try:
            with send_log.told_to(self.transcript):
                for host in self._hosts():
                    if self._ask(host) or monotonic() >= self.until:
                        break
        except Exception as error:
            self._failed(str(error) or type(error).__name__)

    def _hosts(self) -> Iterator[Host]:
        domain = self.recipient.rpartition("@")[2]
        known_by = domain if self.connector.dns_routing_enabled else ",".join(self.connector.smart_hosts)
        policies = sts_policies.of_connector(self.connector, self.router, self.pool())
        self.demands = Demands(self.connector, known_by, self.router.snapshot, policies)
        found = ways_out.hosts_through(self.connector, domain, self.router)
        while True:
            self.stage, self.host = Stage.LOOK_UP, ""
            try:
                host = next(found, None)
            except LookUpFailed as error:
                self._failed(error.verdict.text, error.verdict.status)
                return
            if host is None:
                return
            self._good(host.label)
            self.stage, self.host = Stage.CONNECTION, host.label
            yield host

    def _ask(self, host: Host) -> bool:
        """Whether no other host need be asked."""
        try:
            with self._connected(host) as client:
                self._sign_in(client)
                return self._transaction(client)
        except Lost as error:
            self._failed(str(error))
            return False
        except Held as error:
            self._failed(str(error))
            return True

    @contextmanager
    def _connected(self, host: Host) -> Iterator[SmtpClient]:
        begun, pace = len(self.finding.transcript), PACES.recall(host, self.connector.port)
        try:
            client = SmtpClient.connect(host, self.connector, pace, self.until, self.demands)
        except Lost as error:
            lines = self.finding.transcript[begun:]
            self.stage = Stage.TLS if isinstance(error, Unprotected) else _reached(lines)
            raise
        self._good(host.label)
        self.stage = Stage.TLS
        self._good(client.protection, is_doubtful=not client.tls)
        try:
            yield client
        except (Lost, Held):
            client.close()
            raise
        client.part()

    def _sign_in(self, client: SmtpClient) -> None:
        if needs(self.connector):
            self.stage = Stage.SIGN_IN
            account = accounts.of(self.connector, self.pool())
            sign_in(client, self.connector, account)
            self._good(account.user_name if account else "")

    def _transaction(self, client: SmtpClient) -> bool:
        for stage, line in (
            (Stage.SENDER, f"MAIL FROM:<{self.sender}>"),
            (Stage.RECIPIENT, f"RCPT TO:<{self.recipient}>"),
        ):
            self.stage = stage
            verdict = remote_reply.judge(*client.say(line))
            if verdict.fate is not Fate.DELIVERED:
                self._failed(verdict.text)
                return verdict.fate is Fate.FAILED
            self._good(verdict.text)
        client.say("RSET")
        return True

    def _good(self, words: str, *, is_doubtful: bool = False) -> None:
        self.finding.steps.append(Step(self.stage, self.host, True, words, is_doubtful=is_doubtful))

    def _failed(self, words: str, status: str = "") -> None:
        self.finding.steps.append(Step(self.stage, self.host, False, words, status))


def _reached(lines: list[Spoken]) -> Stage:
    """Where a connection that never came about has ended."""
    said = [each.text for each in lines if each.event == ">"]
    if said and said[-1].startswith("STARTTLS"):
        return Stage.TLS
    return Stage.GREETING if any(each.event in "+<" for each in lines) else Stage.CONNECTION
