import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection


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
