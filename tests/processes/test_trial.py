"""A revision on trial, when PostgreSQL stands still and the console is gone until its time is over."""

from __future__ import annotations

import os
import signal
import smtplib

import psycopg

from tests.conftest import wait_for
from tests.processes.test_health import stopped, with_children
from tests.running_copy import RunningCopy

COLLECT = (
    "New-GatepostDraft Walk; Enter-GatepostDraft Walk; "
    'Get-ReceiveConnector | Set-ReceiveConnector -Banner "220 on trial"'
    "; Publish-GatepostDraft Walk"
)
ON_TRIAL = """
insert into publishing_trial (id, former, until, author)
select 1, max(number) - 1, now() + interval '6 s', 'test' from publishing_configrevision
"""


def banner(copy: RunningCopy) -> str:
    host, _, port = copy.smtp.partition(":")
    with smtplib.SMTP() as client:
        return client.connect(host, int(port))[1].decode()


def test_it_goes_back_without_them_and_they_follow(running_copy: RunningCopy) -> None:
    done = running_copy.manage("gms", "-c", COLLECT)
    assert done.returncode == 0, done.stderr
    wait_for(lambda: banner(running_copy) == "on trial", "the draft is not in force")
    facts = running_copy.run_file()
    with psycopg.connect(facts["database_url"], autocommit=True) as connection:
        connection.execute(ON_TRIAL)
        state = running_copy.home / "state"
        kept = next(state.glob("*/config.json"))
        wait_for(lambda: b'"former":{' in kept.read_bytes(), "nothing is on trial")
    with stopped(*with_children(facts["pids"]["postgresql"])):
        os.kill(facts["pids"]["console"], signal.SIGKILL)
        wait_for(lambda: banner(running_copy) != "on trial", "the former revision does not come back", 30)
    newest = "select comment, author from publishing_configrevision order by number desc limit 1"

    def follows() -> bool:
        with psycopg.connect(facts["database_url"]) as connection:
            comment, author = connection.execute(newest).fetchone() or ("", "")
        return comment.startswith("Trial not confirmed") and author == "system"

    wait_for(follows, "the console's data does not follow", 60)
    assert banner(running_copy) != "on trial"
    assert running_copy.manage("status", "--wait", "60").returncode == 0
