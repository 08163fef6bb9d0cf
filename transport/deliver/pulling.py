"""Asking another server for the mail that waits there for us: ETRN, as a Send connector says. Each quarter of an hour
of its timetable asks once, however many workers there are.
"""

import logging
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import localtime, monotonic

from msgspec.structs import replace

from transport.config import bounds
from transport.config.send_connector import RequestMail, SendConnector
from transport.deliver import accounts, host_lookup, links, look_up, pumping, sts_policies
from transport.deliver.database import Connection, pool
from transport.deliver.host_lookup import LookUpFailed
from transport.deliver.queries import QUERIES
from transport.deliver.routing import ROUTES
from transport.deliver.sign_in import sign_in
from transport.deliver.smtp_client import SmtpClient
from transport.deliver.smtp_connection import Lost
from transport.deliver.tls_demands import Demands
from transport.deliver.way import Held
from transport.send import hosts, pulling, remote_reply
from transport.send.attempt import Pace
from transport.send.hosts import Host
from transport.send.pulling import Heard
from transport.send.route import Router

MOST = bounds.PULL.lines or 0
AT_MOST = bounds.PULL.seconds or 0.0

Ask = Callable[[Host, float], Heard]


@dataclass(frozen=True, slots=True)
class Swapped:
    """A connection on which we are the server now: by which Receive connector, its ends (address and port), and version
    and cipher of TLS; empty in the clear.
    """

    connector: str
    local: tuple[str, int]
    remote: tuple[str, int]
    tls: str


Serve = Callable[[socket.socket, Swapped], None]
"""Answers, as a Receive connector does, over a socket that leads to the other server."""

log = logging.getLogger(__name__)


def due(now: float) -> list[str]:
    """The connectors that ask for mail now (Unix seconds), each for nobody else to ask. Raises psycopg.Error."""
    with pool().connection() as connection:
        router = ROUTES.router(connection)
        here = localtime(now)
        minute = here.tm_wday * 1440 + here.tm_hour * 60 + here.tm_min
        scheduled = [each.name for each in router.snapshot.send_connectors if pulling.is_due(each, minute)]
        slot = now - now % pulling.SLOT
        found = [name for name in scheduled if connection.execute(QUERIES["take_slot"], [name, slot]).fetchone()]
        wanted = [row[0] for row in connection.execute(QUERIES["take_wanted"])]
    return list(dict.fromkeys(found + wanted))


def want(connection: Connection, connector: str) -> None:
    """Let mail be asked for soon. Raises psycopg.Error."""
    connection.execute(QUERIES["want_mail"], {"connector": connector, "quiet": 0})


def want_after_sending(connection: Connection, connector: SendConnector) -> None:
    """The same, once mail was sent; not more than once a minute. Raises psycopg.Error."""
    if connector.request_mail_when_sending and connector.request_mail is not RequestMail.None_:
        connection.execute(QUERIES["want_mail"], {"connector": connector.name, "quiet": 60})


def pull(name: str) -> None:
    """Ask as this connector says, once its link is up, and write down what came of it; a transport asks for what comes
    over the same connection. Raises psycopg.Error.
    """
    found = _asking(name)
    if found is None or not _is_linked(found[0]):
        return
    connector, router = found
    if connector.request_mail is RequestMail.Etrn:
        _tell(name, _heard(connector, router, lambda host, until: _ask(host, connector, router, until)))
        return
    with pool().connection() as connection:
        connection.execute(QUERIES["hand_to_transport"], [name])


def _asking(name: str) -> tuple[SendConnector, Router] | None:
    with pool().connection() as connection:
        router = ROUTES.router(connection)
    connector = router.send_connector(name)
    if connector is None or not connector.enabled or connector.request_mail is RequestMail.None_:
        return None
    return replace(connector, fqdn=connector.fqdn or router.server, dns_routing_enabled=False), router


def _is_linked(connector: SendConnector) -> bool:
    """Whether its link is up. If not, it is brought up, and mail asked for again soon; or it is told why not."""
    try:
        if connector.link:
            links.need(connector)
    except Held as held:
        if held.is_fault:
            _tell(connector.name, Heard(str(held), is_refused=True))
        else:
            with pool().connection() as connection:
                want(connection, connector.name)
        return False
    return True


def _tell(name: str, heard: Heard) -> None:
    log.log(logging.WARNING if heard.is_refused else logging.INFO, "mail requested by %s: %s", name, heard.words)
    with pool().connection() as connection:
        connection.execute(QUERIES["pulled"], [name, heard.words, heard.is_refused])


def take(name: str, serve: Serve) -> None:
    """Ask as this connector says, for mail that comes over the same connection, and write down what came of it. Raises
    psycopg.Error.
    """
    found = _asking(name)
    if found is not None:
        connector, router = found
        _tell(name, _heard(connector, router, lambda host, until: _turn(host, connector, router, until, serve)))


def _turn(host: Host, connector: SendConnector, router: Router, until: float, serve: Serve) -> Heard:
    by = connector.request_mail_receive_connector
    if not any(each.enabled and each.name == by for each in router.snapshot.receive_connectors):
        return Heard(f"there is no enabled Receive connector “{by}”", is_refused=True)
    client = _signed_in(host, connector, router, until)
    try:
        code, text = client.say(pulling.turning(connector, list(connector.request_mail_domains)))
        if code != pulling.TURNED:
            client.part()
            return pulling.refused(code, text)
        far = client.give_away()
        ours, theirs = socket.socketpair()
        with ours:
            remote = far.getpeername()[:2]
            serve(theirs, Swapped(by, far.getsockname()[:2], remote, client.tls.replace(", ", " ")))
            octets = pumping.pump(far, ours, until)
        return Heard(f"{host.name} handed its mail over ({octets:,} octets)")
    finally:
        client.close()


def _heard(connector: SendConnector, router: Router, ask: Ask) -> Heard:
    until = monotonic() + AT_MOST
    words = "no server to ask"
    try:
        for host in _hosts(connector, router):
            try:
                return ask(host, until)
            except Lost as error:
                words = f"{host.name}: {error}"
    except LookUpFailed as error:
        words = error.verdict.text
    except Held as error:
        words = str(error)
    except Exception as error:
        log.exception("mail requested by %s", connector.name)
        words = remote_reply.unexpected(error).text
    return Heard(words, is_refused=True)


def _hosts(connector: SendConnector, router: Router) -> Iterator[Host]:
    asking = look_up.asking(connector, router.snapshot)
    for server in pulling.servers(connector):
        policy = hosts.policy(router.snapshot, router.server, server.port or connector.port, None)
        for host in host_lookup.smart_hosts([server.name], policy, asking):
            yield replace(host, port=server.port)


def _ask(host: Host, connector: SendConnector, router: Router, until: float) -> Heard:
    client = _signed_in(host, connector, router, until)
    try:
        wanted = pulling.domains(connector, router.snapshot)
        answers = [pulling.meaning(each, *client.say(f"ETRN {each}")) for each in wanted[:MOST]]
        client.part()
    finally:
        client.close()
    return pulling.together(answers) if answers else Heard("there is no domain to ask for", is_refused=True)


def _signed_in(host: Host, connector: SendConnector, router: Router, until: float) -> SmtpClient:
    policies = sts_policies.of_connector(connector, router, pool())
    demands = Demands(connector, host.tls_name, router.snapshot, policies)
    client = SmtpClient.connect(host, connector, Pace.SINGLE, until, demands)
    try:
        sign_in(client, connector, accounts.of(connector, pool()))
    except BaseException:
        client.close()
        raise
    return client
