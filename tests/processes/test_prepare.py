from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db.migrations.recorder import MigrationRecorder

from console.directory.models import Recipient
from console.processes.models import Schema
from console.publishing import queries as publishing

pytestmark = pytest.mark.django_db


def test_a_new_installation_gets_its_first_objects(home: Path) -> None:
    call_command("prepare")
    snapshot = publishing.snapshot(publishing.newest_with_document())
    assert [domain.domain_name for domain in snapshot.accepted_domains] == ["gatepost.test"]
    assert [str(binding) for binding in snapshot.receive_connectors[0].bindings] == ["127.0.0.1:2525", "[::1]:2525"]
    assert snapshot.recipient_filter.recipient_validation_enabled
    assert snapshot.certificates
    assert get_user_model().objects.get().check_password((home / "admin-password").read_text().strip())
    assert (home / "admin-password").stat().st_mode & 0o777 == 0o600


def test_what_was_removed_stays_removed(home: Path) -> None:
    call_command("prepare")
    revision = publishing.newest()
    Recipient.objects.all().delete()
    call_command("prepare")
    assert publishing.newest() == revision
    assert not Recipient.objects.exists()


def test_a_given_password_is_not_kept(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEPOST_ADMIN_PASSWORD", "given-at-the-start")
    call_command("prepare")
    assert get_user_model().objects.get().check_password("given-at-the-start")
    assert not (home / "admin-password").exists()


def test_a_database_of_a_newer_version_is_refused(home: Path) -> None:
    MigrationRecorder.Migration.objects.create(app="queues", name="9999_of_the_future")
    with pytest.raises(CommandError, match=r"newer Gatepost.*queues.9999_of_the_future"):
        call_command("prepare")


def test_one_that_works_with_the_newer_tables_starts_while_the_others_are_upgraded(
    home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Rolling upgrade: the release before stays at work, and may be started again, until its turn comes."""
    call_command("prepare")
    MigrationRecorder.Migration.objects.create(app="queues", name="9999_of_the_future")
    call_command("prepare")
    assert "still works: upgrade it soon" in capfd.readouterr().err
    Schema.objects.update(oldest="1.0.0rc1")
    call_command("prepare")
    Schema.objects.update(oldest="999.0.0")
    with pytest.raises(CommandError, match="newer Gatepost"):
        call_command("prepare")
