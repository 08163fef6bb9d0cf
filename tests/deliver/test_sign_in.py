"""Mail leaves through smart hosts that want a sign-in: with passwords, over TLS or not, and what a refusal means."""

from __future__ import annotations

import base64
import hmac
from typing import Any

import psycopg
import pytest

from console.credentials import actions as credentials
from tests.console.builders import ADMIN
from transport.config.credential import CredentialKind, Secrets
from transport.config.send_connector import SmartHostAuth
from transport.deliver import routing

HELD = "SELECT words FROM queues_hold WHERE connector = 'Out' AND is_fault"
UNREACHED = "SELECT last_error FROM queues_nexthop WHERE key = 'smarthost:Out'"
pytestmark = pytest.mark.django_db(transaction=True)
USER, PASSWORD = "device@x.test", "winter rain, ü"
CHALLENGE = "<1896.697170952@postoffice.test>"


@pytest.fixture
def credential() -> Any:
    wanted = credentials.Wanted(user_name=USER)
    return credentials.add(ADMIN, "Mailbox", CredentialKind.Password, wanted, Secrets(password=PASSWORD))


@pytest.fixture
def basic(configure, credential):
    def basic(mechanism=SmartHostAuth.BasicAuth, names=("mailbox",), **changes):
        configure(smart_host_auth_mechanism=mechanism, authentication_credential=names, **changes)

    return basic


class Guard:
    """Answers AUTH as a server does that knows one user; mail before that is refused."""

    def __init__(self, sink, offered="PLAIN LOGIN CRAM-MD5"):
        sink.extensions = (*sink.extensions, f"AUTH {offered}")
        sink.behave = self
        self.signed_in, self.turns, self.heard = False, [], []

    def __call__(self, line, n):
        if line == "connect":
            self.signed_in = False
        elif self.turns:
            self.heard.append(line)
            return self.turns.pop(0)(line)
        elif line.startswith("AUTH "):
            self.heard.append(line)
            return self.begin(*line.split()[1:])
        elif line.startswith("MAIL") and not self.signed_in:
            return "530 5.7.57 Client not authenticated to send mail"
        return None

    def begin(self, mechanism, initial=""):
        if mechanism == "PLAIN":
            return self.judge(base64.b64decode(initial) == f"\0{USER}\0{PASSWORD}".encode())
        if mechanism == "LOGIN":
            self.turns = [lambda line: "334 UGFzc3dvcmQ6", lambda line: self.judge(_decoded(line) == PASSWORD.encode())]
            return "334 VXNlcm5hbWU6"
        digest = hmac.new(PASSWORD.encode(), CHALLENGE.encode(), "md5").hexdigest()
        self.turns = [lambda line: self.judge(_decoded(line) == f"{USER} {digest}".encode())]
        return "334 " + base64.b64encode(CHALLENGE.encode()).decode()

    def judge(self, good):
        self.signed_in = good
        return "235 2.7.0 Authentication successful" if good else "535 5.7.8 Authentication credentials invalid"


def _decoded(line):
    return base64.b64decode(line)


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_mail_leaves_after_a_sign_in_with_what_the_host_knows(basic, queued, deliver, sink, query, mechanism):
    guard = Guard(sink, mechanism)
    basic()
    queued("bob@far.test", "bea@far.test")
    deliver()
    assert len(sink.arrived) == 2 and sink.verbs["AUTH"] == 1, "one sign-in for a connection"
    assert guard.heard[0].startswith(f"AUTH {mechanism}")


def test_in_the_clear_a_digest_goes_before_a_password(basic, queued, deliver, sink):
    guard = Guard(sink)
    basic()
    queued("bob@far.test")
    deliver()
    assert guard.heard[0] == "AUTH CRAM-MD5" and len(sink.arrived) == 1


def test_basic_over_tls_only_says_nothing_in_the_clear_and_the_mail_waits(basic, queued, deliver, sink, query):
    guard = Guard(sink)
    basic(SmartHostAuth.BasicAuthRequireTLS)
    queued("bob@far.test")
    deliver()
    assert not guard.heard and not sink.arrived and "MAIL" not in sink.verbs
    ((error, count),) = query("SELECT last_error, retry_count FROM queues_nexthop WHERE key = 'smarthost:Out'")
    assert "signs in over TLS only, and the connection is not encrypted" in error and count == 1


def test_a_refused_password_stops_the_connector_and_no_message(basic, queued, deliver, sink, query, credential):
    Guard(sink)
    credentials.change(ADMIN, credential, credentials.Wanted(user_name=USER), Secrets(password="wrong one"))
    basic()
    queued("bob@far.test", "bea@far.test")
    deliver()
    assert not sink.arrived and sink.verbs["AUTH"] == 1
    ((error,),) = query(HELD)
    assert error.startswith(f"{USER}: ") and "535 5.7.8 Authentication credentials invalid" in error
    assert query("SELECT DISTINCT status, attempts FROM queues_recipient") == [("ready", 0)], "no attempt was counted"
    credentials.change(ADMIN, credential, credentials.Wanted(user_name=USER), Secrets(password=PASSWORD))
    query("DELETE FROM queues_hold RETURNING 1")
    deliver()
    assert len(sink.arrived) == 2, "a new password holds at the next sign-in"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit x",
            "SMTP AUTH is disabled for the tenant",
        ),
        (
            "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox.",
            "SMTP AUTH is disabled for the mailbox",
        ),
        ("550 5.7.30 Basic authentication is not supported for Client Submission.", "takes no passwords any more"),
        ("535 5.7.3 Authentication unsuccessful [host]", "object id of the enterprise application"),
    ],
)
def test_the_gate_that_is_closed_is_named_with_what_to_do(basic, queued, deliver, sink, query, answer, words):
    sink.extensions = (*sink.extensions, "AUTH LOGIN")
    sink.behave = lambda line, n: answer if line.startswith("AUTH") else None
    basic()
    queued("bob@far.test")
    deliver()
    ((error,),) = query(HELD)
    assert words in error and answer.split(",")[0] in error


def test_a_credential_that_is_not_here_or_of_the_wrong_kind_is_said(basic, queued, deliver, sink, query):
    Guard(sink)
    basic()
    queued("bob@far.test")
    for mechanism, names, words in [
        (SmartHostAuth.BasicAuth, ("Gone",), "There is no credential “Gone”"),
        (SmartHostAuth.BasicAuth, (), "names no credential"),
        (SmartHostAuth.OAuth, ("Mailbox",), "is none for OAuth 2.0"),
    ]:
        basic(mechanism, names)
        query("DELETE FROM queues_hold RETURNING 1")
        deliver()
        ((error,),) = query(HELD)
        assert words in error
    assert not sink.arrived and "AUTH" not in sink.verbs


def test_a_credential_of_another_installation_is_said(basic, queued, deliver, sink, query, credential):
    Guard(sink)
    query("UPDATE credentials_credential SET encrypted = 'gAAAAA' RETURNING 1")
    basic()
    queued("bob@far.test")
    deliver()
    ((error,),) = query(HELD)
    assert "cannot be decrypted with this installation's secret.key" in error


def test_a_host_that_asks_without_end_is_left(basic, queued, deliver, sink, query):
    sink.extensions = (*sink.extensions, "AUTH LOGIN")
    sink.behave = lambda line, n: None if line == "connect" or line[:4] in ("EHLO", "QUIT") else "334 bW9yZQ=="
    basic()
    queued("bob@far.test")
    deliver()
    ((error,),) = query(UNREACHED)
    assert "asks for more than LOGIN has" in error and sink.commands[-2 if sink.commands[-1] == "QUIT" else -1] == "*"


def test_a_host_that_repeats_the_password_does_not_put_it_on_a_page(basic, queued, deliver, sink, query):
    sink.extensions = (*sink.extensions, "AUTH LOGIN")
    sink.behave = lambda line, n: f"535 5.7.8 {PASSWORD} is wrong" if line.startswith("AUTH") else None
    basic()
    queued("bob@far.test")
    deliver()
    ((error,),) = query(HELD)
    assert PASSWORD not in error and "<authentication response> is wrong" in error


@pytest.mark.parametrize("code", ["535", "421", "500"])
def test_a_host_that_repeats_the_line_of_a_sign_in_does_not_put_it_on_a_page(basic, queued, deliver, sink, query, code):
    """The line is the password, whoever reads it: as a server says that does not know AUTH."""
    sink.extensions = (*sink.extensions, "AUTH PLAIN")
    sink.behave = lambda line, n: f"{code} unrecognized: {line}" if line.startswith("AUTH") else None
    basic()
    queued("bob@far.test")
    deliver()
    shown = repr(query("SELECT words FROM queues_hold") + query(UNREACHED))
    coded = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode()
    assert coded not in shown and "unrecognized: AUTH PLAIN <authentication response>" in shown


def test_hosts_of_mx_records_get_no_password(dns, credential, queued, deliver, sink):
    """A stranger chooses them by writing to a domain of his."""
    guard = Guard(sink)
    guard.signed_in = True
    sink.behave = lambda line, n: None
    dns({("far.test", "MX"): ["10 mx.far.test."], ("mx.far.test", "A"): ["127.0.0.1"]},
        smart_host_auth_mechanism=SmartHostAuth.BasicAuth, authentication_credential=("Mailbox",))  # fmt: skip
    queued("bob@far.test")
    deliver("domain:Out:far.test")
    assert len(sink.arrived) == 1 and "AUTH" not in sink.verbs


def test_a_new_password_lets_a_connector_go_on_at_once(basic, queued, deliver, sink, query, credential):
    """Nobody has to lift what rests: the credential was what had to be mended."""
    Guard(sink)
    wanted = credentials.Wanted(user_name=USER)
    credentials.change(ADMIN, credential, wanted, Secrets(password="wrong one"))
    basic()
    queued("bob@far.test")
    deliver()
    routing.reroute()
    assert len(query(HELD)) == 1, "nothing was changed"
    credentials.change(ADMIN, credential, wanted, Secrets(password=PASSWORD))
    routing.reroute()
    assert query(HELD) == []
    deliver()
    assert len(sink.arrived) == 1


def test_the_console_tells_workers_of_a_changed_credential(database_url, credential):
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("LISTEN gatepost_config")
        wanted = credentials.Wanted(user_name=USER)
        credentials.change(ADMIN, credential, wanted, Secrets(password="another"))
        assert len(list(connection.notifies(timeout=5, stop_after=1))) == 1
