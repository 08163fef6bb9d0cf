"""The SQL of delivery, by name."""

from collections.abc import Iterable

from transport.queries import beside
from transport.smtp.envelope import OF_MESSAGE

QUERIES = beside(__file__)


def with_facts(query: str, names: Iterable[str]) -> tuple[list[str], bytes]:
    """Those of the names that are facts of an envelope, and the query with `@facts` for them: columns of `m`, the time
    in seconds since 1970.
    """
    facts = [name for name in OF_MESSAGE if name in names]
    columns = [f"extract(epoch from m.{name})::float8" if name == "accepted_at" else f"m.{name}" for name in facts]
    return facts, QUERIES[query].replace(b"@facts", ", ".join(columns).encode())
