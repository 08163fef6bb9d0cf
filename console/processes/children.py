"""The running processes of one copy: start, heal, stop."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from console.processes.child import Child, describe
from console.processes.program import Program

# Doors first, then what empties the rooms behind them, then the servers that all of them need.
STOP_TOGETHER = [
    ["prepare", "transport", "console", "beat"],
    ["forwarder", "worker", "outbound"],
    ["valkey"],
    ["postgresql"],
]


class Children:
    """`say` tells the administrator what happened."""

    def __init__(self, logs: Path, say: Callable[[str], None]) -> None:
        self._logs = logs
        self._say = say
        self._children: dict[str, Child] = {}

    def start(self, name: str, make: Callable[[], Program]) -> Child:
        child = self._children[name] = Child(name, make, self._logs)
        child.start()
        return child

    def restart(self, name: str, program: Program) -> None:
        """With a new command line or environment, if it has changed. What has a signal for it is asked to do so itself:
        it goes on while its parts are restarted.
        """
        child = self._children[name]
        changed = child.program != program
        child.make = lambda: program
        if program.restart_signal and child.process and child.process.poll() is None and not changed:
            child.process.send_signal(program.restart_signal)
            return
        child.ask_to_stop()
        if not child.await_stop():
            self._say(f"{name} did not stop in time and was killed.")
        self._start_again(child)

    def heal(self) -> bool:
        """Start again what ended, when it is due; keep the logs short. True when a process has a new id."""
        healed = False
        for child in self._children.values():
            child.rotate()
            if how := child.ended():
                self._say(how)
            if child.is_due:
                healed |= self._start_again(child)
        return healed

    def _start_again(self, child: Child) -> bool:
        try:
            child.start()
        except Exception as error:
            self._say(f"{child.name} cannot be started: {describe(error)}; {child.put_off()}")
            return False
        self._say(f"{child.name} was started again (process {child.process.pid if child.process else '?'}).")
        return True

    def pids(self) -> dict[str, int]:
        return {name: child.process.pid for name, child in self._children.items() if child.process}

    def stop(self) -> None:
        for names in STOP_TOGETHER:
            together = [self._children[name] for name in names if name in self._children]
            for child in together:
                child.ask_to_stop()
            for child in together:
                if not child.await_stop():
                    self._say(f"{child.name} did not stop in time and was killed.")
