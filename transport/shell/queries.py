"""The SQL of the transport, by name: `queries.sql` holds statements headed by `-- name: …`."""

from pathlib import Path


def _load() -> dict[str, bytes]:
    """As bytes: psycopg takes those for SQL that a program brings along, not for text that somebody typed."""
    text = Path(__file__).with_name("queries.sql").read_text()
    named = (part.partition("\n") for part in text.split("-- name: ")[1:])
    return {name.strip(): statement.strip().encode() for name, _, statement in named}


QUERIES = _load()
