"""PostgreSQL stops: every page of the console says so in words, keeps what was typed, and goes on when it is back."""

from __future__ import annotations

import os
import re
import signal
import smtplib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPResponse
from http.cookiejar import CookieJar
from pathlib import Path
from time import monotonic
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

import psycopg
import pytest
from django.db import InterfaceError, OperationalError
from django.http import QueryDict
from django.urls import URLPattern, get_resolver
from redis.exceptions import ConnectionError as NoRedis

from console.overview.away import NOT_ASKED, POSTGRESQL, VALKEY, _kept, server_of
from tests.console.page_form import Form
from tests.processes.test_health import RED, stopped, with_children
from tests.running_copy import RunningCopy
from tests.waiting import wait_for

WORDS = "PostgreSQL does not answer"
SIGN_IN = "/account/sign-in"
FORM = "/mail-flow/accepted-domains/new"
BOUNDED = 25.0
"""Seconds, on a machine that has other things to do, too."""


class Reader:
    """A browser without scripts, of somebody who has signed in."""

    def __init__(self, copy: RunningCopy) -> None:
        self.base, self.opener = f"http://{copy.console}", build_opener(HTTPCookieProcessor(CookieJar()))
        token = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.read(SIGN_IN)[1])[0]
        self.read(SIGN_IN, {"csrfmiddlewaretoken": token, "username": "admin", "password": copy.password})

    def read(self, path: str, sent: dict[str, str] | None = None) -> tuple[int, str, HTTPResponse | HTTPError]:
        data = urlencode(sent).encode() if sent is not None else None
        request = Request(self.base + path, data, {"Referer": self.base + path, "Origin": self.base})
        try:
            answer = self.opener.open(request, timeout=60)
        except HTTPError as refused:
            answer = refused
        with answer:
            return answer.status, answer.read().decode(), answer

    def send(self, path: str, sent: dict[str, str]) -> None:
        """As somebody does who is told to send it again: PostgreSQL is back, and the console believes it soon."""
        wait_for(lambda: self.read(path, sent)[0] != 503, "the console does not find PostgreSQL again", NOT_ASKED + 3)


def entries_of(page: str) -> dict[str, str]:
    """What a browser sends of the page's form as it stands."""
    return {name: values[0] for name, values in Form(page).sent.items() if name}


def log(copy: RunningCopy) -> str:
    return (copy.home / "logs" / "console.log").read_text()


@contextmanager
def without_postgresql(copy: RunningCopy) -> Iterator[None]:
    """It ends, and nobody starts it again."""
    assert copy.process
    os.kill(copy.process.pid, signal.SIGSTOP)
    try:
        os.kill(copy.run_file()["pids"]["postgresql"], signal.SIGINT)
        yield
    finally:
        os.kill(copy.process.pid, signal.SIGCONT)


def paths() -> list[str]:
    """Every page that needs no name of an object."""
    return [f"/{path}" for path in _below(get_resolver().url_patterns) if "<" not in path and path != "healthz"]


def _below(patterns: list[object], before: str = "") -> Iterator[str]:
    for each in patterns:
        path = before + str(each.pattern)  # type: ignore[attr-defined]
        yield from [path] if isinstance(each, URLPattern) else _below(each.url_patterns, path)  # type: ignore[attr-defined]


def test_every_page_and_action_says_so_and_goes_on_later(running_copy: RunningCopy) -> None:
    running_copy.wait_until_in_order()
    reader, logged = Reader(running_copy), len(log(running_copy))
    entries = entries_of(reader.read(FORM)[1]) | {"domain_name": "kept.example", "name": "Kept <b>&amp;"}
    token = {"csrfmiddlewaretoken": entries["csrfmiddlewaretoken"]}
    with without_postgresql(running_copy), ThreadPoolExecutor(8) as pool:
        wait_for(lambda: reader.read("/")[0] == 503, "the console still finds PostgreSQL")
        for status, text, answer in pool.map(reader.read, paths()):
            assert (status, WORDS in text) == (503, True), answer.url
            assert answer.headers["Retry-After"] == answer.headers["Refresh"] == "5"
            assert "manage.py status" in text
        for path in paths():
            assert reader.read(path, token)[0] == 503, path
        status, text, _answer = reader.read(FORM, entries)
        assert status == 503 and "Send again" in text
        again = entries_of(text)
        assert again == entries
        assert reader.read("/static/gatepost.css")[0] == 200
        status, said, _answer = reader.read("/healthz")
        assert status == 503 and WORDS in said and WORDS in running_copy.manage("status").stderr
    running_copy.wait_until_in_order()
    reader.send(FORM, again)
    assert "kept.example" in reader.read("/mail-flow/accepted-domains/")[1]
    assert "Traceback" not in log(running_copy)[logged:]


@contextmanager
def hanging_postgresql(copy: RunningCopy) -> Iterator[None]:
    """It is there, and says nothing any more."""
    with stopped(*with_children(copy.run_file()["pids"]["postgresql"])):
        yield


def test_a_postgresql_that_hangs_holds_no_page_and_loses_nothing(running_copy: RunningCopy) -> None:
    running_copy.wait_until_in_order()
    reader, logged = Reader(running_copy), len(log(running_copy))
    entries = entries_of(reader.read(FORM)[1]) | {"domain_name": "hung.example", "name": "Hung"}
    smtp, mailboxes = running_copy.smtp, running_copy.home / "mailboxes"
    pages = ["/", "/mail-flow/queues/", "/mail-flow/receive-connectors/", "/mail-flow/queues/connector?connector=x"]

    def timed(path: str, sent: dict[str, str] | None = None) -> tuple[float, int, str]:
        began = monotonic()
        status, text, _answer = reader.read(path, sent)
        return monotonic() - began, status, text

    def copies_of(subject: bytes) -> list[Path]:
        return [path for path in mailboxes.rglob("new/*") if subject in path.read_bytes()]

    with hanging_postgresql(running_copy), ThreadPoolExecutor(8) as pool:
        for seconds, status, text in pool.map(timed, pages):
            assert (status, WORDS in text) == (503, True) and seconds < BOUNDED
        seconds, status, text = timed(FORM, entries)
        assert status == 503 and seconds < BOUNDED and entries_of(text) == entries
        with smtplib.SMTP(*smtp.rsplit(":", 1)) as client:  # type: ignore[arg-type]
            client.sendmail("ann@outside.example", ["postmaster@gatepost.test"], "Subject: meanwhile\r\n\r\n.\r\n")
        wait_for(lambda: WORDS in running_copy.manage("status").stderr, "status does not say it", RED)
    running_copy.wait_until_in_order()
    reader.send(FORM, entries)
    assert "hung.example" in reader.read("/mail-flow/accepted-domains/")[1]
    wait_for(lambda: len(copies_of(b"meanwhile")) == 1, "what was accepted meanwhile is not delivered", 60)
    assert "Traceback" not in log(running_copy)[logged:]


class Coded(psycopg.OperationalError):
    def __init__(self, sqlstate: str) -> None:
        self.sqlstate = sqlstate


def wrapped(cause: Exception | None) -> OperationalError:
    error = OperationalError()
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "server"),
    [
        (wrapped(psycopg.OperationalError("connection refused")), POSTGRESQL),
        (wrapped(Coded("57P01")), POSTGRESQL),
        (wrapped(Coded("08006")), POSTGRESQL),
        (wrapped(Coded("55P03")), None),
        (wrapped(Coded("57014")), None),
        (wrapped(Coded("53100")), None),
        (InterfaceError("connection already closed"), POSTGRESQL),
        (NoRedis(), VALKEY),
        (ValueError(), None),
        (None, None),
    ],
)
def test_only_a_server_that_is_away_is_called_so(error, server):
    assert server_of(error) is server


def test_no_secret_travels_through_a_page():
    sent = QueryDict("csrfmiddlewaretoken=t&name=a&name=b&password=x&smart_host_password=y&passphrase=z&answer=w")
    assert _kept(sent) == ([("csrfmiddlewaretoken", "t"), ("name", "a"), ("name", "b")], True)
    assert _kept(QueryDict("name=a&password=")) == ([("name", "a")], False)
    assert _kept(QueryDict("name=" + "a" * 1_000_001)) == ([], True)
