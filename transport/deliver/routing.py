"""Where mail goes; and routing anew: when the configuration changed, what waits goes where it now says."""

from transport import next_hops
from transport.deliver import holds
from transport.deliver.database import pool
from transport.deliver.queries import QUERIES
from transport.routes import Routes
from transport.send.route import MAILBOX

ROUTES = Routes()


def reroute() -> int:
    """Move every waiting recipient whose next hop changed; returns how many. Who is being delivered now stays."""
    with pool().connection() as connection:
        router = ROUTES.router(connection)
        holds.lift_changed(connection, router)
        moved = 0
        for old, domain in connection.execute(QUERIES["waiting_by_domain"], [MAILBOX.delivery_type]).fetchall():
            new = router.hop(f"@{domain}", listed=False)
            if new.key == old:
                continue
            with connection.transaction():
                next_hops.add(connection, [new])
                what = {"old": old, "new": new.key, "domain": domain}
                moved += connection.execute(QUERIES["move_recipients"], what).rowcount
                next_hops.wake(connection, [new.key])
        return moved
