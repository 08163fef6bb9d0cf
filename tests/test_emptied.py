"""A test is over though a page that it has left is still being made: the next one finds an empty database at once."""

from __future__ import annotations

from contextlib import closing

import psycopg
import pytest
from django.contrib.auth.models import Group
from django.test import TransactionTestCase

from tests import emptied


def test_what_was_left_in_a_transaction_holds_nobody_up(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emptied, "PATIENCE", "50ms")
    Group.objects.create(name="Somebody")
    with closing(psycopg.connect(database_url)) as left:
        left.execute("SELECT FROM auth_group")
        emptied.as_flush_does(TransactionTestCase())
        assert not Group.objects.exists()
