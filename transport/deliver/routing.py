"""Where mail goes; and routing anew: when the configuration changed, what waits goes where it now says."""

from time import monotonic
from typing import Any

from transport import next_hops
from transport.config.domains import domain_of
from transport.config.send_connector import DeliveryWindow
from transport.deliver import holds, tracking
from transport.deliver.database import Connection, pool
from transport.deliver.queries import QUERIES
from transport.routes import Routes
from transport.send.choice import Mail
from transport.send.route import MAILBOX, POISON, DeliveryType, Hop, Router, through
from transport.trace.events import Event, Source

ROUTES = Routes()
ALL_EVERY, LATE = 600.0, 60.0
"""Seconds between two looks at all that waits while the configuration stays, and for which a row may come late."""
SETTLED = [MAILBOX.delivery_type, POISON.delivery_type]
"""What lies there stays, whatever the configuration says."""


class Looked:
    """What `reroute` need not look at again: rows up to one lie where a configuration says."""

    def __init__(self) -> None:
        self._router: Router | None = None
        self._former: Router | None = None
        self._all_at = self._marked_at = 0.0
        self._behind = self._mark = 0

    def behind(self, router: Router) -> int:
        """The row behind which others may lie wrong; 0: all may."""
        return self._behind if router is self._router and monotonic() - self._all_at < ALL_EVERY else 0

    def done(self, router: Router, behind: int, newest: int) -> None:
        """All that lies behind a row was put right; `newest`: the last row there was before. Rows are numbered before
        they can be seen, so what came a moment ago is looked at once more.
        """
        now = monotonic()
        if not behind:
            self._router, self._all_at, self._marked_at = router, now, now
            self._behind, self._mark = 0, newest
        if now - self._marked_at >= LATE:
            self._behind, self._mark, self._marked_at = self._mark, newest, now

    def changed(self, router: Router) -> list[str]:
        """The Send connectors that were saved otherwise since this was last asked."""
        former, self._former = self._former, router
        if former is None or former is router:
            return []
        old = {each.name: each for each in former.snapshot.send_connectors}
        return [each.name for each in router.snapshot.send_connectors if old.get(each.name, each) != each]

    def forget(self) -> None:
        """Something could not be put right."""
        self._router = None


LOOKED = Looked()


def reroute() -> int:
    """Move every waiting recipient whose next hop changed; returns how many. Who is being delivered now stays."""
    with pool().connection() as connection:
        router = ROUTES.router(connection)
        holds.lift_changed(connection, router)
        _try_again(connection, LOOKED.changed(router))
        connection.execute(QUERIES["unpin"], [[each.name for each in router.snapshot.send_connectors if each.enabled]])
        behind = LOOKED.behind(router)
        (newest,) = connection.execute(QUERIES["newest_recipient"]).fetchone() or (0,)
        moved, left = _reroute_behind(connection, router, behind)
        LOOKED.forget() if left else LOOKED.done(router, behind, newest)
        return moved


def _try_again(connection: Connection, connectors: list[str]) -> None:
    """What failed at their smart hosts may have been their fault: a wrong port, no TLS. It does not wait for its next
    attempt. (Servers that DNS names are many, and their faults are mostly their own.)
    """
    if connectors:
        with connection.transaction():
            what = {"connectors": connectors, "kind": DeliveryType.SMART_HOST}
            next_hops.wake(connection, [key for (key,) in connection.execute(QUERIES["try_again"], what)])


def _reroute_behind(connection: Connection, router: Router, behind: int) -> tuple[int, int]:
    """How many were moved, and how many were left because they are being delivered."""
    asked = {"settled": SETTLED, "behind": behind, **router.address_spaces.asks}
    moved = meant = 0
    later: dict[Hop, list[int]] = {}
    rows = connection.execute(QUERIES["waiting_alike"], asked).fetchall()
    for old, expires, delayed, kept, ids, domain, *facts in rows:
        mail = router.address_spaces.essence(Mail(*facts))
        new = router.hop(f"@{domain}", listed=False, mail=mail)
        if new.key != old:
            meant += len(ids)
            moved += _move(connection, router, old, new, ids)
        elif (new.expires_after, new.delayed_after) != (expires, delayed) or kept > new.kept:
            later[new] = [*later.get(new, []), *ids]
    _change(connection, router, later)
    return moved, meant - moved


def _change(connection: Connection, router: Router, hops: dict[Hop, list[int]]) -> None:
    """Of next hops that stay, with what waits for them."""
    with connection.transaction():
        _expect(connection, router, {row: hop for hop, ids in hops.items() for row in ids})
        next_hops.add(connection, hops)
        free = [hop.key for hop in hops if not hop.kept]
        connection.execute(QUERIES["let_go"], [free])
        next_hops.wake(connection, free)


def _expect(connection: Connection, router: Router, hops: dict[int, Hop]) -> None:
    """When senders hear of these that will wait for other next hops. Before they are put there."""
    what = {"ids": list(hops), "usual_delay": router.snapshot.transport_limits.delay_notification_timeout}
    what |= {"expires": [hop.expires_after for hop in hops.values()]}
    what |= {"delayed": [hop.delayed_after for hop in hops.values()]}
    connection.execute(QUERIES["change_times"], what)


def _move(connection: Connection, router: Router, old: str, new: Hop, recipients: list[int]) -> int:
    with connection.transaction():
        _expect(connection, router, dict.fromkeys(recipients, new))
        next_hops.add(connection, [new])
        what = {"old": old, "new": new.key, "ids": recipients}
        what |= tracking.telling(Event.RESUBMIT, Source.ROUTING, connector=new.connector, context=f"{old} -> {new.key}")
        moved = connection.execute(QUERIES["move_recipients"], what).rowcount
        next_hops.wake(connection, [new.key])
        return moved


def route(connection: Connection, recipients: list[int]) -> None:
    """Choose the next hop of these anew, whatever it was. Within a transaction, and raises psycopg.Error."""
    router = ROUTES.router(connection)
    rows = {
        row: (router.address_spaces.essence(Mail(*facts)), address)
        for row, address, *facts in connection.execute(QUERIES["addresses_of"], [recipients])
    }
    addressed: dict[Mail, list[str]] = {}
    for mail, address in rows.values():
        addressed.setdefault(mail, []).append(address)
    hops = next_hops.of(connection, addressed, router)
    _put(connection, router, {row: hops[mail][address] for row, (mail, address) in rows.items()})


def redirect(connection: Connection, recipients: list[int], address: str, connector: str) -> None:
    """Send these to another address; without one, through this Send connector, whatever the configuration says. Within
    a transaction. Raises psycopg.Error, and LookupError when there is no such connector.
    """
    if address:
        event = tracking.telling(Event.REDIRECT, Source.ADMIN)
        connection.execute(QUERIES["readdress"], {"address": address, "ids": recipients} | event)
        route(connection, recipients)
        return
    router = ROUTES.router(connection)
    chosen = router.send_connector(connector)
    if chosen is None or not chosen.enabled:
        raise LookupError(connector)
    rows = connection.execute(QUERIES["addresses_of"], [recipients])
    _put(
        connection, router, {row: through(chosen, domain_of(to), size) for row, to, _, _, size, _ in rows}, pinned=True
    )


def _put(connection: Connection, router: Router, hops: dict[int, Hop], *, pinned: bool = False) -> None:
    """Recipients, by their rows, into next hops."""
    _expect(connection, router, hops)
    next_hops.add(connection, hops.values())
    what: dict[str, Any] = {"ids": list(hops), "keys": [hop.key for hop in hops.values()], "pinned": pinned}
    what["words"] = [f"to {hop.domain}" + f" through {hop.connector}" * bool(hop.connector) for hop in hops.values()]
    event = tracking.telling(Event.REDIRECT if pinned else Event.RESUBMIT, Source.ADMIN if pinned else Source.QUEUE)
    connection.execute(QUERIES["put"], what | event)
    next_hops.wake(connection, (hop.key for hop in hops.values()))


def keep_again(hop: str | None = None) -> None:
    """What was let go because it was asked for or triggered, and has nothing due or is unreachable, is kept again: one,
    or all.
    """
    with pool().connection() as connection:
        connectors = ROUTES.router(connection).snapshot.send_connectors
        triggered = [each.name for each in connectors if each.delivery_window is DeliveryWindow.OnTrigger]
        what = {"kind": DeliveryType.PICK_UP, "connectors": triggered, "hop": hop}
        connection.execute(QUERIES["keep_again"], what)
