"""The console's log: a refusal is one line, a fault has its traceback."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from io import StringIO

import pytest
from django.conf import settings
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse
from django.utils.module_loading import import_string

from console.accounts.actors import Role

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
