"""The master of a node's transports: has the listening sockets, starts the transports, starts again who ended, and
answers /healthz for all of them. It touches no mail.

A transport asks for the socket of a binding as its revision wants it. Clients that come while none listens, or whose
transport ends, wait in the kernel for the next one: none is refused, none is reset (measured, operations 7.1).

SIGHUP restarts the transports one after the other, from the code on disk; when the first does not come up, the others
stay as they are.
"""

import asyncio
import errno
import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from time import monotonic
from typing import Any

import msgspec

from transport import log_lines, node, service_manager
from transport.config.endpoint import Binding
from transport.shell import health, privileges, sockets
from transport.shell.master import counts
from transport.shell.master.channel import Channel
from transport.shell.master.place import VARIABLE, Place, names
from transport.shell.metrics import Told, prometheus

STEADY, LONGEST_WAIT = 60.0, 30.0
"""Seconds after which a transport has shown that it can run; and the longest wait before one is started again."""
CANNOT_START = 1
"""The exit code of a transport that says so."""
DRAIN, COME_UP = 15.0, 60.0
"""Seconds that a transport has to end, and to take clients."""
SOON, PROBE = 0.5, 2.0
"""Seconds that a transport has to answer while another one does, and while none does: who asks for /healthz often waits
no longer than a second, and one that starts or hangs must not make the node look dead.
"""
TELL_EVERY, HANGS, STARTS = 2.0, 30.0, 300.0
"""Seconds between two questions whether a transport takes its turns, after which one that does not is killed, and that
it has for its start: killed on a busy machine, it would begin again from nothing, and never end.
"""
OTHERS_MOVE = 2.0
"""Seconds in which the others give up a binding that stands in the way of a new one."""
TICK = 0.05
LOOK_EVERY = 0.5
"""Seconds between two looks at all transports, also when none has ended."""

log = logging.getLogger(__name__)


class Member:
    """One transport. `wanted`: what it listens on, None until it takes clients."""

    def __init__(self, name: str, number: int) -> None:
        self.name, self.number = name, number
        self.process: subprocess.Popen[bytes] | None = None
        self.channel: Channel | None = None
        self.wanted: set[Binding] | None = None
        self.started = self.turned_at = 0.0
        self.failures = 0
        self.due: float | None = 0.0

    @property
    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    async def watch(self, channel: Channel) -> None:
        """Kill one that hangs: it is started again, and its clients, whom nobody answers, may come again."""
        with suppress(OSError):
            await channel.ask("turn", patience=TELL_EVERY)
            self.turned_at = monotonic()
        patience = STARTS if self.wanted is None else HANGS
        if self.channel is channel and self.process and monotonic() - self.turned_at > patience:
            log.error("transport %s hangs, for %.0f s now, and is killed", self.name, patience)
            self.process.kill()


class Master:
    """For the event loop's thread."""

    def __init__(self, variables: Mapping[str, str], opened: sockets.Sockets) -> None:
        self._variables, self._loop = variables, asyncio.get_running_loop()
        self._name, self._members = variables.get("GATEPOST_TRANSPORT") or node.name(variables), members(variables)
        self._sockets, self._counts = opened, counts.make(len(self._members))
        self._stopping, self._restarting, self._stirred = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._has_started = self._failed = self._is_reloading = False
        self._told_at = 0.0

    async def run(self) -> bool:
        """Until SIGTERM or SIGINT; False when no transport can start."""
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._stop)
        self._loop.add_signal_handler(signal.SIGCHLD, self._stirred.set)
        self._loop.add_signal_handler(signal.SIGHUP, self._restarting.set)
        server = None
        if address := self._variables.get("GATEPOST_HEALTH"):
            server = await health.serve(address, self.health, self.metrics)
        restarts = self._loop.create_task(self._restart_when_asked())
        while not (self._stopping.is_set() or self._failed):
            self._stirred.clear()
            self._heal()
            self._tell_service_manager()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stirred.wait(), LOOK_EVERY)
        service_manager.stopping()
        restarts.cancel()
        await asyncio.gather(*(self._end(member) for member in self._members))
        if server is not None:
            server.close()
        return not self._failed

    def _stop(self) -> None:
        self._stopping.set()
        self._stirred.set()

    def _tell_service_manager(self) -> None:
        """Its watchdog is for us: the transports have ours."""
        if monotonic() < self._told_at + TELL_EVERY:
            return
        self._told_at = monotonic()
        service_manager.alive()
        if self._has_started and not self._is_reloading:
            service_manager.ready()
        for member in self._members:
            if member.runs and member.channel is not None:
                self._loop.create_task(member.watch(member.channel))

    # One transport

    def _heal(self) -> None:
        for member in self._members:
            if member.process is not None and not member.runs and member.due is None:
                self._ended(member, member.process.returncode)
            if member.due is not None and monotonic() >= member.due:
                self._start(member)

    def _ended(self, member: Member, code: int) -> None:
        """The first time it is started again at once, then later and later."""
        if monotonic() - member.started >= STEADY:
            member.failures = 0
        wait = min(LONGEST_WAIT, 2.0 ** (member.failures - 1)) if member.failures else 0.0
        member.failures += 1
        member.due, member.wanted = monotonic() + wait, None
        counts.Counts(self._counts, member.number).gauges.clear()
        how = f"was killed ({signal.Signals(-code).name})" if code < 0 else f"ended (exit code {code})"
        log.warning("transport %s %s; next start in %.0f s", member.name, how, wait)
        # The first start of all: what is amiss is amiss for all of them, and for whoever started us to say.
        self._failed = code == CANNOT_START and not self._has_started

    def _start(self, member: Member) -> None:
        if member.channel is not None:
            member.channel.close()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        numbers = member.number, len(self._members), theirs.fileno(), self._counts, os.getpid()
        place = Place(self._name, *numbers, self._sockets.given)
        told = {VARIABLE: msgspec.json.encode(place).decode(), "GATEPOST_TRANSPORT": member.name, "NOTIFY_SOCKET": ""}
        python, directory, more = code(self._variables)
        member.due, member.wanted = None, None
        member.started = member.turned_at = monotonic()
        try:
            member.process = subprocess.Popen(
                [python, "-m", "transport", "one"],
                cwd=directory,
                env={**self._variables, **more, **told},
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(), self._counts),
            )
        except OSError as error:
            ours.close()
            log.error("transport %s cannot be started: %s", member.name, error)
            member.due = monotonic() + LONGEST_WAIT
            return
        finally:
            theirs.close()

        async def answer(question: str, said: Any) -> tuple[Any, socket.socket | None]:
            return await self._answer(member, question, said)

        member.channel = Channel(ours, self._loop, answer, lambda: None)

    async def _end(self, member: Member) -> None:
        """Ask it to stop; kill it when it does not."""
        process = member.process
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGTERM)
        if not await self._comes(lambda: process.poll() is not None, DRAIN):
            log.error("transport %s did not stop in time and was killed", member.name)
            process.kill()
            process.wait()

    async def _comes(self, condition: Any, seconds: float) -> bool:
        until = monotonic() + seconds
        while not condition():
            if monotonic() > until:
                return False
            await asyncio.sleep(TICK / 2)
        return True

    # One after the other

    async def _restart_when_asked(self) -> None:
        while True:
            await self._restarting.wait()
            self._restarting.clear()
            self._is_reloading = True
            service_manager.reloading()
            await self._restart()
            self._is_reloading = False
            service_manager.ready()

    async def _restart(self) -> None:
        log.info("restarting the transports one after the other")
        for member in self._members:
            member.due = float("inf")  # nobody heals it meanwhile
            await self._end(member)
            self._start(member)
            if not await self._comes(lambda member=member: member.wanted is not None, COME_UP):
                log.error("transport %s does not come up: those behind it stay as they are", member.name)
                return
            log.info("transport %s was started again", member.name)

    # What a transport asks

    async def _answer(self, member: Member, question: str, said: Any) -> tuple[Any, socket.socket | None]:
        if question == "socket":
            return await self._socket(Binding(*said))
        member.wanted = {Binding(*one) for one in said}
        self._has_started = True
        running = [other.wanted for other in self._members if other.runs]
        if None not in running:
            self._sockets.keep({binding for wanted in running for binding in wanted or ()})
        return None, None

    async def _socket(self, binding: Binding) -> tuple[Any, socket.socket | None]:
        until = monotonic() + OTHERS_MOVE
        while True:
            try:
                return 0, self._sockets.get(binding)
            except OSError as error:
                waits = error.errno == errno.EADDRINUSE and self._sockets.stands_in_the_way(binding)
                if not waits or monotonic() > until:
                    return error.errno, None
            await asyncio.sleep(TICK)

    # What others ask

    async def health(self) -> tuple[bool, dict[str, object]]:
        """(fit to serve, the facts): one transport at least takes clients. Of each what it says itself."""
        answers = await self._ask_all("health")
        facts = {name: answer[1] for name, answer in answers.items() if answer is not None}
        away = [f"Transport {name} does not answer." for name, answer in answers.items() if answer is None]
        said = [problem for each in facts.values() for problem in each["problems"]]
        problems = [{"connector": "", "binding": "", "message": each} for each in away] + said
        serving = [name for name, answer in answers.items() if answer is not None and answer[0]]
        first = [facts[name] for name in (serving or facts)]
        return bool(serving), {
            "transport": self._name,
            "revision": min((each["revision"] for each in first if each["revision"] is not None), default=None),
            "in_force_since": max((each["in_force_since"] or 0 for each in first), default=0) or None,
            "sessions": sum(each["sessions"] for each in facts.values()),
            "draining": bool(facts) and all(each["draining"] for each in facts.values()),
            "bindings": sorted({binding for each in facts.values() for binding in each["bindings"]}),
            "problems": [each for place, each in enumerate(problems) if each not in problems[:place]],
            "transports": {name: name in serving for name in answers},
        }

    async def metrics(self) -> str:
        """The text of /metrics, of those that answer."""
        answers = await self._ask_all("metrics")
        told = {name: answer for name, answer in answers.items() if answer is not None}
        return prometheus({name: msgspec.convert(answer, Told) for name, answer in told.items()})

    async def _ask_all(self, question: str) -> dict[str, Any]:
        """The answers by name, None of who gives none."""

        async def ask(member: Member, patience: float) -> Any:
            with suppress(OSError):
                if member.runs and member.channel is not None:
                    return (await member.channel.ask(question, patience=patience))[0]
            return None

        for patience in SOON, PROBE:
            answers = await asyncio.gather(*(ask(member, patience) for member in self._members))
            if any(answer is not None for answer in answers):
                break
        return {member.name: answer for member, answer in zip(self._members, answers, strict=True)}


def members(variables: Mapping[str, str]) -> list[Member]:
    """Those that this node runs. Raises ValueError when GATEPOST_TRANSPORTS is not a number of them."""
    called = variables.get("GATEPOST_TRANSPORT") or node.name(variables)
    return [Member(name, number) for number, name in enumerate(names(called, node.transports(variables)))]


def code(variables: Mapping[str, str]) -> tuple[str, str | None, Mapping[str, str]]:
    """(Python, directory, environment) of the transports. Who started us as root says in GATEPOST_CODE which copy of
    the code the account can read that root becomes.
    """
    if told := variables.get("GATEPOST_CODE"):
        python, directory, libraries = msgspec.json.decode(told, type=tuple[str, str, str])
        return python, directory, {"PYTHONPATH": libraries} if libraries else {}
    return sys.executable, None, {}


def stays_root(account: str, variables: Mapping[str, str]) -> bool:
    """Where the account cannot read the code: then each transport drops root itself, once it has read it."""
    if os.geteuid() != 0 or "GATEPOST_CODE" in variables:
        return False
    return not privileges.can_read(account, [sys.executable, __file__, msgspec.__file__])


async def _run(variables: Mapping[str, str]) -> bool:
    return await Master(variables, sockets.of_this_process(variables)).run()


def main() -> None:
    """Run until SIGTERM."""
    log_lines.to_standard_error()
    os.umask(0o077)
    try:
        home, account = node.home(), os.environ.get("GATEPOST_USER") or "nobody"
        if not stays_root(account, os.environ):
            privileges.drop(account, [each for one in members(os.environ) for each in node.directories(home, one.name)])
        done = asyncio.run(_run(os.environ))
    except (OSError, LookupError, ValueError) as error:
        log.error("the transport cannot start: %s", error)
        raise SystemExit(CANNOT_START) from None
    raise SystemExit(0 if done else CANNOT_START)
