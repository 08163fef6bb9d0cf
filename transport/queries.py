"""SQL by name: a file `queries.sql` holds statements headed by `-- name: …`. Each room has its own; what several ask
stands in the one beside this.
"""

from pathlib import Path

Queries = dict[str, bytes]


def load(path: Path) -> Queries:
    """The statements of a file. As bytes: psycopg takes those for SQL that a program brings along, not for text that
    somebody typed.
    """
    named = (part.partition("\n") for part in path.read_text().split("-- name: ")[1:])
    return {name.strip(): statement.strip().encode() for name, _, statement in named}


SHARED = load(Path(__file__).with_name("queries.sql"))


def beside(path: str) -> Queries:
    """Those of `queries.sql` beside a module (its `__file__`), and the shared ones."""
    return SHARED | load(Path(path).with_name("queries.sql"))
