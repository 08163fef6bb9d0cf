"""Questions about clients, put to DNS: kept by their TTL, ended by a time-out, and never a reason to refuse mail.

The backend and the record types are imported here because dnspython does it late, when its files may be out of reach.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import dns._asyncio_backend
import dns.asyncquery
import dns.asyncresolver
import dns.exception
import dns.message
import dns.nameserver
import dns.rdtypes.ANY.CNAME
import dns.rdtypes.ANY.OPT
import dns.rdtypes.ANY.PTR
import dns.rdtypes.ANY.SOA
import dns.rdtypes.IN.A
import dns.rdtypes.IN.AAAA
import dns.resolver

from transport import name_servers
from transport.config.connection_filter import ConnectionFilter
from transport.config.endpoint import Binding
from transport.receive.dns import no_listing
from transport.receive.facts import Question, Record, Texts, silence
from transport.shell.clients.dns_circuit import Circuit

MOST_KEPT = 20_000
MOST_AT_ONCE = 500
"""Questions that are out at one time; those beyond wait for their turn within the time-out."""
MOST_WAITING = 5000
"""Questions that wait for their turn or answer; those beyond are not asked, as if DNS had been too slow for them."""
NOTHING_KEPT = 60.0
FAILURE_KEPT = 15.0
"""Seconds: so long the same client does not wait again for a server that did not answer."""
LONGEST_KEPT = 3600.0

log = logging.getLogger(__name__)
Key = tuple[str, str]
"""A name in lower case and the kind of record that is asked for."""


class DnsLookups:
    """All methods are for the event loop's thread; the same question of many sessions is asked once."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._kept: dict[Key, tuple[float, Texts]] = {}
        self._under_way: dict[Key, asyncio.Task[Texts]] = {}
        self._places = asyncio.Semaphore(MOST_AT_ONCE)
        self._resolver: dns.asyncresolver.Resolver | None = None
        self._settings: tuple[tuple[Binding, ...], int] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._circuit = Circuit()

    @property
    def problems(self) -> list[str]:
        """Providers that do not answer."""
        return self._circuit.problems

    def ask(
        self, question: Question[Any], settings: ConnectionFilter, answer: Callable[[Question[Any], Any], None]
    ) -> None:
        """Calls `answer` once, within the time-out."""
        self._use(settings)
        task = self._loop.create_task(self._answer(question, settings.dns_timeout, answer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(
        self, question: Question[Any], seconds: int, answer: Callable[[Question[Any], Any], None]
    ) -> None:
        """When the time is over, with the records that have come."""
        finding, until = question.finding(), self._loop.time() + seconds
        try:
            wanted = next(finding)
            while True:
                wanted = finding.send(await self._records(wanted, until))
        except StopIteration as over:
            if self._loop.time() >= until:
                log.info("DNS did not answer about %s within %s s", question.address, seconds)
            answer(question, over.value)
        except Exception:
            log.exception("a DNS look-up about %s", question.address)
            answer(question, silence(question))

    async def _records(self, wanted: list[Record], until: float) -> list[Texts]:
        """Of each; none of those that have not come until then (of the loop's time)."""
        asked = [self._loop.create_task(self._addresses(each)) for each in wanted]
        if asked:
            _, late = await asyncio.wait(asked, timeout=max(0.0, until - self._loop.time()))
            for each in late:
                each.cancel()
        return [each.result() if each.done() else () for each in asked]

    async def _addresses(self, record: Record) -> Texts:
        """From memory while their TTL lasts; none of a provider that is left out."""
        question, provider = (record.name.lower(), record.kind), record.provider
        until, texts = self._kept.get(question, (0.0, ()))
        if self._loop.time() < until:
            return texts
        task = self._under_way.get(question)
        if task is None:
            if len(self._under_way) >= MOST_WAITING or not self._circuit.may_ask(provider, self._loop.time()):
                return ()
            task = self._under_way[question] = self._loop.create_task(self._resolve(question, provider))
            task.add_done_callback(lambda _: self._under_way.pop(question, None))
        return await asyncio.shield(task)

    async def _resolve(self, question: Key, provider: str) -> Texts:
        texts: Texts = ()
        seconds = FAILURE_KEPT
        circuit = self._circuit
        try:
            assert self._resolver is not None
            async with self._places:
                found = await self._resolver.resolve(*question, search=False)
            texts = name_servers.texts(found)
            seconds = min(float(found.rrset.ttl if found.rrset is not None else 0), LONGEST_KEPT)
            circuit.answered(provider, no_listing(texts) if provider else "")
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            seconds = NOTHING_KEPT
            circuit.answered(provider)
        except (dns.exception.DNSException, OSError, UnicodeError) as error:
            log.info("DNS did not answer %s %s: %s", *question, error)
            if provider:
                circuit.failed(provider, self._loop.time())
        self._keep(question, self._loop.time() + seconds, texts)
        return texts

    def _keep(self, question: Key, until: float, texts: Texts) -> None:
        self._kept.pop(question, None)
        while len(self._kept) >= MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[question] = (until, texts)

    def _use(self, settings: ConnectionFilter) -> None:
        """The resolver of these settings; when they are new, what others have answered is forgotten."""
        wanted = (settings.dns_servers, settings.dns_timeout)
        if self._resolver is None or wanted != self._settings:
            made = dns.asyncresolver.Resolver(configure=False)
            self._settings, self._resolver = wanted, name_servers.asking(made, *wanted, OnePacket)
            self._kept.clear()
            self._circuit = Circuit()


class OnePacket(dns.nameserver.Do53Nameserver):
    """Asks by UDP only: what we ask has an answer of a few records, who has thousands would have us read them."""

    async def async_query(
        self,
        request: dns.message.QueryMessage,
        timeout: float,  # noqa: ASYNC109 (dnspython's)
        source: str | None,
        source_port: int,
        max_size: bool,
        backend: Any,
        one_rr_per_rrset: bool = False,
        ignore_trailing: bool = False,
    ) -> dns.message.Message:
        """The answer, as much of it as fits a packet."""
        return await dns.asyncquery.udp(
            request,
            self.address,
            timeout,
            self.port,
            source,
            source_port,
            one_rr_per_rrset=one_rr_per_rrset,
            ignore_trailing=ignore_trailing,
            backend=backend,
            ignore_errors=True,
            ignore_unexpected=True,
        )
