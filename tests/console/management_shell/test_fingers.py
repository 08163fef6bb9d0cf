"""What the fingers of people type who know Exchange and PowerShell."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from console.connectors import actions as connectors
from console.directory import actions as directory
from console.mailboxes import queries as mailboxes
from console.queues.models import QueuedRecipient
from console.tracking.models import Session
from console.users.models import User
from tests.console.builders import ADMIN, receive_connector
from tests.console.management_shell.shell import Shell
from tests.console.management_shell.waiting_mail import HOP, happened, message
from transport.trace.line import decided_by

pytestmark = pytest.mark.django_db


@pytest.fixture
def shell() -> Shell:
    return Shell()


@pytest.mark.parametrize("command", ["history", "h", "Get-History", "ghy -Count 2"])
def test_history_shows_what_was_run(shell: Shell, command: str) -> None:
    assert "Get-Queue" in shell.run(command) and "Get-Message" in shell.run("h -Count 1")
    assert "Get-Queue" not in shell.run("h -Count 1")


@pytest.mark.parametrize("command", ["cls", "clear", "Clear-Host"])
def test_the_screen_is_cleared_of_what_stood_there(shell: Shell, command: str) -> None:
    assert shell.run(f"'before'; {command}; 'after'") == "after"


def test_the_transport_server_of_2010_is_the_transport_service(shell: Shell) -> None:
    assert shell.run("Get-TransportServer | fl") == shell.run("Get-TransportService | fl")


@pytest.mark.parametrize(
    ("command", "meant"),
    [
        ("Get-ReceiveConnector 'Anonymus Relay'", "Did you mean 'Anonymous Relay'?"),
        ("Get-Queue fabrikan.com", "Did you mean 'fabrikam.com'?"),
        ("Get-Recipient bop@contoso.com", "Did you mean 'bob@contoso.com'?"),
        ("Get-User ana", "Did you mean 'anna'?"),
        ("Get-ReceiveConnector Nonsense", "couldn't be found."),
    ],
)
def test_a_name_that_is_nearly_right_is_suggested(shell: Shell, command: str, meant: str) -> None:
    connectors.create(ADMIN, receive_connector("Anonymous Relay"))
    directory.add(ADMIN, "bob@contoso.com", "Bob")
    User.objects.create(domain="CONTOSO", name="anna")
    message(hop=HOP)
    assert str(shell.refused(command)).endswith(meant)


def test_users_are_shown_without_their_secrets(shell: Shell) -> None:
    User.objects.create(domain="CONTOSO", name="anna", display_name="Anna", password="argon2-hash", nt_hash="nt-hash")
    shown = shell.run("Get-User anna | fl")
    assert r"CONTOSO\anna" in shown and "hash" not in shown
    assert shell.run("Get-User *nobody*") == ""


def test_mailboxes_are_shown_with_their_messages(shell: Shell, home) -> None:
    box = mailboxes.root() / "contoso.com" / "bob" / "new"
    box.mkdir(parents=True)
    (box / "1700000000.M1P1Q1.vm").write_bytes(b"Subject: x\r\n\r\n")
    assert shell.run("Get-Mailbox bob | ft -HideTableHeaders").split() == ["bob", "bob@contoso.com", "1"]
    assert "bob@contoso.com" in shell.run("Get-Mailbox *@contoso.com")


def test_a_trace_says_what_became_of_mail_for_each_recipient(shell: Shell) -> None:
    first = message("bob@fabrikam.com", "eve@fabrikam.com", subject="Figures")
    happened(first, "RECEIVE")
    QueuedRecipient.objects.filter(address="bob@fabrikam.com").update(
        status="failed", last_error="550 5.1.1 no", finished_at=timezone.now()
    )
    other = message("zoe@fabrikam.com", sender="max@contoso.com", accepted_at=timezone.now() - timedelta(days=1))
    happened(other, "RECEIVE")
    table = "ft -HideTableHeaders RecipientAddress,Status"
    assert shell.run(f"Get-MessageTrace -SenderAddress anna@contoso.com | {table}").split() == [
        "bob@fabrikam.com", "Failed", "eve@fabrikam.com", "Pending",
    ]  # fmt: skip
    assert shell.run(f"Get-MessageTrace -RecipientAddress zoe@* | {table}").split() == ["zoe@fabrikam.com", "Pending"]
    assert "550 5.1.1 no" in shell.run("Get-MessageTrace -Status Failed | fl Detail")
    assert shell.run("Get-MessageTrace -SenderAddress anna@fabrikam.com") == ""


def test_the_newest_events_are_shown_when_they_are_asked_for(shell: Shell) -> None:
    now = timezone.now()
    for number in range(8):
        happened(message(subject=f"No {number}"), "RECEIVE", time=now + timedelta(seconds=number))
    shown = "%{ $_.MessageSubject }"
    assert shell.run(f"Get-MessageTrackingLog -ResultSize 2 | {shown}").split("\n") == ["No 0", "No 1"]
    assert "-Newest" in shell.warnings[0]
    assert shell.run(f"Get-MessageTrackingLog -Newest -ResultSize 2 | {shown}").split("\n") == ["No 7", "No 6"]
    assert shell.warnings == []


def test_the_agent_log_tells_whom_the_filters_turned_away(shell: Shell) -> None:
    time = "2026-01-01T00:00:00.000Z"
    Session.objects.create(
        session_id="08D675E58CA1DA38", connector="Office", remote_address="192.0.2.7", remote_port=4711, refused=2,
        started_at=time, sender="anna@contoso.com", local_endpoint="10.2.3.4:25",
        events=[
            [time, "<", "RCPT TO:<bob@gatepost.test>", ""],
            [time, ">", "550 5.1.1 User unknown", decided_by("recipient_unknown") + "7"],
            [time, "<", "NONSENSE", ""],
            [time, ">", "500 5.3.3 Unrecognized command", decided_by("unknown_command") + "7"],
        ],
    )  # fmt: skip
    shown = shell.run("Get-AgentLog | fl Agent,Recipient,SmtpResponse,Reason")
    assert shown.count("Agent ") == 1 and "Recipient Filter Agent" in shown and "bob@gatepost.test" in shown
