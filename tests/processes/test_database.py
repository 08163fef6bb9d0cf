import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection

from console.processes.home import CHECKOUT

# What is registered first runs last.
USES_EACH_POOL = """
import atexit
pools = []
atexit.register(lambda: print([pool.closed for pool in pools]))
import django
django.setup()
from django.db import connection
from transport.deliver.database import pool
connection.cursor().execute("SELECT 1")
with pool().connection() as ours:
    ours.execute("SELECT 1")
pools += [connection.pool, pool()]
"""


@pytest.mark.django_db
def test_the_database_answers_and_has_the_tables() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_migrations")
        assert cursor.fetchone()[0] > 0


@pytest.mark.django_db
def test_models_and_migrations_agree() -> None:
    call_command("makemigrations", check=True, dry_run=True)


@pytest.mark.django_db
def test_the_cache_is_the_test_s_own_redis() -> None:
    cache.set("a", "b")
    assert cache.get("a") == "b"


def test_a_process_closes_its_pools_before_the_interpreter_ends(database_url: str, home: Path) -> None:
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "console.settings",
        "GATEPOST_HOME": str(home),
        "DATABASE_URL": database_url,
    }
    done = subprocess.run(
        [sys.executable, "-c", USES_EACH_POOL],
        cwd=CHECKOUT, env=environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("[True, True]\n", "")
