"""From a message to each session in which it was handed on, to the one in which it came, and back."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from console.tracking.models import Session
from tests.console.management_shell.waiting_mail import happened, message
from transport.trace.line import answered

pytestmark = pytest.mark.django_db
CAME, TRIED, SENT = "08D6000000000001", "08D6000000000002", "08D6000000000003"


def session(name, direction, context=""):
    now = timezone.now()
    Session.objects.create(
        session_id=name, transport="t", connector="c", local_endpoint="l", remote_address="192.0.2.1", remote_port=1,
        started_at=now, direction=direction, events=[[now.isoformat(), "<", "250 2.0.0 Ok", context]],
    )  # fmt: skip


def links(client, url):
    """Where the page leads to; each of them is there."""
    found = set(re.findall(r'href="([^"#]+)', client.get(url).text.partition("<main")[2]))
    return {link.replace("&amp;", "&") for link in found if not link.startswith(("?", "http", "/static/"))}


def test_every_link_between_a_message_and_its_sessions_leads_there_and_back(admin):
    found = message(session_id=CAME)
    session(CAME, "receive")
    happened(found, "RECEIVE", session_id=CAME)
    for name, event in ((TRIED, "DEFER"), (SENT, "SEND")):
        session(name, "send", answered(str(found.pk)))
        happened(found, event, session_id=name, statuses=["said"], host="mx.test [192.0.2.7]")
    life, page = reverse("events:message", args=[found.pk]), reverse("queues:message", args=[found.pk])
    conversations = {name: reverse("tracking:session", args=[name]) for name in (CAME, TRIED, SENT)}
    assert {*conversations.values(), page} <= links(admin, life)
    assert {*conversations.values(), life} <= links(admin, page)
    for name, url in conversations.items():
        assert name == CAME or life in links(admin, url)
        (its_messages,) = [link for link in links(admin, url) if link.endswith(f"?session={name}")]
        rows = admin.get(its_messages).context["table"]
        assert [row["open"] for row in rows] == [life], name
    every = links(admin, life) | links(admin, page) | links(admin, conversations[SENT])
    assert {url: admin.get(url).status_code for url in every if admin.get(url).status_code not in (200, 302)} == {}
