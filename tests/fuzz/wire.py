"""Clients against a live transport, many at a time: what they say is nonsense, and they leave as they like."""

from __future__ import annotations

import asyncio
import logging
import random
import re
import ssl
from collections.abc import Awaitable
from contextlib import suppress

from tests.fuzz import lines, variants
from tests.receive.builders import QUICK
from tests.shell.certificates import SECRET, certificate
from tests.shell.running_transport import RunningTransport
from tests.waiting import wait_for
from transport.config.endpoint import parse_binding
from transport.config.receive_connector import ReceiveConnector
from transport.receive.session import Stage

AT_ONCE = 40
CONNECTORS = 12
PATIENCE = 30.0
"""Seconds after which a transport that owes an answer is said to hang."""
CHUNK = re.compile(rb"bdat[ \t]+(\d+)(?:[ \t]+last)?[ \t]*", re.IGNORECASE)
MOST_SENT = 400_000
"""Octets of a chunk."""
REPLIES = re.compile(rb"(?:\d{3}[ -][ -~]*\r\n)*")
AFTER = {
    b"EHLO": Stage.GREETED, b"HELO": Stage.GREETED, b"MAIL": Stage.MAIL, b"RCPT": Stage.RCPT, b"RSET": Stage.GREETED,
}  # fmt: skip
CALM = {
    "tarpit_interval": 0, "auth_tarpit_interval": 0, "message_rate_limit": None, "connection_timeout": 600,
    "connection_inactivity_timeout": 300, "max_message_size": 65536, "tls_certificate_name": "",
}  # fmt: skip
"""Nothing that makes a client wait on purpose."""


async def answered(answer: Awaitable[bytes], to: bytes = b"") -> bytes:
    """What the transport says to a line; it fails when it says nothing."""
    try:
        return await asyncio.wait_for(answer, PATIENCE)
    except TimeoutError:
        raise AssertionError(f"no answer for {PATIENCE} s to {to!r}") from None


class Swarm:
    """Each of the `connectors` has an address of its own; `said` counts lines."""

    def __init__(self, seed: int) -> None:
        logging.getLogger("asyncio").setLevel(logging.ERROR)  # it warns of writing to who has hung up
        self.chance = random.Random(seed)
        self.transport = RunningTransport()
        self.said = 0
        self.connectors = [self._connector(number) for number in range(CONNECTORS)]
        self.transport.variables["GATEPOST_SECRET_KEY"] = SECRET.decode()
        around = variants.snapshot(self.chance)
        domains = around.accepted_domains
        self.transport.publish(*self.connectors, accepted_domains=domains, certificates=(certificate(),))
        self.transport.start()

    def _connector(self, number: int) -> ReceiveConnector:
        binding = parse_binding(f"127.0.0.{number + 1}:{self.transport.port}")
        values = {**QUICK, **CALM, "name": f"Fuzzed {number}", "bindings": (binding,)}
        return variants.connector(self.chance, calm=number % 2 == 0, **values)

    async def say(self, count: int) -> None:
        """Let clients come and go until they have said so many lines."""
        until = self.said + count

        async def one_after_the_other() -> None:
            while self.said < until:
                await Talk(self, random.Random(self.chance.random())).run()

        await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))

    def resident(self) -> int:
        """Bytes of memory of the transport."""
        assert self.transport.process is not None
        with open(f"/proc/{self.transport.process.pid}/statm") as facts:
            return int(facts.read().split()[1]) * 4096

    def finish(self) -> int:
        """Every session has ended, mail is taken, nothing was reported. Returns how many messages were stored."""
        wait_for(lambda: self.transport.facts()["sessions"] == 0, "sessions are left", PATIENCE)
        self.transport.stop()
        log = self.transport.log
        assert "Traceback" not in log and "a session failed" not in log, log
        stored = sum(1 for _ in self.transport.records())
        assert not list(self.transport.home.glob("journal/*/bodies/*"))
        return stored


class Talk:
    """One connection from beginning to end: polite, with an answer to each line, or rude, without waiting for any."""

    def __init__(self, swarm: Swarm, chance: random.Random) -> None:
        self.swarm, self.chance = swarm, chance
        self.connector = chance.choice(swarm.connectors)
        self.stage = int(Stage.CONNECTED)

    async def run(self) -> None:
        host = self.connector.bindings[0].ip
        self.reader, self.writer = await asyncio.open_connection(host, self.swarm.transport.port)
        polite = self.chance.random() < 0.6
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                if polite or self.chance.random() < 0.9:
                    await self.reply()
                if self.chance.random() < 0.2:
                    await self.start_tls()
                await (self.politely() if polite else self.rudely())
        finally:
            self.writer.transport.abort()

    async def start_tls(self) -> None:
        self.writer.write(b"STARTTLS\r\n")
        if await self.reply() == 220:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            await self.writer.start_tls(context)

    async def reply(self, to: bytes = b"") -> int:
        """The code of the next reply. Raises IncompleteReadError at the end of the connection."""
        line = b"250-"
        while line[3:4] == b"-":
            line = await answered(self.reader.readuntil(b"\r\n"), to)
            assert REPLIES.fullmatch(line), line
        return int(line[:3])

    # With an answer to each line

    async def politely(self) -> None:
        code = 220
        for _ in range(self.chance.randrange(1, 60)):
            self.swarm.said += 1
            line = lines.answer(self.chance) if code == 334 else lines.line(self.chance, self.stage)
            found = CHUNK.fullmatch(line)
            if found and int(found[1]) > MOST_SENT:
                continue  # nobody waits for all that
            self.writer.write(line + b"\r\n" + (self.chunk(line) if code != 334 else b""))
            code = await self.reply(line)
            if code == 354:
                self.writer.write(lines.content(self.chance) + b"\r\n.\r\n")
                code, self.stage = await self.reply(), int(Stage.GREETED)
            elif code == 220:
                return
            elif code == 250:
                self.stage = int(AFTER.get(line[:4].upper(), self.stage))

    def chunk(self, line: bytes) -> bytes:
        """The octets that the transport will read behind a BDAT."""
        found = CHUNK.fullmatch(line)
        if not found or not self.connector.chunking_enabled:
            return b""
        size = min(int(found[1]), MOST_SENT)
        self.stage = int(Stage.GREETED) if b"LAST" in line.upper() else self.stage
        return (lines.content(self.chance) * 3000)[:size].ljust(size, b"x")

    # Without waiting for any

    async def rudely(self) -> None:
        heard = asyncio.ensure_future(self.reader.read(-1))
        try:
            for _ in range(self.chance.randrange(1, 40)):
                if heard.done():
                    return
                self.writer.write(self.something())
                if self.chance.random() < 0.3:
                    await self.writer.drain()
                    await asyncio.sleep(0)
            if self.chance.random() < 0.2 or not self.writer.can_write_eof():
                return  # gone without a word
            self.writer.write_eof()
            assert REPLIES.fullmatch(await answered(asyncio.shield(heard)))
        finally:
            heard.cancel()
            with suppress(asyncio.CancelledError, OSError):
                await heard

    def something(self) -> bytes:
        """A line, its end, and something that may or may not belong to it."""
        self.swarm.said += 1
        chance = self.chance
        line = lines.line(chance, self.stage) if chance.random() < 0.9 else lines.answer(chance)
        verb = line[:4].upper()
        self.stage = int(AFTER.get(verb, self.stage))
        if verb == b"DATA":
            line += b"\r\n" + lines.content(chance) + chance.choice((b"\r\n.", b"\r\n.", b"\n."))
        return line + chance.choice((b"\r\n",) * 40 + (b"\n", b"", b"\r")) + self.chunk(line)
