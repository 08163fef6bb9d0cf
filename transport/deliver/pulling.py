"""Asking another server for the mail that waits there for us: ETRN, as a Send connector says. Each quarter of an hour
of its timetable asks once, however many workers there are.
"""

import logging
from collections.abc import Iterator
from time import localtime, monotonic

from msgspec.structs import replace

from transport.config import bounds
from transport.config.send_connector import RequestMail, SendConnector
from transport.deliver import accounts, host_lookup, look_up, sts_policies
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
    """Ask as this connector says, and write down what came of it. Raises psycopg.Error."""
    with pool().connection() as connection:
        router = ROUTES.router(connection)
    found = (each for each in router.snapshot.send_connectors if each.name == name and each.enabled)
    connector = next((each for each in found if each.request_mail is not RequestMail.None_), None)
    if connector is None:
        return
    asking = replace(connector, fqdn=connector.fqdn or router.server, dns_routing_enabled=False)
    heard = _heard(asking, router)
    log.log(logging.WARNING if heard.is_refused else logging.INFO, "mail requested by %s: %s", name, heard.words)
    with pool().connection() as connection:
        connection.execute(QUERIES["pulled"], [name, heard.words, heard.is_refused])


def _heard(connector: SendConnector, router: Router) -> Heard:
    until = monotonic() + AT_MOST
    words = "no server to ask"
    try:
        for host in _hosts(connector, router):
            try:
                return _ask(host, connector, router, until)
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
    policies = sts_policies.of_connector(connector, router, pool())
    demands = Demands(connector, host.tls_name, router.snapshot, policies)
    client = SmtpClient.connect(host, connector, Pace.SINGLE, until, demands)
    try:
        sign_in(client, connector, accounts.of(connector, pool()))
        wanted = pulling.domains(connector, router.snapshot)
        answers = [pulling.meaning(each, *client.say(f"ETRN {each}")) for each in wanted[:MOST]]
        client.part()
    finally:
        client.close()
    return pulling.together(answers) if answers else Heard("there is no domain to ask for", is_refused=True)
