"""Forgetting what is long finished. The ledger keeps the sums."""

from transport.deliver.database import pool
from transport.deliver.queries import QUERIES
from transport.send.route import FORGOTTEN

KEEP_DAYS = 30
BATCH = 5000
TLS_REPORTS_DAYS = 90


def forget_finished(days: float = KEEP_DAYS) -> int:
    """Delete one batch of messages that were accepted so long ago and wait for nothing; returns how many."""
    with pool().connection() as connection, connection.transaction():
        ids = [row[0] for row in connection.execute(QUERIES["finished_messages"], [days, BATCH])]
        connection.execute(QUERIES["retire"], {"ids": ids})
        connection.execute(QUERIES["delete_content"], [ids])
        connection.execute(QUERIES["delete_events"], {"ids": ids})
        connection.execute(QUERIES["delete_messages"], [ids])
        return len(ids)


def forget_idle_hops() -> int:
    """Delete next hops that nothing waits for, except our own, and holds and grants that are over."""
    with pool().connection() as connection, connection.transaction():
        connection.execute(QUERIES["forget_holds"])
        connection.execute(QUERIES["forget_grants"])
        connection.execute(QUERIES["lock_next_hops"])
        return connection.execute(QUERIES["forget_idle_hops"], [list(FORGOTTEN)]).rowcount


def forget_tls() -> None:
    """Delete MTA-STS policies that hold no longer, results of TLS that nobody reports any more, and old reports."""
    with pool().connection() as connection:
        connection.execute(QUERIES["sts_forget"])
        connection.execute(QUERIES["forget_tls_results"], [KEEP_DAYS])
        connection.execute(QUERIES["forget_sent_tls_reports"], [KEEP_DAYS])
        connection.execute(QUERIES["forget_tls_reports"], [TLS_REPORTS_DAYS])
