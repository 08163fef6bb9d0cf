"""Nobody's scripts keep the console from others: each user runs one at a time, whatever the browser sends."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from time import monotonic

import pytest
from django.db import connection
from django.test import Client

from console.actors import Actor
from console.management_shell import page
from tests.console.builders import ADMIN, READER
from transport.config import bounds

pytestmark = pytest.mark.django_db(transaction=True)
HEAVY = "foreach ($i in 1..100000) { foreach ($j in 1..100000) { $x = $i * $j } }"


def run(actor: Actor, script: str) -> page.Outcome:
    """On a connection of its own, as each request has one."""
    try:
        return page.run(actor, script, [], 100)[0]
    finally:
        connection.close()


def said(outcome: page.Outcome) -> str:
    return "\n".join(piece.text for piece in outcome.pieces)


@contextmanager
def scripts_of_a_reader(number: int, seconds: float, monkeypatch: pytest.MonkeyPatch):
    """So many heavy scripts, sent at once; what became of each, once the first of them runs."""
    monkeypatch.setattr(page, "SECONDS", seconds)
    begun = threading.Event()
    begin = page.PageHost.begin

    def seen(host: page.PageHost) -> None:
        begin(host)
        if host.begun_once:
            begun.set()
        host.begun_once = True

    monkeypatch.setattr(page.PageHost, "begun_once", False, raising=False)
    monkeypatch.setattr(page.PageHost, "begin", seen)
    with ThreadPoolExecutor(number) as pool:
        waiting = [pool.submit(run, READER, HEAVY) for _ in range(number)]
        assert begun.wait(30)
        yield waiting


def test_a_second_script_of_the_same_user_waits_shortly_and_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "TURN", 1)
    with scripts_of_a_reader(6, 3, monkeypatch) as waiting:
        pass
    ends = [said(each.result()) for each in waiting]
    refused = [end for end in ends if "Another script of yours is still running" in end]
    assert len(refused) == 5 and sum("ran longer than" in end for end in ends) == 1, ends


def test_another_user_runs_meanwhile_and_pages_answer(monkeypatch: pytest.MonkeyPatch, admin: Client) -> None:
    monkeypatch.setattr(page, "TURN", 1)
    with scripts_of_a_reader(24, 10, monkeypatch):
        begun = monotonic()
        assert said(run(ADMIN, "1 + 1")) == "2"
        assert admin.get("/mail-flow/receive-connectors/").status_code == 200
        assert monotonic() - begun < 8, "24 scripts at once took 6 to 15 s for one page"


def test_the_next_one_runs_when_the_first_has_ended() -> None:
    assert [said(run(READER, f"{number} + 1")) for number in range(3)] == ["1", "2", "3"]


def test_an_error_or_a_question_gives_the_turn_back() -> None:
    run(READER, "throw 'no'")
    run(READER, "Read-Nothing")
    assert said(run(READER, "'here'")) == "here"


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_a_script_has_a_largest_size_on_the_page(more: int) -> None:
    most = bounds.SHELL_SCRIPT.octets
    assert most is not None
    outcome = run(READER, "'x'#" + "\U0001f4a9" * (most // 4 - 4 + more))
    assert outcome.failed == (more > 0)
    assert said(outcome) == "x" if more <= 0 else "at most 200,000 characters" in said(outcome)
