"""Queues, messages, logs, certificates: what an administrator asks the shell when mail does not arrive."""

from __future__ import annotations

import socket
import threading
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.utils import timezone

from console.audit.models import Entry
from console.certificates import actions as certificates
from console.certificates import issuing, keys
from console.certificates.models import Certificate, Request
from console.connectors import actions as connectors
from console.management_shell.cmdlets import results
from console.management_shell.cmdlets.connectivity import status
from console.management_shell.cmdlets.filtering import read_filter
from console.management_shell.language.errors import ShellError
from console.management_shell.language.values import Record, Size
from console.processes.address import free_port
from console.processes.models import Turn
from console.queues.models import Content, Flow, NextHop, QueuedRecipient
from console.tracking import queries as tracking
from console.tracking.models import Session
from tests.console.builders import ADMIN, receive_connector, send_connector
from tests.console.management_shell import waiting_mail
from tests.console.management_shell.shell import Shell
from transport.config.address_space import AddressSpace
from transport.deliver import routing
from transport.routes import Routes

pytestmark = pytest.mark.django_db


@pytest.fixture
def shell() -> Shell:
    return Shell()


def statuses() -> list[str]:
    return sorted(QueuedRecipient.objects.values_list("status", flat=True))


def test_queues_are_shown_filtered_and_held(shell: Shell, settings) -> None:
    waiting_mail.message("bob@fabrikam.com", "eve@fabrikam.com")
    waiting_mail.message()
    waiting_mail.message("ann@contoso.com", hop="mailbox")
    NextHop.objects.filter(pk="mailbox").update(delivery_type="SmtpDeliveryToMailbox", domain="mailbox")
    table = "ft -HideTableHeaders Identity,MessageCount,RecipientCount,Status"
    away = [rf"{settings.GATEPOST_NODE}\{waiting_mail.HOP}", "2", "3", "Ready"]
    assert shell.run(f"Get-Queue -Filter 'MessageCount -gt 1' | {table}").split() == away
    assert shell.run(f"Get-Queue -Exclude Internal | {table}").split() == away
    assert "mailbox" in shell.run("Get-Queue -Include SmtpDeliveryToMailbox")
    shell.run("Suspend-Queue *fabrikam.com -Confirm:$false")
    assert "Suspended" in shell.run(f"Get-Queue fabrikam.com | {table}")
    shell.run("Get-Queue -Filter {Status -eq 'Suspended'} | Resume-Queue")
    assert shell.run(f"Get-Queue fabrikam.com | {table}").split() == away
    shell.run("Retry-Queue fabrikam.com")
    assert Entry.objects.filter(kind="Queue").latest("pk").verb == "retried"
    assert "which queues" in str(shell.refused("Retry-Queue"))
    assert "couldn't be found" in str(shell.refused("Get-Queue nowhere.test"))
    never_used = shell.run(rf"Get-Queue {settings.GATEPOST_NODE}\Unreachable | {table}").split()
    assert never_used == [rf"{settings.GATEPOST_NODE}\unreachable", "0", "0", "Ready"]


def test_a_queue_says_how_it_moves_why_it_is_suspended_and_until_when(shell: Shell) -> None:
    for _ in range(12):
        waiting_mail.message()
    waiting_mail.message("ann@contoso.com", hop="mailbox")
    NextHop.objects.filter(pk="mailbox").update(delivery_type="SmtpDeliveryToMailbox", domain="mailbox")
    Flow.objects.create(next_hop=waiting_mail.HOP, came=120, went=90)
    assert shell.run("Get-Queue fabrikam.com | fl IncomingRate,OutgoingRate,Velocity,NextHopCategory").split() == [
        "IncomingRate", ":", "2", "OutgoingRate", ":", "1.5", "Velocity", ":", "-0.5", "NextHopCategory", ":",
        "External",
    ]  # fmt: skip
    shell.run("Suspend-Queue fabrikam.com -Reason 'They move' -Until 2099-01-01 -Confirm:$false")
    assert "They move" in shell.run("Get-Queue fabrikam.com | fl SuspendedReason,SuspendedUntil")
    assert NextHop.objects.get(pk=waiting_mail.HOP).suspended_until is not None
    assert "fabrikam.com" in shell.run("Get-QueueDigest -Forest")
    assert "mailbox" not in shell.run("Get-QueueDigest -Forest")
    assert shell.run("Get-QueueDigest -GroupBy Status | ft -HideTableHeaders GroupByValue,MessageCount").split() == [
        "Suspended", "12",
    ]  # fmt: skip


def test_submission_is_shown_and_left_alone(shell: Shell) -> None:
    Turn.objects.create(process="forwarder", node="n1", at=timezone.now(), waiting_messages=7, waiting_recipients=9)
    assert shell.run("Get-Queue -Include Submission | ft -HideTableHeaders MessageCount").split() == ["7"]
    shell.run("Suspend-Queue submission -Confirm:$false")
    assert "goes on by itself" in shell.warnings[0]


def test_messages_are_resubmitted_and_redirected(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    way = {"smart_hosts": ("[192.0.2.9]",), "dns_routing_enabled": False}
    connectors.create(ADMIN, send_connector("Way around", address_spaces=(AddressSpace("around.example"),), **way))
    monkeypatch.setattr(routing, "ROUTES", Routes())
    waiting_mail.message()
    shell.run("Redirect-Message -Queue fabrikam.com -Connector 'Way around'")
    moved = QueuedRecipient.objects.get()
    assert (moved.next_hop, moved.pinned) == ("smarthost:Way around", True)
    shell.run("Get-Message | Redirect-Message -Recipient bob@around.example")
    assert QueuedRecipient.objects.get().address == "bob@around.example"
    NextHop.objects.update(retry_at=timezone.now() + timedelta(hours=1))
    shell.run("Retry-Queue -Filter \"Status -eq 'Retry'\" -Resubmit $true")
    assert (QueuedRecipient.objects.get().pinned, NextHop.objects.filter(retry_at=None).exists()) == (False, True)
    assert set(Entry.objects.values_list("verb", flat=True)) >= {"redirected", "resubmitted"}
    assert "-Recipient or -Connector" in str(shell.refused("Redirect-Message -Server a -Target b"))
    assert "Say where" in str(shell.refused("Redirect-Message -Queue around.example"))


def test_a_message_shows_the_state_of_each_recipient(shell: Shell) -> None:
    waiting_mail.message("bob@fabrikam.com", "eve@fabrikam.com")
    shown = shell.run("(Get-Message -IncludeRecipientInfo).Recipients | ft -HideTableHeaders Address,Status")
    assert shown.split() == ["bob@fabrikam.com", "Ready", "eve@fabrikam.com", "Ready"]


def test_an_exported_message_is_assembled_to_a_file(shell: Shell) -> None:
    found = waiting_mail.message()
    shell.run(f"Export-Message {found.pk} | AssembleMessage -Path copy.eml")
    assert shell.files["copy.eml"] == waiting_mail.EML


def test_messages_are_shown_held_and_removed(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting_mail.message("bob@fabrikam.com", "eve@fabrikam.com", subject="Offer", size=9000)
    waiting_mail.message(sender="bad@spam.example")
    wanted = "FromAddress -like '*@contoso.com' -and Size -gt 5KB"
    shown = shell.run(f'Get-Message -Filter "{wanted}" | fl Subject,Recipients,Size')
    assert shown.split("\n")[1:4] == [
        "Subject    : Offer",
        "Recipients : {bob@fabrikam.com, eve@fabrikam.com}",
        "Size       : 8.789 KB (9,000 bytes)",
    ]
    shell.run("Get-Message | where {$_.Subject -eq 'Offer'} | Suspend-Message -Confirm:$false")
    assert statuses() == ["ready", "suspended", "suspended"]
    shell.run("Get-Message -Filter \"Status -eq 'Suspended'\" | Resume-Message")
    assert statuses() == ["ready", "ready", "ready"]
    monkeypatch.setattr(results, "SHOWN", 1)
    assert shell.run("(Get-Message | Measure-Object).Count") == "1"
    assert "-ResultSize Unlimited" in shell.warnings[0]
    assert shell.run("(Get-Message -ResultSize Unlimited | Measure-Object).Count") == "2"
    shell.run("Remove-Message -Filter \"FromAddress -eq 'bad@spam.example'\" -WithNDR $false -Confirm:$false")
    assert statuses() == ["ready", "ready", "removed"]
    assert "which messages" in str(shell.refused("Remove-Message -Confirm:$false"))
    assert "No message waits" in str(shell.refused("Get-Message submission\\7"))
    assert shell.run("Get-Message submission\\*7") == ""
    assert "No message waits" in str(shell.refused("Remove-Message x -Confirm:$false"))


def test_a_message_is_one_of_its_queue_only(shell: Shell) -> None:
    found = waiting_mail.message()
    waiting_mail.next_hop("mailbox", domain="mailbox")
    QueuedRecipient.objects.create(
        message=found, address="ann@contoso.com", next_hop="mailbox",
        due_at=found.accepted_at, notice_at=found.expires_at,
    )  # fmt: skip
    shell.run("Get-Queue fabrikam.com | Get-Message | Suspend-Message -Confirm:$false")
    assert {each.next_hop: each.status for each in QueuedRecipient.objects.all()} == {
        waiting_mail.HOP: "suspended", "mailbox": "ready",
    }  # fmt: skip


def test_a_message_is_exported_and_that_is_noted(shell: Shell) -> None:
    found = waiting_mail.message()
    shell.run(f"Export-Message '*{found.pk}' -FileName offer.eml")
    assert shell.files["offer.eml"] == waiting_mail.EML
    assert shell.run(f"Export-Message {found.pk}") == "Subject: Figures\n\nhello"
    assert Entry.objects.filter(verb="exported").count() == 2


def test_the_tracking_log_tells_how_it_ended(shell: Shell) -> None:
    everybody = ("bob@fabrikam.com", "eve@fabrikam.com", "ann@fabrikam.com")
    found = waiting_mail.message(*everybody, message_id="<7@contoso.com>")
    waiting_mail.happened(found, "RECEIVE")
    waiting_mail.happened(found, "SEND", "bob@fabrikam.com", statuses=["250 Ok"], host="mx.fabrikam.com [192.0.2.7]")
    waiting_mail.happened(found, "FAIL", "eve@fabrikam.com", statuses=["550 5.1.1 User unknown"])
    table = "Get-MessageTrackingLog {} | ft -HideTableHeaders EventId,Recipients"
    assert [line.split(maxsplit=1) for line in shell.run(table.format("")).splitlines() if line] == [
        ["RECEIVE", "{bob@fabrikam.com, eve@fabrikam.com, ann@fabrikam.com}"],
        ["SEND", "{bob@fabrikam.com}"],
        ["FAIL", "{eve@fabrikam.com}"],
    ]
    failed = shell.run("Get-MessageTrackingLog -MessageId 7@contoso.com -EventId FAIL | fl RecipientStatus")
    assert "550 5.1.1 User unknown" in failed
    sent = shell.run("Get-MessageTrackingLog -Recipients bob@fabrikam.com -EventId SEND | fl ServerHostname")
    assert sent.split() == ["ServerHostname", ":", "mx.fabrikam.com"]
    one = f"-NetworkMessageId {found.pk} -Source SMTP -MessageSubject figures -Sender anna@contoso.com"
    assert shell.run(f"(Get-MessageTrackingLog {one} | Measure-Object).Count") == "3"
    assert shell.run("Get-MessageTrackingLog -Recipients ob@fabrikam.com") == ""
    assert shell.run("Get-MessageTrackingLog -Reference none") == ""
    assert shell.run("Get-MessageTrackingLog -NetworkMessageId nonsense") == ""
    assert shell.run("Get-MessageTrackingLog -Start 2099-01-01") == ""
    assert shell.run("Get-MessageTrackingLog -Sender nobody@contoso.com") == ""


@pytest.mark.parametrize("asked", ["-Sender anna@contoso.com", "-Recipients bob@fabrikam.com", "-MessageSubject fig"])
def test_a_search_that_does_not_look_at_all_messages_warns(shell: Shell, monkeypatch: Any, asked: str) -> None:
    monkeypatch.setattr(tracking, "MOST_FOUND", 1)
    waiting_mail.happened(waiting_mail.message(), "RECEIVE")
    shell.run(f"Get-MessageTrackingLog {asked}")
    assert shell.warnings == []
    waiting_mail.happened(waiting_mail.message(), "RECEIVE")
    shell.run(f"Get-MessageTrackingLog {asked} -End 2001-01-01")
    assert shell.warnings == []
    assert shell.run(f"(Get-MessageTrackingLog {asked} | Measure-Object).Count") == "1"
    assert "only the newest 1 of them are looked through" in shell.warnings[0]


@pytest.fixture
def session() -> Session:
    return Session.objects.create(
        session_id="08D675E58CA1DA38", transport="node-1", connector="Office", local_endpoint="10.2.3.4:25",
        remote_address="192.168.5.77", remote_port=4711, helo="printer", sender="a@contoso.com",
        recipients=["b@fabrikam.com"], refused=1, started_at="2026-01-01T00:00:00Z", ended_at="2026-01-01T00:00:01Z",
        events=[
            ["2026-01-01T00:00:00.100Z", "<", "RCPT TO:<b@fabrikam.com>", ""],
            ["2026-01-01T00:00:00.200Z", ">", "550 5.7.1 Unable to relay", "relay_denied; revision 7"],
        ],
        search="08d675e58ca1da38 192.168.5.77 printer a@contoso.com b@fabrikam.com",
    )  # fmt: skip


def test_the_protocol_log_says_why(shell: Shell, session: Session) -> None:
    assert "192.168.5.77:4711" in shell.run("Get-ProtocolLog -Connector NODE\\Office -Recipient b@fabrikam")
    refused = shell.run("Get-ProtocolLog -RemoteAddress 192.168.5.0/24 -Refused | fl Data,Rule,Revision")
    assert refused.split("\n")[1:4] == [
        "Data     : 550 5.7.1 Unable to relay", "Rule     : relay_denied", "Revision : 7",
    ]  # fmt: skip
    lines = shell.run("Get-ProtocolLog | Get-ProtocolLog | ft -HideTableHeaders SequenceNumber,Event,Data")
    assert lines.split() == ["0", "<", "RCPT", "TO:<b@fabrikam.com>", "1", ">", "550", "5.7.1", "Unable", "to", "relay"]
    assert shell.run("Get-ProtocolLog -End 2026-01-01") == ""
    assert shell.run("Get-ProtocolLog -Sender nobody") == ""


def test_connectivity_is_tried_at_every_binding(shell: Shell) -> None:
    def greet(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        connection.sendall(b"220 mail.contoso.com ready\r\n")
        connection.recv(100)
        connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        bindings = [f"0.0.0.0:{port}", f"127.0.0.1:{free_port()}"]
        connectors.create(ADMIN, receive_connector("Office", bindings=bindings))
        connectors.create(ADMIN, receive_connector("Off", bindings=["127.0.0.2:25"], enabled=False))
        threading.Thread(target=greet, args=[listener], daemon=True).start()
        shown = shell.run("Test-SmtpConnectivity | ft -HideTableHeaders EndPoint,StatusCode,Details")
    first, second = [line.split(maxsplit=1) for line in shown.splitlines() if line]
    assert (first[0], first[1].split()) == (f"127.0.0.1:{port}", ["Success", "220", "mail.contoso.com", "ready"])
    assert second[1].startswith("Unable to connect")


def test_a_greeting_has_exchanges_word() -> None:
    assert [status(text) for text in ("220 x", "421 4.3.2 busy", "554 no", "", "SSH-2.0")] == [
        "Success", "Transient error", "Permanent error", "External error", "External error",
    ]  # fmt: skip


def test_certificates_come_and_go(shell: Shell) -> None:
    subject = "'CN=mail.contoso.com, O=Contoso'"
    shell.run(f"New-ExchangeCertificate -SubjectName {subject} -DomainName smtp.contoso.com -KeySize 2048")
    made = Certificate.objects.get()
    assert made.names == ["mail.contoso.com", "smtp.contoso.com"] and made.name == "mail.contoso.com"
    assert shell.run("(Get-ExchangeCertificate).PublicKeySize") == "2048"
    sha1 = shell.run("(Get-ExchangeCertificate).Thumbprint").strip()
    spaced = " ".join(sha1[place : place + 2] for place in range(0, 40, 2)).lower()
    for wanted in (sha1, spaced, made.fingerprint, "MAIL.contoso.com"):
        assert sha1 in shell.run(f"Get-ExchangeCertificate '{wanted}'")
    shell.run(f"Export-ExchangeCertificate {sha1} -FileName c.pfx -Password a-good-password")
    shell.run(f"Remove-ExchangeCertificate {sha1} -Confirm:$false")
    assert "password is wrong" in str(shell.refused("Import-ExchangeCertificate c.pfx -Password wrong"))
    assert shell.refused("Import-ExchangeCertificate c.pfx").message.endswith("write -Password.")
    shell.secret = "a-good-password"
    shell.run("Import-ExchangeCertificate c.pfx -FriendlyName Back")
    assert Certificate.objects.get().name == "Back"


def test_a_request_is_answered(shell: Shell) -> None:
    shell.run(
        "New-ExchangeCertificate -GenerateRequest -DomainName mail.contoso.com -FriendlyName Ours -Services SMTP,IIS"
    )
    assert shell.warnings == ["Certificates are for SMTP only here; IIS is left out."]
    asked = Request.objects.get()
    key = keys.make(keys.P256)
    authority = issuing.authority(key, "Contoso CA")
    answer = issuing.issued(keys.decrypt(asked.encrypted_key), ["mail.contoso.com"], authority, key)
    shell.files["answer.cer"] = answer.encode()
    shell.run("Import-ExchangeCertificate answer.cer")
    assert Certificate.objects.get().name == "Ours" and not Request.objects.exists()
    assert "no private key" in str(shell.refused("Import-ExchangeCertificate answer.cer"))


def test_a_pem_file_comes_as_text(shell: Shell) -> None:
    made = certificates.make_self_signed(ADMIN, "Old", ["old.contoso.com"])
    key = keys.decrypt(made.encrypted_key)
    pem = made.chain + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    certificates.remove(ADMIN, made.pk)
    shell.session.interpreter.variables["pem"] = pem
    shell.run("Import-ExchangeCertificate -FileData $pem")
    assert Certificate.objects.get().names == ["old.contoso.com"]


RECORD = Record("Message", {"Status": "Retry", "Size": Size(2048), "Subject": "It's (half) -and half", "Retries": 3})


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("Status -eq 'Retry'", True),
        ("{Status -eq 'retry' -and Size -gt 1KB}", True),
        ('$_.Status -ne "Retry" -or Retries -ge 3', True),
        ("-not (Status -like 'Re*')", False),
        ("Subject -eq 'It''s (half) -and half'", True),
        ("(Retries -lt 3 -or Retries -gt 3) -and Status -eq 'Retry'", False),
        ("Subject -notlike '*half*'", False),
    ],
)
def test_a_filter_is_read_as_exchange_reads_it(text: str, holds: bool) -> None:
    assert read_filter(text)(RECORD) is holds


@pytest.mark.parametrize(
    "text",
    ["", "Status", "Status -eq", "Status -eq 'Retry' Size", "-eq 5", "(Status -eq 'x'", "Status -is 5", "'", "(" * 9000,
     "(" * 500 + "Status -eq 1" + ")" * 500, "Status -eq 'x' -and"],
)  # fmt: skip
def test_what_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"Write it like|at most|nested|not possible"):
        read_filter(text)


def test_a_filter_by_what_is_no_property_names_those_that_are() -> None:
    with pytest.raises(ShellError) as found:
        read_filter("Colour -eq 'red'")(RECORD)
    assert found.value.allowed == ("Status", "Size", "Subject", "Retries")


def test_servers_go_down_the_pipe(shell: Shell, settings) -> None:
    settings.GATEPOST_NODE = "vm"
    waiting_mail.happened(waiting_mail.message("bob@fabrikam.com"), "RECEIVE")
    waiting_mail.happened(waiting_mail.message("ann@contoso.com", hop="mailbox"), "RECEIVE")
    counted = "Get-MessageTrackingLog -EventId RECEIVE | Group-Object ClientIp | % Count"
    assert shell.run(f"Get-TransportService | {counted}") == shell.run(f"Get-ExchangeServer | {counted}") == "2"
    assert shell.run(f"'vm' | {counted}") == "2" and shell.warnings == []
    assert shell.run("Get-TransportService | Get-Queue | Measure-Object | % Count") == "2"
    connectors.create(ADMIN, receive_connector("Office"))
    assert shell.run("Get-ExchangeServer | Get-ReceiveConnector | % Name") == "Office"
    shell.run("Get-MessageTrackingLog -Server EX9")
    assert "-Server is not needed" in shell.warnings[0]


@pytest.mark.parametrize(
    "words",
    [
        "-FileData ([System.IO.File]::ReadAllBytes('C:\\x.pfx'))",
        "-FileData ([Byte[]]$(Get-Content -Path 'C:\\x.pfx' -Encoding byte -ReadCount 0))",
        "-FileName 'C:\\x.pfx'",
    ],
)
def test_a_pfx_is_imported_as_exchanges_documents_do_it(shell: Shell, words: str) -> None:
    made = certificates.make_self_signed(ADMIN, "Mine", ["mail.contoso.com"], keys.RSA2048)
    shell.files["C:\\x.pfx"] = certificates.export(ADMIN, made.pk, "P@ss-word-1")
    certificates.remove(ADMIN, made.pk)
    password = "(ConvertTo-SecureString -String 'P@ss-word-1' -AsPlainText -Force)"
    shell.run(f"$p = {password}; Import-ExchangeCertificate {words} -Password $p -FriendlyName Again | Out-Null")
    assert Certificate.objects.get().name == "Again"
    assert shell.run(f'"it is {password}; $({password})"').endswith("System.Security.SecureString")


def test_a_large_message_is_exported_piece_by_piece(shell: Shell, monkeypatch) -> None:
    """Whole, a message of 150 MB would be in memory three times."""
    found = waiting_mail.message()
    Content.objects.filter(message_id=found.pk).delete()
    for number in range(4):
        Content.objects.create(message_id=found.pk, number=number, chunk=b"%d" % number * 1_000_000)
    written: list[tuple[int, bool]] = []
    monkeypatch.setattr(shell, "write_file", lambda path, piece, append=False: written.append((len(piece), append)))
    shell.run("Get-Message | Export-Message -FileName large.eml")
    assert written == [(1_000_000, False), *[(1_000_000, True)] * 3]
    type(found).objects.update(size=100_000_000)
    assert "write it with -FileName" in str(shell.refused("Get-Message | Export-Message"))
