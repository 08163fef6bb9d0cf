"""Every command of the documents 000, 001, 003 and 004, as they print it, and what it does on the wire."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic

import pytest
from django.conf import settings

from console.certificates import actions as certificates
from console.connectors import queries
from console.protection.actions import set_filter
from console.publishing import queries as publishing
from tests.conftest import wait_for
from tests.console.builders import ADMIN
from tests.console.management_shell.shell import Shell
from tests.shell.running_transport import Client, RunningTransport
from transport.config.filters import RecipientFilter

pytestmark = pytest.mark.django_db(transaction=True)


class Gateway:
    """A shell and a transport on the same database. `run` returns when the transport obeys."""

    def __init__(self, transport: RunningTransport) -> None:
        self.transport, self.shell = transport, Shell()

    def run(self, text: str) -> str:
        printed = self.shell.run(text)
        newest = publishing.newest()
        assert newest
        wait_for(lambda: self.transport.facts().get("revision") == newest.number, "the revision is not in force")
        return printed

    def client(self) -> Client:
        return self.transport.client()

    def greeted(self) -> Client:
        return self.transport.greeted()


@pytest.fixture
def gateway(database_url: str) -> Iterator[Gateway]:
    """A transport that follows the database, with no connector yet."""
    transport = RunningTransport(database_url)
    made = Gateway(transport)
    set_filter(ADMIN, RecipientFilter(recipient_validation_enabled=False))
    made.shell.run("New-AcceptedDomain Gatepost -DomainName gatepost.test")
    transport.variables["GATEPOST_SECRET_KEY"] = settings.GATEPOST_SECRET_KEY
    made.shell.run(f"New-ReceiveConnector Internet -Internet -Bindings 127.0.0.1:{transport.port} -TarpitInterval 0")
    transport.start()
    yield made
    transport.remove()


def test_documents_000_and_001_configure_the_connector_for_the_internet(gateway: Gateway) -> None:
    run = gateway.run
    run("Set-ReceiveConnector Internet -Banner “220 Mail Server”")
    assert gateway.client().line() == "220 Mail Server"

    run("Set-ReceiveConnector Internet -MaxProtocolErrors 2")
    session = gateway.greeted()
    assert [session.say("NONSENSE")[:3] for _ in range(2)] == ["500", "500"]
    assert session.line().startswith("421 ")

    run("Set-ReceiveConnector Internet –MaxRecipientsPerMessage:2 –MaxMessageSize:5MB –MaxRateLimit:3")
    assert gateway.shell.warnings == ["Exchange has no -MaxRateLimit: it is -MessageRateLimit."]
    run("Set-ReceiveConnector Internet –MaxRecipientsPerMessage: 2 –MaxMessageSize: 5MB –MaxRateLimit: 3")
    session = gateway.greeted()
    session.send(b"EHLO again\r\n")
    extensions = [session.line() for _ in range(2)]
    assert extensions[1] == "250-SIZE 5242880"
    session.reply()
    assert session.say("MAIL FROM:<a@example.org>").startswith("250 ")
    replies = [session.say(f"RCPT TO:<user{number}@gatepost.test>") for number in range(3)]
    assert [reply[:3] for reply in replies] == ["250", "250", "452"]

    run("Set-ReceiveConnector Internet -ConnectionTimeout 00:10:00")
    run("Set-ReceiveConnector Internet -ConnectionInactiveTimeout 00:00:01")
    assert "-ConnectionInactivityTimeout" in gateway.shell.warnings[0]
    session, since = gateway.greeted(), monotonic()
    assert session.line().startswith("451 4.7.0") and monotonic() - since < 20

    run(
        "Set-ReceiveConnector Internet -MaxInboundConnection 100 -MaxInboundConnectionsperSource 2 "
        "-MaxInboundConnectionPercentagePerSource 50"
    )
    assert "-MaxInboundConnectionPerSource" in gateway.shell.warnings[0]
    held = [gateway.client() for _ in range(3)]
    assert sorted(client.line()[:3] for client in held) == ["220", "220", "421"]


def test_documents_000_and_001_slow_down_who_tries_addresses(gateway: Gateway) -> None:
    gateway.run("Set-RecipientFilterConfig -RecipientValidationEnabled $true")
    gateway.run("Set-ReceiveConnector “Internet” –TarPitInterval:1")
    assert gateway.shell.warnings == ["TarpitInterval: 1 is taken as seconds; Exchange writes 00:00:01."]
    wait_for(lambda: unknown_recipient(gateway)[0] == "550 5.1.1 User unknown", "the transport has no directory")
    assert unknown_recipient(gateway)[1] >= 1


def unknown_recipient(gateway: Gateway) -> tuple[str, float]:
    """The answer to a recipient that nobody knows, and after how many seconds it comes."""
    session = gateway.greeted()
    assert session.say("MAIL FROM:<a@example.org>").startswith("250 ")
    since = monotonic()
    return session.say("RCPT TO:<nobody@gatepost.test>"), monotonic() - since


def test_document_003_lets_one_device_relay(gateway: Gateway) -> None:
    gateway.run("Remove-ReceiveConnector Internet -Confirm:$false")
    gateway.run(
        'New-ReceiveConnector -Name "Anonymous Relay" -Usage Custom -PermissionGroups AnonymousUsers '
        f"-Bindings 127.0.0.1:{gateway.transport.port} -RemoteIpRanges 127.0.0.1 -TarpitInterval 0"
    )
    relay = (
        'Get-ReceiveConnector "Anonymous Relay" | Add-ADPermission -User "NT AUTHORITY\\ANONYMOUS LOGON" '
        '-ExtendedRights "Ms-Exch-SMTP-Accept-Any-Recipient"'
    )
    assert relays(gateway) == "550"
    gateway.run(relay)
    assert "Anyone at 127.0.0.1 could send" in gateway.shell.warnings[0]
    assert relays(gateway) == "250"


def test_document_003_trusts_a_server(gateway: Gateway) -> None:
    gateway.run("Remove-ReceiveConnector Internet -Confirm:$false")
    gateway.run(
        'New-ReceiveConnector -Name "Anonymous Relay" -Usage Custom -AuthMechanism ExternalAuthoritative '
        f"-PermissionGroups ExchangeServers -Bindings 127.0.0.1:{gateway.transport.port} -RemoteIpRanges 127.0.0.1"
    )
    assert relays(gateway) == "250"


def relays(gateway: Gateway) -> str:
    """The code of the answer to a recipient elsewhere."""
    session = gateway.greeted()
    assert session.say("MAIL FROM:<printer@gatepost.test>").startswith("250 ")
    return session.say("RCPT TO:<somebody@example.org>")[:3]


def test_document_004_shows_the_chosen_certificate(gateway: Gateway) -> None:
    certificates.make_self_signed(ADMIN, "Other", ["other.gatepost.test"])
    gateway.run("New-ExchangeCertificate -DomainName mail.gatepost.test")
    gateway.run(
        "$TLSCert = Get-ExchangeCertificate -DomainName mail.gatepost.test; "
        '$TLSCertName = "<I>$($TLSCert.Issuer)<S>$($TLSCert.Subject)"; '
        'get-receiveconnector -identity "*\\Internet" | set-receiveconnector -TlsCertificateName $TLSCertName'
    )
    name = "<I>CN=mail.gatepost.test<S>CN=mail.gatepost.test"
    assert f"TlsCertificateName         : {name}" in gateway.run("get-receiveconnector | fl identity,*tls*")
    session = gateway.greeted()
    assert session.say("STARTTLS").startswith("220 ")
    session.start_tls()
    shown = session.connection.getpeercert(binary_form=True)  # type: ignore[attr-defined]
    assert b"mail.gatepost.test" in shown and b"other.gatepost.test" not in shown
    assert queries.receive_connectors()[0].tls_certificate_name == name
