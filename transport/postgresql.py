"""How all processes speak to PostgreSQL: who is gone without a word, as a machine without power, is soon noticed.

Otherwise a dead machine would hold its locks, and so the mail that it was delivering, for as long as TCP waits: hours.
"""

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

OURS = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 2, "tcp_user_timeout": 10_000}
"""Seconds and milliseconds after which we notice it (libpq); over a Unix socket nothing of this counts."""
THEIRS = "-c tcp_keepalives_idle=3 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=2"
"""And PostgreSQL that we are gone."""


def lively(address: str) -> str:
    """The address (a URL or a connection string of libpq) with these; what it says itself stays. Raises OSError when it
    is neither.
    """
    if not address:
        return ""
    try:
        said = conninfo_to_dict(address)
    except psycopg.ProgrammingError:  # its text would have the password in it
        raise OSError("DATABASE_URL cannot be read: write special characters of a password as %40 and so on") from None
    options = " ".join(filter(None, [THEIRS, str(said.get("options") or "")]))
    return make_conninfo("", **{**OURS, **said, "options": options})
