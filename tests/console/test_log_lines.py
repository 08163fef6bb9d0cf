"""The console's log: a refusal is one line, a fault has its traceback, and nobody can write much or dearly into it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from io import StringIO
from time import thread_time

import pytest
from django.conf import settings
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse
from django.utils.module_loading import import_string
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from console.actors import Role
from transport.config import bounds

pytestmark = pytest.mark.django_db


@pytest.fixture
def log() -> Iterator[Callable[[], list[str]]]:
    """The lines that the handler of the settings writes."""
    told, written = settings.LOGGING["handlers"]["stderr"], StringIO()
    handler = logging.StreamHandler(written)
    line = settings.LOGGING["formatters"][told["formatter"]]
    handler.setFormatter(import_string(line["()"])(line["format"]))
    for name in told["filters"]:
        handler.addFilter(import_string(settings.LOGGING["filters"][name]["()"])())
    logging.getLogger().addHandler(handler)
    yield lambda: written.getvalue().splitlines()
    logging.getLogger().removeHandler(handler)


def test_a_role_that_may_not_is_one_line(signed_in: Callable[..., Client], log: Callable[[], list[str]]) -> None:
    page = reverse("connectors:receive-wizard")
    assert signed_in(Role.VIEW_ONLY).get(page).status_code == 403
    (line,) = log()
    assert line.endswith(f"WARNING django.request: Forbidden (Permission denied): {page}")


def test_a_wrong_host_is_one_line(client: Client, log: Callable[[], list[str]]) -> None:
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 400
    refused = [line for line in log() if "evil.example" in line]
    assert len(refused) == len(log()) == 1
    assert "django.security.DisallowedHost" in refused[0]


def test_a_fault_keeps_its_traceback(
    admin: Client, log: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: HttpRequest) -> None:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr("console.overview.views.Home.get", break_down)
    admin.raise_request_exception = False
    assert admin.get("/").status_code == 500
    assert "Traceback (most recent call last):" in log()
    assert log()[-1] == "RuntimeError: broken on purpose"


HOSTILE = [
    "a", "://", "a://", "a:", "a://b:", "a://b:c", "@", "a:b@", " ", "\n", "\x1b[2J", "\u202e", "é", "%s", "\ud800",
]  # fmt: skip


def formatted(text: str, error: Exception | None = None) -> str:
    told = settings.LOGGING["formatters"]["line"]
    exc_info = (type(error), error, None) if error else None
    record = logging.LogRecord("django.request", logging.WARNING, "", 0, "Not Found: %s", (text,), exc_info)
    return str(import_string(told["()"])(told["format"]).format(record))


def seconds(text: str) -> float:
    """Of the processor, the best of several: other processes do not count."""

    def once() -> float:
        began = thread_time()
        formatted(text, ValueError(text))
        return thread_time() - began

    return min(once() for _ in range(7))


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_long_line_of_any_shape_costs_no_more_than_its_length(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    assert seconds(text + text) <= 2.5 * seconds(text) + 0.002


@given(st.lists(st.sampled_from([*HOSTILE, "/", ":", "\r\n", "x@y", "\0"]), min_size=1, max_size=6).map("".join))
@hypothesis_settings(max_examples=25)
def test_so_does_any_mixture_of_them(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    assert seconds(text) < 0.05


@pytest.mark.parametrize("piece", HOSTILE)
def test_an_event_is_bounded_and_cannot_look_like_two(piece: str) -> None:
    most = bounds.LOG_EVENT
    said = formatted(piece * 100_000)
    assert len(said.encode()) <= most.octets // most.lines
    assert said.isprintable()
    said = formatted("short", ValueError("\n".join([piece * 3000] * 300)))
    assert len(said.encode()) <= most.octets
    assert len(said.split("\n")) <= most.lines


def test_a_long_line_says_how_long_it_was() -> None:
    assert formatted("a" * 60_000).endswith("aaa… (a line of 60060 characters)")
    assert formatted("a" * 1000).endswith("a" * 1000)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("redis://:secret@127.0.0.1:6379/0", "redis://:***@127.0.0.1:6379/0"),
        ("unix://:secret@/run/valkey?db=0", "unix://:***@/run/valkey?db=0"),
        ("postgresql://gatepost:secret@%2Frun%2Fx/gatepost", "postgresql://gatepost:***@%2Frun%2Fx/gatepost"),
        ("x" * 1900 + "redis+socket://u:" + "secret" * 100 + "@/x", "x" * 1900 + "redis+socket://u:***@/x"),
    ],
)
def test_passwords_of_servers_are_not_shown(address: str, shown: str) -> None:
    assert formatted(address).endswith(shown)
    assert "secret" not in formatted(address, ValueError(address))
