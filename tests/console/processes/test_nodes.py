"""Machines that share one installation: who they are, draining one, and forgetting one that is gone."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from console.audit.models import Entry
from console.overview import attention
from console.processes import actions, nodes
from console.processes.models import Node, State, Turn
from console.publishing import queries as publishing
from console.publishing.models import Transport
from tests.console.builders import ADMIN
from transport import held_body

pytestmark = pytest.mark.django_db(transaction=True)


def node(
    name: str,
    *,
    ago: float = 0,
    version: str = "1.0.0",
    waiting: int = 0,
    bindings: Sequence[str] = (),
    **facts: object,
) -> None:
    """A node whose processes gave their last sign of life so many seconds ago."""
    at = timezone.now() - timedelta(seconds=ago)
    Node.objects.create(name=name, version=version, seen_at=at, **facts)
    facts = {"seen_at": at, "revision": 1, "version": version, "bindings": list(bindings)}
    Transport.objects.create(name=name, node=name, **facts)
    for process in ("forwarder", "worker", "outbound", "beat"):
        told = {"waiting_messages": waiting, "waiting_since": at} if process == "forwarder" and waiting else {}
        Turn.objects.create(process=process, node=name, at=at, version=version, **told)


def said(name: str) -> list[str]:
    return [each.text for each in attention.concerns() if each.name == name]


def test_the_page_shows_every_node(admin: Client) -> None:
    node("mx1", clock=0.01, free=5 << 30)
    node("mx2", clock=-61.0, version="1.1.0")
    shown = admin.get(reverse("nodes:list")).text
    assert "mx1" in shown and "mx2" in shown and "61.0 s behind" in shown
    assert said("Node mx2") == ["Its clock differs from PostgreSQL's by 61 s. Let both be set by NTP."]
    assert said("Versions") == ["Several versions run at once (1.0.0: mx1; 1.1.0: mx2). Upgrade the others, too."]
    assert "transport mx1" in admin.get(reverse("nodes:details", args=["mx1"])).text


def test_one_is_drained_and_resumed(admin: Client) -> None:
    node("mx1")
    admin.post(reverse("nodes:act"), {"verb": "drain", "pk": "mx1"})
    (machine,) = nodes.machines()
    assert machine.row.state == State.DRAINING and machine.is_drained
    assert Entry.objects.filter(kind="Node", object_name="mx1").count() == 1
    assert "takes no new sessions" in said("Node mx1")[0]
    admin.post(reverse("nodes:act"), {"verb": "resume", "pk": "mx1"})
    assert nodes.machines()[0].takes_sessions and said("Node mx1") == []


def test_one_whose_forwarder_hangs_is_not_called_drained(admin: Client) -> None:
    """Nobody knows what its transports have put into the journal since, and who believes it would wipe the disk."""
    node("mx1", state=State.DRAINING)
    Turn.objects.filter(process="forwarder").update(at=timezone.now() - timedelta(seconds=17))
    assert not nodes.machines()[0].is_drained and "not known" in admin.get(reverse("nodes:list")).text
    Transport.objects.update(seen_at=timezone.now() - timedelta(seconds=15))  # both were stopped, for an upgrade
    assert nodes.machines()[0].is_drained


def test_one_that_is_gone_with_mail_is_named_and_removed_by_who_knows_how_much(admin: Client) -> None:
    node("mx1")
    node("mx2", ago=400, waiting=12)
    assert "its journal holds 12 messages" in said("Node mx2")[0]
    with pytest.raises(ValidationError, match="lives"):
        actions.remove(ADMIN, "mx1")
    refused = admin.post(reverse("nodes:remove"), {"pk": "mx2"})
    assert refused.status_code == 422 and "12 messages" in refused.text
    admin.post(reverse("nodes:remove"), {"pk": "mx2", "confirmation": "12"})
    assert [each.name for each in nodes.machines()] == ["mx1"]
    assert not Transport.objects.filter(node="mx2").exists()


def test_the_first_to_join_holds_the_mailboxes(admin: Client, settings: Any, tmp_path: Path) -> None:
    for name in ("mx1", "mx2"):
        settings.GATEPOST_NODE, settings.GATEPOST_HOME = name, tmp_path / name
        actions.join()
    holder = nodes.holder_of_mailboxes()
    assert holder and holder.name == "mx1"
    actions.hold_mailboxes(ADMIN, "mx2")
    assert [each.name for each in Node.objects.filter(holds_mailboxes=True)] == ["mx2"]


def test_an_address_of_another_machine_is_no_fault_while_that_listens() -> None:
    lacking = {"connector": "Inside", "binding": "10.0.0.1:25", "message": "Cannot listen", "elsewhere": True}
    node("mx1", bindings=["10.0.0.1:25"])
    node("mx2", bindings=["10.0.0.2:25"])
    Transport.objects.filter(name="mx2").update(problems=[lacking])
    assert publishing.listening_problems() == {}
    Transport.objects.filter(name="mx1").update(bindings=[])
    assert publishing.listening_problems() == {"Inside": ["Cannot listen"]}


@pytest.mark.parametrize(
    ("name", "copied", "told"),
    [
        ("mx1", False, "Another machine that is at work calls itself mx1. Give each its own GATEPOST_NODE."),
        ("mx2", True, "This data directory is a copy of that of mx2, which is at work. Begin with an empty one."),
    ],
)
def test_a_machine_that_was_cloned_does_not_join_beside_the_one_that_lives(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, copied: bool, told: str
) -> None:
    """Two of one name, or with one journal, would each take the other's mailboxes and limits for its own."""
    monkeypatch.setattr(actions, "LIVES", 0.05)
    settings.GATEPOST_NODE, settings.GATEPOST_HOME = "mx1", tmp_path
    ours = held_body.mark(tmp_path)
    node(name, home=ours if copied else "another", holds_mailboxes=True)
    monkeypatch.setattr(actions, "sleep", lambda _: Node.objects.filter(name=name).update(seen_at=timezone.now()))
    with pytest.raises(ValidationError, match=told):
        actions.join()
    monkeypatch.setattr(actions, "sleep", time.sleep)  # it has gone: its name, or its disk, goes on here
    actions.join()
    assert Node.objects.get(name="mx1").home == ours
