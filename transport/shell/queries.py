"""The SQL of the transport, by name: `queries.sql` holds statements headed by `-- name: …`."""

from pathlib import Path
from typing import LiteralString, cast


def _load() -> dict[str, LiteralString]:
    """The file is part of the program, which is what LiteralString stands for."""
    text = Path(__file__).with_name("queries.sql").read_text()
    named = (part.partition("\n") for part in text.split("-- name: ")[1:])
    return {name.strip(): cast(LiteralString, statement.strip()) for name, _, statement in named}


QUERIES = _load()
