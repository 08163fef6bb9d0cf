"""Signing in to a smart host, before the first message. A refusal is about the connector, never about a message."""

from base64 import b64decode, b64encode
from time import time
from typing import Protocol

from transport.config.credential import CredentialKind, fits
from transport.config.send_connector import SIGNS_IN, SendConnector
from transport.deliver.send_log import HIDDEN
from transport.deliver.smtp_client import SmtpClient
from transport.deliver.smtp_connection import Refused
from transport.deliver.way import Held
from transport.send import remote_reply, sasl, sign_in_replies
from transport.send.sasl import CannotSignIn, Login, Mechanism

REST = 600.0
"""Seconds until a sign-in that was refused is tried again, if nobody saves anything before: what is mended at the
provider, nobody tells us.
"""
LONGEST_LINE = 512
"""Octets of a command with its line end, RFC 5321 §4.5.3.1.4: a longer answer waits for its turn (RFC 4954 §4)."""
Answer = tuple[int, str, str]
"""Code and text of the last reply, and what was said before of a token."""


class Identity(Protocol):
    """An account that can say its secret. Both raise Held when there is none."""

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> CredentialKind: ...

    @property
    def user_name(self) -> str: ...

    def secret(self) -> str:
        """The password, or a token that is valid now."""
        ...

    def other_than(self, refused: str) -> str:
        """A token in place of one that was refused; empty when another one would be no better."""
        ...


def at_fault(words: str) -> Held:
    """What to raise where somebody has to mend a connector or its account."""
    return Held(time() + REST, words, is_fault=True)


def needs(connector: SendConnector) -> bool:
    """Whether mail of a connector leaves only after a sign-in. Hosts that MX records lead to get no secret of ours."""
    return connector.smart_host_auth_mechanism in SIGNS_IN and not connector.dns_routing_enabled


def sign_in(client: SmtpClient, connector: SendConnector, account: Identity | None) -> None:
    """Raises Refused where another host may do, Held where none will until somebody changes something."""
    if not needs(connector):
        return
    if account is None:
        raise at_fault(f"“{connector.name}” signs in to its smart hosts, and names no credential")
    if not fits(account.kind, connector.smart_host_auth_mechanism):
        how = connector.smart_host_auth_mechanism.label
        raise at_fault(f"The credential “{account.name}” ({account.kind.label}) is none for {how}")
    try:
        offered = client.extensions.mechanisms
        mechanism = sasl.choose(connector.smart_host_auth_mechanism, offered, bool(client.tls))
    except CannotSignIn as error:
        raise Refused(str(error)) from None
    client.account = account.name
    _judge(account, *_with_secret(client, mechanism, account))


def _with_secret(client: SmtpClient, mechanism: Mechanism, account: Identity) -> Answer:
    """A token may have been withdrawn before its time: then once more, with a fresh one."""
    secret = account.secret()
    answer = _speak(client, mechanism, account.user_name, secret)
    if answer[0] == 535 and (other := account.other_than(secret)):
        answer = _speak(client, mechanism, account.user_name, other)
    return answer


def _judge(account: Identity, code: int, text: str, detail: str) -> None:
    if code // 100 == 5:
        raise at_fault(f"{account.user_name}: {sign_in_replies.explained(code, text, detail)}")
    if code != 235:
        raise Refused(f"the sign-in was answered {remote_reply.one_line(code, text)}")


def _speak(client: SmtpClient, mechanism: Mechanism, user: str, secret: str) -> Answer:
    """The conversation of a mechanism. A host that asks for more than it needs is told that it ends (RFC 4954 §4)."""
    login = Login(user, secret, client.peer.tls_name, client.port)
    steps = sasl.steps(mechanism, login)
    command, detail = f"AUTH {mechanism}", ""
    if mechanism is Mechanism.PLAIN and len(f"{command} {_coded(steps[0](b''))}\r\n") <= LONGEST_LINE:
        command = f"{command} {_coded(steps.pop(0)(b''))}"
    code, text = client.confide(command, secret)
    for step in steps:
        if code != 334:
            break
        challenge = _decoded(text)
        detail = sasl.refusal(challenge) or detail
        code, text = client.confide(_coded(step(challenge)), secret)
    if code == 334:
        code, text = client.say("*")
        raise Refused(f"the host asks for more than {mechanism} has; then it said {remote_reply.one_line(code, text)}")
    return code, text, _masked(detail, login)


def _coded(words: bytes) -> str:
    return b64encode(words).decode()


def _decoded(text: str) -> bytes:
    """A challenge; what is none is empty."""
    try:
        return b64decode(text)
    except ValueError:
        return b""


def _masked(text: str, login: Login) -> str:
    """A host that repeats what it was told must not put it on our pages."""
    return text.replace(login.secret, HIDDEN) if login.secret else text
