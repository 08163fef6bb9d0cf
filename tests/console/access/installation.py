"""An installation in which every list has rows, every page something to show, and names are as long as they get."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.utils import timezone

from console.accounts import actions as accounts
from console.acme import actions as acme
from console.acme.checks import Wanted, WantedAccount
from console.acme.models import ManagedCertificate
from console.actors import Role
from console.backups.models import Restored, Run, Schedule
from console.certificates import actions as certificates
from console.connectors import actions as connectors
from console.credentials import actions as credentials
from console.directory import actions as directory
from console.dkim import actions as dkim
from console.domains import actions as domains
from console.drafts import actions as drafts
from console.kerberos import actions as kerberos
from console.processes.models import Node
from console.protection import actions as protection
from console.publishing.models import Count, Transport
from console.system_messages import actions as system_messages
from console.tls import actions as tls
from console.tracking.models import Session
from console.transport_settings import actions as transport_settings
from console.users import actions as users
from tests.browsing import PASSWORD
from tests.config.test_keytab import entry
from tests.console.builders import ADMIN, RELAY, accepted_domain, receive_connector, send_connector
from tests.console.management_shell.waiting_mail import happened, message
from transport.config.accepted_domain import DomainType
from transport.config.connection_filter import IPList, IPListEntry, IPListProvider
from transport.config.credential import CredentialKind, Secrets
from transport.config.endpoint import ALL_IPV4
from transport.config.keytab import MAGIC
from transport.config.send_connector import SmartHostAuth, TlsAuthLevel
from transport.config.system_message import SystemMessage
from transport.config.transport_config import TransportConfig
from transport.deliver import maildir
from transport.receive.rules import REFUSALS
from transport.trace.line import answered

LONG = "Multifunction printers of the third floor in the building by the river (Wernher-von-Siemens-Straße)"
REPORT = Path(__file__).parents[2] / "fixtures" / "tlsrpt" / "parsedmarc-rfc8460.json"
SESSION, SENDING = "08D6000000000001", "08D6000000000002"


def furnish(home: Path) -> None:
    """Everything. `home` is the data directory, for mailboxes."""
    _mail_flow()
    _people()
    _certificates()
    _backups()
    _protection()
    _traffic()
    _mail(home)


def _mail_flow() -> None:
    domains.create(ADMIN, accepted_domain("contoso.com", default=True))
    domains.create(ADMIN, accepted_domain("fabrikam.com", domain_type=DomainType.InternalRelay))
    certificates.issue(ADMIN, "Internal mail", ["mail.contoso.com", "mail.of.a.long.name.fabrikam.example"])
    certificates.make_request(ADMIN, "For the Internet", ["mx.contoso.com"])
    dkim.make(ADMIN, "contoso.com")
    connectors.create(ADMIN, receive_connector("Default Frontend", ranges=[ALL_IPV4], bindings=["0.0.0.0:25"]))
    relay = receive_connector(LONG[:60], ranges=["192.168.5.77", "192.168.6.0/24"], grants=(RELAY,))
    connectors.create(ADMIN, relay, confirmed_name=relay.name)
    connectors.create(ADMIN, receive_connector("Switched off", bindings=["10.2.3.4:587"], enabled=False))
    wanted = credentials.Wanted(user_name="device@contoso.com", max_connections=3)
    credentials.add(ADMIN, "Contoso", CredentialKind.Password, wanted, Secrets(password=PASSWORD))
    connectors.create(ADMIN, send_connector("Internet", comment=LONG))
    provider = send_connector(
        "Provider", dns_routing_enabled=False, smart_hosts=("mail.contoso.com",), require_tls=True,
        smart_host_auth_mechanism=SmartHostAuth.BasicAuth, authentication_credential=("Contoso",),
        tls_auth_level=TlsAuthLevel.DomainValidation, tls_domain="mail.contoso.com",
    )  # fmt: skip
    connectors.create(ADMIN, provider)
    config = TransportConfig(refusal_reference_page="https://mail.contoso.com/refused/")
    transport_settings.save(ADMIN, config, None)
    text = "Ask <B>Anna</B> at the help desk."
    system_messages.create(ADMIN, SystemMessage(name="-", dsn_code="5.1.1", text=text, internal=True))
    tls.hand_in(ADMIN, REPORT.read_bytes())
    drafts.begin(ADMIN, LONG[:64])


def _people() -> None:
    for name, shown in (("anna", "Anna Berg"), ("bob", LONG)):
        directory.add(ADMIN, f"{name}@contoso.com", shown)
    users.add(ADMIN, "CONTOSO", "anna", PASSWORD, display_name="Anna Berg", addresses=["anna@contoso.com"])
    users.add_group(ADMIN, "Scanners", "Those on the second floor")
    accounts.add(ADMIN, "bert", PASSWORD, {Role.HYGIENE_MANAGEMENT}, "Bert")
    kerberos.add(ADMIN, "mail", MAGIC + entry())


def _certificates() -> None:
    there = WantedAccount(directory="https://ca.contoso.com/acme/directory", contact="anna@contoso.com")
    account = acme.add_account(ADMIN, "Contoso CA", there, agreed=True)
    row = acme.add(ADMIN, "Mail", Wanted(names=["mail.contoso.com", f"{'x' * 60}.contoso.com"], account=account))
    words, now = "The order came to no end within an hour.", timezone.now()
    told = [[int(now.timestamp()), each] for each in ("Ordered, for mail.contoso.com.", words)]
    ManagedCertificate.objects.filter(pk=row.pk).update(problem=words, told=told, failures=1, failed_since=now)


def _backups() -> None:
    now = timezone.now()
    place = "s3://backups.contoso.com/gatepost"
    Schedule.objects.create(pk=1, at=time(2, 30), place=place, node="node-1", access_key="gatepost")
    Restored.objects.create(taken_at=now - timedelta(days=2), node="node-2", held=40)
    at = {"node": "node-1", "place": place, "begun_at": now, "ended_at": now}
    Run.objects.create(name="gatepost-1.backup", octets=1 << 30, is_there=True, is_whole=True, checked_at=now, **at)
    Run.objects.create(name="gatepost-2.backup", octets=1 << 30, is_whole=False, checked_at=now, check_words=LONG, **at)
    Run.objects.create(name="gatepost-3.backup", words="There is not enough room.", **at)
    Run.objects.create(name="gatepost-4.backup", **at | {"ended_at": None})


def _protection() -> None:
    for ip_list, address in ((IPList.Block, "192.0.2.7"), (IPList.Allow, "198.51.100.0/24")):
        protection.add_entries(ADMIN, [IPListEntry(ip_range=address, comment=LONG, ip_list=ip_list)])
    provider = IPListProvider(name="Spamhaus", lookup_domain="zen.example", priority=1, any_match=True)
    protection.save_provider(ADMIN, provider)


def _traffic() -> None:
    now = timezone.now()
    problem = {"connector": LONG[:60], "binding": "10.2.3.4:25", "message": "Cannot listen on 10.2.3.4:25"}
    Node.objects.create(name="node-1", version="1.0.0", free=1 << 30, clock=0.1, seen_at=now, holds_mailboxes=True)
    Transport.objects.create(name="node-1", node="node-1", revision=1, in_force_since=now, problems=[problem])
    for what, by, name, n in (
        ("refused", "rule", "relay_denied", 70), ("connected", "client", "192.0.2.9", 2), ("accepted", "", "", 40),
        ("accepted", "sender", f"{'a' * 60}@contoso.com", 4), ("delivered", "send connector", "Internet", 11),
        ("connected", "connector", "Default Frontend", 90),
    ):  # fmt: skip
        for minutes in range(0, 60, 7):
            at = now.replace(second=0, microsecond=0) - timedelta(minutes=minutes)
            Count.objects.create(what=what, by=by, name=name, at=at, n=n + minutes)
    for number, rule in enumerate(sorted(REFUSALS)):
        _session(f"{number:016X}", now - timedelta(seconds=number), _refused(rule), refused=1)
    _session(SESSION, now, [("250 2.6.0 <1@contoso.com> Queued mail for delivery", "queued")], accepted=1)


def _refused(rule: str) -> list[tuple[str, str]]:
    return [(REFUSALS[rule].replies[0].text, f"{rule}; revision 1")]


def _session(name: str, at: datetime, replies: list[tuple[str, str]], **values: Any) -> None:
    stamp = at.isoformat(timespec="milliseconds")
    events = [
        [stamp, "+", "", ""], [stamp, ">", "220 mail.contoso.com Microsoft ESMTP MAIL Service ready", ""],
        [stamp, "<", "EHLO printer.contoso.com", ""], [stamp, ">", "250-mail.contoso.com Hello", ""],
        [stamp, "*", "", "Set Session Permissions"], [stamp, "<", "MAIL FROM:<anna@contoso.com>", ""],
        [stamp, "<", f"RCPT TO:<{'a' * 60}@fabrikam.example>", ""], *([stamp, ">", *reply] for reply in replies),
        [stamp, "-", "", "Local"],
    ]  # fmt: skip
    facts: dict[str, Any] = {
        "transport": "node-1", "connector": "NODE\\Default Frontend", "local_endpoint": "10.0.0.1:25",
        "remote_address": "192.0.2.9", "remote_port": 4711, "helo": "printer.contoso.com", "started_at": at,
        "ended_at": at, "sender": "anna@contoso.com", "recipients": [f"{'a' * 60}@fabrikam.example"], "events": events,
    } | values  # fmt: skip
    Session.objects.create(session_id=name, **facts)


def _mail(home: Path) -> None:
    subject = "Figures of the third quarter – with a subject that is as long as people write them on Fridays"
    waiting = message("bob@fabrikam.com", f"{'x' * 60}@fabrikam.com", session_id=SESSION, subject=subject)
    happened(waiting, "RECEIVE", session_id=SESSION)
    at = {"session_id": SENDING, "host": "mx.fabrikam.com [192.0.2.7]"}
    happened(waiting, "DEFER", statuses=["451 4.7.1 Greylisted, try again in five minutes"], **at)
    said = [("451 4.7.1 Greylisted, try again in five minutes", answered(str(waiting.pk)))]
    _session(SENDING, timezone.now(), said, direction="send", connector="Internet")
    store = maildir.Store(home / "mailboxes")
    for subject in ("Hello", "Figures of the third quarter"):
        octets = f"From: Anna <anna@partner.example>\r\nTo: bob@contoso.com\r\nSubject: {subject}\r\n\r\nHello\r\n"
        name = maildir.file_name(1_700_000_000, uuid4(), "bob@contoso.com")
        store.write("bob@contoso.com", name, [octets.encode()])
    store.sync()
