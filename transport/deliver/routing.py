"""Where mail goes; and routing anew: when the configuration changed, what waits goes where it now says."""

from transport import next_hops
from transport.deliver import holds
from transport.deliver.database import Connection, pool
from transport.deliver.queries import QUERIES
from transport.routes import Routes
from transport.send.choice import Mail
from transport.send.route import MAILBOX, Hop

ROUTES = Routes()


def reroute() -> int:
    """Move every waiting recipient whose next hop changed; returns how many. Who is being delivered now stays."""
    with pool().connection() as connection:
        router = ROUTES.router(connection)
        holds.lift_changed(connection, router)
        asked = {"here": MAILBOX.delivery_type, **router.address_spaces.asks}
        moved = 0
        for old, domain, sender, connector, size, ids in connection.execute(QUERIES["waiting_alike"], asked).fetchall():
            mail = router.address_spaces.essence(Mail(sender=sender, size=size, connector=connector))
            new = router.hop(f"@{domain}", listed=False, mail=mail)
            if new.key != old:
                moved += _move(connection, old, new, ids)
        return moved


def _move(connection: Connection, old: str, new: Hop, recipients: list[int]) -> int:
    with connection.transaction():
        next_hops.add(connection, [new])
        what = {"old": old, "new": new.key, "ids": recipients}
        moved = connection.execute(QUERIES["move_recipients"], what).rowcount
        next_hops.wake(connection, [new.key])
        return moved
