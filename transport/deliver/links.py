"""Links of this machine that are brought up for mail, and taken down. Their commands stand in `links.toml`, which only
root writes: whoever may change a Send connector gains no shell by it.

Whoever runs a command holds an advisory lock of PostgreSQL on the link: where a worker died the lock is gone, and the
next one goes on from the state that is written down.
"""

import logging
import os
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import monotonic, sleep, time

import msgspec
import psycopg

from transport import next_hops
from transport.config import bounds
from transport.config.send_connector import DeliveryWindow, SendConnector
from transport.deliver import commands, database
from transport.deliver.commands import Refused
from transport.deliver.database import Connection, pool
from transport.deliver.queries import QUERIES
from transport.deliver.routing import ROUTES
from transport.deliver.way import Held
from transport.queries import SHARED
from transport.send import link as links
from transport.send.link import Act, Command, Link, Spec, State, Step
from transport.send.route import DeliveryType

FILE = "links.toml"
WAIT = 10.0
"""Seconds for which mail rests while a link is worked on; it is woken when the link is up."""
LOOK_AGAIN = 60.0
USED_EVERY = 1.0
CHECK_EVERY = 1.0

log = logging.getLogger(__name__)


def directory() -> Path:
    """GATEPOST_LINKS, else /etc/gatepost/links."""
    return Path(os.environ.get("GATEPOST_LINKS") or "/etc/gatepost/links")


def spec_of(name: str) -> Spec:
    """What `links.toml` says of a link. Raises Refused."""
    return commands.entry(directory() / FILE, bounds.LINK_FILE, Spec, "link", name)


def need(connector: SendConnector) -> None:
    """Raises Held while the link of a Send connector is not up, which is then brought up. Raises psycopg.Error."""
    name = connector.link
    with pool().connection() as connection:
        link = read(connection, name)
        if link.state is State.UP:
            if time() - link.used_at > USED_EVERY:
                connection.execute(QUERIES["link_used"], [name])
            return
    try:
        spec = spec_of(name)
    except Refused as refused:
        raise Held(time() + LOOK_AGAIN, str(refused), is_fault=True) from None
    link = _advance(name, spec, partial(links.wanted, now=time())) or link
    if link.state is State.UP:
        return
    if link.state is State.DOWN and link.failures:
        raise Held(link.next_try, f"{_words(name, link.state)} {link.words}", is_fault=True)
    raise Held(time() + WAIT, _words(name, link.state))


def tend() -> None:
    """Take down what is idle, look at what is up, and go on where a worker died. Raises psycopg.Error."""
    with pool().connection() as connection:
        router = ROUTES.router(connection)
        rows = connection.execute(QUERIES["links_at_work"]).fetchall()
        busy = {row[0] for row in connection.execute(QUERIES["connectors_at_work"])}
    for (name,) in rows:
        in_use = any(each.link == name and each.name in busy for each in router.snapshot.send_connectors)
        try:
            spec = spec_of(name)
        except Refused as refused:
            log.warning("%s", refused)
            continue
        _advance(name, spec, partial(links.tended, spec=spec, now=time(), busy=in_use))


def tell(connection: Connection, name: str, is_up: bool) -> Link:
    """A script says that the link is up or down; mail that waits for it leaves. Within a transaction, and raises
    psycopg.Error.
    """
    connection.execute(QUERIES["lock_link"], [name])
    link = links.told(read(connection, name), is_up, time())
    _write(connection, name, link)
    return link


def read(connection: Connection, name: str) -> Link:
    """What is known of a link. Raises psycopg.Error."""
    row = connection.execute(QUERIES["link"], [name]).fetchone()
    return Link(State(row[0]), *row[1:]) if row else Link()


def _words(name: str, state: State) -> str:
    return f"The link {name} is {state}."


def _write(connection: Connection, name: str, link: Link) -> None:
    what = {"name": name, **msgspec.structs.asdict(link)}
    connection.execute(QUERIES["write_link"], what)
    if link.state is State.UP:
        _let_go(connection, name)


def _let_go(connection: Connection, name: str) -> None:
    """What waited for it: what rests, what is delivered only when it is triggered, and what was asked for before."""
    over = [each for each in ROUTES.router(connection).snapshot.send_connectors if each.link == name]
    waits = [_words(name, state) for state in State]
    connection.execute(QUERIES["end_waits"], [[each.name for each in over], waits])
    hops = {each: _hops(connection, each) for each in over}
    triggered = [key for each in over if each.delivery_window is DeliveryWindow.OnTrigger for key in hops[each]]
    asked = [key for (key,) in connection.execute(QUERIES["kept_for_a_link"], [DeliveryType.PICK_UP, waits])]
    connection.execute(SHARED["release_kept"], {"keys": triggered + asked})
    next_hops.wake(connection, (key for keys in hops.values() for key in keys))


def _hops(connection: Connection, connector: SendConnector) -> list[str]:
    return [key for (key,) in connection.execute(QUERIES["hops_of_connector"], [connector.name])]


def _advance(name: str, spec: Spec, step: Callable[[Link], Step]) -> Link | None:
    """One step of a link that nobody is at work on, and its command in a thread; None where somebody is."""
    connection = database.connect()
    started = False
    try:
        if connection.execute(QUERIES["take_link"], [name]).fetchone() != (True,):
            return None
        before = read(connection, name)
        link, act = step(before)
        if link != before:
            _write(connection, name, link)
        if act is not None:
            run = threading.Thread(target=_run, args=(connection, name, spec, act), name=f"link-{name}", daemon=True)
            run.start()
            started = True
        return link
    finally:
        if not started:
            connection.close()


def _run(connection: Connection, name: str, spec: Spec, act: Act) -> None:
    """To the end, which is written down; the lock goes with the connection."""
    try:
        with connection:
            words = _do(spec, act)
            with connection.transaction():
                connection.execute(QUERIES["lock_link"], [name])
                before = read(connection, name)
                link = links.ended(before, act, words and f"{act}: {words}", time())
                if link != before:
                    _write(connection, name, link)
    except psycopg.Error as error:
        log.warning("link %s: %s", name, " ".join(str(error).split()))
    except Exception:
        log.exception("link %s", name)


def _do(spec: Spec, act: Act) -> str:
    """Why it failed; empty where it did not. What is up already is not brought up once more."""
    if act is Act.CHECK:
        return _execute(spec.check, spec.timeout)
    if act is Act.TAKE_DOWN:
        return _execute(spec.down, spec.timeout)
    if spec.check and not _execute(spec.check, spec.timeout):
        return ""
    ends = monotonic() + spec.timeout
    words = _execute(spec.up, spec.timeout)
    if words or not spec.check:
        return words
    while (words := _execute(spec.check, max(1.0, ends - monotonic()))) and monotonic() + CHECK_EVERY < ends:
        sleep(CHECK_EVERY)
    return words


def _execute(command: Command, seconds: float) -> str:
    return commands.execute(command, seconds, bounds.LINK_OUTPUT)
