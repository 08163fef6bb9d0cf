"""Mail that waits, put straight into the queue's tables."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.db import connection
from django.utils import timezone

from console.queues.models import Content, Message, NextHop, QueuedRecipient
from console.tracking.models import Event, Searched
from transport.trace.events import vector

HOP = "domain:Internet:fabrikam.com"
EML = b"Subject: Figures\r\n\r\nhello\r\n"


def next_hop(key: str = HOP, **values: Any) -> NextHop:
    """A queue to fabrikam.com."""
    facts = {"delivery_type": "DnsConnectorDelivery", "domain": "fabrikam.com", "connector": "Internet"} | values
    return NextHop.objects.get_or_create(key=key, defaults=facts)[0]


def message(*recipients: str, hop: str = HOP, **values: Any) -> Message:
    """A message of anna@contoso.com that waits for its recipients (bob@fabrikam.com)."""
    next_hop(hop)
    now = timezone.now()
    addresses = recipients or ("bob@fabrikam.com",)
    facts = {
        "id": uuid4(), "accepted_at": now, "transport": "node-1", "connector": "Anonymous Relay", "revision": 1,
        "session_id": "08D675E58CA1DA38", "client_address": "192.168.5.77", "helo": "printer.contoso.com", "tls": False,
        "principal": r"NT AUTHORITY\ANONYMOUS LOGON", "authenticated": False, "sender": "anna@contoso.com",
        "subject": "Figures", "message_id": "<1@contoso.com>", "size": len(EML), "body_type": "7BIT",
        "recipient_count": len(addresses), "expires_at": now + timedelta(days=2),
    }  # fmt: skip
    found = Message.objects.create(**(facts | values))
    Content.objects.create(message_id=found.pk, number=0, chunk=EML)
    for address in addresses:
        QueuedRecipient.objects.create(
            message=found,
            address=address,
            next_hop=hop,
            due_at=now - timedelta(hours=1),
            notice_at=now + timedelta(hours=4),
        )
    return found


def happened(message: Message, event: str, *recipients: str, **values: Any) -> Event:
    """An event of message tracking, which makes the message searchable if it is its first."""
    source = {"RECEIVE": "SMTP", "SEND": "SMTP", "DELIVER": "STOREDRIVER", "DSN": "DSN"}.get(event, "SMTP")
    addresses = list(recipients) or [each.address for each in message.recipients.order_by("id")]
    if event in ("RECEIVE", "DSN") and not Searched.objects.filter(pk=message.pk).exists():
        text = vector((message.sender, message.shown_subject, message.message_id, message.client_address, *addresses))
        with connection.cursor() as cursor:
            row: list[Any] = [message.pk, text, message.client_address]
            cursor.execute("INSERT INTO tracking_search VALUES (%s, now(), %s::tsvector, %s)", row)
    facts = {"source": source, "recipients": addresses, "connector": message.connector} | values
    return Event.objects.create(message=message, event=event, **facts)
