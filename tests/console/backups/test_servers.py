"""Which server a backup asks, and by which of PostgreSQL's programs."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

import pytest
from psycopg.conninfo import conninfo_to_dict

from console.backups import postgres_tools, restoring
from console.backups import servers as places
from console.backups.restoring import Refused
from console.processes.home import HomeError
from transport.durable_file import only_one


def test_a_program_that_is_older_than_the_server_is_not_used() -> None:
    with pytest.raises(HomeError, match=r"The server is PostgreSQL 99, and pg_dump .*postgresql-client-99.*PG_BIN"):
        postgres_tools.tool("pg_dump", 990_000)


def test_no_password_stands_on_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a pg_dump sees it that tells what it was given."""
    told = '[ "$1" = --version ] && echo "pg_dump (PostgreSQL) 99.1" || printf "%s\\n" "$PGPASSWORD" "$@"'
    (tmp_path / "pg_dump").write_text(f"#!/bin/sh\n{told}\n")
    (tmp_path / "pg_dump").chmod(0o755)
    monkeypatch.setenv("PG_BIN", str(tmp_path))
    url = "postgresql://gw:s3cret@db.test,db2.test/mail?sslmode=require"
    password, *command = b"".join(postgres_tools.dump(url, "s", 990_000)).decode().splitlines()
    assert password == "s3cret" and "s3cret" not in " ".join(command)
    assert "sslmode=require" in command[-1] and "host=db.test,db2.test" in command[-1]


def test_the_embedded_server_of_a_data_directory_is_told_from_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Also where the environment names it, as that of a service does."""
    embedded = f"postgresql://gatepost@{quote(str(tmp_path / 'sockets'), safe='')}/gatepost"
    monkeypatch.setenv("DATABASE_URL", embedded)
    assert places.elsewhere(tmp_path) == ""
    assert places.elsewhere(tmp_path / "other") == embedded
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.test/mail")
    assert places.elsewhere(tmp_path) == "postgresql://db.test/mail"


def test_a_copy_that_runs_is_not_restored_over(servers, monkeypatch: pytest.MonkeyPatch):
    url = servers.database_url
    monkeypatch.setenv("DATABASE_URL", url)
    home = Path(str(conninfo_to_dict(url)["host"])).parent
    with pytest.raises(Refused, match="runs: stop it first"):
        restoring._require_stopped(home)


def test_nothing_is_put_aside_while_a_transport_still_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """systemctl stop gatepost.target comes back before its services have ended, and a transport has 15 seconds."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    lock = only_one(tmp_path / "state" / "mx1" / "lock", "")
    with pytest.raises(Refused, match="A process still runs on"):
        restoring._require_stopped(tmp_path)
    os.close(lock)
    restoring._require_stopped(tmp_path)
