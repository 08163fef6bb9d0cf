"""`python -m transport.shell.forward.waiting`: what this node's journals hold that is not in PostgreSQL yet, as JSON.

Environment: GATEPOST_HOME, DATABASE_URL.
"""

import json
import os
from pathlib import Path

import psycopg

from transport.shell.journal.segment import Waiting, waiting
from transport.shell.queries import QUERIES


def count(home: Path, database_url: str) -> Waiting:
    """Messages and recipients. Raises psycopg.Error."""
    messages = recipients = 0
    journals = home / "journal"
    with psycopg.connect(database_url) as connection:
        for directory in sorted(journals.iterdir()) if journals.is_dir() else []:
            rows = connection.execute(QUERIES["journal_positions"], {"transport": directory.name}).fetchall()
            found = waiting(directory, dict(rows))
            messages, recipients = messages + found.messages, recipients + found.recipients
    return Waiting(messages, recipients)


if __name__ == "__main__":
    home = Path(os.environ.get("GATEPOST_HOME") or "var").absolute()
    print(json.dumps(count(home, os.environ.get("DATABASE_URL", ""))._asdict()))
