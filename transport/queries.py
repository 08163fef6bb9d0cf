"""SQL by name: a file `queries.sql` holds statements headed by `-- name: …`. Each room has its own; what several ask
stands in the one beside this.
"""

from pathlib import Path

EVENTS = """insert into tracking_event (event, source, connector, context, message_id, recipients, statuses)
    select %(event)s, %(source)s, %(connector)s, %(context)s,
        message_id, array_agg(address order by id), array_agg(status order by id) from changed group by message_id"""
"""Message tracking of what a statement changed: it stands for `@events` where `changed` has of each recipient `id`,
`message_id`, `address`, and in `status` what was said of it. One event for each message.
"""
ATTEMPTS = """insert into tracking_event (
        event, connector, source, host, protection, session_id, message_id, recipients, statuses)
    select %(event)s, %(connector)s, source, host, protection, session_id,
        message_id, array_agg(address order by id), array_agg(status order by id)
    from changed group by message_id, session_id, host, protection, source"""
"""Of what attempts came to: it stands for `@attempts` where `changed` has, besides, `source`, `host`, `protection` and
`session_id` of each. One event for each message and whom it was tried with.
"""
TRIED = """(
        select id, (%(words)s::text[])[said] as words, (%(sources)s::text[])[said] as source,
            (%(hosts)s::text[])[said] as host, (%(protections)s::text[])[said] as protection,
            (%(session_ids)s::text[])[said] as session_id
        from unnest(%(ids)s::bigint[], %(said)s::int[]) as tried (id, said)) as v"""
"""What was tried for recipients, and which of the things that were said holds for each (counted from 1; most of a batch
hear the same): it stands for `@tried`.
"""
EXPIRY = "coalesce(m.accepted_at + h.expires_after * interval '1 second', m.expires_at)"
"""When a message `m` for a next hop `h` is given up: it stands for `@expiry`."""
STANDING_FOR = {"@events": EVENTS, "@attempts": ATTEMPTS, "@tried": TRIED, "@expiry": EXPIRY}

Queries = dict[str, bytes]


def load(path: Path) -> Queries:
    """The statements of a file. As bytes: psycopg takes those for SQL that a program brings along, not for text that
    somebody typed.
    """
    text = path.read_text()
    for name, sql in STANDING_FOR.items():
        text = text.replace(name, sql)
    named = (part.partition("\n") for part in text.split("-- name: ")[1:])
    return {name.strip(): statement.strip().encode() for name, _, statement in named}


SHARED = load(Path(__file__).with_name("queries.sql"))


def beside(path: str) -> Queries:
    """Those of `queries.sql` beside a module (its `__file__`), and the shared ones."""
    return SHARED | load(Path(path).with_name("queries.sql"))
