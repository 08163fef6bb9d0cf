"""Domains that ask for it are told how TLS with their mail servers went: once for each day, by HTTPS or by mail.
Source: RFC 8460; Sending mail outward, section 2.5.

What has to be sent stands in PostgreSQL. Mail is put into the queue in the transaction that ends the report. Who dies
while HTTPS is on its way leaves it to the next one, who sends the same report under the same id.
"""

from datetime import UTC, date, datetime, time, timedelta
from gzip import compress
from time import monotonic
from typing import NamedTuple
from urllib.parse import urlsplit
from uuid import uuid4

from transport.config import bounds
from transport.config.host_name import host_name
from transport.config.send_connector import SendConnector
from transport.deliver import look_up, reports
from transport.deliver.database import pool
from transport.deliver.https import Client, NoAnswer
from transport.deliver.look_up import LookUp, is_local
from transport.deliver.queries import QUERIES
from transport.deliver.routing import ROUTES
from transport.send import dsn, hosts, tls_report, tls_report_way
from transport.send.route import Router
from transport.send.tls_report import Failure, Reported, TlsReport
from transport.send.tls_results import Result

TURN = 45.0
"""Seconds of one turn, after which the rest waits for the next one."""
PORT = 443
_BOUND = bounds.TLS_REPORT_TAKEN
_DAY = timedelta(days=1, seconds=-1)


class Due(NamedTuple):
    """A report that has to be sent now; `late`: for the last time."""

    row: int
    day: date
    domain: str
    late: bool


def send_due() -> int:
    """Sends what is due, if reports are sent at all; returns how many it looked at. Raises psycopg.Error."""
    with pool().connection() as connection:
        router = ROUTES.router(connection)
        connector = next((each for each in router.snapshot.send_connectors if each.enabled), None)
        if not router.snapshot.transport_config.send_tls_reports or connector is None:
            return 0
        connection.execute(QUERIES["plan_tls_reports"])
    until, number = monotonic() + TURN, 0
    while monotonic() < until and (due := _claimed()):
        _Sending(due, router, connector).send()
        number += 1
    return number


def _claimed() -> Due | None:
    with pool().connection() as connection:
        row = connection.execute(QUERIES["claim_tls_report"]).fetchone()
    return Due(*row) if row is not None else None


class _Sending:
    """One report: the first of the domain's addresses that takes it gets it."""

    def __init__(self, due: Due, router: Router, connector: SendConnector) -> None:
        self._due, self._router, self._connector = due, router, connector
        self._questions = LookUp(look_up.asking(connector, router.snapshot))
        self._sender = reports.postmaster(router)
        self._submitter = self._sender.rpartition("@")[2]

    def send(self) -> None:
        wanted = self._addresses()
        if not wanted:
            self._end(tls_report_way.NOT_ASKED_FOR)
            return
        report = self._report()
        packed, problem = compress(tls_report.written(report)), ""
        for address in wanted:
            if not address.lower().startswith("https:"):
                self._mail(report, packed, address)
                return
            problem = self._post(report, packed, address)
            if not problem:
                self._end(f"Sent to {address}")
                return
        self._failed(problem)

    def _addresses(self) -> tuple[str, ...]:
        try:
            name = host_name(self._due.domain)
        except ValueError:
            return ()
        return tls_report_way.addresses(self._questions.texts(f"_smtp._tls.{name}"))

    def _report(self) -> TlsReport:
        begin = datetime.combine(self._due.day, time(), UTC)
        return TlsReport(
            organization=self._submitter, contact=self._sender,
            report_id=f"{self._due.day.isoformat()}.{self._due.domain}@{self._submitter}",
            begin=begin, end=begin + _DAY, policies=self._policies(),
        )  # fmt: skip

    def _policies(self) -> tuple[Reported, ...]:
        most = bounds.TLS_REPORT.lines
        with pool().connection() as connection:
            rows = connection.execute(QUERIES["tls_results_of"], [self._due.day, self._due.domain, most]).fetchall()
        failures: dict[tuple[str, str, str], list[Failure]] = {}
        good: dict[tuple[str, str, str], int] = {}
        for kind, lines, names, result, host, address, words, sessions in rows:
            policy = kind, lines, names
            found = failures.setdefault(policy, [])
            if result == Result.SUCCESS.value:
                good[policy] = good.get(policy, 0) + sessions
            else:
                found.append(Failure(result=result, host=host, address=address, words=words, sessions=sessions))
        return tuple(
            Reported(
                policy=policy[0], domain=self._due.domain, lines=tuple(policy[1].splitlines()),
                hosts=tuple(policy[2].splitlines()), successful=good.get(policy, 0),
                failed=sum(each.sessions for each in found), failures=tuple(found),
            )
            for policy, found in failures.items()
        )  # fmt: skip

    def _post(self, report: TlsReport, packed: bytes, url: str) -> str:
        """What is wrong, empty when it was taken. A certificate that fails may be what the report is about."""
        try:
            where = urlsplit(url)
            host, port = host_name(where.hostname or ""), where.port or PORT
        except ValueError:
            return f"{url} is no address of HTTPS"
        inner = hosts.policy(self._router.snapshot, self._router.server, port, self._connector.internal_ip_ranges)
        found = hosts.sift([host], self._questions.hosts(host, False), inner, is_local)
        if not found.hosts:
            return f"{host} leads to an inner address" if found.inner or found.ours else f"{host} has no address"
        try:
            client = Client(_BOUND, found.hosts[0].address, verified=False)
            answer = client.ask("POST", url, packed, {"Content-Type": tls_report_way.TYPE})
        except NoAnswer as error:
            return str(error)
        return "" if answer.status // 100 == 2 else f"{host} answered {answer.status}"

    def _mail(self, report: TlsReport, packed: bytes, to: str) -> None:
        """Into the queue and ended in one transaction: nobody gets it twice."""
        own, now = uuid4(), datetime.now(UTC)
        message_id = f"<{own.hex}@{self._router.server}>"
        domain = host_name(self._due.domain)
        content = tls_report_way.mail(report, packed, domain, self._sender, to, message_id, now.timestamp())
        subject = tls_report_way.subject(report, domain, self._submitter)
        about = dsn.Report(content, b"", False, subject, message_id, "7BIT", False)
        with pool().connection() as connection, connection.transaction():
            if connection.execute(QUERIES["end_tls_report"], [f"Sent to {to}", self._due.row]).rowcount:
                reports.put(
                    connection, self._router, own, None, about, len(content), to, now,
                    lambda: connection.execute(QUERIES["insert_content"], [own, 0, content]),
                )  # fmt: skip

    def _end(self, words: str) -> None:
        with pool().connection() as connection:
            connection.execute(QUERIES["end_tls_report"], [words, self._due.row])

    def _failed(self, words: str) -> None:
        """It is tried again for a day (RFC 8460 §5.5)."""
        query = "end_tls_report" if self._due.late else "tls_report_failed"
        with pool().connection() as connection:
            connection.execute(QUERIES[query], [f"Not sent: {words}.", self._due.row])
