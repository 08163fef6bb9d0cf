"""Activated for a time: confirmed it stays, otherwise all is as before."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from console.audit.models import Entry
from console.audit.queries import RELAY, TRIAL
from console.connectors import actions
from console.connectors.models import ReceiveConnector as Row
from console.publishing import queries, trial
from console.publishing.models import Trial
from console.publishing.restore import restore
from tests.console import builders
from tests.console.builders import ADMIN, HYGIENE, receive_connector
from tests.console.management_shell.shell import Shell
from transport.config.receive_connector import ReceiveConnector
from transport.queries import SHARED

pytestmark = pytest.mark.django_db


@pytest.fixture
def on_trial() -> None:
    """Revision 1 has a relay; 2 has none; 3 restores 1, for ten minutes."""
    row = actions.create(ADMIN, receive_connector("Relay", grants=(builders.RELAY,)), confirmed_name="Relay")
    actions.remove(ADMIN, ReceiveConnector, row.pk)
    restore(ADMIN, 1, {"Relay"}, minutes=10)


def time_is_over() -> None:
    Trial.objects.update(until=timezone.now() - timedelta(hours=1))


def in_force() -> tuple[int, int | None]:
    """What the transports are told."""
    with connection.cursor() as cursor:
        cursor.execute(SHARED["revision_in_force"].decode())
        number, former, seconds = cursor.fetchone()
    assert former is None or 0 < seconds <= 660
    return number, former


def verbs() -> list[str]:
    return list(Entry.objects.filter(kind=TRIAL).order_by("pk").values_list("verb", flat=True))


def test_confirmed_it_stays(on_trial: None) -> None:
    assert in_force() == (3, 2)
    trial.confirm(ADMIN)
    assert in_force() == (3, None)
    trial.end()
    assert Row.objects.exists() and verbs() == ["begun", "confirmed"]


def test_not_confirmed_all_is_as_before_and_what_was_saved_meanwhile_too(on_trial: None) -> None:
    actions.create(ADMIN, receive_connector("Meanwhile", bindings=["10.0.0.9:25"]))
    assert in_force() == (4, 2)
    trial.end()
    assert in_force() == (4, 2), "it is not over yet"
    time_is_over()
    assert in_force() == (2, None), "at once, whoever does the rest"
    with pytest.raises(ValidationError, match="Nobody confirmed in time"):
        actions.create(ADMIN, receive_connector("Late", bindings=["10.0.0.8:25"]))
    with pytest.raises(ValidationError, match="Nobody confirmed in time"):
        trial.confirm(ADMIN)
    trial.end()
    assert in_force() == (5, None) and not Row.objects.exists()
    assert verbs() == ["begun", "not confirmed"]
    removed = Entry.objects.filter(revision=5, kind="Receive connector", verb="removed", actor="system")
    assert set(removed.values_list("object_name", flat=True)) == {"Relay", "Meanwhile"}


def test_a_relay_that_was_there_before_comes_back_without_a_question() -> None:
    row = actions.create(ADMIN, receive_connector("Relay", grants=(builders.RELAY,)), confirmed_name="Relay")
    actions.update(ADMIN, ReceiveConnector, row.pk, {"enabled": False})
    actions.update(ADMIN, ReceiveConnector, row.pk, {"enabled": True}, confirmed_name="Relay")
    restore(ADMIN, 2, minutes=1)
    time_is_over()
    trial.end()
    assert Row.objects.get().enabled
    assert not Entry.objects.filter(kind=RELAY, actor="system").exists()


def test_one_trial_at_a_time_and_none_where_nothing_changes(on_trial: None) -> None:
    with pytest.raises(ValidationError, match="on trial already"):
        restore(ADMIN, 2, minutes=1)
    trial.go_back(ADMIN)
    assert in_force() == (4, None) and verbs() == ["begun", "taken back"]
    restore(ADMIN, 2, minutes=1)
    assert not Trial.objects.exists()


def test_the_page_offers_what_the_role_may(on_trial: None, admin: Client, signed_in: object) -> None:
    page = admin.get(reverse("overview:revision-state")).text
    assert "Unless it is confirmed, revision 2 comes back" in page and "Go back now" in page
    assert "What is saved is on trial" in admin.get(reverse("overview:home")).text
    assert "Confirmed: it stays." in admin.post(reverse("publishing:confirm"), follow=True).text
    assert "Nothing is on trial." in admin.post(reverse("publishing:go-back"), follow=True).text
    with pytest.raises(PermissionDenied):
        trial.go_back(HYGIENE)


def test_from_the_page_of_a_revision_and_from_the_shell(on_trial: None, admin: Client) -> None:
    shell = Shell()
    shell.run("Undo-GatepostConfiguration")
    assert not Row.objects.exists()
    answer = admin.post(reverse("publishing:restore", args=[1]), {"minutes": "5", "confirmation": "Relay"})
    assert answer.status_code == 302 and in_force() == (5, 4)
    shell.run("Confirm-GatepostConfiguration")
    assert in_force() == (5, None)
    assert queries.trial() is None
