"""An administrator chooses Retry now, and is told there what came of it."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from console.management_shell.terminal import Terminal
from console.processes.address import free_port
from console.queues import following, outcome
from console.queues.models import NextHop, QueuedRecipient
from tests.console.builders import ADMIN
from tests.console.management_shell.shell import Shell
from tests.deliver.conftest import HEADER, closed_pool, configure, deliver, forward, journal, query, queued, sink

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["HEADER", "closed_pool", "configure", "deliver", "forward", "journal", "query", "queued", "sink"]
HOP = "smarthost:Out"


@pytest.fixture
def shell():
    return Shell()


def wait_for_an_hour():
    """As after attempts in vain."""
    NextHop.objects.update(retry_at=timezone.now() + timedelta(hours=1), last_error="451 4.4.0 before")
    QueuedRecipient.objects.update(due_at=timezone.now() + timedelta(hours=1))


def retry_queue(client):
    """Presses it in the list of queues; where the page that comes next asks how it goes on."""
    page = client.post(reverse("queues:act"), {"verb": "retry", "pk": HOP}, follow=True).text
    assert "tried again at once" in page
    return re.findall(r'hx-get="([^"]+)" hx-trigger="load" hx-target="closest .message"', page)[0]


def test_the_queue_page_tells_when_the_attempt_has_ended(admin, queued, deliver, configure, sink):
    configure()
    sink.behave = lambda line, n: "451 4.2.0 Mailbox busy" if "four@" in line else None
    queued("one@far.test", "two@far.test", "three@far.test", "four@far.test")
    wait_for_an_hour()
    asked = retry_queue(admin)
    answer = admin.get(asked)
    assert "[127.0.0.1]: still trying." in answer.text
    (again,) = re.findall(r'hx-get="([^"]+)"', answer.text)
    assert admin.get(again).status_code == 204
    deliver()
    ended = admin.get(again).text
    assert "[127.0.0.1]: 3 delivered, 1 waits: 451 4.2.0 Mailbox busy." in ended and "hx-get" not in ended
    assert "tone-warning" in ended


def test_a_next_hop_that_is_still_dead_is_told_in_words(admin, queued, deliver, configure):
    configure(port=free_port())
    queued("one@far.test", "two@far.test")
    wait_for_an_hour()
    asked = retry_queue(admin)
    deliver()
    assert "2 wait: " in admin.get(asked).text and "451 4.4.0 before" not in admin.get(asked).text


def test_the_message_page_tells_of_its_recipients(admin, queued, deliver, configure, sink):
    configure()
    sink.behave = lambda line, n: "550 5.1.1 No such user" if "two@" in line else None
    queued("one@far.test", "two@far.test")
    wait_for_an_hour()
    rows = list(QueuedRecipient.objects.order_by("id"))
    page = admin.post(reverse("queues:message-act"), {"verb": "retry", "pk": [row.pk for row in rows]}, follow=True)
    (asked,) = re.findall(r'hx-get="([^"]+)" hx-trigger="load" hx-target="closest .message"', page.text)
    deliver()
    assert "2 recipients: 1 delivered, 1 failed: 550 5.1.1 No such user." in admin.get(asked).text


def test_all_delivered_is_good_news_and_of_many_a_part_is_told(admin, queued, deliver, configure, sink, monkeypatch):
    monkeypatch.setattr(outcome, "MOST", 2)
    configure()
    queued("one@far.test", "two@far.test", "three@far.test")
    wait_for_an_hour()
    asked = retry_queue(admin)
    deliver()
    told = admin.get(asked).text
    assert "[127.0.0.1], the first 2 of 3 recipients: 2 delivered." in told and "tone-success" in told


def test_nobody_asks_for_ever(admin, queued, configure, monkeypatch):
    configure()
    queued("one@far.test")
    asked = retry_queue(admin)
    monkeypatch.setattr(outcome, "FOLLOWED", -1.0)
    told = admin.get(asked).text
    assert "still trying. The queue says how it goes on." in told and "hx-get" not in told
    assert admin.get(reverse("queues:outcome", args=["unknown"])).status_code == following.STOP


def test_a_retry_needs_no_valkey(admin, queued, configure, settings):
    configure()
    queued("one@far.test")
    wait_for_an_hour()
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": f"redis://127.0.0.1:{free_port()}/0"}}
    page = admin.post(reverse("queues:act"), {"verb": "retry", "pk": HOP}, follow=True)
    assert "tried again at once" in page.text and 'hx-trigger="load" hx-target="closest' not in page.text
    assert NextHop.objects.get().retry_at is None


def test_the_shell_tells_it_too(shell, queued, deliver, configure, sink):
    configure()
    sink.behave = lambda line, n: "451 4.2.0 Mailbox busy" if "two@" in line else None
    queued("one@far.test", "two@far.test")
    wait_for_an_hour()
    shell.run("Get-Queue | Retry-Queue")
    (look,) = shell.followed
    assert look() == ("[127.0.0.1]: still trying.", False)
    deliver()
    assert look() == ("[127.0.0.1]: 1 delivered, 1 waits: 451 4.2.0 Mailbox busy.", True)
    shell.followed.clear()
    shell.run("Retry-Queue -Filter {Status -eq 'Retry'} -WhatIf; Retry-Queue * -Resubmit $true")
    assert shell.followed == []


def test_the_page_of_the_shell_asks_for_it_once_its_script_is_over(admin, queued, deliver, configure, sink):
    configure()
    queued("one@far.test")
    wait_for_an_hour()
    page = admin.post(reverse("management_shell:shell"), {"script": "Retry-Queue *"}, headers={"HX-Request": "true"})
    (asked,) = re.findall(r'hx-get="([^"]+outcome[^"]+)"', page.text)
    deliver()
    assert "[127.0.0.1]: 1 delivered." in admin.get(asked).text


class Screen(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("looks", [True, False])
def test_a_terminal_waits_for_it_where_somebody_looks(looks):
    screen = Screen() if looks else io.StringIO()
    terminal = Terminal(ADMIN, False, screen, screen)
    said = iter([("far.test: still trying.", False), ("far.test: 1 delivered.", True)])
    terminal.follow(lambda: next(said), "")
    terminal.tell_followed()
    assert ("far.test: 1 delivered." in screen.getvalue()) is looks
    terminal.tell_followed()
    assert screen.getvalue().count("delivered") == looks
