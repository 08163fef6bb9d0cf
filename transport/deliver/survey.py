"""A mail server looked at from outside, as MXToolbox does it: its domain, its names, its conversation. Never a message.

What was found is a value (`transport.trace.mail_server`), judged by the console. Source: document 004, "Verification".
"""

import ssl
import warnings
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import cache
from hashlib import sha256
from time import monotonic
from typing import TypeVar

import dns.resolver
import dns.reversename
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec import Struct
from msgspec.structs import replace

from transport.config import bounds
from transport.config.send_connector import SendConnector
from transport.config.snapshot import Snapshot
from transport.deliver import look_up, send_log, sts_policies
from transport.deliver.look_up import FAILURES, Asking, LookUp, is_local
from transport.deliver.securing import NoTls, Only, Unprotected
from transport.deliver.smtp_client import SmtpClient
from transport.deliver.smtp_connection import Lost
from transport.receive.dns import list_name
from transport.send import certificate_names, hosts, remote_reply, sts
from transport.send.attempt import Pace
from transport.send.dane import Dane, Standing
from transport.send.extensions import Extensions
from transport.send.hosts import Host, HostPolicy
from transport.send.sts import StsPolicy
from transport.send.tls_policy import Demand, Encryption, Published, demanded
from transport.trace import mail_server
from transport.trace.mail_server import Address, Answer, Domain, Exchanger, Listing, Probe, Shown, Survey, Talk, Version
from transport.trace.spoken import Transcript

SECONDS = bounds.MAIL_SERVER_TEST.seconds or 0
MOST_LINES = bounds.MAIL_SERVER_TEST.lines or 0
MOST_HOSTS, MOST_ADDRESSES = 3, 4
A_QUESTION = 6.0
"""Seconds for one question to DNS, a list or a policy's host included."""
SENDER, STRANGER = "relay-test@example.org", "relay-test@example.com"
"""Names that belong to nobody: RFC 2606 §3."""
A_MOMENT = 1.0
"""Seconds by which a conversation ends before the test does, so that its end is told."""
OLD = ("TLS 1.0", "TLS 1.1")
SUBMISSIONS = 465
"""The port of TLS from the first octet: RFC 8314 §7.3."""

T = TypeVar("T")


class Asker(Struct, frozen=True):
    """Who asks, and how: `fqdn` is said in EHLO; `lists` are block lists; `policy` knows our own listeners; `port` is
    that of mail servers, and `implicit` whether TLS begins there at once.
    """

    asking: Asking
    fqdn: str
    lists: tuple[str, ...]
    policy: HostPolicy
    port: int = 25
    implicit: bool = False


def asker(snapshot: Snapshot, server: str, lists: tuple[str, ...], port: int = 25) -> Asker:
    """As this installation asks. Takes some seconds where a name server does not answer."""
    servers = snapshot.connection_filter.dns_servers
    named = (each.fqdn for each in snapshot.send_connectors if each.enabled and each.fqdn)
    asking = Asking(servers, ("A", "AAAA"), look_up.doubt(servers))
    return Asker(
        asking, next(named, server), lists, hosts.policy(snapshot, server, port, None), port, port == SUBMISSIONS
    )


def of_domain(by: Asker, domain: str, selectors: tuple[str, ...] = (), seconds: float | None = None) -> Survey:
    """A domain with its mail servers, within so many seconds, else SECONDS. Never raises. Source: RFC 5321 §5.1."""
    return _Survey(by, seconds or SECONDS).of_domain(domain, selectors)


def of_server(by: Asker, name: str, seconds: float | None = None) -> Survey:
    """One mail server, by name or address, within so many seconds, else SECONDS. Never raises."""
    return _Survey(by, seconds or SECONDS).of_server(name)


class _Survey:
    def __init__(self, by: Asker, seconds: float) -> None:
        self._by, self._until, self._is_cut = by, monotonic() + seconds, False
        _contexts()

    def of_domain(self, domain: str, selectors: tuple[str, ...]) -> Survey:
        with _Pool() as pool:
            mx = self._ask(domain, "MX")
            found = pool.submit(self._domain, domain, mx, selectors)
            named = _exchangers(domain, mx)
            every = [pool.submit(self._host, name, rank, mx.is_signed) for rank, name in named[:MOST_HOSTS]]
            wait(every, self._left())
            wait([found], self._left())
            unknown = Answer(domain, "TXT", failure=mail_server.OVER)
            nothing = Domain(domain, mx, unknown, unknown, domain, (), unknown, unknown.failure, unknown)
            return self._survey(self._done(found, nothing), named, every)

    def of_server(self, name: str) -> Survey:
        with _Pool() as pool:
            every = [pool.submit(self._host, name, None, True)]
            wait(every, self._left())
            return self._survey(None, [(None, name)], every)

    def _survey(
        self, domain: Domain | None, named: list[tuple[int | None, str]], every: list[Future[Exchanger]]
    ) -> Survey:
        over = (Exchanger(name, rank, failure=mail_server.OVER) for rank, name in named)
        found = tuple(self._done(future, other) for future, other in zip(every, over, strict=False))
        return Survey(domain, found, len(named) - len(every), self._is_cut)

    def _done(self, future: Future[T], otherwise: T) -> T:
        if not future.done():
            self._is_cut = True
            return otherwise
        return future.result()

    def _look_up(self) -> LookUp:
        return LookUp(self._by.asking, min(A_QUESTION, max(0.1, self._until - monotonic())))

    def _ask(self, name: str, kind: str, together: LookUp | None = None) -> Answer:
        """`together`: with other questions, within its time."""
        try:
            asked = together or self._look_up()
            answer = asked.ask(name, kind)
        except dns.resolver.NXDOMAIN:
            return Answer(name, kind, exists=False)
        except FAILURES as error:
            return Answer(name, kind, failure=" ".join(str(error).split())[:200] or type(error).__name__)
        rows = list(answer.rrset or ())[: bounds.HOST_LIST.lines]
        if kind == "TXT":
            return Answer(name, kind, tuple(b"".join(row.strings).decode("utf-8", "replace") for row in rows))
        return Answer(name, kind, tuple(row.to_text() for row in rows), is_signed=asked.signed(answer))

    def _domain(self, domain: str, mx: Answer, selectors: tuple[str, ...]) -> Domain:
        txt, record = self._ask(domain, "TXT"), self._ask(f"_mta-sts.{domain}", "TXT")
        at, dmarc = self._dmarc(domain)
        keys = tuple(self._ask(f"{selector}._domainkey.{domain}", "TXT") for selector in selectors)
        is_there = sts.policy_id(record.records) is not None
        policy = self._policy(domain) if is_there else "there is no record of one"
        reports = self._ask(f"_smtp._tls.{domain}", "TXT")
        found = next(filter(mail_server.is_spf, txt.records), None)
        costs = None if found is None else self._spf_costs(found)
        return Domain(domain, mx, txt, dmarc, at, keys, record, policy, reports, costs)

    def _dmarc(self, domain: str) -> tuple[str, Answer]:
        """The domain's own record, else that of the nearest domain above (RFC 9989)."""
        first = self._ask(f"_dmarc.{domain}", "TXT")
        at, found = domain, first
        while not _has_dmarc(found) and at.count(".") > 1:
            at = at.partition(".")[2]
            found = self._ask(f"_dmarc.{at}", "TXT")
        return (at, found) if _has_dmarc(found) else (domain, first)

    def _policy(self, domain: str) -> StsPolicy | str:
        try:
            return sts_policies.fetched(domain, self._by.asking, self._by.policy, min(A_QUESTION, self._left()))
        except sts_policies.NoPolicy as error:
            return str(error)

    def _spf_costs(self, record: str) -> int:
        """Of a record and all that it leads to; what is over the limit is not asked any more."""
        total, waiting, seen = 0, [record], set[str]()
        while waiting and total <= mail_server.MOST_SPF_LOOKUPS:
            text = waiting.pop()
            total += mail_server.spf_costs(text)
            for name in mail_server.spf_leads_to(text)[: mail_server.MOST_SPF_LOOKUPS]:
                if name.lower() not in seen:
                    seen.add(name.lower())
                    waiting += filter(mail_server.is_spf, self._ask(name, "TXT").records)
        return total

    def _host(self, name: str, rank: int | None, is_signed: bool) -> Exchanger:
        try:
            return self._exchanger(name, rank, is_signed)
        except Exception as error:
            return Exchanger(name, rank, failure=f"the test failed: {error or type(error).__name__}"[:200])

    def _exchanger(self, name: str, rank: int | None, is_signed: bool) -> Exchanger:
        """`is_signed`: whether DNS has signed what led to the name."""
        literal = hosts.literal(name)
        asked = self._look_up()
        found = [Host(name, literal)] if literal else asked.hosts(name, is_signed)
        if not found:
            return Exchanger(name, rank, failure="DNS has no address of it")
        told = Dane(why="it is no name") if literal else asked.dane(found[0], self._by.port)
        talk = self._talk(found, told)
        every = tuple(self._address(host.address) for host in found[:MOST_ADDRESSES])
        return Exchanger(name, rank, every, told, talk)

    def _address(self, address: str) -> Address:
        if hosts.is_inner(address):
            return Address(address, Answer(address, "PTR", failure="it is an inner address"))
        pointer = dns.reversename.from_address(address).to_text(omit_final_dot=True)
        names = self._ask(pointer, "PTR")
        leads_here = (each.rstrip(".") for each in names.records[:MOST_ADDRESSES])
        kind = "AAAA" if ":" in address else "A"
        confirmed = tuple(each for each in leads_here if address in self._ask(each, kind).records)
        return Address(address, names, confirmed, tuple(self._listings(address)))

    def _listings(self, address: str) -> Iterator[Listing]:
        """Lists that do not answer take no longer together than one."""
        together = self._look_up()
        for domain in self._by.lists:
            found = self._ask(list_name(address, domain), "A", together)
            yield Listing(domain, found.records, found.failure)

    def _left(self) -> float:
        return max(0.1, self._until - monotonic())

    def _talk(self, found: list[Host], told: Dane) -> Talk:
        """With the first address that answers."""
        talk = Talk("", self._by.port, "there is no address")
        for host in found[:MOST_ADDRESSES]:
            talk = _Talk(self._by, host, self._until - A_MOMENT, told).talk()
            if talk.transcript and any(each.event == "<" for each in talk.transcript):
                break
        return talk


class _Pool(ThreadPoolExecutor):
    """Whose threads nobody waits for: each has its own end."""

    def __init__(self) -> None:
        super().__init__(MOST_HOSTS + 1, "test of a mail server")

    def __exit__(self, *_: object) -> None:
        self.shutdown(wait=False, cancel_futures=True)


class _Client(SmtpClient):
    """`offered`: what each EHLO was answered."""

    offered: tuple[Extensions, ...] = ()

    def _say_hello(self) -> None:
        super()._say_hello()
        self.offered = (*self.offered, self.extensions)


class _Talk:
    """A conversation with one host. TLS is tried as strictly as can be first, so that what is wrong with it is told."""

    def __init__(self, by: Asker, host: Host, until: float, told: Dane) -> None:
        self._by, self._host, self._until, self._told = by, host, until, told
        self._connector = SendConnector(name="Test mail server", fqdn=by.fqdn, port=by.port, implicit_tls=by.implicit)
        self._transcript = Transcript(MOST_LINES)

    def talk(self) -> Talk:
        """Never raises."""
        problem, failure, client = "", "", None
        with send_log.told_to(self._transcript):
            try:
                problem, client = self._connect()
                probes = tuple(self._probes(client))
            except Lost as error:
                failure, probes = str(error), ()
        shown = _shown(client, problem, self._host) if client is not None else None
        ours = self._by.policy.is_us(self._host.address, is_local)
        protection, offered = (client.protection, client.offered) if client is not None else ("", ())
        if client is not None:
            client.part()
        versions = tuple(self._versions()) if shown is not None else ()
        dane_problem = self._dane_problem() if client is not None else ""
        return Talk(
            self._host.address, self._by.port, failure, protection, offered, versions, shown, probes,
            tuple(self._transcript.lines), ours, self._by.implicit, dane_problem,
        )  # fmt: skip

    def _connect(self) -> tuple[str, _Client]:
        """A client, and why its certificate is not trusted. Raises Lost."""
        least = Demand(encryption=Encryption.REQUIRED if self._by.implicit else Encryption.IF_OFFERED)
        try:
            return "", self._client(replace(least, encryption=Encryption.REQUIRED, chain=True))
        except Unprotected as error:
            return str(error), self._client(least)

    def _dane_problem(self) -> str:
        """What becomes of a connection as delivery makes it under these TLSA records."""
        if self._told.standing is not Standing.USABLE:
            return ""
        with send_log.told_to(Transcript(MOST_LINES)):
            try:
                self._client(demanded(Demand(), self._host, Published(self._host.name, dane=self._told))).part()
            except Lost as error:
                return str(error)
        return ""

    def _client(self, demand: Demand) -> _Client:
        return _Client.connect(self._host, self._connector, Pace.SINGLE, self._until, Only(demand))

    def _probes(self, client: SmtpClient) -> Iterator[Probe]:
        """Recipients elsewhere, and nothing else. Raises Lost."""
        at = self._host.name.strip("[]") if not hosts.literal(self._host.name) else f"[{self._host.address}]"
        asked = ((STRANGER, True), (f"relay-test%example.com@{at}", False), (f"example.com!relay-test@{at}", False))
        code, text = client.say(f"MAIL FROM:<{SENDER}>")
        if code >= 400:
            yield Probe("", code, remote_reply.one_line(code, text), True)
            return
        for recipient, is_plain in asked:
            code, text = client.say(f"RCPT TO:<{recipient}>")
            yield Probe(recipient, code, remote_reply.one_line(code, text), is_plain)
        client.say("RSET")

    def _versions(self) -> Iterator[Version]:
        for name, made in _contexts().items():
            yield Version(name, self._speaks(made) if made is not None else None)

    def _speaks(self, made: ssl.SSLContext) -> bool | None:
        implicit = made if self._by.implicit else None
        with send_log.told_to(Transcript(MOST_LINES)):
            try:
                client = SmtpClient(self._host, self._connector, Pace.SINGLE, self._until, implicit)
                if implicit is None:
                    client.start_tls(made)
            except NoTls as error:
                return None if "no protocols available" in str(error) else False
            except Lost:
                return None
            client.part()
            return True


def _shown(client: SmtpClient, problem: str, host: Host) -> Shown | None:
    """The certificate of a client under TLS."""
    if not client.certificate:
        return None
    try:
        read = x509.load_der_x509_certificate(client.certificate)
        names = tuple(_names(read))
        issuer = read.issuer.rfc4514_string()
        until = read.not_valid_after_utc.timestamp()
        key = read.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (ValueError, UnsupportedAlgorithm) as error:
        return Shown((), "", 0.0, problem or f"it cannot be read: {error}")
    if not problem and not certificate_names.speaks_for(names, (host.tls_name,)):
        problem = f"it is for {', '.join(names[:3]) or 'no host'}, not for {host.tls_name}"
    return Shown(names[:20], issuer[:200], until, problem, sha256(key).hexdigest())


def _names(read: x509.Certificate) -> Iterator[str]:
    try:
        held = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return
    yield from held.get_values_for_type(x509.DNSName)
    yield from map(str, held.get_values_for_type(x509.IPAddress))


@cache
def _contexts() -> dict[str, ssl.SSLContext | None]:
    """One for each version of TLS; None for one that this machine cannot speak. Nothing is trusted by them, and no mail
    goes over them: they only find out what the server speaks.
    """
    versions = {
        "TLS 1.0": ssl.TLSVersion.TLSv1, "TLS 1.1": ssl.TLSVersion.TLSv1_1,
        "TLS 1.2": ssl.TLSVersion.TLSv1_2, "TLS 1.3": ssl.TLSVersion.TLSv1_3,
    }  # fmt: skip
    return {name: _context(version, name in OLD) for name, version in versions.items()}


def _context(version: ssl.TLSVersion, is_old: bool) -> ssl.SSLContext | None:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            made.minimum_version = made.maximum_version = version
        if is_old:
            made.set_ciphers("DEFAULT:@SECLEVEL=0")
    except (ValueError, ssl.SSLError):
        return None
    return made


def _exchangers(domain: str, mx: Answer) -> list[tuple[int | None, str]]:
    """Preference and name of each mail server, the best first; the domain itself, without one, where there is no MX."""
    if mx.failure:
        return []
    split = (record.partition(" ") for record in mx.records)
    found = [(int(rank), name.rstrip(".") or ".") for rank, _, name in split]
    ranks = {name: rank for rank, name in reversed(found)}
    return [(ranks.get(name), name) for group in hosts.by_preference(domain, found) for name in group]


def _has_dmarc(found: Answer) -> bool:
    return any(map(mail_server.is_dmarc, found.records))
