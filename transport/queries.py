"""SQL by name: a file `queries.sql` holds statements headed by `-- name: …`. Each room has its own; what several ask
stands in the one beside this.
"""

from pathlib import Path

EVENTS = """insert into tracking_event (
        event, source, connector, host, protection, session_id, context, message_id, recipients, statuses)
    select %(event)s, %(source)s, %(connector)s, %(host)s, %(protection)s, %(session_id)s, %(context)s,
        message_id, array_agg(address order by id), array_agg(status order by id) from changed group by message_id"""
"""Message tracking of what a statement changed: it stands for `@events` where `changed` has of each recipient `id`,
`message_id`, `address`, and in `status` what was said of it. One event for each message.
"""

Queries = dict[str, bytes]


def load(path: Path) -> Queries:
    """The statements of a file. As bytes: psycopg takes those for SQL that a program brings along, not for text that
    somebody typed.
    """
    text = path.read_text().replace("@events", EVENTS)
    named = (part.partition("\n") for part in text.split("-- name: ")[1:])
    return {name.strip(): statement.strip().encode() for name, _, statement in named}


SHARED = load(Path(__file__).with_name("queries.sql"))


def beside(path: str) -> Queries:
    """Those of `queries.sql` beside a module (its `__file__`), and the shared ones."""
    return SHARED | load(Path(path).with_name("queries.sql"))
